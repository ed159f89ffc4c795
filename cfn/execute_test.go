package cfn_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"convox-travis/cfn"
	"convox-travis/cfn/cfntest"
	"convox-travis/internal/faults"
	"convox-travis/internal/secret/secrettest"
	"convox-travis/internal/transport"
)

func executing(r faults.Request) bool { return strings.Contains(r.Body, "Action=ExecuteChangeSet") }

func TestAResetKeepsEveryOtherParameter(t *testing.T) {
	for _, template := range []cfntest.RackTemplate{cfntest.Template2023, cfntest.Template2022, cfntest.Template2016} {
		w := newRackWorld(t, func(r *cfntest.Rack) { r.Template = template })
		before := w.parameters()
		f := w.finder()
		w.execute(f, w.preview(f))
		outcome, err := f.Follow(t.Context(), w.rack, time.Time{}, nil)
		if err != nil || outcome.End != cfn.Complete {
			t.Fatalf("%+v, %v", outcome, err)
		}
		w.wantOthersKept(before, secrettest.Canary)
		state, err := f.State(t.Context(), w.rack)
		if err != nil || !state.Updatable || time.Since(state.Since) > time.Minute {
			t.Errorf("%+v, %v", state, err)
		}
	}
}

func TestALostAnswerIsLookedUpNotRepeated(t *testing.T) {
	for _, kind := range []faults.Kind{faults.AnswerLost, faults.ResetInAnswer, faults.Status500After, faults.MalformedJSON, faults.TruncatedBody, faults.EndlessBody} {
		w := newRackWorld(t)
		w.aws.SetPace(cfntest.Pace{Resource: time.Minute})
		f := w.finder()
		p := w.preview(f)
		w.aws.Faults.Add(faults.Rule{Kind: kind, Match: executing})
		if err := f.Execute(transport.Until(t.Context()), p); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
		if n := w.asked("cloudformation:ExecuteChangeSet"); n != 1 {
			t.Errorf("%s: %d calls", kind, n)
		}
	}
}

func TestALostCallIsAnErrorAndMayBeRepeated(t *testing.T) {
	for _, kind := range []faults.Kind{faults.ResetBefore, faults.Status500, faults.Status503, faults.Status502HTML, faults.WrongContentType, faults.Hang} {
		w := newRackWorld(t)
		f := w.finder(func(o *cfn.Options) { o.Retry.Deadline = 300 * time.Millisecond })
		p := w.preview(f)
		w.aws.Faults.Add(faults.Rule{Kind: kind, Match: executing})
		e := w.failed(f.Execute(transport.Until(t.Context()), p))
		if e.Code == cfn.CodeUnknown || w.parameters()["Password"] != oldPassword {
			t.Errorf("%s: %v", kind, e)
		}
		w.execute(f, p)
		if w.parameters()["Password"] != secrettest.Canary {
			t.Errorf("%s: the second call did nothing", kind)
		}
	}
}

func TestASecondCallStartsNoSecondUpdate(t *testing.T) {
	w := newRackWorld(t)
	f := w.finder()
	p := w.preview(f)
	w.execute(f, p)
	began := 0
	w.execute(f, p)
	_, err := f.Follow(t.Context(), w.rack, p.Since, func(e cfn.Event) {
		if e.Type == "AWS::CloudFormation::Stack" && e.Status == "UPDATE_IN_PROGRESS" {
			began++
		}
	})
	if err != nil || began != 1 {
		t.Errorf("began %d times, %v", began, err)
	}
	w.wantCode(w.failed(f.Discard(t.Context(), p)), cfn.CodeStale)
}

func TestAnOutcomeThatCannotBeLookedUpIsUnknown(t *testing.T) {
	w := newRackWorld(t)
	f := w.finder()
	p := w.preview(f)
	w.aws.Faults.Add(faults.Rule{Kind: faults.AnswerLost, Times: -1})
	w.wantCode(w.failed(f.Execute(transport.Until(t.Context()), p)), cfn.CodeUnknown)
}

func TestAnExecutionThatIsStoppedIsLookedUp(t *testing.T) {
	for kind, begins := range map[faults.Kind]bool{faults.EndlessBody: true, faults.Hang: false} {
		w := newRackWorld(t)
		f := w.finder(func(o *cfn.Options) { o.Retry.Deadline = time.Minute })
		p := w.preview(f)
		w.aws.Faults.Add(faults.Rule{Kind: kind, Match: executing})
		w.aws.Slow("eu-west-1", 100*time.Millisecond)
		stop := errors.New("interrupted")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(50*time.Millisecond, func() { cancel(stop) })
		err := f.Execute(transport.Stop{Soft: ctx, Hard: t.Context()}, p)
		if begins {
			// The server noticed too late that nobody waits.
			if began := w.parameters()["Password"] == secrettest.Canary; began != (err == nil) {
				t.Errorf("%s: began: %t, %v", kind, began, err)
			}
			continue
		}
		if err != stop {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

func TestAStackThatChangedSinceThePreviewIsNotUpdated(t *testing.T) {
	w := newRackWorld(t)
	f := w.finder()
	p := w.preview(f)
	w.aws.StartUpdate("eu-west-1", "production", map[string]string{"ApiCount": "3"})
	w.wantCode(w.failed(f.Execute(transport.Until(t.Context()), p)), cfn.CodeStale)
	if w.parameters()["Password"] != oldPassword {
		t.Error("it was updated")
	}
}

// The request can be at work still when its answer is given up.
func TestAnExecutionThatStartsLateIsFound(t *testing.T) {
	w := newRackWorld(t)
	f := w.finder(func(o *cfn.Options) { o.Poll = 200 * time.Millisecond })
	p := w.preview(f)
	late := w.finder()
	w.aws.Faults.Add(faults.Rule{Kind: faults.ResetBefore, Match: func(r faults.Request) bool {
		if executing(r) {
			time.AfterFunc(50*time.Millisecond, func() { _ = late.Execute(transport.Until(t.Context()), p) })
			return true
		}
		return false
	}})
	if err := f.Execute(transport.Until(t.Context()), p); err != nil || w.parameters()["Password"] != secrettest.Canary {
		t.Errorf("%v", err)
	}
}

func TestAStackSaysThatAResetUpdatedIt(t *testing.T) {
	w := newRackWorld(t)
	f := w.finder()
	reset := func() bool {
		state, err := f.State(t.Context(), w.rack)
		if err != nil {
			t.Fatal(err)
		}
		return state.Reset
	}
	p := w.preview(f)
	if reset() {
		t.Error("before it was begun")
	}
	w.execute(f, p)
	if !reset() {
		t.Error("after it was begun")
	}
	w.aws.StartUpdate("eu-west-1", "production", map[string]string{"ApiCount": "3"})
	if reset() {
		t.Error("after somebody else's update")
	}
}
