package cfn_test

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"convox-travis/cfn"
	"convox-travis/cfn/cfntest"
	"convox-travis/internal/faults"
	"convox-travis/internal/secret"
	"convox-travis/internal/secret/secrettest"
	"convox-travis/internal/transport"
)

// The one request that changes something is held against all of its rules.
func TestTheRequestNamesEveryParameterAndNothingElse(t *testing.T) {
	w := newRackWorld(t)
	w.preview(w.finder())
	var form url.Values
	for _, request := range w.aws.Faults.Requests() {
		values, err := url.ParseQuery(request.Body)
		if err != nil {
			t.Fatal(err)
		}
		if values.Get("Action") == "CreateChangeSet" {
			form = values
			continue
		}
		secrettest.Absent(t, "another request", request.Body+request.Query, oldPassword)
	}
	named := make(map[string]bool)
	for key, values := range form {
		number, field, _ := strings.Cut(strings.TrimPrefix(key, "Parameters.member."), ".")
		if field != "ParameterKey" {
			continue
		}
		name := values[0]
		named[name] = true
		value, previous := form.Get("Parameters.member."+number+".ParameterValue"), form.Get("Parameters.member."+number+".UsePreviousValue")
		if name == "Password" && (value != secrettest.Canary || previous != "") || name != "Password" && (value != "" || previous != "true") {
			t.Errorf("%s is sent as %q, %q", name, value, previous)
		}
	}
	if len(named) != len(w.parameters()) || len(named) < 50 {
		t.Errorf("%d parameters are named, of %d", len(named), len(w.parameters()))
	}
	for key := range form {
		switch name, _, _ := strings.Cut(key, "."); name {
		case "Action", "Version", "StackName", "ChangeSetName", "ChangeSetType", "ClientToken", "Description", "UsePreviousTemplate", "Parameters", "Capabilities":
		default:
			t.Errorf("%s is sent too", key)
		}
	}
	if form.Get("UsePreviousTemplate") != "true" || form.Get("Capabilities.member.1") != "CAPABILITY_IAM" || form.Get("ChangeSetType") != "UPDATE" {
		t.Errorf("%v", form["Capabilities.member.1"])
	}
}

func TestTheCapabilitiesOfTheStackAreNamed(t *testing.T) {
	named := func(s *cfntest.Stack) {
		s.Capabilities = []string{"CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"}
	}
	w := newChangedWorld(t, named)
	if p := w.preview(w.finder()); p.Verdict != cfn.AsExpected {
		t.Errorf("%s", p.Verdict)
	}
	w = newChangedWorld(t, func(s *cfntest.Stack) { s.Capabilities = nil })
	w.preview(w.finder())
	if requests := w.aws.Faults.Requests(); !slices.ContainsFunc(requests, func(r faults.Request) bool { return strings.Contains(r.Body, "Capabilities.member.1=CAPABILITY_IAM&") }) {
		t.Error("a stack that names none is given none")
	}
}

func TestAPasswordThatNoRackCanHaveIsNotSent(t *testing.T) {
	w := newRackWorld(t)
	for _, password := range []string{"", "****", strings.Repeat("é", 51)} {
		_, err := w.finder().Preview(transport.Until(t.Context()), w.rack, secret.New(password))
		w.wantCode(w.failed(err), cfn.CodePassword)
	}
	if len(w.aws.Calls()) != 0 {
		t.Errorf("%d calls", len(w.aws.Calls()))
	}
	if _, err := w.finder().Preview(transport.Until(t.Context()), w.rack, secret.New(strings.Repeat("x", 50))); err != nil {
		t.Error(err)
	}
}

