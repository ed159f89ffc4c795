package cfn

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/netip"
	"strings"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	awsretry "github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"convox-travis/internal/crash"
	"convox-travis/internal/transport"
)

const (
	// maxAnswer is well above any page, which AWS limits to 1 MB
	// (https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStacks.html).
	// Parsed by the SDK, an answer can take many times as much memory.
	maxAnswer = 4 << 20
	// metadataDeadline is for the metadata services of AWS machines. Elsewhere nothing
	// answers there.
	metadataDeadline = time.Second
)

var (
	errNoAnswer      = errors.New("no answer in time")
	errForeignAnswer = errors.New("the answer isn't AWS's")
)

// sender sends every request of the SDK, those for credentials included. It limits
// their time and the size of answers, and allows plain HTTP only to this machine and
// to the metadata services of AWS machines. It is at the end of an operation's stack:
// with a client in its settings, the SDK refuses to read AWS_CA_BUNDLE.
type sender struct {
	client   *http.Client
	deadline time.Duration
}

// ID implements middleware.DeserializeMiddleware.
func (*sender) ID() string { return "Sender" }

// HandleDeserialize implements middleware.DeserializeMiddleware.
func (w *sender) HandleDeserialize(ctx context.Context, in middleware.DeserializeInput, _ middleware.DeserializeHandler) (middleware.DeserializeOutput, middleware.Metadata, error) {
	defer crash.Catch()
	response, metadata, err := smithyhttp.NewClientHandlerWithOptions(w).Handle(ctx, in.Request)
	return middleware.DeserializeOutput{RawResponse: response}, metadata, err
}

// Do sends one request and reads the whole answer, so that an incomplete answer counts
// as a failed connection and is retried.
func (w *sender) Do(request *http.Request) (*http.Response, error) {
	limit, err := w.timeout(request)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeoutCause(request.Context(), limit, errNoAnswer)
	defer cancel()
	answer, err := w.client.Do(request.WithContext(ctx))
	if err != nil {
		return nil, preferCause(ctx, err)
	}
	defer answer.Body.Close()
	body, err := transport.ReadBody(answer.Body, maxAnswer)
	if err != nil {
		return nil, preferCause(ctx, err)
	}
	if answer.StatusCode == http.StatusOK && isForeign(request, body) {
		return nil, errForeignAnswer
	}
	answer.Body = io.NopCloser(bytes.NewReader(body))
	return answer, nil
}

// preferCause returns the cause if ctx has ended, otherwise err. A proxy that doesn't
// answer in time stays the error.
func preferCause(ctx context.Context, err error) error {
	if transport.ByProxy(err) != nil && context.Cause(ctx) == errNoAnswer {
		return err
	}
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}

// timeout returns how long a request may take, or refuses plain HTTP.
func (w *sender) timeout(request *http.Request) (time.Duration, error) {
	host := request.URL.Hostname()
	switch {
	case isMetadata(host):
		return min(w.deadline, metadataDeadline), nil
	case request.URL.Scheme == "https" || transport.IsLoopback(host):
		return w.deadline, nil
	}
	return 0, transport.ErrPlainHTTP
}

// isMetadata reports whether host is an address where AWS machines get credentials in
// plain HTTP: a link-local one, or one in fd00:ec2::/32
// (https://docs.aws.amazon.com/sdkref/latest/guide/feature-imds-credentials.html,
// https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html).
func isMetadata(host string) bool {
	address, err := netip.ParseAddr(host)
	return err == nil && (address.IsLinkLocalUnicast() || netip.MustParsePrefix("fd00:ec2::/32").Contains(address))
}

