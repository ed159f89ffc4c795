package cfn

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"encoding/xml"
	"errors"
	"html"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	awsretry "github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"convox-travis/internal/crash"
	"convox-travis/internal/secret"
	"convox-travis/internal/text"
	"convox-travis/internal/transport"
)

const (
	// largestAnswer is well above any page: AWS keeps a page under 1 MB
	// (https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStacks.html).
	// What the SDK makes of an answer can be many times as large as its text.
	largestAnswer = 4 << 20
	// metadataDeadline is for the services that run beside a machine in AWS.
	// Elsewhere their addresses lead nowhere, and nobody waits for that.
	metadataDeadline = time.Second
)

var (
	errNoAnswer  = errors.New("no answer in time")
	errNotAnswer = errors.New("the answer is none of AWS")
)

// wire carries every request of the SDK, those for credentials too: in time,
// bounded, and in plain HTTP to nowhere but this machine and the services beside
// it.
type wire struct {
	client   *http.Client
	deadline time.Duration
}

// join puts the wire at the end of an operation's stack, in place of the SDK's
// client. The SDK takes a client of ours in its settings too, but refuses to
// read AWS_CA_BUNDLE then.
func (w *wire) join(stack *middleware.Stack) error {
	return stack.Deserialize.Add(w, middleware.After)
}

// ID implements middleware.DeserializeMiddleware.
func (*wire) ID() string { return "Wire" }

// HandleDeserialize implements middleware.DeserializeMiddleware.
func (w *wire) HandleDeserialize(ctx context.Context, in middleware.DeserializeInput, _ middleware.DeserializeHandler) (middleware.DeserializeOutput, middleware.Metadata, error) {
	defer crash.Catch()
	response, metadata, err := smithyhttp.NewClientHandlerWithOptions(w).Handle(ctx, in.Request)
	return middleware.DeserializeOutput{RawResponse: response}, metadata, err
}

// Do sends one request and reads its whole answer, so that one that breaks off
// counts as a failed connection and is tried again.
func (w *wire) Do(request *http.Request) (*http.Response, error) {
	limit, err := w.limit(request)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeoutCause(request.Context(), limit, errNoAnswer)
	defer cancel()
	answer, err := w.client.Do(request.WithContext(ctx))
	if err != nil {
		return nil, timely(ctx, err)
	}
	defer answer.Body.Close()
	body, err := transport.ReadBody(answer.Body, largestAnswer)
	if err != nil {
		return nil, timely(ctx, err)
	}
	if answer.StatusCode == http.StatusOK && (isQuery(request) && !isResponse(body) || isJSON(request) && !isObject(body)) {
		return nil, errNotAnswer
	}
	answer.Body = io.NopCloser(bytes.NewReader(body))
	return answer, nil
}

// timely prefers the reason why ctx ended over the failure that this caused, save
// a proxy that holds a call.
func timely(ctx context.Context, err error) error {
	if transport.ByProxy(err) != nil && context.Cause(ctx) == errNoAnswer {
		return err
	}
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}

// limit returns how long a request may take, or refuses it.
func (w *wire) limit(request *http.Request) (time.Duration, error) {
	host := request.URL.Hostname()
	switch {
	case isMetadata(host):
		return min(w.deadline, metadataDeadline), nil
	case request.URL.Scheme == "https" || transport.IsLoopback(host):
		return w.deadline, nil
	}
	return 0, transport.ErrPlainHTTP
}

// isMetadata reports whether host is one of the addresses at which AWS gives
// credentials to the machines that it runs, in plain HTTP: link-local ones, and
// those under fd00:ec2::/32
// (https://docs.aws.amazon.com/sdkref/latest/guide/feature-imds-credentials.html,
// https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html).
func isMetadata(host string) bool {
	address, err := netip.ParseAddr(host)
	return err == nil && (address.IsLinkLocalUnicast() || netip.MustParsePrefix("fd00:ec2::/32").Contains(address))
}

