package flow

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"

	"al.essio.dev/pkg/shellescape"

	"convox-travis/cfn"
	"convox-travis/internal/convox"
	"convox-travis/internal/problem"
	"convox-travis/internal/secret"
	"convox-travis/internal/setup"
)

// reset is what is known of a reset.
type reset struct {
	busy      string // the state of a stack that something else updates
	ours      bool   // the stack's last update was a reset by this program
	plan      *setup.ResetPlan
	shown     *setup.ResetPlan   // the last one
	unused    []setup.ResetPlan  // to be discarded
	refreshes bool               // every instance may be replaced
	begun     *convox.BegunReset // one of an earlier run, or nil
	where     string             // where its owner has the new password, in words
	saved     bool               // it was saved, and what was there before is kept beside it
	underway  *atomic.Bool       // whether the work that sets it has begun; nil once it reported
	report    *setup.ResetReport
	left      error    // why something could not be taken away, or nil
	past      []string // how resets of other Racks stand
}

func (r *reset) isSettled() bool { return r.report != nil && r.report.Phase == setup.PhaseSettled }

// isOpen reports whether the stack was told to change, and it is not known that
// all of it is over.
func (r *reset) isOpen() bool {
	return r.isUnderway() || (r.report != nil && r.report.Begun() && !r.report.OldHolds() && !r.isSettled())
}

// isUnderway reports whether a driver left while it was being set.
func (r *reset) isUnderway() bool { return r.underway != nil && r.underway.Load() }

// forgetReset drops what was known of another Rack, but for what was done.
func (f *Flow) forgetReset() {
	f.reset.drop()
	f.reset = reset{unused: f.reset.unused, past: f.ResetStanding(), left: f.reset.left}
}

// drop puts the plan aside, to be discarded.
func (r *reset) drop() {
	if r.plan != nil {
		r.unused = append(r.unused, *r.plan)
	}
	r.plan = nil
}

// resetter opens AWS and the Rack's door.
func (o Outside) resetter(ctx context.Context, fingerprint string, tell Tell) (setup.Resetter, error) {
	aws, err := o.AWS(ctx)
	if err != nil {
		return setup.Resetter{}, err
	}
	door, err := o.Checker(fingerprint)
	if err != nil {
		return setup.Resetter{}, err
	}
	return setup.Resetter{Stacks: aws, Door: door, Tell: func(e setup.ResetEvent) {
		tellReset(tell, e)
		if o.ResetEvent != nil {
			o.ResetEvent(e)
		}
	}}, nil
}

// tellReset says in words what happens.
func tellReset(tell Tell, e setup.ResetEvent) {
	tell.Progress(Progress{Done: e.Done, Of: e.Of, Words: e.Words})
	if e.Stack == nil {
		return
	}
	line := Line{Text: e.Stack.LogicalID + ": " + strings.ToLower(strings.ReplaceAll(e.Stack.Status, "_", " "))}
	switch {
	case strings.HasSuffix(e.Stack.Status, "_FAILED"):
		line.Tone = Bad
		if e.Stack.Reason != "" {
			line.Text += ": " + e.Stack.Reason
		}
	case strings.Contains(e.Stack.Status, "ROLLBACK"):
		line.Tone = Warning
	case !e.TakenBack && (e.Stack.Status == "UPDATE_COMPLETE" || e.Stack.Status == "CREATE_COMPLETE"):
		line.Tone = Good
	default:
		return // the progress says it
	}
	tell.Line(line)
}

// lookAtStack asks whether the stack can be updated now, and whether a reset was
// begun before.
func (f *Flow) lookAtStack() *Work {
	rack, _ := f.pickedRack()
	host, outside := f.rackHost(), f.outside
	return &Work{
		Words: "looking at the stack of Rack " + shellescape.StripUnsafe(rack.Name),
		Run: func(stop setup.Stop, _ Tell) Outcome {
			aws, err := outside.AWS(stop.Soft)
			if err != nil {
				return Outcome{Err: err, To: StepAffected}
			}
			state, err := aws.State(stop.Soft, rack)
			if err != nil {
				return Outcome{Err: err, To: StepAffected}
			}
			if !state.InProgress && !state.Updatable {
				return Outcome{To: StepAffected, Err: &Problem{
					Message: "the Rack's stack is in the state " + shellescape.StripUnsafe(state.Status) + ", in which it cannot be updated",
					Do:      []string{"repair it first, in the CloudFormation console"},
				}}
			}
			begun, found := outside.Logins.BegunReset(host)
			return Outcome{Set: func(f *Flow) {
				f.setState(state)
				if f.reset.begun = nil; found {
					f.reset.begun = &begun
				}
			}}
		},
	}
}

