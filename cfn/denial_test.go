package cfn_test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"convox-travis/cfn"
	"convox-travis/cfn/cfntest"
	"convox-travis/internal/problem"
	"convox-travis/internal/secret"
	"convox-travis/internal/secret/secrettest"
	"convox-travis/internal/transport"
)

const (
	aUser = "User: arn:aws:iam::123456789012:user/ann is not authorized to perform: "
	aRole = "User: arn:aws:sts::123456789012:assumed-role/Deploy/ann is not authorized to perform: "
)

// AWS's own sentences (https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html,
// and as clients of it were shown them). An Allow is proposed only where the
// credentials lack one, on the resource of the sentence.
func TestADenialIsCalledByItsKind(t *testing.T) {
	const describe = "cloudformation:DescribeStacks"
	const stack = "arn:aws:cloudformation:eu-west-1:123456789012:stack/production/*"
	const anyAccount = "arn:aws:cloudformation:eu-west-1:*:stack/production/*"
	allow := func(action, resource string) string {
		return `add {"Effect": "Allow", "Action": "` + action + `", "Resource": "` + resource + `"} to the policy of these credentials`
	}
	for sentence, want := range map[string]struct {
		reason string
		hints  []string // how they begin
	}{
		// The credentials lack a permission.
		aUser + describe + " on resource: " + stack + " because no identity-based policy allows the " + describe + " action": {
			"access denied", []string{allow(describe, stack)}},
		aRole + describe + " on resource: " + stack: {
			"access denied", []string{allow(describe, stack)}},
		aUser + describe: {
			"access denied", []string{allow(describe, anyAccount)}},
		"Access denied": {
			"access denied", []string{allow(describe, anyAccount)}},
		aRole + "iam:PassRole on resource: arn:aws:iam::123456789012:role/convox/production-ApiRole because no identity-based policy allows the iam:PassRole action": {
			"access denied", []string{allow("iam:PassRole", "arn:aws:iam::123456789012:role/convox/production-ApiRole")}},
		"API: iam:PassRole " + aUser + "iam:PassRole on resource: arn:aws:iam::123456789012:role/cfn. (Service: AmazonIdentityManagement; Status Code: 403)": {
			"access denied", []string{allow("iam:PassRole", "arn:aws:iam::123456789012:role/cfn")}},
		aUser + "iam:PassRole on resource: *": {
			"access denied", []string{"get iam:PassRole allowed for these credentials, only on the resource that needs it"}},
		aUser + "iam:PassRole": {
			"access denied", []string{"get iam:PassRole allowed for these credentials, only on the resource that needs it"}},
		aUser + "iam:CreateRole on resource: role production-ApiRole because no identity-based policy allows the iam:CreateRole action": {
			"access denied", []string{"get iam:CreateRole allowed for these credentials, only on the resource that needs it"}},
		aRole + "cloudformation:CreateChangeSet on resource: \"arn:aws:cloudformation:eu-west-1:aws:transform/Serverless-2016-10-31\"": {
			"access denied", []string{allow("cloudformation:CreateChangeSet", "arn:aws:cloudformation:eu-west-1:aws:transform/Serverless-2016-10-31")}},
		aRole + "ecs:RegisterTaskDefinition on resource: * because no identity-based policy allows the ecs:RegisterTaskDefinition action": {
			"access denied", []string{allow("ecs:RegisterTaskDefinition", "*")}},

		// A policy that the owner of the credentials can't outweigh.
		aUser + "\n" + describe + " with an explicit deny in a service control policy": {
			"access denied: explicit deny (service control policy)", []string{"ask the administrators of the AWS organization to permit " + describe}},
		aRole + describe + " on resource: " + stack + " with an explicit deny in a service control policy: arn:aws:organizations::999999999999:policy/o-aaabbbccc/service_control_policy/p-0xn1knc2": {
			"access denied: explicit deny (service control policy)", []string{"ask the administrators of the AWS organization to permit " + describe,
				"check the policy that denies it: arn:aws:organizations::999999999999:policy/o-aaabbbccc/service_control_policy/p-0xn1knc2"}},
		aUser + describe + " because no service control policy allows the " + describe + " action": {
			"access denied: no service control policy allows it", []string{"ask the administrators of the AWS organization"}},
		aRole + "ssm:GetParameter on resource: arn:aws:ssm:eu-west-1:123456789012:parameter/x with an explicit deny in a resource control policy": {
			"access denied: explicit deny (resource control policy)", []string{"ask the administrators of the AWS organization to permit ssm:GetParameter"}},
		aRole + describe + " with an explicit deny in a permissions boundary: arn:aws:iam::123456789012:policy/lab-boundary.": {
			"access denied: explicit deny (permissions boundary)", []string{"ask whoever manages these credentials to permit " + describe + " in their permissions boundary",
				"check the policy that denies it: arn:aws:iam::123456789012:policy/lab-boundary"}},
		aRole + "iam:PassRole on resource: arn:aws:iam::123456789012:role/cfn because no permissions boundary allows the iam:PassRole action": {
			"access denied: no permissions boundary allows it", []string{"ask whoever manages these credentials to permit iam:PassRole in their permissions boundary"}},
		aRole + describe + " because no session policy allows the " + describe + " action": {
			"access denied: no session policy allows it", []string{"sign in again with a session policy that permits " + describe}},
		aRole + describe + " on resource: " + stack + " with an explicit deny in a sessions policy": {
			"access denied: explicit deny (session policy)", []string{"sign in again with a session policy that permits " + describe}},
		aRole + describe + " because no VPC endpoint policy allows the " + describe + " action": {
			"access denied: no VPC endpoint policy allows it", []string{"ask whoever manages the VPC endpoint to permit " + describe}},
		aRole + describe + " with an explicit deny in a VPC endpoint policy transitively through a service control policy": {
			"access denied: explicit deny (service control policy)", []string{"ask the administrators of the AWS organization"}},
		aUser + "ssm:GetParameter on resource: arn:aws:ssm:eu-west-1:123456789012:parameter/x with an explicit deny in a resource-based policy": {
			"access denied: explicit deny (resource-based policy)", []string{"ask the owner of the resource to permit ssm:GetParameter"}},
		aUser + "sts:AssumeRole because no role trust policy allows the sts:AssumeRole action": {
			"access denied: no role trust policy allows it", []string{"ask the owner of the role to let its trust policy name these credentials; if it requires MFA, set mfa_serial"}},
		aUser + "sts:AssumeRole with an explicit deny in the role trust policy": {
			"access denied: explicit deny (role trust policy)", []string{"ask the owner of the role"}},
		aRole + describe + " on resource: " + stack + " with an explicit deny in an identity-based policy": {
			"access denied: explicit deny (identity-based policy)", []string{"ask whoever manages these credentials to remove the deny of " + describe}},
		aRole + describe + " on resource: " + stack + " with an explicit deny": {
			"access denied: explicit deny (the policy isn't named)", []string{"ask whoever manages these credentials to remove the deny of " + describe}},

		// A user without MFA, or with a key that AWS locked.
		aUser + describe + " on resource: " + stack + " with an explicit deny in an identity-based policy": {
			"access denied: explicit deny (identity-based policy)", []string{
				"sign in with MFA, unless you have: most of these policies deny everything without it: aws sts get-session-token --serial-number DEVICE --token-code CODE",
				"ask whoever manages these credentials to remove the deny of " + describe}},
		aUser + describe + " with an explicit deny": {
			"access denied: explicit deny (the policy isn't named)", []string{"sign in with MFA", "ask whoever manages these credentials"}},
		aUser + describe + " on resource: \"" + stack + "\" with an explicit deny in an identity-based policy: arn:aws:iam::aws:policy/AWSCompromisedKeyQuarantineV3": {
			"access denied: explicit deny (identity-based policy)", []string{"sign in with MFA", "ask whoever manages", "check the policy that denies it: arn:aws:iam::aws:policy/AWSCompromisedKeyQuarantineV3"}},
	} {
		w := newRackWorld(t)
		w.aws.Refuse(http.StatusForbidden, "AccessDenied", sentence, describe, "eu-west-1")
		_, err := w.finder().State(t.Context(), w.rack)
		e := w.failed(err)
		w.wantCode(e, cfn.CodeDenied)
		matches := slices.EqualFunc(e.Hints, want.hints, strings.HasPrefix)
		if e.Reason != want.reason || !matches {
			t.Errorf("%s\n%s\n%s", sentence, e.Reason, strings.Join(e.Hints, "\n"))
		}
		if proposed := strings.Contains(strings.Join(e.Hints, "\n"), "Allow"); proposed != (len(missingError(e)) > 0 && missingError(e)[0].Resource != "") {
			t.Errorf("%s: an Allow is proposed: %t, missing %q", sentence, proposed, missingError(e))
		}
	}
}

