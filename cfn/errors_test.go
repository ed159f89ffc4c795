package cfn_test

import (
	"net/http"
	"strings"
	"testing"

	"convox-travis/cfn"
	"convox-travis/internal/secret"
	"convox-travis/internal/secret/secrettest"
	"convox-travis/internal/transport"
)

// A word of AWS's sentence isn't its cause: what is asked for can be missing, or
// something else that the sentence is about.
func TestARefusalIsReadWhole(t *testing.T) {
	const arn = "arn:aws:cloudformation:eu-west-1:123456789012:stack/production/5a2b7c10-0000-11ee-8c99-0242ac120002"
	for sentence, want := range map[string]struct{ code, reason string }{
		"Stack with id production does not exist":                                  {cfn.CodeMissing, "it isn't there"},
		"Stack [production] does not exist":                                        {cfn.CodeMissing, "it isn't there"},
		"Stack 'production' does not exist":                                        {cfn.CodeMissing, "it isn't there"},
		"Stack: production does not exist":                                         {cfn.CodeMissing, "it isn't there"},
		"Stack:" + arn + " does not exist":                                         {cfn.CodeMissing, "it isn't there"},
		"Resource ServiceWebApi does not exist for stack production":               {cfn.CodeMissing, "it isn't there"},
		"ChangeSet [convox-travis-abc] does not exist":                             {cfn.CodeMissing, "it isn't there"},
		"Stack:" + arn + " is in UPDATE_IN_PROGRESS state and can not be updated.": {cfn.CodeBusy, "its stack is in the state UPDATE_IN_PROGRESS"},
		"Stack:" + arn + " is in REVIEW_IN_PROGRESS state and can not be updated.": {cfn.CodeBusy, "its stack is in the state REVIEW_IN_PROGRESS"},
		"No updates are to be performed.":                                          {cfn.CodeUnchanged, "the Rack has this password already"},

		"Parameter validation failed: parameter value ops for parameter name Key does not exist. Rollback requested by user.": {
			cfn.CodeFailed, "AWS refused it: Parameter validation failed: parameter value … for parameter name Key does not exist. Rollback requested by user."},
		"Parameters: [Late] do not exist in the template":                         {cfn.CodeFailed, "AWS refused it: Parameters: [Late] do not exist in the template"},
		"Role arn:aws:iam::123456789012:role/cfn is invalid or cannot be assumed": {cfn.CodeFailed, "AWS refused it: Role arn:aws:iam::123456789012:role/cfn is invalid or cannot be assumed"},
		"The key pair 'ops' does not exist":                                       {cfn.CodeFailed, "AWS refused it: The key pair 'ops' does not exist"},
		"Template error: resource Vpc does not exist for stack production, and No updates are to be performed without it": {
			cfn.CodeFailed, "AWS refused it: Template error: resource Vpc does not exist for stack production, and No updates are to be performed without it"},
		"S3 error: The specified bucket does not exist For more information check http://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html": {
			cfn.CodeFailed, "AWS refused it: S3 error: The specified bucket does not exist For more information check http://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html"},
		"1 validation error detected: Value '" + secrettest.Canary + "' at 'stackName' failed to satisfy constraint: Member must have length less than or equal to 128": {
			cfn.CodeFailed, "AWS refused it: 1 validation error detected: Value …"},
	} {
		w := newRackWorld(t)
		w.aws.Refuse(http.StatusBadRequest, "ValidationError", sentence, "cloudformation:DescribeStacks", "eu-west-1")
		_, err := w.finder().State(t.Context(), w.rack)
		e := w.failed(err)
		if e.Code != want.code || !strings.HasPrefix(e.Reason, want.reason) {
			t.Errorf("%s\n%s %s", sentence, e.Code, e.Reason)
		}
		if text := strings.Join(e.Hints, "\n"); strings.Contains(text, "later") || w.asked("cloudformation:DescribeStacks") != 1 {
			t.Errorf("%s: %s, after %d calls", sentence, text, w.asked("cloudformation:DescribeStacks"))
		}
		found, err := w.finder().Named(t.Context(), []string{"eu-west-1"}, "production")
		if isMissing := err == nil && len(found.Racks) == 0; isMissing != (want.code == cfn.CodeMissing) {
			t.Errorf("%s: %+v, %v", sentence, found, err)
		}
	}
}

