package cfntest_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"convox-travis/cfn/cfntest"
)

func (c *client) wantOK(got reply) reply {
	c.Helper()
	if got.status != http.StatusOK {
		c.Errorf("%d %s: %s", got.status, got.Code, got.Message)
	}
	return got
}

// updateStack makes a change set and executes it.
func (c *client) updateStack(form ...string) reply {
	c.Helper()
	if got := c.cloudformation("CreateChangeSet", append(form, "ChangeSetName", "one")...); got.status != http.StatusOK {
		return got
	}
	return c.cloudformation("ExecuteChangeSet", "StackName", "rack", "ChangeSetName", "one")
}

func TestAParameterThatIsNotNamedFallsBackToItsDefault(t *testing.T) {
	c, _ := newRack(t)
	form := []string{"StackName", "rack", "UsePreviousTemplate", "true", "Capabilities.member.1", "CAPABILITY_IAM",
		"Parameters.member.1.ParameterKey", "Password", "Parameters.member.1.ParameterValue", "****",
		"Parameters.member.2.ParameterKey", "Version", "Parameters.member.2.UsePreviousValue", "true"}
	c.wantOK(c.updateStack(form...))
	after := c.server.ParametersOf(c.region, "rack")
	if after["InstanceCount"] != "3" || after["InstanceType"] != "t3.small" || after["Version"] != "2024" || after["Password"] != "****" {
		t.Errorf("%s %s %s %s", after["InstanceCount"], after["InstanceType"], after["Version"], after["Password"])
	}
}

func TestParametersAreCheckedAgainstTheTemplate(t *testing.T) {
	c, _ := newRack(t)
	for words, form := range map[string][]string{
		"Parameters: [Nonsense] do not exist in the template":    c.update("Nonsense", "1"),
		"Parameters: [Password, Version] must have values":       {"StackName", "rack", "UsePreviousTemplate", "true", "Capabilities.member.1", "CAPABILITY_IAM"},
		"Either Template URL or Template Body must be specified": {"StackName", "rack"},
		"Cannot specify usePreviousValue as true and non empty":  append(c.update(), "Parameters.member.1.ParameterValue", "x"),
		"does not exist": {"StackName", "none"},
	} {
		c.wantError(c.updateStack(form...), http.StatusBadRequest, "ValidationError", words)
	}
	c.wantError(c.updateStack(append(c.update("Password", newPassword), "Capabilities.member.1", "")...), http.StatusBadRequest, "InsufficientCapabilitiesException", "CAPABILITY_IAM")
}

func TestAChangeSetTakesItsTime(t *testing.T) {
	c, _ := newRack(t)
	c.server.SetPace(cfntest.Pace{ChangeSet: 100 * time.Millisecond})
	form := append(c.update("Password", newPassword), "ChangeSetName", "one", "ClientToken", "t1")
	first := c.wantOK(c.cloudformation("CreateChangeSet", form...))
	if again := c.wantOK(c.cloudformation("CreateChangeSet", form...)); between(again.text, "<Id>") != between(first.text, "<Id>") {
		t.Error("the same token made another one")
	}
	c.wantError(c.cloudformation("CreateChangeSet", append(form, "ClientToken", "t2")...), http.StatusBadRequest, "AlreadyExistsException", "one")
	named := []string{"StackName", "rack", "ChangeSetName", "one"}
	c.wantError(c.cloudformation("DeleteChangeSet", named...), http.StatusBadRequest, "InvalidChangeSetStatus", "CREATE_")
	c.wantError(c.cloudformation("ExecuteChangeSet", named...), http.StatusBadRequest, "InvalidChangeSetStatus", "CREATE_")
	var seen []string
	for len(seen) == 0 || seen[len(seen)-1] != "CREATE_COMPLETE" {
		status := between(c.wantOK(c.cloudformation("DescribeChangeSet", named...)).text, "<Status>")
		if len(seen) == 0 || seen[len(seen)-1] != status {
			seen = append(seen, status)
		}
	}
	if got := strings.Join(seen, " "); got != "CREATE_PENDING CREATE_IN_PROGRESS CREATE_COMPLETE" {
		t.Errorf("seen %s", got)
	}
	got := c.wantOK(c.cloudformation("DescribeChangeSet", "StackName", "rack", "ChangeSetName", between(first.text, "<Id>")))
	if strings.Contains(got.text, newPassword+"<") || strings.Contains(got.text, oldPassword+"<") || !strings.Contains(got.text, "<ExecutionStatus>AVAILABLE<") {
		t.Errorf("%s", got.text)
	}
	for range 2 {
		c.wantOK(c.cloudformation("DeleteChangeSet", named...))
	}
	c.wantError(c.cloudformation("DescribeChangeSet", named...), http.StatusNotFound, "ChangeSetNotFound", "does not exist")
	c.wantError(c.cloudformation("DescribeChangeSet", "StackName", "rack", "ChangeSetName", between(first.text, "<Id>")), http.StatusNotFound, "ChangeSetNotFound", "does not exist")
}

func TestAChangeSetWithoutChangesFails(t *testing.T) {
	c, _ := newRack(t)
	c.wantOK(c.cloudformation("CreateChangeSet", append(c.update(), "ChangeSetName", "one")...))
	got := c.wantOK(c.cloudformation("DescribeChangeSet", "StackName", "rack", "ChangeSetName", "one"))
	if between(got.text, "<Status>") != "FAILED" || !strings.Contains(between(got.text, "<StatusReason>"), "contain changes") || !strings.Contains(got.text, "UNAVAILABLE") {
		t.Errorf("%s", got.text)
	}
}

func TestAChangeSetIsExecutedOnceForAToken(t *testing.T) {
	c, _ := newRack(t)
	c.wantOK(c.cloudformation("CreateChangeSet", append(c.update("Password", newPassword), "ChangeSetName", "one")...))
	c.wantOK(c.cloudformation("CreateChangeSet", append(c.update("ApiCount", "3"), "ChangeSetName", "two")...))
	c.server.SetPace(cfntest.Pace{Resource: time.Minute})
	named := []string{"StackName", "rack", "ChangeSetName", "one", "ClientRequestToken", "t1"}
	c.wantOK(c.cloudformation("ExecuteChangeSet", named...))
	c.wantOK(c.cloudformation("ExecuteChangeSet", named...))
	c.wantError(c.cloudformation("ExecuteChangeSet", append(named, "ClientRequestToken", "t2")...), http.StatusBadRequest, "InvalidChangeSetStatus", "cannot be executed")
	c.wantError(c.cloudformation("DeleteChangeSet", named...), http.StatusBadRequest, "InvalidChangeSetStatus", "cannot be deleted")
	if left := c.server.ChangeSets(c.region, "rack"); len(left) != 1 || left[0] != "one" {
		t.Errorf("left are %q", left)
	}
	c.wantError(c.cloudformation("CreateChangeSet", append(c.update("ApiCount", "3"), "ChangeSetName", "three")...), http.StatusBadRequest, "ValidationError", "is in UPDATE_IN_PROGRESS state and can not be updated.")
}

// between returns the text of the first element that begins so.
func between(text, element string) string {
	_, rest, _ := strings.Cut(text, element)
	value, _, _ := strings.Cut(rest, "<")
	return value
}
