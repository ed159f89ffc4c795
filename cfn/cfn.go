// Package cfn finds Convox Racks among an account's CloudFormation stacks
// (https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStacks.html),
// in all regions side by side. Start at NewFinder.
//
// It only reads. It keeps nothing, takes credentials from where the AWS SDK
// finds them, and never shows an answer's text: what AWS says in an error is
// told in words of our own. What it returns of a stack is bounded in length
// but not cleaned: clean it before it is shown.
package cfn

import (
	"context"
	"fmt"
	"io"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/sts"

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
	// UserAgent is "NAME" or "NAME/VERSION", added to the SDK's own.
	UserAgent string
	// Retry is how often a call is tried (5 times unless set), what it may take
	// with all its tries, connecting included (10 seconds), and the first pause
	// (250 ms). The SDK keeps the time: Clock is not used.
	Retry transport.Retry
}

// Finder finds Racks with one set of credentials. It may be used side by side.
type Finder struct {
	retry   transport.Retry
	profile string               // as the person knows it: "default" where none was named
	region  string               // the configured one
	config  *aws.Config          // a pointer, since fmt calls no methods on unexported
	shared  *config.SharedConfig // fields: there it prints the address, not the keys
	stacks  *cloudformation.Client
	caller  *sts.Client
	asker   *asker
}

// Format implements fmt.Formatter: the settings inside hold the secret key.
func (Finder) Format(s fmt.State, _ rune) {
	_, _ = io.WriteString(s, "cfn.Finder") // a formatter cannot report a failed write
}

// NewFinder reads the AWS settings. It asks AWS nothing yet. Its errors are
// *Error: KindProfile, KindMFA, KindRegion or KindEndpoint.
func NewFinder(ctx context.Context, options Options) (*Finder, error) {
	f := &Finder{
		retry:   retryDefaults(options.Retry),
		profile: profileName(options.Profile),
		config:  &aws.Config{},
		shared:  &config.SharedConfig{},
		asker:   &asker{ask: options.MFACode},
	}
	if err := f.load(ctx, options); err != nil {
		return nil, err
	}
	f.region = f.config.Region
	if !plausible(f.region) {
		return nil, badRegion("use the region that is set in the environment or the profile", f.region)
	}
	f.stacks = cloudformation.NewFromConfig(*f.config)
	f.caller = sts.NewFromConfig(*f.config)
	for _, endpoint := range []*string{f.stacks.Options().BaseEndpoint, f.caller.Options().BaseEndpoint} {
		if endpoint == nil {
			continue
		}
		if _, err := transport.ParseEndpoint(*endpoint); err != nil {
			return nil, badEndpoint(err)
		}
	}
	return f, nil
}

// Regions returns where a search looks when it is not told: the regions of
// Racks in the partition of the configured region, and that region itself.
func (f *Finder) Regions() []string { return regionsBeside(f.region) }
