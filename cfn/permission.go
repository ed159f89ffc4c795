package cfn

import (
	"cmp"
	"fmt"
	"regexp"
	"strings"

	"convox-travis/internal/problem"
)

// Permission is an IAM action, and on what it is needed.
type Permission struct {
	Action   string // "ecs:UpdateService"
	Resource string // an ARN, with * in it, or "*"
}

// denied is a refusal for want of permissions. A hint says what to add to a policy
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html).
// Where the resource isn't known, none is proposed: "*" would be more than AWS
// refused.
func denied(missing ...Permission) *problem.Error {
	e := &problem.Error{Code: CodeDenied, Reason: "access denied", Detail: Detail{Missing: missing}}
	for _, p := range missing {
		hint := fmt.Sprintf(`add {"Effect": "Allow", "Action": "%s", "Resource": "%s"} to the policy of these credentials`, p.Action, p.Resource)
		if p.Resource == "" {
			hint = "have " + p.Action + " allowed to these credentials, on the one resource that needs it"
		}
		e.Hints = append(e.Hints, hint)
	}
	return e
}

const (
	passRole       = "iam:PassRole" // on "*", it hands every role of the account to a service
	identityPolicy = "identity-based policy"
	anARN          = `arn:[A-Za-z0-9:/_+=,.@*-]{1,400}[A-Za-z0-9/_*]`
)

var (
	// refusedAction finds an action, and its resource, in the sentence of a refusal.
	refusedAction = regexp.MustCompile(`not authorized to perform: ([a-z][a-z0-9-]{1,30}:[A-Z][A-Za-z0-9]{1,60})\b(?: on resource: "?(\*|` + anARN + `))?`)
	// refusingPolicy finds the kind of policy that refused, and the policy.
	refusingPolicy = regexp.MustCompile(`(?:with an explicit deny in|because no)(?: .* transitively through)?(?: an?| the)? ((?:[A-Za-z-]{1,20} ){1,3}?(?:policy|boundary))\b(?:: (` + anARN + `))?`)
	// byUser begins the sentence of a refusal where no role was assumed.
	byUser = regexp.MustCompile(`User: arn:[a-z-]+:iam::\d*:user/`)
)

// refusal reads the sentence in which AWS refuses an action, and is nil for others
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html).
// Of the sentence only the action, ARNs and the kind of policy are shown, which
// have shapes of their own. What another policy refuses, or any policy refuses
// explicitly, no permission of the credentials can allow: none is proposed.
func (f *Finder) refusal(message string) *problem.Error {
	message = f.given.without(strings.Join(strings.Fields(message), " "))
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
		e := denied(p)
		if strings.Contains(message, "/AWSCloudFormation is not authorized") { // how CloudFormation calls the session of a stack's own role
			e.Hints[0] = strings.Replace(e.Hints[0], "these credentials", "the stack's service role", 1)
		}
		return e
	}
	e := &problem.Error{Code: CodeDenied, Reason: "access denied: no " + kind + " allows it", Detail: Detail{barred: true}}
	if isExplicit {
		e.Reason = "access denied: explicit deny (" + cmp.Or(kind, "the policy isn't named") + ")"
	}
	isUsers := byUser.MatchString(message) && (kind == "" || kind == identityPolicy)
	switch {
	case strings.Contains(policy, "policy/AWSCompromisedKeyQuarantine"):
		e.Hints = []string{"replace this access key: AWS put it under quarantine because it was found in public"}
	case isUsers:
		e.Hints = []string{"sign in with MFA, unless you have: most such policies deny everything without it: " +
			f.command("aws sts get-session-token --serial-number DEVICE --token-code CODE") + ", then export the three values it prints"}
	}
	e.Hints = append(e.Hints, f.whoPermits(kind, cmp.Or(p.Action, "this")))
	if policy != "" {
		e.Hints = append(e.Hints, "look at the policy that refuses: "+policy)
	}
	return e
}

// whoPermits says who can change what a policy of some kind refuses.
func (f *Finder) whoPermits(kind, action string) string {
	switch kind {
	case "service control policy", "resource control policy":
		return "ask the administrators of the AWS organization to permit " + action + ": the account's own policies can't"
	case "permissions boundary":
		return "ask whoever manages these credentials to permit " + action + " in their permissions boundary"
	case "session policy":
		return "sign in again with a session policy that permits " + action + ", or without one"
	case "VPC endpoint policy":
		return "ask whoever manages the VPC endpoint to permit " + action + ", or connect from outside of the VPC"
	case "resource-based policy":
		return "ask the owner of the resource to permit " + action + " in its own policy"
	case "role trust policy":
		hint := "ask the owner of the role to let its trust policy name these credentials"
		if f.source == nil || f.source.device == "" {
			hint += "; if it requires MFA, set mfa_serial in the profile"
		}
		return hint
	}
	return "ask whoever manages these credentials to lift the deny of " + action + ": it outweighs whatever else is permitted"
}

// needing names the permission that a refused call needed, unless AWS named
// another one: making a change set also reads what the stack's parameters point
// at.
func needing(p Permission, e *problem.Error) *problem.Error {
	detail := detailOf(e)
	if e.Code != CodeDenied || detail.barred || len(detail.Missing) > 0 && detail.Missing[0].Action != p.Action {
		return e
	}
	d := denied(p)
	detail.Missing = []Permission{p}
	d.Detail = detail
	return d
}

// asNamed is the permission on the resource that AWS named.
func (p Permission) asNamed(e *problem.Error) Permission {
	for _, named := range detailOf(e).Missing {
		if named.Action == p.Action && named.Resource != "" {
			return named
		}
	}
	return p
}

// onStack, onParameter and onServices are the resources that calls about a Rack
// need permissions for
// (https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html).
func onStack(action string, rack Rack) Permission {
	return Permission{"cloudformation:" + action, arnIn(rack.Region, "cloudformation", "stack/"+rack.Name+"/*")}
}

func onParameter(action string, rack Rack) Permission {
	return Permission{"ssm:" + action, arnIn(rack.Region, "ssm", "parameter/"+secretName(rack))}
}

// onServices has no cluster in it, since old services have none in theirs.
func onServices(action string, rack Rack) Permission {
	return Permission{"ecs:" + action, arnIn(rack.Region, "ecs", "service/*")}
}

func arnIn(region, service, resource string) string {
	partition, _ := partitionOf(region)
	return fmt.Sprintf("arn:%s:%s:%s:*:%s", partition, service, region, resource)
}