// isForeign reports whether body, of a good answer, isn't a document of the request's
// protocol. CloudFormation and STS answer in XML, ECS and SSM in JSON
// (https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html). The SDK accepts an
// answer without any element as an empty one.
func isForeign(request *http.Request, body []byte) bool {
	switch kind := request.Header.Get("Content-Type"); {
	case strings.HasPrefix(kind, "application/x-amz-json"):
		return !bytes.HasPrefix(bytes.TrimSpace(body), []byte("{")) || !json.Valid(body)
	case !strings.HasPrefix(kind, "application/x-www-form-urlencoded"):
		return false
	}
	decoder := xml.NewDecoder(bytes.NewReader(body))
	for {
		token, err := decoder.Token()
		if err != nil {
			return true
		}
		if element, ok := token.(xml.StartElement); ok {
			return !strings.HasSuffix(element.Name.Local, "Response")
		}
	}
}

// retryDefaults has four pauses of 250 ms to 2 s: they outlast the throttling caused by
// another tool, and end before the deadline of a call.
func retryDefaults(r transport.Retry) transport.Retry {
	if r.Tries == 0 {
		r.Tries = 5
	}
	if r.Deadline == 0 {
		r.Deadline = 10 * time.Second
	}
	return r.Defaults().AnnounceOnce() // all regions are searched at once, and throttled together
}

// newRetryer retries reads with growing pauses, after throttling, 5xx and broken
// connections. AWS_MAX_ATTEMPTS and a profile's max_attempts take precedence.
func newRetryer(r transport.Retry) aws.Retryer {
	return awsretry.NewStandard(setPace(r), func(o *awsretry.StandardOptions) {
		o.Retryables = append([]awsretry.IsErrorRetryable{
			awsretry.IsErrorRetryableFunc(isPermanent),
			awsretry.RetryableHTTPStatusCode{Codes: map[int]struct{}{http.StatusTooManyRequests: {}}},
		}, o.Retryables...)
	})
}

// newWriteRetryer retries only after throttling, when AWS did nothing: a write whose
// outcome is unknown is looked up instead.
func newWriteRetryer(r transport.Retry) aws.Retryer {
	return awsretry.NewStandard(setPace(r), func(o *awsretry.StandardOptions) {
		o.Retryables = []awsretry.IsErrorRetryable{awsretry.RetryableErrorCode{Codes: throttleCodes()}}
	})
}

// limitExceeded is the code of a used-up quota in all services that this package calls.
// The SDK treats it as throttling, which it is in others
// (https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateChangeSet.html).
const limitExceeded = "LimitExceededException"

func throttleCodes() map[string]struct{} {
	codes := maps.Clone(awsretry.DefaultThrottleErrorCodes)
	delete(codes, limitExceeded)
	return codes
}

// setPace has pauses with jitter, so that calls that were throttled together aren't retried
// together.
func setPace(r transport.Retry) func(*awsretry.StandardOptions) {
	return func(o *awsretry.StandardOptions) {
		o.MaxAttempts = r.Tries
		o.RateLimiter = ratelimit.None // regions that fail must not use up the tries of others
		o.Backoff = awsretry.BackoffDelayerFunc(func(attempt int, _ error) (time.Duration, error) {
			pause := r.Pause << min(max(attempt-1, 0), 10)
			pause = pause/2 + rand.N(pause+1)
			r.Announce(transport.RetryNotice{What: "ask AWS", Pause: pause, Try: attempt + 1})
			return pause, nil
		})
	}
}

// isPermanent rules out retries of failures that stay.
func isPermanent(err error) aws.Ternary {
	var certificate *tls.CertificateVerificationError
	var api smithy.APIError
	switch {
	case errors.As(err, &api) && api.ErrorCode() == limitExceeded:
		return aws.FalseTernary
	case transport.ByProxy(err) != nil, errors.Is(err, errNoAnswer), errors.Is(err, errForeignAnswer), errors.Is(err, transport.ErrTooLarge),
		errors.Is(err, transport.ErrPlainHTTP), errors.As(err, &certificate),
		errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTUNREACH):
		return aws.FalseTernary
	}
	return aws.UnknownTernary
}