// What AWS names in a sentence is one region's; a search asks all of them.
func TestASearchNeedsItsPermissionInAllRegions(t *testing.T) {
	w := newWorld(t)
	w.aws.Deny("cloudformation:DescribeStacks", w.finder().Regions()...)
	w.wantCode(w.searchError(), cfn.CodeDenied, `"Resource": "*"`)
	_, err := w.finder().Named(t.Context(), nil, "production")
	w.wantCode(w.failed(err), cfn.CodeDenied, `"Resource": "arn:aws:cloudformation:*:*:stack/production/*"`)
}

// Each place of a password can be denied in another way.
func TestARecoveryThatIsDeniedExplicitlyProposesNothingThere(t *testing.T) {
	w := newRackWorld(t)
	w.aws.DenyBecause("with an explicit deny in a service control policy", "ecs:DescribeTaskDefinition", "eu-west-1")
	_, err := w.finder().Recover(t.Context(), w.rack, nil)
	if err != nil {
		t.Fatal(err) // Parameter Store has it
	}
	w.aws.Deny("ssm:GetParameter", "eu-west-1")
	_, err = w.finder().Recover(t.Context(), w.rack, nil)
	e := w.failed(err)
	w.wantCode(e, cfn.CodeDenied, "access denied to ssm:GetParameter; access denied: explicit deny (service control policy)", "AWS organization to permit ecs:DescribeTaskDefinition")
	w.aws.DenyBecause("with an explicit deny in a permissions boundary", "ssm:GetParameter", "eu-west-1")
	_, err = w.finder().Recover(t.Context(), w.rack, nil)
	e = w.failed(err)
	w.wantCode(e, cfn.CodeDenied, "explicit deny (service control policy); access denied: explicit deny (permissions boundary)")
	if text := strings.Join(e.Hints, "\n"); strings.Contains(text, "Allow") || !problem.Has(err, cfn.CodeNoPassword) {
		t.Errorf("%s", text)
	}
}

