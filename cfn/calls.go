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

// attempt describes a call, for its error.
type attempt struct {
	action     string // "read the stack"; the Rack is added
	rack       Rack
	permission Permission
}

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

// callAWS makes one call; the deadline covers all its tries. If ctx ends first, the
// error is its cause, otherwise a *problem.Error. An answer counts even if ctx has
// ended by then.
func callAWS[T any](ctx context.Context, f *Finder, a attempt, call func(context.Context) (T, error)) (T, error) {
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
	e := f.callError(preferCause(limited, err), a.rack.Region)
	return none, withAction(ofRack(a.action, a.rack), withPermission(a.permission.onNamedResource(e), e))
}

// The options of a call: its region, and that a write is sent once.

func stacksIn(region string) func(*cloudformation.Options) {
	return func(o *cloudformation.Options) { o.Region = region }
}

func (f *Finder) stackWriteOptions(o *cloudformation.Options) { o.Retryer = newWriteRetryer(f.retry) }

func servicesIn(region string) func(*ecs.Options) {
	return func(o *ecs.Options) { o.Region = region }
}

func (f *Finder) serviceWriteOptions(o *ecs.Options) { o.Retryer = newWriteRetryer(f.retry) }

func storeIn(region string) func(*ssm.Options) {
	return func(o *ssm.Options) { o.Region = region }
}

// operation is one call of one of the SDK's clients.
type operation[In, Options, Out any] func(context.Context, *In, ...func(*Options)) (*Out, error)

// calls are all the calls of a Finder. They are stored one by one instead of as
// clients: if a value with an interface holds a client, the linker keeps each of the
// client's hundred or so calls in the program.
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
