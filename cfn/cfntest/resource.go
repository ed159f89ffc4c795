package cfntest

import (
	"slices"
	"time"
)

// Resource is a resource of a stack.
type Resource struct {
	LogicalID  string
	PhysicalID string
	Type       string // such as "AWS::ECS::TaskDefinition"
	Status     string // "" is CREATE_COMPLETE

	// Follows names the parameters and the resources before it with which it
	// changes.
	Follows []string
	// Replacement is what a change does to it: "True", "Conditional", or "" for
	// "False".
	Replacement string
	// Drifted is an action, such as "Remove" or "Modify", that every change set
	// shows for it, whatever the parameters are.
	Drifted string

	// Environment is of a task definition: its variables, by the parameter that
	// each has its value from.
	Environment map[string]string
	// Secrets is of a task definition: its variables, by the name in Parameter
	// Store that a task reads when it starts.
	Secrets map[string]string
	// Holds is of an AWS::SSM::Parameter, whose name is its physical ID: the
	// parameter of the stack that it holds.
	Holds string
	// Runs is of an AWS::ECS::Service: the resource that is its task definition.
	Runs string
	// Tasks is of an AWS::ECS::Service: how many it runs.
	Tasks int
}

const (
	taskDefinitionType = "AWS::ECS::TaskDefinition"
	serviceType        = "AWS::ECS::Service"
	ssmParameterType   = "AWS::SSM::Parameter"
	clusterType        = "AWS::ECS::Cluster"
	stackType          = "AWS::CloudFormation::Stack"
)

func (one *stack) resource(logicalID string) *Resource {
	at := slices.IndexFunc(one.Resources, func(r Resource) bool { return r.LogicalID == logicalID })
	if at < 0 {
		return nil
	}
	return &one.Resources[at]
}

// cluster is the physical ID of the stack's first cluster, or "".
func (one *stack) cluster() string {
	for _, r := range one.Resources {
		if r.Type == clusterType {
			return r.PhysicalID
		}
	}
	return ""
}

// What DescribeStackResource answers.
type (
	describedResource struct {
		StackResourceDetail resourceDetail
	}
	resourceDetail struct {
		StackName            string
		StackID              string `xml:"StackId"`
		LogicalResourceID    string `xml:"LogicalResourceId"`
		PhysicalResourceID   string `xml:"PhysicalResourceId,omitempty"`
		ResourceType         string
		LastUpdatedTimestamp string
		ResourceStatus       string
	}
)

func describeStackResource(s *Server, c call) (any, *failure) {
	s.mu.Lock()
	defer s.mu.Unlock()
	one, failed := s.named(c)
	if failed != nil {
		return nil, failed
	}
	id := c.parameters.Get("LogicalResourceId")
	r := one.resource(id)
	if r == nil {
		return nil, invalid("Resource " + id + " does not exist for stack " + one.Name)
	}
	return describedResource{resourceDetail{
		StackName: one.Name, StackID: one.id, LogicalResourceID: r.LogicalID, PhysicalResourceID: r.PhysicalID,
		ResourceType: r.Type, LastUpdatedTimestamp: one.Created.UTC().Format(time.RFC3339), ResourceStatus: r.status(),
	}}, nil
}

func (r *Resource) status() string {
	if r.Status == "" {
		return createComplete
	}
	return r.Status
}
