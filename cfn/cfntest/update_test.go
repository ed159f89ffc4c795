package cfntest_test

import (
	"regexp"
	"strings"
	"testing"

	"convox-travis/cfn/cfntest"
)

var eventShape = regexp.MustCompile(`(?s)<LogicalResourceId>(.*?)</Logical.*?<ResourceStatus>(.*?)</`)

// events lists what happened since the stack was made, oldest first.
func (c *client) events() string {
	c.Helper()
	var all []string
	token := ""
	for {
		form := []string{"StackName", "rack"}
		if token != "" {
			form = append(form, "NextToken", token)
		}
		page := c.wantOK(c.cloudformation("DescribeStackEvents", form...)).text
		for _, found := range eventShape.FindAllStringSubmatch(page, -1) {
			all = append([]string{found[1] + " " + found[2]}, all...)
		}
		if token = between(page, "<NextToken>"); token == "" {
			return strings.Join(all[2:], ", ")
		}
	}
}

func TestAnUpdateGoesFromResourceToResource(t *testing.T) {
	for _, size := range []int{1, 3, 100} {
		c, _ := newRack(t)
		c.server.PageSize = size
		c.wantOK(c.updateStack(c.update("Password", newPassword)...))
		const want = "rack UPDATE_IN_PROGRESS, RackApiSecret UPDATE_IN_PROGRESS, RackApiSecret UPDATE_COMPLETE, ApiMonitorTasks UPDATE_IN_PROGRESS, ApiMonitorTasks UPDATE_COMPLETE, " +
			"ServiceMonitorApi UPDATE_IN_PROGRESS, ServiceMonitorApi UPDATE_COMPLETE, rack UPDATE_COMPLETE_CLEANUP_IN_PROGRESS, ApiMonitorTasks DELETE_IN_PROGRESS, ApiMonitorTasks DELETE_COMPLETE, rack UPDATE_COMPLETE"
		if got := c.events(); got != want {
			t.Errorf("%s", got)
		}
		if got := c.cloudformation("DescribeStacks", "StackName", "rack"); !strings.Contains(got.text, "<Key>System<") || !strings.Contains(got.text, "LastUpdatedTime") {
			t.Errorf("%s", got.text)
		}
	}
}

func TestAnImageIsReadAgainAtEachUpdate(t *testing.T) {
	c, _ := newRack(t)
	resolved := func() string {
		_, rest, _ := strings.Cut(c.cloudformation("DescribeStacks", "StackName", "rack").text, "<ParameterKey>DefaultAmi<")
		return between(rest, "<ResolvedValue>")
	}
	before := resolved()
	c.server.PublishImage(c.region, defaultImage, "ami-2")
	if resolved() != before {
		t.Error("it changed without an update")
	}
	c.wantOK(c.updateStack(c.update("Password", newPassword)...))
	if resolved() != "ami-2" || !strings.Contains(c.events(), "InstancesLaunchTemplate UPDATE_COMPLETE") || !strings.Contains(c.events(), "BuildInstances UPDATE_COMPLETE") {
		t.Errorf("%s: %s", resolved(), c.events())
	}
}

func TestAnUpdateThatFailsIsRolledBack(t *testing.T) {
	c, added := newRack(t, func(r *cfntest.Rack) { r.Template = cfntest.Template2022 })
	var tasks []string
	c.server.OnTaskReplaced(added.WebService, func(_ int, environment map[string]string) { tasks = append(tasks, environment["PASSWORD"]) })
	c.server.FailNextUpdate(c.region, "rack", cfntest.Fate{Resource: "ServiceWebApi", Reason: "no memory"})
	c.wantOK(c.updateStack(c.update("Password", newPassword)...))
	if got := c.events(); !strings.Contains(got, "ServiceWebApi UPDATE_FAILED, rack UPDATE_ROLLBACK_IN_PROGRESS, ApiMonitorTasks UPDATE_IN_PROGRESS") || !strings.HasSuffix(got, "rack UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS, rack UPDATE_ROLLBACK_COMPLETE") {
		t.Errorf("%s", got)
	}
	got := c.cloudformation("DescribeStackResource", "StackName", "rack", "LogicalResourceId", "ApiMonitorTasks")
	if id := between(got.text, "<PhysicalResourceId>"); !strings.HasSuffix(id, "rack-monitor:1") || c.server.ParametersOf(c.region, "rack")["Password"] != oldPassword || len(tasks) != 0 {
		t.Errorf("%s, tasks %q", id, tasks)
	}
	if text := c.cloudformation("DescribeStackEvents", "StackName", "rack").text; !strings.Contains(text, "no memory") || !strings.Contains(text, "[ServiceWebApi]") {
		t.Errorf("%s", text)
	}
}

func TestAnUpdateOfAnOldTemplateRestartsTheWebService(t *testing.T) {
	for template, want := range map[cfntest.RackTemplate]string{cfntest.Template2023: "", cfntest.Template2022: "new new", cfntest.Template2016: "new new"} {
		c, added := newRack(t, func(r *cfntest.Rack) { r.Template = template })
		var told []string
		c.server.OnTaskReplaced(added.WebService, func(_ int, environment map[string]string) { told = append(told, environment["PASSWORD"]) })
		c.server.StartUpdate(c.region, "rack", map[string]string{"Password": newPassword})
		if updated := c.server.ParametersOf(c.region, "rack")["Password"]; updated != newPassword || strings.Join(told, " ") != want {
			t.Errorf("%q: %s, tasks %q", template, updated, told)
		}
	}
}

func TestARackIsLikeARealOne(t *testing.T) {
	c, _ := newRack(t)
	if got := c.cloudformation("DescribeStackResource", "StackName", "rack", "LogicalResourceId", "None"); got.Code != "ValidationError" || !strings.Contains(got.Message, "does not exist") {
		t.Errorf("%s", got.text)
	}
	old, added := newRack(t, func(r *cfntest.Rack) {
		r.Template, r.Parameters = cfntest.Template2016, map[string]string{"Development": "Yes"}
	})
	text := old.cloudformation("DescribeStacks", "StackName", "rack").text
	if !strings.Contains(text, "<ParameterKey>Password</ParameterKey><ParameterValue>old<") || !strings.Contains(text, "<OutputKey>Password</OutputKey><OutputValue>old<") {
		t.Errorf("%s", text)
	}
	got := old.cloudformation("DescribeStackResource", "StackName", "rack", "LogicalResourceId", "ApiWebService")
	if id := between(got.text, "<PhysicalResourceId>"); !strings.HasSuffix(id, ":service/"+added.WebService) {
		t.Errorf("%s", id)
	}
}