// A role that may not be assumed for another reason than its permission.
func TestAnExplicitDenialOfARoleIsReported(t *testing.T) {
	w := newWorld(t)
	w.files(roleConfig, userFile("base"))
	w.aws.DenyBecause("with an explicit deny in a service control policy", "sts:AssumeRole", "us-east-1")
	_, err := w.finder(profile("admin")).Search(t.Context(), nil, nil)
	e := w.failed(err)
	w.wantCode(e, cfn.CodeDenied, "explicit deny (service control policy)", "AWS organization")
	if text := strings.Join(e.Hints, "\n"); strings.Contains(text, "give the profile") {
		t.Error(text)
	}
}

// The changes can be denied only when they are worked out.
func TestAFailedChangeSetIsReportedLikeADenial(t *testing.T) {
	for reason, want := range map[string]string{
		aRole + "cloudformation:CreateChangeSet on resource: arn:aws:cloudformation:eu-west-1:aws:transform/Serverless-2016-10-31": `"Resource": "arn:aws:cloudformation:eu-west-1:aws:transform/Serverless-2016-10-31"`,
		aRole + "ssm:GetParameters with an explicit deny in a service control policy":                                              "AWS organization",
	} {
		w := newRackWorld(t)
		w.aws.FailChangeSets("eu-west-1", reason)
		_, err := w.finder().Preview(transport.Until(t.Context()), w.rack, secret.New(secrettest.Canary))
		w.wantCode(w.failed(err), cfn.CodeDenied, want)
		w.wantNoChangeSet()
		if errors.Unwrap(err) != nil {
			t.Error(err)
		}
	}
}

// CloudFormation updates in the name of whoever executes, or as a role of the stack.
func TestAnUpdateThatWasDeniedNamesThePermission(t *testing.T) {
	for reason, want := range map[string]string{
		`Resource handler returned message: "` + aUser + `iam:PassRole on resource: arn:aws:iam::123456789012:role/convox/production-MonitorRole because no identity-based policy allows the iam:PassRole action (Service: AmazonECS; Status Code: 400; Error Code: AccessDeniedException)" (RequestToken: 1, HandlerErrorCode: AccessDenied)`: `add {"Effect": "Allow", "Action": "iam:PassRole", "Resource": "arn:aws:iam::123456789012:role/convox/production-MonitorRole"} to the policy of these credentials`,
		"API: ecs:RegisterTaskDefinition User: arn:aws:sts::123456789012:assumed-role/cfn/AWSCloudFormation is not authorized to perform: ecs:RegisterTaskDefinition on resource: *":                                                                                                                                                           `add {"Effect": "Allow", "Action": "ecs:RegisterTaskDefinition", "Resource": "*"} to the policy of the stack's service role`,
		aRole + "iam:PassRole with an explicit deny in a service control policy": "ask the administrators of the AWS organization to permit iam:PassRole: the account's own policies can't",
		"The image does not exist": "",
	} {
		w := newRackWorld(t)
		w.aws.FailNextUpdate("eu-west-1", "production", cfntest.Fate{Resource: "ApiMonitorTasks", Reason: reason})
		f := w.finder()
		p := w.preview(f)
		w.execute(f, p)
		outcome, err := f.Follow(t.Context(), w.rack, p.Since, nil)
		if err != nil || outcome.End != cfn.RolledBack || strings.Join(outcome.Hints, "\n") != want {
			t.Errorf("%s\n%+v, %v", reason, outcome, err)
		}
	}
}
