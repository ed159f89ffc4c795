package cfn_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf8"

	"convox-travis/cfn"
	"convox-travis/internal/problem"
	"convox-travis/internal/secret"
	"convox-travis/internal/secret/secrettest"
	"convox-travis/internal/transport"
)

const (
	maxAnswer   = 4 << 20 // bytes that may be read of one answer
	longestLine = 1000    // bytes of an error, of a hint, or of the reason of an event
)

// canned is an AWS without a wire: each request gets the same answer, and what
// was read of the answers is counted.
type canned struct {
	status int
	body   func() io.Reader
	read   atomic.Int64
}

// RoundTrip implements http.RoundTripper.
func (c *canned) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: c.status, Header: http.Header{}, Body: &counted{c.body(), &c.read}, Request: r}, nil
}

type counted struct {
	io.Reader
	read *atomic.Int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.read.Add(int64(n))
	return n, err
}

func (*counted) Close() error { return nil }

func (c *canned) finder(t testing.TB) *cfn.Finder {
	t.Helper()
	finder, err := cfn.NewFinder(cfn.Options{
		HTTP: &http.Client{Transport: c}, Poll: time.Microsecond, Patience: time.Millisecond,
		Retry: transport.Retry{Tries: 1, Deadline: time.Minute, Pause: time.Microsecond},
	})
	if err != nil {
		t.Fatal(err)
	}
	finder.Redact(secret.New(secrettest.Canary))
	return finder
}

// alone gives the SDK keys, and no files.
func alone(t testing.TB) {
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": keyID, "AWS_SECRET_ACCESS_KEY": "x", "AWS_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true",
		"AWS_CONFIG_FILE": "/nowhere", "AWS_SHARED_CREDENTIALS_FILE": "/nowhere",
	} {
		t.Setenv(name, value)
	}
}

// fit holds what may be shown against the rules: it is text, and bounded.
func fit(t testing.TB, name string, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if len(text) > longestLine || !utf8.ValidString(text) {
			t.Errorf("%s: %q", name, text)
		}
		secrettest.Absent(t, name, text)
	}
}

// calls are one of each kind of answer that is read. What they tell is held
// against the rules.
func calls(t testing.TB, f *cfn.Finder) map[string]func() error {
	ctx, rack := t.Context(), cfn.Rack{Name: "production", Region: "us-east-1"}
	searched := func(search func(context.Context, []string) (cfn.Summary, error)) func() error {
		return func() error {
			found, err := search(ctx, []string{"us-east-1"})
			for _, rack := range found.Racks {
				if n := len(rack.Name + rack.Host + rack.Version + rack.Status + strings.Join(rack.WhiteList, ",")); n > 5*4096 {
					t.Errorf("a Rack of %d bytes", n)
				}
			}
			return err
		}
	}
	return map[string]func() error{
		"search": searched(func(ctx context.Context, regions []string) (cfn.Summary, error) { return f.Search(ctx, regions, nil) }),
		"named": searched(func(ctx context.Context, regions []string) (cfn.Summary, error) {
			return f.Named(ctx, regions, "production")
		}),
		"recover": func() error {
			got, err := f.Recover(ctx, rack, func(_ cfn.Source, err error) { fit(t, "a place", err.Error()) })
			if err == nil && got.Password.IsEmpty() {
				t.Error("a password without a letter was recovered")
			}
			return err
		},
		"preview": func() error {
			preview, err := f.Preview(transport.Until(ctx), rack, secret.New(secrettest.Canary))
			if err != nil {
				return err
			}
			fit(t, "the verdict", preview.Why...)
			for _, c := range preview.Changes {
				fit(t, "a change", c.LogicalID, c.Type, c.Action, c.Replacement)
			}
			return errors.Join(f.Execute(transport.Until(ctx), preview), f.Discard(ctx, preview))
		},
		"shape": func() error { _, err := f.StackInfo(ctx, rack); return err },
		"state": func() error { _, err := f.State(ctx, rack); return err },
		"follow": func() error {
			outcome, err := f.Follow(ctx, rack, time.Time{}, func(e cfn.Event) { fit(t, "an event", e.LogicalID, e.Type, e.Status, e.Reason) })
			fit(t, "the end", outcome.Reason)
			return err
		},
		"restart": func() error {
			d, err := f.Restart(transport.Until(ctx), rack)
			fit(t, "the restart", d.Event)
			return err
		},
		"deployment": func() error { d, err := f.Deployment(ctx, rack); fit(t, "a deployment", d.Event); return err },
	}
}

func wantTold(t testing.TB, name string, err error) {
	t.Helper()
	if joined, is := err.(interface{ Unwrap() []error }); is {
		for _, one := range joined.Unwrap() {
			wantTold(t, name, one)
		}
		return
	}
	var e *problem.Error
	switch {
	case err == nil:
	case errors.As(err, &e):
		fit(t, name, append(slices.Clone(e.Hints), e.Error())...)
		fit(t, name, fmt.Sprint(err))
	default:
		t.Errorf("%s: %T %v", name, err, err)
	}
}