func TestAStackThatCannotBeUpdatedIsRefused(t *testing.T) {
	for status, hint := range map[string]string{
		"CREATE_IN_PROGRESS":                  "wait until its stack is in the state CREATE_COMPLETE",
		"UPDATE_IN_PROGRESS":                  "wait until it has finished",
		"UPDATE_COMPLETE_CLEANUP_IN_PROGRESS": "wait until it has finished",
		"UPDATE_ROLLBACK_IN_PROGRESS":         "wait until it has finished",
		"REVIEW_IN_PROGRESS":                  "delete its stack, or execute its change set",
		"DELETE_IN_PROGRESS":                  "this one will be gone soon",
		"UPDATE_ROLLBACK_FAILED":              "continue-update-rollback",
		"IMPORT_ROLLBACK_COMPLETE":            "repair its stack",
		"ROLLBACK_COMPLETE":                   "delete its stack",
	} {
		w := newRackWorld(t, func(r *cfntest.Rack) { r.Status = status })
		_, err := w.finder().Preview(transport.Until(t.Context()), w.rack, secret.New(secrettest.Canary))
		e := w.failed(err)
		w.wantCode(e, cfn.CodeBusy, status, hint)
		if waits := strings.HasPrefix(e.Hints[0], "wait"); waits != strings.HasPrefix(hint, "wait") || len(e.Hints) != 1 {
			t.Errorf("%s: %q", status, e.Hints)
		}
		state, err := w.finder().State(t.Context(), w.rack)
		if err != nil || state.Status != status || state.Updatable || state.InProgress != (strings.HasSuffix(status, "_IN_PROGRESS") && status != "REVIEW_IN_PROGRESS") {
			t.Errorf("%+v, %v", state, err)
		}
		if n := w.asked("cloudformation:CreateChangeSet"); n != 0 {
			t.Errorf("%s: %d change sets", status, n)
		}
	}
	for _, status := range []string{"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE"} {
		w := newRackWorld(t, func(r *cfntest.Rack) { r.Status = status })
		w.preview(w.finder())
	}
}

// Somebody else's update can begin between the look at the stack and the change
// set.
func TestAnUpdateThatStartedMeanwhileIsAnError(t *testing.T) {
	w := newRackWorld(t)
	w.aws.SetPace(cfntest.Pace{Resource: time.Minute})
	w.aws.Faults.Add(faults.Rule{Kind: faults.Status503, Match: func(r faults.Request) bool {
		if strings.Contains(r.Body, "Action=DescribeStackEvents") {
			w.aws.StartUpdate(w.rack.Region, w.rack.Name, map[string]string{"ApiCount": "3"})
			return true
		}
		return false
	}})
	_, err := w.finder().Preview(transport.Until(t.Context()), w.rack, secret.New(secrettest.Canary))
	w.wantCode(w.failed(err), cfn.CodeBusy, "UPDATE_IN_PROGRESS")
}

func TestThePasswordThatTheRackHasChangesNothing(t *testing.T) {
	w := newRackWorld(t)
	_, err := w.finder().Preview(transport.Until(t.Context()), w.rack, secret.New(oldPassword))
	w.wantCode(w.failed(err), cfn.CodeUnchanged)
	w.wantNoChangeSet()
	// A newer machine image would change all the same.
	w.aws.PublishImage("eu-west-1", image, "ami-0123456789abcdef0")
	_, err = w.finder().Preview(transport.Until(t.Context()), w.rack, secret.New(oldPassword))
	w.wantCode(w.failed(err), cfn.CodeUnchanged)
	w.wantNoChangeSet()
}

func TestAChangeSetThatIsNotUsedIsDeleted(t *testing.T) {
	w := newRackWorld(t)
	f := w.finder()
	p := w.preview(f)
	if len(w.aws.ChangeSets(w.rack.Region, w.rack.Name)) != 1 {
		t.Fatal("there is no change set")
	}
	for range 2 {
		if err := f.Discard(t.Context(), p); err != nil {
			t.Error(err)
		}
	}
	w.wantNoChangeSet()
	w.wantCode(w.failed(f.Execute(transport.Until(t.Context()), p)), cfn.CodeStale)
}

func TestAPreviewThatFailsLeavesNoChangeSet(t *testing.T) {
	describing := func(r faults.Request) bool { return strings.Contains(r.Body, "Action=DescribeChangeSet") }
	for name, play := range map[string]func(*rackWorld){
		"not allowed to read it": func(w *rackWorld) { w.aws.Deny("cloudformation:DescribeChangeSet", "eu-west-1") },
		"a page that is missing": func(w *rackWorld) {
			w.aws.PageSize = 2
			w.aws.Faults.Add(faults.Rule{Kind: faults.Status503, Match: describing, Skip: 1, Times: -1})
		},
		"an answer that is none": func(w *rackWorld) {
			w.aws.Faults.Add(faults.Rule{Kind: faults.MalformedJSON, Match: describing, Times: -1})
		},
		"a change set that takes too long": func(w *rackWorld) {
			w.aws.SetPace(cfntest.Pace{ChangeSet: 300 * time.Millisecond})
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newRackWorld(t)
			play(w)
			_, err := w.finder(func(o *cfn.Options) { o.Patience = 20 * time.Millisecond }).Preview(transport.Until(t.Context()), w.rack, secret.New(secrettest.Canary))
			w.failed(err)
			w.wantNoChangeSet()
		})
	}
}

