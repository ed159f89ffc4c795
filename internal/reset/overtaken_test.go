package reset_test

import (
	"context"
	"testing"
	"time"

	"convox-travis/cfn"
	"convox-travis/cfn/cfntest"
	"convox-travis/internal/reset"
	"convox-travis/internal/secret"
	"convox-travis/internal/transport"
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
		phase    reset.Phase
	}{
		"a reset by this program": {cfntest.Template2023, func(w *rackWorld) {
			request := w.request()
			request.New = secret.New(laterPassword)
			other := w.start()
			err := other.Look(w.Context(), w.finder)
			if err == nil {
				err = other.Prepare(running(w.Context()), request)
			}
			if err == nil {
				err = w.finder.Execute(transport.Until(w.Context()), other.Plan.Preview)
			}
			if err == nil {
				_, err = w.finder.Follow(w.Context(), w.rack(), other.Plan.Preview.Since, nil)
			}
			if err == nil {
				_, err = w.finder.Restart(transport.Until(w.Context()), w.rack())
			}
			if err != nil {
				w.Fatal(err)
			}
		}, reset.PhaseOvertaken},
		"another update": {cfntest.Template2023, func(w *rackWorld) {
			w.aws.StartUpdate(region, "production", map[string]string{"Password": laterPassword})
			time.Sleep(2 * time.Millisecond) // AWS's times have milliseconds, and the SDK can make of one the one before
		}, reset.PhaseOvertaken},
		"another update that restarts": {cfntest.Template2022, func(w *rackWorld) {
			w.aws.StartUpdate(region, "production", map[string]string{"Password": laterPassword})
		}, reset.PhaseOvertaken},
		"an update of something else": {cfntest.Template2023, func(w *rackWorld) {
			w.aws.StartUpdate(region, "production", map[string]string{"ApiCpu": "512"})
		}, reset.PhaseDone},
		"one that is rolled back": {cfntest.Template2023, func(w *rackWorld) {
			w.aws.FailNextUpdate(region, "production", cfntest.Fate{Resource: "ServiceMonitorApi", Reason: "no room"})
			w.aws.StartUpdate(region, "production", map[string]string{"Password": laterPassword})
		}, reset.PhaseDone},
	} {
		t.Run(name, func(t *testing.T) {
			w := newRackWorld(t, func(r *cfntest.Rack) { r.Template = test.template })
			isPlanned := false
			w.stacks = &meanwhile{w.finder, func() {
				if isPlanned {
					isPlanned = false
					test.do(w)
				}
			}}
			w.plan()
			isPlanned = true
			report := w.ends(w.reset.Run(running(t.Context()), w.hear))
			if test.phase == reset.PhaseDone {
				w.want(report, test.phase)
				return
			}
			w.want(report, test.phase, "later update", "set another password")
			if !reset.IsUnfinished(report.Err) {
				t.Error("nothing was begun")
			}
		})
	}
}

func TestARestartThatNeverBeginsIsGivenUp(t *testing.T) {
	w := newRackWorld(t)
	w.aws.KeepDeployments(region)
	w.want(w.run(), reset.PhaseUpdated, "no new deployment")
	if n := w.asked("ecs:UpdateService"); n > 5 {
		t.Errorf("asked %d times", n)
	}
	w.wantHolds(oldPassword)
}
