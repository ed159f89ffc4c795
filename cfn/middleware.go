package cfn

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"convox-travis/internal/crash"
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
