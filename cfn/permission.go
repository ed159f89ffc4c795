package cfn

import (
	"cmp"
	"fmt"
	"regexp"
	"strings"

	"github.com/aws/smithy-go"

	"convox-travis/internal/problem"
)

// Permission is an IAM action on a resource.
type Permission struct {
	Action   string // "ecs:UpdateService"
	Resource string // an ARN, with * in it, or "*"
}

// deniedError is the error for missing permissions. Its hints say what to add to a
// policy (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html).
// If the resource isn't known, none is suggested: "*" would allow more than AWS denied.
func deniedError(missing ...Permission) *problem.Error {
	e := &problem.Error{Code: CodeDenied, Reason: "access denied", Detail: Detail{Missing: missing}}
	for _, p := range missing {
		hint := fmt.Sprintf(`add {"Effect": "Allow", "Action": "%s", "Resource": "%s"} to the policy of these credentials`, p.Action, p.Resource)
		if p.Resource == "" {
			hint = "get " + p.Action + " allowed for these credentials, only on the resource that needs it"
		}
		e.Hints = append(e.Hints, hint)
	}
	return e
}

const (
	passRole       = "iam:PassRole" // on "*", it can pass every role of the account to a service
	identityPolicy = "identity-based policy"
	anARN          = `arn:[A-Za-z0-9:/_+=,.@*-]+[A-Za-z0-9/_*]`
)

var (
	// refusedAction finds the action and its resource in the sentence of a denial.
	refusedAction = regexp.MustCompile(`not authorized to perform: ([a-z][a-z0-9-]+:[A-Z][A-Za-z0-9]+)\b(?: on resource: "?(\*|` + anARN + `))?`)
	// refusingPolicy finds the kind of policy that denies, and the policy.
	refusingPolicy = regexp.MustCompile(`(?:with an explicit deny in|because no)(?: .* transitively through)?(?: an?| the)? ((?:[A-Za-z-]+ ){1,3}?(?:policy|boundary))\b(?:: (` + anARN + `))?`)
	// byUser is the start of a denial's sentence if no role was assumed.
	byUser = regexp.MustCompile(`User: arn:[a-z-]+:iam::\d*:user/`)
)

// denialFromMessage is the error for a sentence in which AWS denies an action, or nil
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html).
// It shows only the action, ARNs and the kind of policy. If another kind of policy
// doesn't allow the action, or any policy denies it explicitly, no permission of the
// credentials helps: none is suggested.
func (f *Finder) denialFromMessage(message string) *problem.Error {
	message = truncate(f.redactor.redact(strings.Join(strings.Fields(message), " ")))
	var p Permission
	if found := refusedAction.FindStringSubmatch(message); found != nil {
		p = Permission{found[1], found[2]}
	}
	var kind, policy string
	if found := refusingPolicy.FindStringSubmatch(message); found != nil {
		kind, policy = strings.Replace(found[1], "sessions policy", "session policy", 1), found[2]
	}
	isExplicit := strings.Contains(message, "with an explicit deny")
	switch {
	case p.Action == "" && !isExplicit:
		return nil
	case !isExplicit && (kind == "" || kind == identityPolicy):
		if p.Action == passRole && p.Resource == "*" {
			p.Resource = ""
		}
		e := deniedError(p)
		if strings.Contains(message, "/AWSCloudFormation is not authorized") { // CloudFormation's session with the stack's own role
			e.Hints[0] = strings.Replace(e.Hints[0], "these credentials", "the stack's service role", 1)
		}
		return e
	}
	e := &problem.Error{Code: CodeDenied, Reason: "access denied: no " + kind + " allows it", Detail: Detail{barred: true}}
	if isExplicit {
		e.Reason = "access denied: explicit deny (" + cmp.Or(kind, "the policy isn't named") + ")"
	}
	if byUser.MatchString(message) && (kind == "" || kind == identityPolicy) {
		e.Hints = []string{"sign in with MFA, unless you have: most of these policies deny everything without it: " +
			f.command("aws sts get-session-token --serial-number DEVICE --token-code CODE") + ", then export the three values it prints"}
	}
	e.Hints = append(e.Hints, f.permitHint(kind, cmp.Or(p.Action, "this")))
	if policy != "" {
		e.Hints = append(e.Hints, "check the policy that denies it: "+policy)
	}
	return e
}

func (f *Finder) permitHint(kind, action string) string {
	organization := "ask the administrators of the AWS organization to permit %s: the account's own policies can't"
	hint := map[string]string{
		"service control policy":  organization,
		"resource control policy": organization,
		"permissions boundary":    "ask whoever manages these credentials to permit %s in their permissions boundary",
		"session policy":          "sign in again with a session policy that permits %s, or without one",
		"VPC endpoint policy":     "ask whoever manages the VPC endpoint to permit %s, or connect from outside the VPC",
		"resource-based policy":   "ask the owner of the resource to permit %s in its own policy",
		"role trust policy":       "ask the owner of the role to let its trust policy name these credentials",
	}[kind]
	if kind == "role trust policy" && (f.source == nil || f.source.device == "") {
		hint += "; if it requires MFA, set mfa_serial in the profile"
	}
	hint = cmp.Or(hint, "ask whoever manages these credentials to remove the deny of %s: it overrides every allow")
	return strings.Replace(hint, "%s", action, 1)
}

// withPermission adds the permission that a denied call needs, unless AWS named another
// one: creating a change set also reads what the stack's parameters refer to.
func withPermission(p Permission, e *problem.Error) *problem.Error {
	detail := detailOf(e)
	if e.Code != CodeDenied || detail.barred || len(detail.Missing) > 0 && detail.Missing[0].Action != p.Action {
		return e
	}
	d := deniedError(p)
	detail.Missing = []Permission{p}
	d.Detail = detail
	return d
}

// permissionOf is the permission that a call about a Rack needs
// (https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html).
func permissionOf(call *smithy.OperationError, rack Rack) Permission {
	service := strings.ToLower(call.ServiceID)
	resource := arnIn(rack.Region, service, map[string]string{
		"cloudformation": "stack/" + rack.Name + "/*",
		"ecs":            "service/*", // without the cluster, which old services don't have in their ARN
		"ssm":            "parameter/" + secretName(rack),
	}[service])
	if call.OperationName == "DescribeTaskDefinition" {
		resource = "*" // it has no other
	}
	return Permission{service + ":" + call.OperationName, resource}
}

func arnIn(region, service, resource string) string {
	partition, _ := partitionOf(region)
	return fmt.Sprintf("arn:%s:%s:%s:*:%s", partition, service, region, resource)
}