// isQuery reports whether a request speaks the protocol of CloudFormation and
// STS, whose answers are XML.
func isQuery(request *http.Request) bool {
	return strings.HasPrefix(request.Header.Get("Content-Type"), "application/x-www-form-urlencoded")
}

// isJSON reports whether a request speaks the protocol of ECS and SSM
// (https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html).
func isJSON(request *http.Request) bool {
	return strings.HasPrefix(request.Header.Get("Content-Type"), "application/x-amz-json")
}

func isObject(body []byte) bool {
	return bytes.HasPrefix(bytes.TrimSpace(body), []byte("{")) && json.Valid(body)
}

// isResponse reports whether body is a good answer's document. The SDK takes
// an answer without any element for one with nothing in it.
func isResponse(body []byte) bool {
	decoder := xml.NewDecoder(bytes.NewReader(body))
	for {
		token, err := decoder.Token()
		if err != nil {
			return false
		}
		if element, ok := token.(xml.StartElement); ok {
			return strings.HasSuffix(element.Name.Local, "Response")
		}
	}
}

const (
	longestText  = 4096 // bytes of anything kept of a stack: no parameter is longer
	longestShown = 128  // characters of a text from outside inside one of ours: no stack's name is longer
	mostListed   = 20
)

// bounded cuts a text from outside to what is kept of it.
func bounded(text string) string {
	if len(text) <= longestText {
		return text
	}
	return strings.ToValidUTF8(text[:longestText], "")
}

// shown makes a text from outside fit for an error.
func shown(text string) string {
	text = bounded(text)
	if utf8.RuneCountInString(text) > longestShown {
		text = string([]rune(text)[:longestShown]) + "…"
	}
	return text
}

// quoted makes a text from outside fit for a command to paste.
func quoted(word string) string { return text.Quote(shown(word)) }

// listed shows the first of many names.
func listed(names []string) string {
	var all []string
	for i, name := range names {
		if i == mostListed {
			all = append(all, "…")
			break
		}
		all = append(all, shown(name))
	}
	return strings.Join(all, ", ")
}

// longestReason is in characters: a reason has to fit on a screen.
const longestReason = 400

var (
	// quotedValue is a value in the sentences in which AWS refuses one: "Value
	// 'x' at 'y' failed to satisfy constraint", "parameter value x for parameter
	// name y". Too much is cut rather than too little.
	quotedValue = regexp.MustCompile(`(?is)\b(values?) (?:'.*'|".*"|\(.*\)|\[.*\]|\S+ (for parameter\b))`)
	// signed are the parts of a request's signature.
	signed = regexp.MustCompile(`(?i)\b(Credential|Signature|SignedHeaders|X-Amz-[A-Za-z-]+)=[^\s,;&'"]+`)
	// bookkeeping is what AWS adds for its own support.
	bookkeeping = regexp.MustCompile(`\s*\((?:RequestToken|Service):[^()]*\)`)
)

// reason makes what AWS says about a resource fit to be shown: one line,
// bounded, and without a parameter's value.
func (f *Finder) reason(text string) string {
	text = bounded(f.given.without(text))
	text = quotedValue.ReplaceAllString(text, "$1 … $2")
	text = signed.ReplaceAllString(text, "$1=…")
	text = bookkeeping.ReplaceAllString(text, "")
	text = strings.Join(strings.Fields(text), " ")
	if letters := []rune(text); len(letters) > longestReason {
		text = string(letters[:longestReason]) + "…"
	}
	return text
}

// given remembers the passwords that a Finder was given, for one purpose: to
// take them out of what AWS says.
type given struct {
	mu      sync.Mutex
	secrets []secret.String
}

// Redact takes a password out of all that AWS says from now on. Those that a
// Finder sets are taken out without.
func (f *Finder) Redact(password secret.String) {
	if !password.IsEmpty() {
		f.given.remember(password)
	}
}

