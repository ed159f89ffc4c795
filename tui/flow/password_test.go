package flow_test

import (
	"context"
	"strings"
	"testing"

	"convox-travis/cfn"
	"convox-travis/internal/convox"
	"convox-travis/internal/problem"
	"convox-travis/internal/secret"
	"convox-travis/internal/secret/secrettest"
	"convox-travis/tui/flow"
)

// showing is an AWS that shows a password, or does not, and does nothing else.
type showing struct {
	flow.AWS
	held  secret.String
	err   error
	asked []string
}

func (s *showing) Recover(_ context.Context, rack cfn.Rack, tell func(cfn.Source, error)) (cfn.Recovered, error) {
	s.asked = append(s.asked, rack.Name)
	tell(cfn.FromTaskDefinition, &problem.Error{Code: cfn.CodeDenied})
	return cfn.Recovered{Password: s.held, From: cfn.FromParameterStore}, s.err
}

func (w *world) shows(held string, err error) *showing {
	aws := &showing{held: secret.New(held), err: err}
	w.outside.AWS = func(context.Context) (flow.AWS, error) { return aws, nil }
	return aws
}

// toRecovery goes to the question whether AWS may be asked.
func (w *world) toRecovery() *world {
	w.Helper()
	return w.begin(flow.Given{}).accept().accept().step(flow.StepSource).answer(flow.Value{Index: 2}).step(flow.StepRecover)
}

var yes = flow.Value{Yes: true}

func TestALostPasswordIsReadFromAWS(t *testing.T) {
	w := newWorld(t)
	aws := w.shows(secrettest.Canary, nil)
	w.toRecovery()
	if reason := strings.Join(w.flow.Question().Help, "\n"); !strings.Contains(reason, "ecs:DescribeTaskDefinition") || len(aws.asked) != 0 {
		t.Errorf("asked %v before it was said: %s", aws.asked, reason)
	}
	w.answer(flow.Value{}).step(flow.StepSource).accept().step(flow.StepRecover).answer(yes).step(flow.StepRecovered).accept().step(flow.StepReview).accept().step(flow.StepTestBuild).accept().step(flow.StepDone)
	w.wantWritten()
}

func TestAPasswordFromAWSThatIsNoGoodIsSaid(t *testing.T) {
	w := newWorld(t)
	w.shows("stale", nil)
	w.toRecovery().answer(yes).step(flow.StepSource).wantProblem("doesn't accept")
	w.shows("", &problem.Error{Code: cfn.CodeNoPassword, Reason: "ask AWS"})
	w.toRecovery().answer(yes).step(flow.StepSource).wantProblem("ask AWS")
	// A saved login of another host is no stack whose password AWS could hold.
	w.begin(flow.Given{}).accept().answer(flow.Value{Key: "type"}).type_(w.rack.Host).step(flow.StepSource)
	if n := len(w.flow.Question().Options); n != 2 {
		t.Errorf("%d places", n)
	}
}

func TestARecoveredPasswordIsSavedAndShownWhenItsOwnerAsks(t *testing.T) {
	w := newWorld(t)
	w.shows(secrettest.Canary, nil)
	home := t.TempDir()
	w.outside.Logins = convox.NewLogins(noEnvironment, home, "linux")
	w.toRecovery().answer(yes).step(flow.StepRecovered)
	w.choose("Show it").step(flow.StepShown)
	if q := w.flow.Question(); !q.Secret.Equal(secret.New(secrettest.Canary)) || q.Tail != 0 || q.Kind != flow.Shown {
		t.Errorf("%+v", q)
	}
	w.accept().step(flow.StepRecovered).choose("Save it").step(flow.StepRecovered)
	if reason := strings.Join(w.flow.Question().Reason, "\n"); !strings.Contains(reason, home) {
		t.Errorf("it says %s", reason)
	}
	logins, _ := convox.SavedLogins(noEnvironment, home, "linux")
	if login, _ := convox.FindSaved(logins, w.host()); login.Password.Reveal() != secrettest.Canary {
		t.Error("it is not saved")
	}
	for _, option := range w.flow.Question().Options {
		if strings.Contains(option.Label, "Save") {
			t.Errorf("%s is offered again", option.Label)
		}
	}
	w.accept().step(flow.StepReview).accept().step(flow.StepTestBuild).accept().step(flow.StepDone).reads("is saved in " + home)
}
