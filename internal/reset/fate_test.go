package reset_test

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
	"convox-travis/internal/reset"
	"convox-travis/internal/secret"
	"convox-travis/internal/secret/secrettest"
	"convox-travis/internal/transport"
)

func executing(r faults.Request) bool { return strings.Contains(r.Body, "Action=ExecuteChangeSet") }

// Without an answer, and without the right to take the change set away, nobody
// knows; that is said, and found out when it can be.
func TestAFateThatCannotBeFoundOutIsCalledUnknown(t *testing.T) {
	for _, kind := range []faults.Kind{faults.ResetBefore, faults.AnswerLost} {
		w := newRackWorld(t)
		w.plan()
		w.aws.Faults.Add(faults.Rule{Kind: kind, Match: executing})
		w.aws.Faults.Add(faults.Rule{Kind: faults.Status503, Times: -1, Match: func(r faults.Request) bool {
			return strings.Contains(r.Body, "Action=DescribeChangeSet") || strings.Contains(r.Body, "Action=DeleteChangeSet")
		}})
		report := w.ends(w.reset.Run(running(t.Context()), w.hear))
		w.want(report, reset.PhaseUnknown, "is unknown whether", "either password may work")
		if report.OldPasswordWorks() || !report.HasStarted() || !reset.IsUnfinished(report.Err) {
			t.Errorf("%+v", report)
		}
		w.aws.Faults.Clear()
		report = w.ends(w.reset.Run(running(t.Context()), w.hear))
		if kind == faults.AnswerLost {
			w.want(report, reset.PhaseDone)
			continue
		}
		w.want(report, reset.PhaseNothing)
		w.wantNoChangeSet()
		w.wantHolds(oldPassword)
	}
}

// A change set that is not there any more can have been executed.
func TestAChangeSetThatVanishedProvesNothing(t *testing.T) {
	w := newRackWorld(t)
	w.plan()
	w.aws.Faults.Add(faults.Rule{Kind: faults.AnswerLost, Match: executing})
	w.aws.Faults.Add(faults.Rule{Kind: faults.Status503, Times: -1, Match: func(r faults.Request) bool {
		return strings.Contains(r.Body, "Action=DescribeChangeSet") || strings.Contains(r.Body, "Action=DeleteChangeSet")
	}})
	report := w.ends(w.reset.Run(running(t.Context()), w.hear))
	w.want(report, reset.PhaseUnknown)
	w.aws.Faults.Clear()
	other, err := w.finder.Preview(transport.Until(t.Context()), w.rack(), secret.New("another1"))
	if err == nil {
		err = w.finder.Execute(transport.Until(t.Context()), other)
	}
	if err != nil {
		t.Fatal(err)
	}
	report = w.ends(w.reset.Run(running(t.Context()), w.hear))
	w.want(report, reset.PhaseUnknown, "is unknown whether")
}

func TestEventsAreToldOnce(t *testing.T) {
	w := newRackWorld(t)
	w.stacks = &forgetful{Finder: w.finder}
	w.plan()
	report := w.ends(w.reset.Run(running(t.Context()), w.hear))
	w.want(report, reset.PhaseUpdating)
	w.want(w.ends(w.reset.Run(running(t.Context()), w.hear)), reset.PhaseDone)
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

func TestAnUpdateThatIsRollsBackIsNoProgress(t *testing.T) {
	w := newRackWorld(t)
	w.aws.FailNextUpdate(region, "production", cfntest.Fate{Resource: "ServiceMonitorApi", Reason: "no room"})
	back := false
	w.at = func(e reset.Event) {
		back = back || e.RollsBack
		if back && e.Stack != nil && (e.Of != 0 || !strings.Contains(e.Words, "rolling the update back")) {
			t.Errorf("%+v", e)
		}
	}
	w.want(w.run(), reset.PhaseRolledBack)
	if !back {
		t.Error("it was not said")
	}
}

// AWS quotes values in its reasons. A password is taken out where it is known;
// where none is, no reason is given.
func TestAReasonDoesNotQuoteThePasswordOfAnEarlierRun(t *testing.T) {
	for name, known := range map[string]secret.String{"known": secret.New(secrettest.Canary), "unknown": {}} {
		w := newRackWorld(t)
		w.aws.SetPace(cfntest.Pace{Resource: 20 * time.Millisecond})
		w.aws.FailNextUpdate(region, "production", cfntest.Fate{Resource: "ServiceMonitorApi", Reason: "the secret " + secrettest.Canary + " is not good"})
		if err := w.finder.Execute(transport.Until(t.Context()), w.plan().Preview); err != nil {
			t.Fatal(err)
		}
		w.enter("AWS_ACCESS_KEY_ID", keyID, "AWS_SECRET_ACCESS_KEY", "aws-secret") // another run knows no password
		report := w.ends(w.await(reset.Request{New: known}))
		w.want(report, reset.PhaseRolledBack)
		for place, said := range map[string]string{"the error": fmt.Sprint(report.Err), "the events": w.reasons} {
			if strings.Contains(said, "is not good") == known.IsEmpty() {
				t.Errorf("%s: %s: %s", name, place, said)
			}
		}
	}
}

func TestWithoutTheOldPasswordItIsNotSaidThatItIsRefused(t *testing.T) {
	w := newRackWorld(t)
	request := w.request()
	request.OldPasswords = nil
	err := w.prepare(request)
	if err != nil {
		t.Fatal(err)
	}
	report := w.ends(w.reset.Run(running(t.Context()), w.hear))
	w.want(report, reset.PhaseDone, "the old one is unknown")
	if errors.Is(report.Err, context.Canceled) || strings.Contains(report.State(), "only") {
		t.Errorf("it says %s", report.State())
	}
}
