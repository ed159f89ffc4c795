package flow

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"

	"al.essio.dev/pkg/shellescape"

	"convox-travis/cfn"
	"convox-travis/internal/problem"
	"convox-travis/internal/secret"
	"convox-travis/internal/setup"
)

func resetStep() step {
	return step{
		id: StepReset, name: "Reset",
		when: func(f *Flow) bool { return isResetting(f) && f.reset.plan != nil },
		do: func(f *Flow) *Work {
			if f.reset.plan.RefreshesInstances() && !f.reset.refreshes {
				f.goTo(StepRefresh)
				return nil
			}
			return f.runReset(func(r setup.Resetter, stop setup.Stop, plan setup.ResetPlan) setup.ResetReport {
				return r.Reset(stop, plan)
			})
		},
	}
}

// runReset carries the plan out. What was saved is then the Rack's password, or is
// put back.
func (f *Flow) runReset(run func(setup.Resetter, setup.Stop, setup.ResetPlan) setup.ResetReport) *Work {
	plan, name, host, password := *f.reset.plan, f.rackName(), f.rackHost(), f.newPassword()
	saved, resumed := f.reset.saved, f.answers.newFrom == newSaved
	fingerprint, outside := f.answers.fingerprint, f.outside
	underway := new(atomic.Bool)
	f.reset.underway = underway
	return &Work{
		Words: "giving Rack " + name + " its new password", Writes: true, Stops: "stop waiting; AWS goes on",
		Run: func(stop setup.Stop, tell Tell) Outcome {
			resetter, err := outside.resetter(stop.Soft, fingerprint, tell)
			if err != nil {
				return Outcome{Err: err}
			}
			if resumed { // it has to be with its owner at this moment
				if _, err := outside.Logins.BeginReset(host, password); err != nil {
					return Outcome{Err: err, To: StepNew}
				}
			}
			underway.Store(true)
			report := run(resetter, stop, plan)
			isSet := report.Phase == setup.PhaseSettled
			if isSet || report.OldHolds() && saved || report.Phase == setup.PhaseRolledBack {
				report.Left = errors.Join(report.Left, outside.Logins.EndReset(host, password, isSet))
			}
			outcome := Outcome{Set: func(f *Flow) { f.setReport(report) }}
			if report.Err != nil {
				outcome.Err, outcome.To = report.Err, StepGoOn
			}
			if report.OldHolds() {
				outcome.To = StepAffected
			}
			return outcome
		},
	}
}

// setReport keeps how it ended. Where the old password holds, all begins again.
func (f *Flow) setReport(report setup.ResetReport) {
	f.reset.report, f.reset.underway = &report, nil
	f.reset.left = errors.Join(f.reset.left, report.Left)
	f.over = report.Stopped != nil
	switch {
	case report.OldHolds():
		if !report.Begun() {
			f.reset.drop() // where it could not be discarded, that is tried again
		}
		f.reset.plan = nil
		f.reset.where, f.reset.saved, f.reset.begun = "", false, nil
		f.answers.made, f.answers.newFrom = secret.String{}, 0 // it was on its way
	case report.Err == nil:
		f.reset.plan, f.reset.unused = nil, nil // AWS drops all others when it executes one
		f.result.login, f.result.unreachable, f.answers.unchecked = &report.Login, nil, false
	}
}

func goOnStep() step {
	return step{
		id: StepGoOn, name: "Reset",
		when: func(f *Flow) bool { return f.reset.isOpen() },
		ask: func(f *Flow) Question {
			return Question{
				Kind: Choice, Title: "The reset is not over", Guarded: true,
				Reason:  []string{f.reset.report.Standing() + ".", "The new password is " + f.ResetWhere() + "."},
				Options: []Option{{Label: "Go on waiting", Note: "and do what is left"}, {Label: "Leave it", Note: "it can be taken up later"}},
			}
		},
		take: func(f *Flow, v Value) { f.over = v.Index == 1 },
		do: func(f *Flow) *Work {
			last := *f.reset.report
			return f.runReset(func(r setup.Resetter, stop setup.Stop, plan setup.ResetPlan) setup.ResetReport {
				return r.GoOn(stop, plan, last)
			})
		},
	}
}