func TestAPreviewThatIsStoppedLeavesNoChangeSet(t *testing.T) {
	w := newRackWorld(t)
	w.aws.SetPace(cfntest.Pace{ChangeSet: 400 * time.Millisecond})
	stop := errors.New("interrupted")
	ctx, cancel := context.WithCancelCause(t.Context())
	time.AfterFunc(100*time.Millisecond, func() { cancel(stop) })
	if _, err := w.finder().Preview(transport.Stop{Soft: ctx, Hard: t.Context()}, w.rack, secret.New(secrettest.Canary)); err != stop {
		t.Errorf("ended with %v", err)
	}
	if w.asked("cloudformation:CreateChangeSet") != 1 {
		t.Error("it was stopped too early to prove anything")
	}
	w.wantNoChangeSet()
}

// The request is at work at AWS when the run is stopped.
func TestAPreviewThatIsStoppedInItsRequestLeavesNoChangeSet(t *testing.T) {
	w := newRackWorld(t)
	stop := errors.New("interrupted")
	ctx, cancel := context.WithCancelCause(t.Context())
	w.aws.Faults.Add(faults.Rule{Times: -1, Match: func(r faults.Request) bool {
		if strings.Contains(r.Body, "Action=CreateChangeSet") {
			cancel(stop)
			time.Sleep(200 * time.Millisecond)
		}
		return false
	}})
	if _, err := w.finder().Preview(transport.Stop{Soft: ctx, Hard: t.Context()}, w.rack, secret.New(secrettest.Canary)); err != stop {
		t.Errorf("ended with %v", err)
	}
	time.Sleep(300 * time.Millisecond) // what was given up has arrived too
	w.wantNoChangeSet()
}

func TestAChangeSetThatCannotBeDeletedIsNamed(t *testing.T) {
	w := newRackWorld(t)
	w.aws.Deny("cloudformation:DescribeChangeSet", "eu-west-1")
	w.aws.Deny("cloudformation:DeleteChangeSet", "eu-west-1")
	_, err := w.finder().Preview(transport.Until(t.Context()), w.rack, secret.New(secrettest.Canary))
	w.wantCode(w.failed(err), cfn.CodeDenied, "cloudformation:DescribeChangeSet", "aws cloudformation delete-change-set --region eu-west-1 --stack-name production --change-set-name convox-travis-")
	ctx, cancel := context.WithCancelCause(t.Context())
	stop := errors.New("stopped")
	w.aws.Faults.Add(faults.Rule{Kind: faults.Hang, Times: -1, Match: func(r faults.Request) bool {
		if !strings.Contains(r.Body, "DescribeChangeSet") {
			return false
		}
		cancel(stop)
		return true
	}})
	_, err = w.finder().Preview(transport.Stop{Soft: ctx, Hard: t.Context()}, w.rack, secret.New(secrettest.Canary))
	e := w.failed(err)
	if !errors.Is(e, stop) {
		t.Errorf("%v does not wrap its cause", e)
	}
	w.wantCode(e, cfn.CodeCanceled, "delete-change-set")
}

func TestALostAnswerMakesNoSecondChangeSet(t *testing.T) {
	creating := func(r faults.Request) bool { return strings.Contains(r.Body, "Action=CreateChangeSet") }
	for _, kind := range []faults.Kind{faults.AnswerLost, faults.ResetInAnswer, faults.Status500After, faults.TruncatedBody, faults.EndlessBody} {
		w := newRackWorld(t)
		w.aws.Faults.Add(faults.Rule{Kind: kind, Match: creating})
		f := w.finder()
		p := w.preview(f)
		if n := w.asked("cloudformation:CreateChangeSet"); n != 1 || p.Verdict != cfn.AsExpected {
			t.Errorf("%s: %d calls, %s", kind, n, p.Verdict)
		}
		if err := f.Discard(t.Context(), p); err != nil {
			t.Error(err)
		}
		w.wantNoChangeSet()
	}
	for _, kind := range []faults.Kind{faults.ResetBefore, faults.Status500} {
		w := newRackWorld(t)
		w.aws.Faults.Add(faults.Rule{Kind: kind, Match: creating})
		f := w.finder()
		if p := w.preview(f); len(w.aws.ChangeSets("eu-west-1", "production")) != 1 {
			t.Errorf("%s: %v", kind, p)
		}
		w.aws.Faults.Add(faults.Rule{Kind: kind, Times: -1, Match: creating})
		_, err := f.Preview(transport.Until(t.Context()), w.rack, secret.New(secrettest.Canary))
		w.failed(err)
		if n := len(w.aws.ChangeSets("eu-west-1", "production")); n != 1 { // the first one
			t.Errorf("%s: %d change sets", kind, n)
		}
	}
}