func (f *Flow) setState(state cfn.StackState) {
	f.reset.busy, f.reset.ours = "", state.Reset && !strings.Contains(state.Status, "ROLLBACK")
	if state.InProgress {
		f.reset.busy = shellescape.StripUnsafe(state.Status)
	}
}

// busyStep waits for an update that runs already, which can be a reset that was
// left.
func busyStep() step {
	return step{
		id: StepBusy, name: "Reset",
		when: func(f *Flow) bool { return isResetting(f) && f.reset.busy != "" },
		ask: func(f *Flow) Question {
			q := Question{
				Kind: Choice, Title: "The Rack is being updated",
				Reason:  []string{"Its stack is in the state " + f.reset.busy + ". Nothing is changed while another change runs."},
				Options: []Option{{Label: "Wait for its end"}, {Label: "Go back"}},
			}
			if f.reset.ours {
				q.Title = "A reset of this Rack is under way"
				q.Reason = append(q.Reason, "It was begun by convox-travis. When it has ended, the same new password goes on with it.")
			}
			return q
		},
		take: func(f *Flow, v Value) { f.result.agreed = v.Index == 0 },
		do: func(f *Flow) *Work {
			if !f.result.agreed {
				f.goTo(StepLost)
				return nil
			}
			return f.awaitUpdate()
		},
	}
}

func (f *Flow) awaitUpdate() *Work {
	rack, _ := f.pickedRack()
	host, fingerprint, ours, outside := f.rackHost(), f.answers.fingerprint, f.reset.ours, f.outside
	var known []secret.String
	if f.reset.begun != nil {
		known = append(known, f.reset.begun.New)
	}
	return &Work{
		Words: "waiting for the end of the update",
		Run: func(stop setup.Stop, tell Tell) Outcome {
			resetter, err := outside.resetter(stop.Soft, fingerprint, tell)
			var outcome cfn.Outcome
			if err == nil {
				outcome, err = resetter.AwaitUpdate(stop, rack, known...)
			}
			if err == nil && ours && outcome.End == cfn.RolledBack {
				err = setup.RolledBack(rack, outcome)
				for _, password := range known {
					err = errors.Join(err, outside.Logins.EndReset(host, password, false))
				}
			}
			if err != nil {
				return Outcome{Err: err, To: StepAffected}
			}
			return Outcome{Set: func(f *Flow) { f.reset.busy = "" }}
		},
	}
}

func previewStep() step {
	return step{id: StepPreview, name: "Reset", when: isResetting, do: (*Flow).preview}
}

// preview lets AWS work out what would change, and takes away what it worked out
// before.
func (f *Flow) preview() *Work {
	f.reset.drop()
	rack, _ := f.pickedRack()
	request := setup.ResetRequest{Rack: rack, Host: f.rackHost(), New: f.newPassword(), Olds: f.oldPasswords()}
	fingerprint, unused, outside := f.answers.fingerprint, f.reset.unused, f.outside
	f.result.untrusted, f.reset.refreshes = "", false
	return &Work{
		Words: "working out what would change; nothing is changed", Writes: true, Stops: "stop, and take the preview away",
		Run: func(stop setup.Stop, tell Tell) Outcome {
			resetter, err := outside.resetter(stop.Soft, fingerprint, tell)
			if err != nil {
				return Outcome{Err: err, To: StepAffected}
			}
			for _, plan := range unused {
				if err := resetter.Discard(stop.Hard, plan); err != nil {
					return Outcome{Err: err, To: StepAffected}
				}
			}
			plan, err := resetter.MakePlan(stop.Soft, request)
			outcome := Outcome{Err: err, To: StepAffected}
			switch {
			case err == nil:
				outcome = Outcome{}
			case problem.Has(err, convox.CodeUntrusted) && fingerprint == "":
				outcome = Outcome{}
			}
			outcome.Set = func(f *Flow) {
				f.reset.unused = nil
				switch {
				case err == nil:
					f.reset.plan, f.reset.shown = &plan, &plan
				case outcome.Err == nil:
					f.result.untrusted = fingerprintOf(err)
				}
			}
			return outcome
		},
	}
}

// oldPasswords are those that may hold now.
func (f *Flow) oldPasswords() []secret.String {
	login, _ := convox.FindSaved(f.found.saved, f.rackHost())
	olds := []secret.String{login.Password, f.answers.password, f.answers.recovered}
	if f.isGivenRack() {
		olds = append(olds, f.given.Password)
	}
	if f.reset.begun != nil {
		olds = append(olds, f.reset.begun.Olds...)
	}
	return olds
}

func resetCertificateStep() step {
	return trustStep(StepResetTrust, "Reset", isResetting, func(f *Flow) { f.goTo(StepLost) }, (*Flow).preview)
}