// Only what AWS may do by itself is worth waiting for.
func TestAWrongRequestHasNoHintToTryLater(t *testing.T) {
	for code, c := range map[string]struct {
		status int
		later  bool
		reason string
	}{
		"ValidationException":       {http.StatusBadRequest, false, "AWS refused it: A sentence."},
		"InvalidParameterException": {http.StatusBadRequest, false, "AWS refused it: A sentence."},
		"AlreadyExistsException":    {http.StatusBadRequest, false, "AWS refused it: A sentence."},
		"TokenAlreadyExists":        {http.StatusBadRequest, false, "AWS refused it: A sentence."},
		"InternalFailure":           {http.StatusInternalServerError, true, "AWS answered InternalFailure (HTTP 500)"},
		"ServiceUnavailable":        {http.StatusServiceUnavailable, true, "AWS answered ServiceUnavailable (HTTP 503)"},
	} {
		w := newRackWorld(t)
		w.aws.Refuse(c.status, code, "A sentence. (Service: AWSCloudFormation; Status Code: 400)", "cloudformation:DescribeStackEvents", "eu-west-1")
		_, err := w.finder().Preview(transport.Until(t.Context()), w.rack, secret.New(secrettest.Canary))
		e := w.failed(err)
		w.wantCode(e, cfn.CodeFailed)
		if later := strings.Contains(strings.Join(e.Hints, "\n"), "later"); e.Reason != c.reason || later != c.later {
			t.Errorf("%s: %s, %q", code, e.Reason, e.Hints)
		}
	}
}

func TestAQuotaIsNotThrottling(t *testing.T) {
	wants := func(w *rackWorld, err error, reason string) {
		t.Helper()
		e := w.failed(err)
		w.wantCode(e, cfn.CodeLimit, reason,
			"list the stack's change sets: aws cloudformation list-change-sets --region eu-west-1 --stack-name production",
			"delete those that you don't need: aws cloudformation delete-change-set --region eu-west-1 --stack-name production --change-set-name NAME")
		if text := strings.Join(e.Hints, "\n"); len(e.Hints) != 2 {
			t.Error(text)
		}
	}
	w := newRackWorld(t)
	w.aws.MostChangeSets = 1
	f := w.finder()
	w.preview(f)
	_, err := f.Preview(transport.Until(t.Context()), w.rack, secret.New(secrettest.Canary))
	wants(w, err, "ChangeSet limit exceeded for stack arn:aws:cloudformation:eu-west-1:")
	if n := w.asked("cloudformation:CreateChangeSet"); n != 2 {
		t.Errorf("%d calls for two previews", n)
	}

	w = newRackWorld(t) // of a nested stack
	w.aws.FailChangeSets("eu-west-1", "ChangeSet limit exceeded for stack arn:aws:cloudformation:eu-west-1:123456789012:stack/production-Inner-115OY9YZK7MZZ/cbc47f70: Resource creation cancelled")
	_, err = w.finder().Preview(transport.Until(t.Context()), w.rack, secret.New(secrettest.Canary))
	wants(w, err, "ChangeSet limit exceeded for stack arn:aws:cloudformation:eu-west-1:123456789012:stack/production-Inner-115OY9YZK7MZZ")
	w.wantNoChangeSet()

	w = newRackWorld(t) // of another kind, and of a read
	w.aws.Refuse(http.StatusBadRequest, "LimitExceededException", "Limit for stacks has been exceeded", "cloudformation:DescribeStacks", "eu-west-1")
	_, err = w.finder().State(t.Context(), w.rack)
	w.wantCode(w.failed(err), cfn.CodeLimit, "Limit for stacks has been exceeded")
	if n := w.asked("cloudformation:DescribeStacks"); n != 1 {
		t.Errorf("%d calls", n)
	}
}
