package cfn

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"convox-travis/internal/problem"
)

// attempt is a call that is about to be made.
type attempt struct {
	what   string // "read the stack"; the Rack is added
	rack   Rack
	needed Permission
}

// enter holds a Rack against what can be one, so that no name from outside
// becomes more than a name, and gets the credentials.
func (f *Finder) enter(ctx context.Context, what string, rack Rack) error {
	if !stackName.MatchString(rack.Name) {
		return badName(what, fmt.Sprintf("no Rack can be called %q", shown(rack.Name)))
	}
	if rack.Region != f.region && !plausible(rack.Region) {
		return badRegion(what, rack.Region)
	}
	return f.login(ctx)
}

func badName(what, why string) *problem.Error {
	return failed(CodeName, what, why, "use a name that begins with a letter and has only letters, digits and dashes")
}

// of names a Rack in what was attempted.
func of(what string, rack Rack) string {
	return fmt.Sprintf("%s of Rack %s in %s", what, shown(rack.Name), shown(rack.Region))
}

// ask makes one call; the deadline counts for all its tries together. When ctx
// ends first, the error is its cause, otherwise an *problem.Error. An answer that came
// is an answer, also when ctx has ended meanwhile.
func ask[T any](ctx context.Context, f *Finder, a attempt, call func(context.Context) (T, error)) (T, error) {
	limited, cancel := context.WithTimeoutCause(ctx, f.retry.Deadline, errNoAnswer)
	defer cancel()
	answer, err := call(limited)
	if err == nil {
		return answer, nil
	}
	var none T
	if ctx.Err() != nil {
		return none, context.Cause(ctx)
	}
	e := f.failure(timely(limited, err), a.rack.Region)
	return none, attempting(of(a.what, a.rack), needing(a.needed.asNamed(e), e))
}

// The options of a call: where it goes, and for a write that it is sent once.

func stacksIn(region string) func(*cloudformation.Options) {
	return func(o *cloudformation.Options) { o.Region = region }
}

func (f *Finder) changingStack(o *cloudformation.Options) { o.Retryer = newWriteRetryer(f.retry) }

func servicesIn(region string) func(*ecs.Options) {
	return func(o *ecs.Options) { o.Region = region }
}

func (f *Finder) changingService(o *ecs.Options) { o.Retryer = newWriteRetryer(f.retry) }

func storeIn(region string) func(*ssm.Options) {
	return func(o *ssm.Options) { o.Region = region }
}

// operation is one call of one of the SDK's clients.
type operation[In, Options, Out any] func(context.Context, *In, ...func(*Options)) (*Out, error)

// calls are all that a Finder asks AWS. They are held one by one, and no client:
// where the linker sees a client inside of a value that has an interface, it
// keeps each of the client's some hundred calls in the program.
type calls struct {
	describeStacks         operation[cloudformation.DescribeStacksInput, cloudformation.Options, cloudformation.DescribeStacksOutput]
	describeStackResource  operation[cloudformation.DescribeStackResourceInput, cloudformation.Options, cloudformation.DescribeStackResourceOutput]
	describeStackEvents    operation[cloudformation.DescribeStackEventsInput, cloudformation.Options, cloudformation.DescribeStackEventsOutput]
	createChangeSet        operation[cloudformation.CreateChangeSetInput, cloudformation.Options, cloudformation.CreateChangeSetOutput]
	describeChangeSet      operation[cloudformation.DescribeChangeSetInput, cloudformation.Options, cloudformation.DescribeChangeSetOutput]
	deleteChangeSet        operation[cloudformation.DeleteChangeSetInput, cloudformation.Options, cloudformation.DeleteChangeSetOutput]
	executeChangeSet       operation[cloudformation.ExecuteChangeSetInput, cloudformation.Options, cloudformation.ExecuteChangeSetOutput]
	getCallerIdentity      operation[sts.GetCallerIdentityInput, sts.Options, sts.GetCallerIdentityOutput]
	getParameter           operation[ssm.GetParameterInput, ssm.Options, ssm.GetParameterOutput]
	describeTaskDefinition operation[ecs.DescribeTaskDefinitionInput, ecs.Options, ecs.DescribeTaskDefinitionOutput]
	describeServices       operation[ecs.DescribeServicesInput, ecs.Options, ecs.DescribeServicesOutput]
	updateService          operation[ecs.UpdateServiceInput, ecs.Options, ecs.UpdateServiceOutput]
}

func newCalls(config aws.Config) calls {
	stacks, caller := cloudformation.NewFromConfig(config), sts.NewFromConfig(config)
	services, store := ecs.NewFromConfig(config), ssm.NewFromConfig(config)
	return calls{
		describeStacks: stacks.DescribeStacks, describeStackResource: stacks.DescribeStackResource, describeStackEvents: stacks.DescribeStackEvents,
		createChangeSet: stacks.CreateChangeSet, describeChangeSet: stacks.DescribeChangeSet,
		deleteChangeSet: stacks.DeleteChangeSet, executeChangeSet: stacks.ExecuteChangeSet,
		getCallerIdentity: caller.GetCallerIdentity, getParameter: store.GetParameter,
		describeTaskDefinition: services.DescribeTaskDefinition, describeServices: services.DescribeServices, updateService: services.UpdateService,
	}
}
