package cfn_test

import (
	"fmt"
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

func updating(r faults.Request) bool { return strings.Contains(r.Body, `"forceNewDeployment":true`) }

func TestTheWebServiceTakesTheNewPasswordOnlyWhenItIsRestarted(t *testing.T) {
	for template, restarts := range map[cfntest.RackTemplate]bool{cfntest.Template2023: false, cfntest.Template2022: true, cfntest.Template2016: true} {
		w := newRackWorld(t, func(r *cfntest.Rack) { r.Template = template })
		tasks := []string{oldPassword, oldPassword}
		w.aws.OnTaskReplaced(w.added.WebService, func(i int, environment map[string]string) { tasks[i] = environment["PASSWORD"] })
		f := w.finder()
		p := w.preview(f)
		w.execute(f, p)
		if w.aws.ParametersOf("eu-west-1", "production")["Password"] != secrettest.Canary || (tasks[0] == secrettest.Canary) != restarts || tasks[1] != tasks[0] {
			t.Errorf("%q: after the update the tasks take the new password: %t", template, tasks[0] == secrettest.Canary)
		}
		if p.RestartsItself != restarts {
			t.Errorf("%q: restarts itself: %t", template, p.RestartsItself)
		}
		d, err := f.Restart(transport.Until(t.Context()), w.rack)
		if err != nil || !d.Completed || tasks[0] != secrettest.Canary || tasks[1] != secrettest.Canary {
			t.Errorf("%q: %+v, %v", template, d, err)
		}
	}
}

func TestARestartIsFollowedTaskByTask(t *testing.T) {
	w := newRackWorld(t)
	w.aws.SetPace(cfntest.Pace{Task: 50 * time.Millisecond})
	f := w.finder()
	before, err := f.Deployment(t.Context(), w.rack)
	if err != nil || !before.Completed || before.Running != 2 || before.Desired != 2 {
		t.Fatalf("%+v, %v", before, err)
	}
	begun, err := f.Restart(transport.Until(t.Context()), w.rack)
	if err != nil || begun.ID == before.ID || begun.Completed || begun.Failed {
		t.Fatalf("%+v, %v", begun, err)
	}
	var seen []string
	for d := begun; !d.Completed; time.Sleep(5 * time.Millisecond) {
		if d, err = f.Deployment(t.Context(), w.rack); err != nil {
			t.Fatal(err)
		}
		state := fmt.Sprintf("%d of %d", d.Running, d.Desired)
		if len(seen) == 0 || seen[len(seen)-1] != state {
			seen = append(seen, state)
		}
	}
	if got := strings.Join(seen, "; "); got != "0 of 2; 1 of 2; 2 of 2" {
		t.Errorf("seen %s", got)
	}
}

func TestTheServiceIsFoundByBothFormsOfItsID(t *testing.T) {
	renamed := func(id func(string) string) func(*cfntest.Stack) {
		return func(s *cfntest.Stack) {
			for i := range s.Resources {
				if r := &s.Resources[i]; r.LogicalID == "ServiceWebApi" {
					r.PhysicalID = id(r.PhysicalID)
				}
			}
		}
	}
	for name, c := range map[string]func(*cfntest.Stack){
		"with the cluster":    nil,
		"without the cluster": renamed(func(id string) string { return strings.Replace(id, "production-Cluster-1A2B3C4D5E6F7/", "", 1) }),
	} {
		w := newChangedWorld(t, c)
		if d, err := w.finder().Restart(transport.Until(t.Context()), w.rack); err != nil || !d.Completed {
			t.Errorf("%s: %+v, %v", name, d, err)
		}
	}
	w := newChangedWorld(t, func(s *cfntest.Stack) {
		delete(s.Outputs, "Cluster")
		renamed(func(string) string { return "production-ServiceWebApi" })(s)
	})
	_, err := w.finder().Restart(transport.Until(t.Context()), w.rack)
	w.wantCode(w.failed(err), cfn.CodeMissing, "Cluster")
	w = newChangedWorld(t, func(s *cfntest.Stack) { s.Resources = nil })
	_, err = w.finder().Restart(transport.Until(t.Context()), w.rack)
	w.wantCode(w.failed(err), cfn.CodeMissing, "ApiWebService")
}

func TestARestartIsLookedUpNotRepeated(t *testing.T) {
	for _, kind := range []faults.Kind{faults.AnswerLost, faults.ResetInAnswer, faults.Status500After, faults.MalformedJSON, faults.TruncatedBody} {
		w := newRackWorld(t)
		w.aws.SetPace(cfntest.Pace{Task: time.Minute})
		w.aws.Faults.Add(faults.Rule{Kind: kind, Match: updating})
		f := w.finder()
		before, err := f.Deployment(t.Context(), w.rack)
		if err != nil {
			t.Fatal(err)
		}
		if d, err := f.Restart(transport.Until(t.Context()), w.rack); err != nil || d.ID == before.ID || d.Completed {
			t.Errorf("%s: %+v, %v", kind, d, err)
		}
		if n := w.asked("ecs:UpdateService"); n != 1 {
			t.Errorf("%s: %d calls", kind, n)
		}
	}
	for _, kind := range []faults.Kind{faults.ResetBefore, faults.Status500, faults.WrongContentType} {
		w := newRackWorld(t)
		w.aws.Faults.Add(faults.Rule{Kind: kind, Match: updating})
		_, err := w.finder().Restart(transport.Until(t.Context()), w.rack)
		if e := w.failed(err); e.Code == cfn.CodeUnknown {
			t.Errorf("%s: %v", kind, e)
		}
	}
	w := newRackWorld(t)
	w.aws.Faults.Add(faults.Rule{Kind: faults.AnswerLost, Match: updating})
	w.aws.Faults.Add(faults.Rule{Kind: faults.Status503, Skip: 1, Times: -1, Match: func(r faults.Request) bool { return strings.Contains(r.Body, `"services":`) }})
	_, err := w.finder().Restart(transport.Until(t.Context()), w.rack)
	w.wantCode(w.failed(err), cfn.CodeUnknown)
}

func TestARestartThatShowsNoNewDeploymentIsNoSuccess(t *testing.T) {
	w := newRackWorld(t)
	w.aws.KeepDeployments("eu-west-1")
	_, err := w.finder().Restart(transport.Until(t.Context()), w.rack)
	w.wantCode(w.failed(err), cfn.CodeUnknown, "no new deployment")
}

func TestADeploymentHasTheNewestEventOfECS(t *testing.T) {
	w := newRackWorld(t)
	f := w.finder()
	if d, err := f.Restart(transport.Until(t.Context()), w.rack); err != nil || !d.Completed || d.Event != "" {
		t.Errorf("one that has ended: %+v, %v", d, err)
	}
	time.Sleep(10 * time.Millisecond) // the last words of that one are older than the next
	w.aws.SetPace(cfntest.Pace{Task: time.Hour})
	if d, err := f.Restart(transport.Until(t.Context()), w.rack); err != nil || d.Completed || d.Event != "" {
		t.Errorf("one of which ECS has said nothing: %+v, %v", d, err)
	}
	w.aws.SetPace(cfntest.Pace{})
	for reason, want := range map[string]string{
		noRoom: "was unable to place a task because no container instance met all of its requirements. The closest matching container-instance 0a1b2c3d has insufficient memory available",
		"no container instance met all of its requirements. Reason: No Container Instances were found in your cluster.": "was unable to place a task because no container instance met all of its requirements. Reason: No Container Instances were found in your cluster",
		"its password is " + secrettest.Canary: "was unable to place a task because its password is " + secret.Redacted,
	} {
		f.Redact(secret.New(secrettest.Canary))
		w.aws.FailPlacement("eu-west-1", reason)
		begun, err := f.Restart(transport.Until(t.Context()), w.rack)
		if err != nil || begun.Completed || begun.Running != 0 {
			t.Fatalf("%+v, %v", begun, err)
		}
		d, err := f.Deployment(t.Context(), w.rack)
		if err != nil || d.Event != want {
			t.Errorf("%q, not %q; %v", d.Event, want, err)
		}
		secrettest.Absent(t, "the deployment", fmt.Sprintf("%+v", d))
	}
}
