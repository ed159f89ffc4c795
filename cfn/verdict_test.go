package cfn_test

import (
	"strings"
	"testing"

	"convox-travis/cfn"
	"convox-travis/cfn/cfntest"
	"convox-travis/internal/transport"
)

func TestAPreviewOfEachTemplateIsAsExpected(t *testing.T) {
	for template, c := range map[cfntest.RackTemplate]struct {
		changes  string
		restarts bool
	}{
		cfntest.Template2023: {"RackApiSecret False, ApiMonitorTasks True, ServiceMonitorApi False", false},
		cfntest.Template2022: {"ApiMonitorTasks True, ApiBuildTasks True, ApiWebTasks True, ServiceMonitorApi False, ServiceWebApi False", true},
		cfntest.Template2016: {"ApiMonitorTasks True, ApiBuildTasks True, ApiWebTasks True, ApiMonitorService False, ApiWebService False", true},
	} {
		w := newRackWorld(t, func(r *cfntest.Rack) { r.Template = template })
		p := w.preview(w.finder())
		if p.Verdict != cfn.AsExpected || len(p.Why) != 0 || changed(p) != c.changes || p.RestartsItself != c.restarts {
			t.Errorf("%q: %s %q, restarts itself: %t: %s", template, p.Verdict, p.Why, p.RestartsItself, changed(p))
		}
		if first := p.Changes[0]; first.Action != "Modify" || !strings.HasPrefix(first.Type, "AWS::") {
			t.Errorf("%+v", first)
		}
	}
}

func TestANewerMachineImageReplacesEveryInstance(t *testing.T) {
	w := newRackWorld(t)
	w.aws.PublishImage("eu-west-1", image, "ami-0123456789abcdef0")
	p := w.preview(w.finder())
	if p.Verdict != cfn.InstancesReplaced || len(p.Why) != 1 || !strings.Contains(p.Why[0], "one by one") || !strings.Contains(changed(p), "Instances False") {
		t.Errorf("%s %q: %s", p.Verdict, p.Why, changed(p))
	}
	w = newRackWorld(t, func(r *cfntest.Rack) { r.Parameters = map[string]string{"Ami": "ami-0fedcba9876543210"} })
	w.aws.PublishImage("eu-west-1", image, "ami-0123456789abcdef0")
	if p = w.preview(w.finder()); p.Verdict != cfn.AsExpected {
		t.Errorf("with an image of the owner's own: %s %q", p.Verdict, p.Why)
	}
}

func TestADriftedStackStopsTheReset(t *testing.T) {
	drifted := func(logicalID, action, replacement string) func(*cfntest.Stack) {
		return func(s *cfntest.Stack) {
			for i := range s.Resources {
				if r := &s.Resources[i]; r.LogicalID == logicalID {
					r.Drifted, r.Replacement = action, replacement
				}
			}
		}
	}
	for name, c := range map[string]struct {
		change func(*cfntest.Stack)
		word   string
	}{
		"a removal":                   {drifted("Vpc", "Remove", ""), "Vpc (AWS::EC2::VPC) would be removed"},
		"a resource more":             {drifted("Subnet0", "Add", ""), `"Add"`},
		"another resource":            {drifted("Router", "Modify", ""), "Router"},
		"a service of another name":   {drifted("ServiceWebApi", "Modify", ""), "web service"},
		"a group that is replaced":    {drifted("Instances", "Modify", "True"), `"True"`},
		"a service that is replaced":  {drifted("ServiceMonitorApi", "Modify", "True"), `"True"`},
		"a secret that is replaced":   {drifted("RackApiSecret", "Modify", "True"), `"True"`},
		"tasks that are not replaced": {drifted("ApiMonitorTasks", "Modify", ""), `"False"`},
		"a known name of another type": {func(s *cfntest.Stack) {
			s.Resources = append(s.Resources, cfntest.Resource{LogicalID: "SpotFleet", Type: "AWS::EC2::VPC", Drifted: "Modify"})
		}, "SpotFleet"},
		"no user of the password": {func(s *cfntest.Stack) {
			for i := range s.Resources {
				if r := &s.Resources[i]; r.LogicalID == "RackApiSecret" {
					r.Follows = nil
				}
			}
		}, "reads its password"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newChangedWorld(t, c.change)
			f := w.finder()
			p := w.preview(f)
			if p.Verdict != cfn.Unexpected || !strings.Contains(strings.Join(p.Why, "\n"), c.word) {
				t.Fatalf("%s %q", p.Verdict, p.Why)
			}
			w.wantCode(w.failed(f.Execute(transport.Until(t.Context()), p)), cfn.CodeUnexpected)
			if w.asked("cloudformation:ExecuteChangeSet") != 0 {
				t.Error("it was executed")
			}
		})
	}
}

func TestAllPagesOfChangesAreRead(t *testing.T) {
	w := newRackWorld(t, func(r *cfntest.Rack) { r.Template = cfntest.Template2022 })
	w.aws.PageSize = 2
	w.aws.PublishImage("eu-west-1", image, "ami-0123456789abcdef0")
	if p := w.preview(w.finder()); len(p.Changes) != 9 || p.Verdict != cfn.InstancesReplaced {
		t.Errorf("%s: %s", p.Verdict, changed(p))
	}
}

// AWS has something to do then all the same: an output.
func TestAnUpdateWithoutAResourceIsHarmless(t *testing.T) {
	w := newChangedWorld(t, func(s *cfntest.Stack) {
		s.Outputs["Password"] = oldPassword
		for i := range s.Resources {
			s.Resources[i].Follows = nil
		}
	})
	p := w.preview(w.finder())
	if p.Verdict != cfn.AsExpected || len(p.Changes) != 0 || len(p.Why) != 1 || !strings.Contains(p.Why[0], "login") {
		t.Errorf("%s %q: %s", p.Verdict, p.Why, changed(p))
	}
}
