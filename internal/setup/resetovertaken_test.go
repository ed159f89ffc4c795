package setup_test

import (
	"context"
	"testing"
	"time"

	"convox-travis/cfn"
	"convox-travis/cfn/cfntest"
	"convox-travis/internal/secret"
	"convox-travis/internal/setup"
)

const (
	laterPassword = "l4ter"
	testPatience  = time.Hour
)

// meanwhile does something to the stack once its update has ended, and that was
// seen.
type meanwhile struct {
	*cfn.Finder
	do func()
}

func (m *meanwhile) State(ctx context.Context, rack cfn.Rack) (cfn.StackState, error) {
	state, err := m.Finder.State(ctx, rack)
	m.do()
	return state, err
}

func TestAResetThatAnotherOneOvertookIsNotWaitedFor(t *testing.T) {
	for name, test := range map[string]struct {
		template cfntest.RackTemplate
		do       func(w *rackWorld)
		phase    setup.Phase
	}{
		"a reset by this program": {cfntest.Template2023, func(w *rackWorld) {
			request := w.request()
			request.New = secret.New(laterPassword)
			plan, err := w.reset.MakePlan(w.Context(), request)
			if err == nil {
				err = w.finder.Execute(w.Context(), plan.Preview)
			}
			if err == nil {
				_, err = w.finder.Follow(w.Context(), request.Rack, plan.Preview.Since, nil)
			}
			if err == nil {
				_, err = w.finder.Restart(w.Context(), request.Rack)
			}
			if err != nil {
				w.Fatal(err)
			}
		}, setup.PhaseOvertaken},
		"another update": {cfntest.Template2023, func(w *rackWorld) {
			w.aws.StartUpdate(region, "production", map[string]string{"Password": laterPassword})
		}, setup.PhaseOvertaken},
		"another update that restarts": {cfntest.Template2022, func(w *rackWorld) {
			w.aws.StartUpdate(region, "production", map[string]string{"Password": laterPassword})
		}, setup.PhaseOvertaken},
		"an update of something else": {cfntest.Template2023, func(w *rackWorld) {
			w.aws.StartUpdate(region, "production", map[string]string{"ApiCpu": "512"})
		}, setup.PhaseSettled},
		"one that is rolled back": {cfntest.Template2023, func(w *rackWorld) {
			w.aws.FailNextUpdate(region, "production", cfntest.Fate{Resource: "ServiceMonitorApi", Reason: "no room"})
			w.aws.StartUpdate(region, "production", map[string]string{"Password": laterPassword})
		}, setup.PhaseSettled},
	} {
		t.Run(name, func(t *testing.T) {
			w := newRackWorld(t, func(r *cfntest.Rack) { r.Template = test.template })
			w.reset.Patience = testPatience // a run that waits for it fails
			once := false
			stacks := &meanwhile{w.finder, func() {
				if !once {
					once = true
					test.do(w)
				}
			}}
			plan := w.plan()
			w.reset.Stacks = stacks
			report := w.ends(w.reset.Reset(running(t.Context()), plan))
			if test.phase == setup.PhaseSettled {
				w.want(report, test.phase)
				return
			}
			w.want(report, test.phase, "later update", "reset-password production --region eu-west-1", "set another password")
			if !setup.IsBegun(report.Err) {
				t.Error("nothing was begun")
			}
		})
	}
}

func TestARestartThatNeverBeginsIsGivenUp(t *testing.T) {
	w := newRackWorld(t)
	w.reset.Patience = testPatience
	w.aws.KeepDeployments(region)
	w.want(w.run(), setup.PhaseUpdated, "no new deployment", "--guide")
	if n := w.asked("ecs:UpdateService"); n > 5 {
		t.Errorf("asked %d times", n)
	}
	w.wantHolds(oldPassword)
}