func TestTheReasonOfARefusalIsShown(t *testing.T) {
	w := newChangedWorld(t, func(s *cfntest.Stack) {
		s.Declared = append(s.Declared, cfntest.Parameter{Key: "Late", Required: true})
	})
	_, err := w.finder().Preview(transport.Until(t.Context()), w.rack, secret.New(secrettest.Canary))
	w.wantCode(w.failed(err), cfn.CodeFailed, "Parameters: [Late] must have values")
}

// AWS calls a preview obsolete when its stack was updated since.
func TestAnObsoletePreviewIsNotAnUpdate(t *testing.T) {
	w := newRackWorld(t)
	f := w.finder()
	p := w.preview(f)
	w.aws.StartUpdate("eu-west-1", "production", map[string]string{"ApiCount": "3"})
	w.wantCode(w.failed(f.Execute(transport.Until(t.Context()), p)), cfn.CodeStale, "its stack has changed since")
	if err := f.Discard(t.Context(), p); err != nil {
		t.Error(err)
	}
	w.wantNoChangeSet()
}

func TestAChangeSetThatIsNotDeletedIsNamed(t *testing.T) {
	w := newRackWorld(t)
	f := w.finder()
	p := w.preview(f)
	w.aws.Deny("cloudformation:DeleteChangeSet", "eu-west-1")
	w.wantCode(w.failed(f.Discard(t.Context(), p)), cfn.CodeDenied, "DeleteChangeSet", "aws cloudformation delete-change-set --region eu-west-1")
	w = newRackWorld(t)
	f = w.finder()
	p = w.preview(f)
	w.aws.Faults.Add(faults.Rule{Kind: faults.Status500, Times: -1, Match: func(r faults.Request) bool { return strings.Contains(r.Body, "DeleteChangeSet") }})
	e := w.failed(f.Discard(t.Context(), p))
	if !strings.HasPrefix(e.Error(), "discard the preview of Rack production") || !strings.Contains(strings.Join(e.Hints, " "), "delete-change-set") {
		t.Errorf("%v", e)
	}
}

func TestThrottlingIsWaitedOutByWritesToo(t *testing.T) {
	w := newRackWorld(t)
	w.aws.Throttle("eu-west-1", 2)
	w.preview(w.finder())
}

func TestAnImpossibleRackIsNotRequested(t *testing.T) {
	w := newRackWorld(t)
	for _, rack := range []cfn.Rack{{Name: "a b", Region: "eu-west-1"}, {Name: "x\x1b[31m", Region: "eu-west-1"}, {Name: "production", Region: "example.com#"}} {
		_, err := w.finder().Preview(transport.Until(t.Context()), rack, secret.New(secrettest.Canary))
		if e := w.failed(err); e.Code != cfn.CodeName && e.Code != cfn.CodeRegion {
			t.Errorf("%q", e)
		}
	}
	if len(w.aws.Calls()) != 0 {
		t.Errorf("%d calls", len(w.aws.Calls()))
	}
	_, err := w.finder().Preview(transport.Until(t.Context()), cfn.Rack{Name: "none", Region: "eu-west-1"}, secret.New(secrettest.Canary))
	w.wantCode(w.failed(err), cfn.CodeMissing)
	w.addRack("us-east-1", "bare", func(s *cfntest.Stack) { delete(s.Parameters, "Password") })
	_, err = w.finder().Preview(transport.Until(t.Context()), cfn.Rack{Name: "bare", Region: "us-east-1"}, secret.New(secrettest.Canary))
	w.wantCode(w.failed(err), cfn.CodeMissing, "Password")
}

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