func (g *given) remember(password secret.String) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !slices.ContainsFunc(g.secrets, password.Equal) {
		g.secrets = append(g.secrets, password)
	}
}

// without returns text without the secrets.
func (g *given) without(text string) string {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, password := range g.secrets {
		value := password.Reveal()
		for _, form := range []string{value, url.QueryEscape(value), url.PathEscape(value), html.EscapeString(value)} {
			text = strings.ReplaceAll(text, form, secret.Redacted)
		}
	}
	return text
}

// retryDefaults: four pauses of 250 ms to 2 s together outlast the throttling
// of one account by another tool, and end before the deadline of a call.
func retryDefaults(r transport.Retry) transport.Retry {
	if r.Tries == 0 {
		r.Tries = 5
	}
	if r.Deadline == 0 {
		r.Deadline = 10 * time.Second
	}
	return r.Defaults().AnnounceOnce() // all regions are asked side by side, and throttled together
}

// newRetryer tries reads again with growing pauses: after throttling, 5xx and
// broken connections. AWS_MAX_ATTEMPTS and a profile's max_attempts go before.
func newRetryer(r transport.Retry) aws.Retryer {
	return awsretry.NewStandard(func(o *awsretry.StandardOptions) {
		o.MaxAttempts = r.Tries
		o.RateLimiter = ratelimit.None // regions that fail must not use up the tries of the others
		o.Backoff = growing(r)
		o.Retryables = append([]awsretry.IsErrorRetryable{
			awsretry.IsErrorRetryableFunc(isFinal),
			awsretry.RetryableHTTPStatusCode{Codes: map[int]struct{}{http.StatusTooManyRequests: {}}},
		}, o.Retryables...)
	})
}

// newWriteRetryer tries again only what AWS refused unread, since it asks for
// fewer calls: a write whose fate is unknown is looked up instead.
func newWriteRetryer(r transport.Retry) aws.Retryer {
	return awsretry.NewStandard(func(o *awsretry.StandardOptions) {
		o.MaxAttempts = r.Tries
		o.RateLimiter = ratelimit.None
		o.Backoff = growing(r)
		o.Retryables = []awsretry.IsErrorRetryable{awsretry.RetryableErrorCode{Codes: throttleCodes()}}
	})
}

// limitExceeded is the code of a quota that is used up, in all services that this
// package calls. The SDK takes it for throttling, which it is in others
// (https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateChangeSet.html).
const limitExceeded = "LimitExceededException"

// throttleCodes are the codes by which AWS asks for fewer calls.
func throttleCodes() map[string]struct{} {
	codes := maps.Clone(awsretry.DefaultThrottleErrorCodes)
	delete(codes, limitExceeded)
	return codes
}

// growing pauses have jitter, so that two that were throttled together do not
// come back together.
func growing(r transport.Retry) awsretry.BackoffDelayerFunc {
	return func(attempt int, _ error) (time.Duration, error) {
		pause := r.Pause << min(max(attempt-1, 0), 10)
		pause = pause/2 + rand.N(pause+1)
		r.Announce(transport.RetryNotice{What: "ask AWS", Pause: pause, Try: attempt + 1})
		return pause, nil
	}
}

// isFinal says of failures that stay that they are not worth another try.
func isFinal(err error) aws.Ternary {
	var certificate *tls.CertificateVerificationError
	var api smithy.APIError
	switch {
	case errors.As(err, &api) && api.ErrorCode() == limitExceeded:
		return aws.FalseTernary
	case transport.ByProxy(err) != nil, errors.Is(err, errNoAnswer), errors.Is(err, errNotAnswer), errors.Is(err, transport.ErrTooLarge),
		errors.Is(err, transport.ErrPlainHTTP), errors.As(err, &certificate),
		errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTUNREACH):
		return aws.FalseTernary
	}
	return aws.UnknownTernary
}
