package cfn

import (
	"fmt"
	"regexp"
	"strings"
)

// permission is an IAM action, and on what it is needed.
type permission struct {
	action   string // "ecs:UpdateService"
	resource string // an ARN, with * in it, or "*"
}

// hint says what to add to a policy
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html).
func (p permission) hint() string {
	return fmt.Sprintf(`these credentials need the permission %s: add {"Effect": "Allow", "Action": "%s", "Resource": "%s"} to their policy`, p.action, p.action, p.resource)
}

// Missing returns the IAM actions that a KindDenied or KindNoPassword error is
// about, such as "ecs:UpdateService", each once.
func (e *Error) Missing() []string {
	var actions []string
	for _, p := range e.missing {
		actions = append(actions, p.action)
	}
	return actions
}

// needing names the permission that a refused call needed, unless AWS named
// another one: making a change set also reads what the stack's parameters point
// at.
func (e *Error) needing(p permission) *Error {
	if e.Kind != KindDenied || len(e.missing) > 0 && e.missing[0].action != p.action {
		return e
	}
	told := *e
	told.missing = []permission{p}
	return &told
}

// refusedAction finds an action in the sentence of a refusal. Nothing else of
// the sentence is used.
var refusedAction = regexp.MustCompile(`not authorized to perform: ([a-z][a-z0-9-]{1,30}:[A-Z][A-Za-z0-9]{1,60})\b`)

// onStack, onParameter and onServices are the resources that calls about a Rack
// need permissions for
// (https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html).
func onStack(action string, rack Rack) permission {
	return permission{"cloudformation:" + action, arnIn(rack.Region, "cloudformation", "stack/"+rack.Name+"/*")}
}

func onParameter(action string, rack Rack) permission {
	return permission{"ssm:" + action, arnIn(rack.Region, "ssm", "parameter/"+secretName(rack))}
}

// onServices has no cluster in it, since old services have none in theirs.
func onServices(action string, rack Rack) permission {
	return permission{"ecs:" + action, arnIn(rack.Region, "ecs", "service/*")}
}

func arnIn(region, service, resource string) string {
	partition := "aws"
	switch {
	case strings.HasPrefix(region, "us-gov-"):
		partition = "aws-us-gov"
	case strings.HasPrefix(region, "cn-"):
		partition = "aws-cn"
	}
	return fmt.Sprintf("arn:%s:%s:%s:*:%s", partition, service, region, resource)
}