// ResetWhere says where the new password is, in words.
func (f *Flow) ResetWhere() string {
	switch {
	case f.reset.where != "":
		return f.reset.where
	case f.answers.newFrom == newSaved:
		return "the one that the convox client has saved"
	}
	return "the one that you typed"
}

// ResetReport is how a reset ended, or nil where none was begun. One that was left
// while it was under way is not known to have ended.
func (f *Flow) ResetReport() *setup.ResetReport {
	if !f.reset.isUnderway() {
		return f.reset.report
	}
	rack, _ := f.pickedRack()
	report := setup.OfUnknownFate(rack, nil)
	return &report
}

// ResetPlan is what the last preview showed, or nil.
func (f *Flow) ResetPlan() *setup.ResetPlan { return f.reset.shown }

// ResetStanding says in what state the Rack is, and where its new password is;
// nothing where no reset was begun.
func (f *Flow) ResetStanding() []string {
	report, lines := f.ResetReport(), slices.Clone(f.reset.past)
	switch {
	case report == nil:
	case report.OldHolds():
		lines = append(lines, report.Standing())
	default:
		lines = append(lines, report.Standing()+"; the new password is "+f.ResetWhere())
	}
	return lines
}

// Close takes away what the flow has left, but for what it reported: a preview
// that was not used, and a saved password that the Rack never got. The error
// tells what it could not take away, now or before.
func (f *Flow) Close(ctx context.Context) error {
	left := f.reset.left
	if f.reset.isOpen() {
		return left
	}
	f.reset.drop()
	executed := false
	for _, plan := range f.reset.unused {
		resetter, err := f.outside.resetter(ctx, f.answers.fingerprint, Tell{})
		if err == nil {
			err = resetter.Discard(ctx, plan)
		}
		if problem.Code(err) == cfn.CodeStale {
			executed = true
			continue
		}
		left = errors.Join(left, err)
	}
	notRun := f.reset.report == nil || f.reset.report.OldHolds() // in this round
	if f.reset.saved && notRun && !executed {
		left = errors.Join(left, f.outside.Logins.EndReset(f.rackHost(), f.newPassword(), false))
	}
	return left
}

// resetDoneStep ends a flow that resets and does nothing else.
func resetDoneStep() step {
	return step{
		id: StepResetDone, name: "Done",
		ask: func(f *Flow) Question {
			return Question{Kind: Ending, Title: "Done", Lines: f.resetDoneLines(), Yes: "leave"}
		},
		take: func(f *Flow, _ Value) { f.over = true },
	}
}

func (f *Flow) resetDoneLines() []Line {
	var lines []Line
	for _, standing := range f.ResetStanding() {
		lines = append(lines, Line{Good, standing})
	}
	if len(lines) == 0 {
		lines = append(lines, Line{Good, "Rack " + f.rackName() + ": nothing was changed."})
	}
	lines = append(lines, Line{}, Line{Heading, "What comes next"})
	for _, next := range f.ResetNext() {
		lines = append(lines, Line{Plain, next})
	}
	return lines
}

// ResetNext is what a person has to do themselves after a flow that resets and
// does nothing else.
func (f *Flow) ResetNext() []string {
	name := shellescape.Quote(f.rackName())
	switch {
	case f.reset.isSettled():
		return append(tellOthers(f), "the repository's builds: convox-travis --rack "+name)
	case f.reset.report != nil:
		return nil
	case f.answers.instead == useSaved:
		return []string{"inside the repository's clone: convox-travis --saved --rack " + name}
	case f.answers.instead == useDeployKey:
		return []string{"make a deploy key in Console: Settings, Deploy Keys", "then, inside the repository's clone: convox-travis --console"}
	}
	return []string{"inside the repository's clone: convox-travis --rack " + name}
}

// tellOthers is what those have to do who used the old password.
func tellOthers(f *Flow) []string {
	return []string{
		"builds of other repositories that deploy to this Rack: convox-travis, for each",
		"teammates: convox login " + f.rackHost().String(),
		"Console, if it manages this Rack: the new password, in the Rack's settings there",
	}
}
