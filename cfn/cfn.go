// Package cfn finds Convox Racks among an account's CloudFormation stacks
// (https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStacks.html),
// in all regions side by side, and recovers or resets the password of one.
// Start at NewFinder.
//
// Execute and Restart change a Rack, Preview and Discard make and delete a
// change set; everything else only reads. What changes something takes a
// transport.Stop: a call that is under way when Soft ends may be finished and looked
// up, which ends with Hard. It keeps nothing, takes credentials
// from where the AWS CLI finds them, and never shows an error's text: what AWS
// says in one is told in words of our own. What it returns of a stack is
// bounded in length but not cleaned, unless it says so: clean it before it is
// shown.
//
// Next room: internal/convox, which logs in to what was found.
package cfn

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"convox-travis/internal/child"
	"convox-travis/internal/text"
	"convox-travis/internal/transport"
)

// Options is how AWS is reached. The zero value takes everything from the
// environment and the AWS files, as the AWS CLI does.
type Options struct {
	// Profile is a name in the AWS files. Given here, it goes before access keys
	// in the environment.
	Profile string
	// MFACode asks a person for the code of an MFA device. Nil means that nobody
	// can be asked. It is called at most once for a session.
	MFACode func(context.Context) (string, error)
	// Terminal returns what the program of a credential_process may ask a person
	// with, when it is started. Nil, of the function or its result, is nothing:
	// then the program has no terminal.
	Terminal func() *child.Terminal
	// UserAgent is "NAME" or "NAME/VERSION", added to the SDK's own.
	UserAgent string
	// HTTP takes the place of a client of package transport, unless it is nil.
	HTTP *http.Client
	// Retry is how often a call is tried (5 times unless set), what it may take
	// with all its tries, connecting included (10 seconds), and the first pause
	// (250 ms). The SDK keeps the time of calls; Clock keeps that of Preview and
	// Follow, which wait for AWS.
	Retry transport.Retry
	// DialContext makes the connections; nil is the network. With it a test
	// stays inside a world of its own.
	DialContext func(ctx context.Context, network, address string) (net.Conn, error)
	// Poll is the pause between two looks at what AWS is doing (2 seconds).
	Poll time.Duration
	// Patience is how long a change set may take, and how long an update may
	// show nothing new before it counts as stuck (30 minutes).
	Patience time.Duration
	// OnWrite is called before a call that changes something. It may be nil.
	OnWrite func()
}

// Finder finds Racks with one set of credentials. It may be used side by side.
type Finder struct {
	retry    transport.Retry
	onWrite  func()
	poll     time.Duration
	patience time.Duration
	region   string      // the configured one
	config   *aws.Config // a pointer, since fmt calls no methods on unexported
	settings *settings   // fields: there it prints the address, not the keys
	source   *source     // of the credentials
	calls    calls
	asker    *asker
	given    *given

	regionSetting string            // what sets the region
	endpoints     map[string]string // the setting that leads a service elsewhere, by the SDK's ID of the service
}

// Format implements fmt.Formatter: the settings inside hold the secret key.
func (Finder) Format(s fmt.State, _ rune) {
	_, _ = io.WriteString(s, "cfn.Finder") // a formatter cannot report a failed write
}

// NewFinder reads the AWS settings. It asks AWS nothing yet. Its errors are
// *problem.Error: CodeProfile, CodeMFA, CodeRegion or CodeEndpoint.
func NewFinder(options Options) (*Finder, error) {
	f := &Finder{
		retry:    retryDefaults(options.Retry),
		onWrite:  options.OnWrite,
		poll:     cmp.Or(options.Poll, 2*time.Second),
		patience: cmp.Or(options.Patience, 30*time.Minute),
		config:   &aws.Config{},
		asker:    &asker{ask: options.MFACode},
		given:    &given{},
	}
	if f.onWrite == nil {
		f.onWrite = func() {}
	}
	if err := f.load(options); err != nil {
		return nil, err
	}
	f.region = f.config.Region
	if !plausible(f.region) {
		e := badRegion("use "+f.regionSetting, f.region)
		e.Hints = []string{"set " + f.regionSetting + " to " + cmp.Or(text.Nearest(f.region, KnownRegions()), "a name such as "+defaultRegion)}
		return nil, e
	}
	f.calls = newCalls(*f.config)
	return f, nil
}

// Regions returns where a search looks when it is not told: the regions of
// Racks in the partition of the configured region, and that region itself.
func (f *Finder) Regions() []string { return regionsBeside(f.region) }
