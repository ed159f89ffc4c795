// Package cfn finds Convox Racks among an account's CloudFormation stacks
// (https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStacks.html),
// in all regions at once, and recovers or resets the password of one. Start at
// NewFinder.
//
// Execute and Restart change a Rack, Preview and Discard create and delete a
// change set; everything else only reads. Methods that change something take a
// transport.Stop: a call that is in progress when Soft ends may finish and be looked
// up until Hard ends. The package stores nothing, uses the credentials that the AWS
// CLI would use, and never shows the text of an AWS error: it reports it in its own
// words. Texts of a stack are limited in length but not cleaned, unless documented:
// clean them before you show them.
//
// Next room: internal/convox, which logs in to what was found.
package cfn

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go"

	"convox-travis/internal/child"
	"convox-travis/internal/problem"
	"convox-travis/internal/transport"
)

// Options is how AWS is reached. The zero value takes everything from the
// environment and the AWS files, as the AWS CLI does.
type Options struct {
	// Profile is a name in the AWS files. It takes precedence over access keys in
	// the environment.
	Profile string
	// MFACode asks a person for the code of an MFA device. Nil means that nobody
	// can be asked. It is called at most once per session.
	MFACode func(context.Context) (string, error)
	// Terminal returns the terminal on which a credential_process may ask a person.
	// It is called when the program starts. If it is nil or returns nil, the program
	// has no terminal.
	Terminal func() *child.Terminal
	// UserAgent is "NAME" or "NAME/VERSION", added to the SDK's own.
	UserAgent string
	// HTTP replaces the client of package transport, unless it is nil.
	HTTP *http.Client
	// Retry is how often a call is tried (5 times by default), how long all its tries
	// may take, connecting included (10 seconds), and the first pause (250 ms). The
	// SDK times the calls; Clock times Preview and Follow, which wait for AWS.
	Retry transport.Retry
	// DialContext makes the connections; nil is the network.
	DialContext func(ctx context.Context, network, address string) (net.Conn, error)
	// Poll is the pause between two reads of what AWS is doing (2 seconds).
	Poll time.Duration
	// Patience is how long a change set may take, and how long an update may show
	// nothing new before it counts as stuck (30 minutes).
	Patience time.Duration
	// OnWrite is called before a call that changes something. It may be nil.
	OnWrite func()
}

// Finder finds Racks with one set of credentials. It is safe for concurrent use.
type Finder struct {
	retry    transport.Retry
	onWrite  func()
	poll     time.Duration
	patience time.Duration
	region   string      // the configured one
	config   *aws.Config // pointers: fmt calls no methods on unexported fields,
	settings *settings   // and prints the address of these, not the keys
	source   *source     // of the credentials
	redactor *redactor

	endpoints map[string]string // the setting that leads a service elsewhere, by the SDK's ID of the service
}

// Format implements fmt.Formatter: the settings inside hold the secret key.
func (Finder) Format(s fmt.State, _ rune) {
	_, _ = io.WriteString(s, "cfn.Finder") // a formatter can't report a failed write
}

// NewFinder reads the AWS settings without a call to AWS. Its errors are
// *problem.Error: CodeProfile, CodeMFA, CodeRegion or CodeEndpoint.
func NewFinder(options Options) (*Finder, error) {
	f := &Finder{
		retry:    retryDefaults(options.Retry),
		onWrite:  options.OnWrite,
		poll:     cmp.Or(options.Poll, 2*time.Second),
		patience: cmp.Or(options.Patience, 30*time.Minute),
		config:   &aws.Config{},
		redactor: &redactor{},
	}
	if f.onWrite == nil {
		f.onWrite = func() {}
	}
	if err := f.load(options); err != nil {
		return nil, err
	}
	return f, nil
}

// Regions returns the regions that a search covers by default: those of Racks in the
// partition of the configured region, and that region itself.
func (f *Finder) Regions() []string { return partitionRegions(f.region) }

// prepare checks the Rack's name and region, so that no text from outside becomes
// more than a name, and gets the credentials. A search has no name.
func (f *Finder) prepare(ctx context.Context, what string, rack Rack) error {
	switch {
	case rack.Name != "" && !isStackName(rack.Name):
		return nameError(ofRack(what, rack), fmt.Sprintf("%q can't be the name of a Rack", abbreviate(rack.Name)))
	case rack.Region != f.region && !isPlausibleRegion(rack.Region):
		return regionError(ofRack(what, rack), rack.Region)
	}
	return f.signIn(ctx)
}

func nameError(what, why string) *problem.Error {
	return newError(CodeName, what, why, "use a name that starts with a letter and has only letters, digits and dashes")
}

func ofRack(what string, rack Rack) string {
	return fmt.Sprintf("%s of Rack %s in %s", what, abbreviate(rack.Name), abbreviate(rack.Region))
}

// in returns the settings of the clients for a region. Each call makes its client: if a
// value with an interface holds a client, the linker keeps each of the client's hundred
// or so calls in the program.
func (f *Finder) in(region string) aws.Config {
	config := *f.config
	config.Region = region
	return config
}

func (f *Finder) writesIn(region string) aws.Config {
	config := f.in(region)
	config.Retryer = func() aws.Retryer { return newWriteRetryer(f.retry) }
	return config
}

type operation[In, Options, Out any] func(context.Context, *In, ...func(*Options)) (*Out, error)

// callAWS makes one call; the deadline covers all its tries. If ctx ends first, the
// error is its cause, otherwise a *problem.Error. An answer counts even if ctx has
// ended by then. what is the action on the Rack: "read the stack".
func callAWS[In, Options, Out any](ctx context.Context, f *Finder, what string, rack Rack, call operation[In, Options, Out], in *In) (*Out, error) {
	if err := f.prepare(ctx, what, rack); err != nil {
		return nil, err
	}
	limited, cancel := context.WithTimeoutCause(ctx, f.retry.Deadline, errNoAnswer)
	defer cancel()
	answer, err := call(limited, in)
	switch {
	case err == nil:
		return answer, nil
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	}
	e := f.callError(preferCause(limited, err), rack.Region)
	named := detailOf(e).Missing // by AWS, with its resource
	if call := (*smithy.OperationError)(nil); errors.As(err, &call) && (len(named) == 0 || named[0].Resource == "") {
		e = withPermission(permissionOf(call, rack), e)
	}
	return nil, withAction(ofRack(what, rack), e)
}