const aStack = `<StackName>production</StackName><StackId>arn:x</StackId><StackStatus>UPDATE_COMPLETE</StackStatus>` +
	`<Tags><member><Key>System</Key><Value>convox</Value></member><member><Key>Type</Key><Value>rack</Value></member></Tags>` +
	`<Outputs><member><OutputKey>Dashboard</OutputKey><OutputValue>&#27;[2J&#x9b;&#x202e;</OutputValue></member><member><OutputKey>Cluster</OutputKey><OutputValue>c</OutputValue></member></Outputs>` +
	`<Parameters><member><ParameterKey>Password</ParameterKey><ParameterValue>****</ParameterValue></member></Parameters>`

// Whatever AWS answers, in XML or in JSON, each call ends, and what it tells is
// bounded, and holds no password that was given.
func FuzzAWSAnswers(f *testing.F) {
	alone(f)
	for _, seed := range []string{
		``, `{}`, `null`, `<html>`, `<a>`, "\xff", `<R><R><R>`, `<DescribeStacksResponse/>`,
		`<DescribeStacksResponse><DescribeStacksResult><Stacks><member>` + aStack + `</member></Stacks><NextToken>x</NextToken></DescribeStacksResult></DescribeStacksResponse>`,
		`<Response><DescribeStacksResult><Stacks><member>` + aStack + `</member></Stacks></DescribeStacksResult>` +
			`<DescribeStackResourceResult><StackResourceDetail><PhysicalResourceId>arn:y</PhysicalResourceId></StackResourceDetail></DescribeStackResourceResult></Response>`,
		`<XResponse><DescribeStackEventsResult><StackEvents><member><EventId>1</EventId><StackId>s</StackId><PhysicalResourceId>s</PhysicalResourceId><ResourceType>AWS::CloudFormation::Stack</ResourceType>` +
			`<ResourceStatus>UPDATE_FAILED</ResourceStatus><ResourceStatusReason>Value '` + secrettest.Canary + `' at 'x' failed&#27;</ResourceStatusReason><Timestamp>2026-01-01T00:00:00Z</Timestamp></member></StackEvents></DescribeStackEventsResult></XResponse>`,
		`<ErrorResponse><Error><Code>ValidationError</Code><Message>parameter value ` + secrettest.Canary + ` for parameter name&#x202e; Password</Message></Error></ErrorResponse>`,
		`<ErrorResponse><Error><Code>&#27;]52;c;eA==&#7;</Code><Message>User: x is not authorized to perform: a:B on resource: c</Message></Error></ErrorResponse>`,
		`<CreateChangeSetResponse><CreateChangeSetResult><Id>arn:c</Id></CreateChangeSetResult><DescribeChangeSetResult><Status>FAILED</Status><StatusReason>` + secrettest.Canary + `</StatusReason></DescribeChangeSetResult></CreateChangeSetResponse>`,
		`<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:sts::1:assumed-role/AWSReservedSSO_A&#x9b;_0f/b</Arn><Account>1</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`,
		`{"taskDefinition":{"containerDefinitions":[{"environment":[{"name":"PASSWORD","value":"x"}]}]},"Parameter":{"Value":"y"}}`,
		`{"services":[{"deployments":[{"id":"n","status":"PRIMARY","rolloutState":"FAILED","rolloutStateReason":"\u001b]0;x\u0007\u202e","createdAt":1e300}]}]}`,
		`{"__type":"AccessDeniedException\u001b[2J","message":"x"}`, `{"services":[null],"failures":[{"reason":"MISSING"}]}`,
	} {
		for _, status := range []int{200, 400, 403, 503} {
			f.Add(status, []byte(seed))
		}
	}
	wire := &canned{}
	finder := wire.finder(f) // it takes longer to make than to ask
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		if status < 200 || status > 999 {
			return // the HTTP client passes no other on
		}
		wire.status, wire.body = status, func() io.Reader { return bytes.NewReader(body) }
		for name, call := range calls(t, finder) {
			wantTold(t, name, call())
		}
	})
}

// repeated is a text that does not end.
type repeated struct {
	unit string
	at   int
}

func (r *repeated) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = r.unit[r.at]
		r.at = (r.at + 1) % len(r.unit)
	}
	return len(p), nil
}

// An answer that goes on and on, in breadth or in depth, is given up; one that is
// as large as it may be is read, and ends in an error or not.
func TestAnEndlessAnswerIsAbandoned(t *testing.T) {
	alone(t)
	const head = "<DescribeStacksResponse><DescribeStacksResult><Stacks>"
	for name, unit := range map[string]string{"elements": "<member></member>", "depth": "<a>", "a text": "x"} {
		wire := &canned{status: http.StatusOK, body: func() io.Reader { return io.MultiReader(strings.NewReader(head), &repeated{unit: unit}) }}
		_, err := wire.finder(t).Named(t.Context(), []string{"us-east-1"}, "production")
		wantTold(t, name, err)
		if e, is := errors.AsType[*problem.Error](err); !is || e.Code != cfn.CodeUnreadable || !strings.Contains(e.Error(), "too large") {
			t.Errorf("%s: %v", name, err)
		}
		if n := wire.read.Load(); n > maxAnswer+1 {
			t.Errorf("%s: %d bytes were read", name, n)
		}
		whole := head + strings.Repeat(unit, (maxAnswer-len(head))/len(unit))
		wire.body = func() io.Reader { return strings.NewReader(whole) }
		_, err = wire.finder(t).Search(t.Context(), []string{"us-east-1"}, nil)
		wantTold(t, name, err)
	}
}
