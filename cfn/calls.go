package cfn

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go"

	"convox-travis/internal/problem"
)

// prepare checks the Rack's name and region, so that no text from outside becomes
// more than a name, and gets the credentials.
func (f *Finder) prepare(ctx context.Context, what string, rack Rack) error {
	if !stackName.MatchString(rack.Name) {
		return nameError(what, fmt.Sprintf("%q can't be the name of a Rack", abbreviate(rack.Name)))
	}
	if rack.Region != f.region && !isPlausibleRegion(rack.Region) {
		return regionError(what, rack.Region)
	}
	return f.signIn(ctx)
}

func nameError(what, why string) *problem.Error {
	return newError(CodeName, what, why, "use a name that starts with a letter and has only letters, digits and dashes")
}

// ofRack appends the Rack to an action.
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

// writesIn returns the settings of the clients for calls that are sent once.
func (f *Finder) writesIn(region string) aws.Config {
	config := f.in(region)
	config.Retryer = func() aws.Retryer { return newWriteRetryer(f.retry) }
	return config
}

// operation is one call of one of the SDK's clients.
type operation[In, Options, Out any] func(context.Context, *In, ...func(*Options)) (*Out, error)

// callAWS makes one call; the deadline covers all its tries. If ctx ends first, the
// error is its cause, otherwise a *problem.Error. An answer counts even if ctx has
// ended by then. what is the action on the Rack: "read the stack".
func callAWS[In, Options, Out any](ctx context.Context, f *Finder, what string, rack Rack, call operation[In, Options, Out], in *In) (*Out, error) {
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
