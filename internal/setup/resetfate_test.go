package setup_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"convox-travis/cfn"
	"convox-travis/cfn/cfntest"
	"convox-travis/internal/faults"
	"convox-travis/internal/problem"
	"convox-travis/internal/secret"
	"convox-travis/internal/secret/secrettest"
	"convox-travis/internal/setup"
)

func executing(r faults.Request) bool { return strings.Contains(r.Body, "Action=ExecuteChangeSet") }

// Without an answer, and without the right to take the change set away, nobody
// knows; that is said, and found out when it can be.
func TestAFateThatCannotBeFoundOutIsCalledUnknown(t *testing.T) {
	for _, kind := range []faults.Kind{faults.ResetBefore, faults.AnswerLost} {
		w := newRackWorld(t)
		plan := w.plan()
		w.aws.Faults.Add(faults.Rule{Kind: kind, Match: executing})
		w.aws.Faults.Add(faults.Rule{Kind: faults.Status503, Times: -1, Match: func(r faults.Request) bool {
			return strings.Contains(r.Body, "Action=DescribeChangeSet") || strings.Contains(r.Body, "Action=DeleteChangeSet")
		}})
		report := w.ends(w.reset.Reset(running(t.Context()), plan))
		w.want(report, setup.PhaseUnknown, "not known whether", "either password may hold", "with the same new password")
		if report.OldHolds() || !report.Begun() || !setup.IsBegun(report.Err) {
			t.Errorf("%+v", report)
		}
		w.aws.Faults.Clear()
		report = w.ends(w.reset.GoOn(running(t.Context()), plan, report))
		if kind == faults.AnswerLost {
			w.want(report, setup.PhaseSettled)
			continue
		}
		w.want(report, setup.PhaseNothing)
		w.wantNoChangeSet()
		w.wantHolds(oldPassword)
	}
}

// A change set that is not there any more can have been executed.
func TestAChangeSetThatVanishedProvesNothing(t *testing.T) {
	w := newRackWorld(t)
	plan := w.plan()
	w.aws.Faults.Add(faults.Rule{Kind: faults.AnswerLost, Match: executing})
	w.aws.Faults.Add(faults.Rule{Kind: faults.Status503, Times: -1, Match: func(r faults.Request) bool {
		return strings.Contains(r.Body, "Action=DescribeChangeSet") || strings.Contains(r.Body, "Action=DeleteChangeSet")
	}})
	report := w.ends(w.reset.Reset(running(t.Context()), plan))
	w.want(report, setup.PhaseUnknown)
	w.aws.Faults.Clear()
	other, err := w.finder.Preview(t.Context(), w.request().Rack, secret.New("another1"))
	if err == nil {
		err = w.finder.Execute(t.Context(), other)
	}
	if err != nil {
		t.Fatal(err)
	}
	report = w.ends(w.reset.GoOn(running(t.Context()), plan, report))
	w.want(report, setup.PhaseUnknown, "not known whether")
}

func TestEventsAreToldOnce(t *testing.T) {
	w := newRackWorld(t)
	plan := w.plan()
	w.reset.Stacks = &forgetful{Finder: w.finder}
	report := w.ends(w.reset.Reset(running(t.Context()), plan))
	w.want(report, setup.PhaseUpdating)
	w.want(w.ends(w.reset.GoOn(running(t.Context()), plan, report)), setup.PhaseSettled)
	if strings.Count(w.said.String(), "Words:RackApiSecret ") != 2 { // begun, and done
		t.Errorf("it says\n%s", w.said.String())
	}
}

// forgetful is an AWS that loses the session once the first resource is done.
type forgetful struct {
	*cfn.Finder
	lost bool
}

func (f *forgetful) Follow(ctx context.Context, rack cfn.Rack, since time.Time, tell func(cfn.Event)) (cfn.Outcome, error) {
	outcome, err := f.Finder.Follow(ctx, rack, since, tell)
	if !f.lost {
		f.lost = true
		return cfn.Outcome{}, &problem.Error{Code: cfn.CodeExpired}
	}
	return outcome, err
}

func TestAnUpdateThatIsTakenBackIsNoProgress(t *testing.T) {
	w := newRackWorld(t)
	w.aws.FailNextUpdate(region, "production", cfntest.Fate{Resource: "ServiceMonitorApi", Reason: "no room"})
	back := false
	w.at = func(e setup.ResetEvent) {
		back = back || e.TakenBack
		if back && e.Stack != nil && (e.Of != 0 || !strings.Contains(e.Words, "takes the update back")) {
			t.Errorf("%+v", e)
		}
	}
	w.want(w.run(), setup.PhaseRolledBack)
	if !back {
		t.Error("it was not said")
	}
}

// AWS quotes values in its reasons. A password is taken out where it is known;
// where none is, no reason is told.
func TestAReasonDoesNotQuoteThePasswordOfAnEarlierRun(t *testing.T) {
	for name, known := range map[string][]secret.String{"known": {secret.New(secrettest.Canary)}, "unknown": nil} {
		w := newRackWorld(t)
		w.aws.SetPace(cfntest.Pace{Resource: 20 * time.Millisecond})
		w.aws.FailNextUpdate(region, "production", cfntest.Fate{Resource: "ServiceMonitorApi", Reason: "the secret " + secrettest.Canary + " is not good"})
		w.aws.StartUpdate(region, "production", map[string]string{"Password": secrettest.Canary})
		var reasons []string
		w.at = func(e setup.ResetEvent) { reasons = append(reasons, e.Stack.Reason) }
		outcome, err := w.reset.AwaitUpdate(running(t.Context()), w.request().Rack, known...)
		if err != nil || outcome.End != cfn.RolledBack {
			t.Fatal(outcome, err)
		}
		said := fmt.Sprint(reasons, outcome)
		w.search(name, said)
		if strings.Contains(said, "is not good") != (known != nil) {
			t.Errorf("%s: it says %s", name, said)
		}
	}
}

func TestWithoutTheOldPasswordItIsNotSaidThatItIsRefused(t *testing.T) {
	w := newRackWorld(t)
	request := w.request()
	request.Olds = nil
	plan, err := w.reset.MakePlan(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	report := w.ends(w.reset.Reset(running(t.Context()), plan))
	w.want(report, setup.PhaseSettled, "the old one is not known here")
	if errors.Is(report.Err, context.Canceled) || strings.Contains(report.Standing(), "only") {
		t.Errorf("it says %s", report.Standing())
	}
}
