package cfn

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

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

// newCalls also returns the endpoints that are set, nil for each that is not.
func newCalls(config aws.Config) (calls, []*string) {
	stacks, caller := cloudformation.NewFromConfig(config), sts.NewFromConfig(config)
	services, store := ecs.NewFromConfig(config), ssm.NewFromConfig(config)
	all := calls{
		describeStacks: stacks.DescribeStacks, describeStackResource: stacks.DescribeStackResource, describeStackEvents: stacks.DescribeStackEvents,
		createChangeSet: stacks.CreateChangeSet, describeChangeSet: stacks.DescribeChangeSet,
		deleteChangeSet: stacks.DeleteChangeSet, executeChangeSet: stacks.ExecuteChangeSet,
		getCallerIdentity: caller.GetCallerIdentity, getParameter: store.GetParameter,
		describeTaskDefinition: services.DescribeTaskDefinition, describeServices: services.DescribeServices, updateService: services.UpdateService,
	}
	return all, []*string{
		stacks.Options().BaseEndpoint, caller.Options().BaseEndpoint, services.Options().BaseEndpoint, store.Options().BaseEndpoint,
	}
}
