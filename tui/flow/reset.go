package flow

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"convox-travis/internal/convox"
	"convox-travis/internal/problem"
	"convox-travis/internal/reset"
	"convox-travis/internal/secret"
	"convox-travis/internal/setup"
	"convox-travis/internal/text"
)

// leaveReset puts the reset of another Rack aside: what it did, and what it left
// to undo, stays.
func (f *Flow) leaveReset() {
	f.pastResets, f.reset = f.resets(), reset.Reset{}
}

// Reset is the reset of the Rack that was picked.
func (f *Flow) Reset() reset.Reset { return f.reset }

func (f *Flow) resets() []reset.Reset {
	return append(f.pastResets[:len(f.pastResets):len(f.pastResets)], f.reset)
}

// ResetStanding says in what state each Rack is that a reset tried to change, and
// where its new password is.
func (f *Flow) ResetStanding() []string {
	var lines []string
	for _, r := range f.resets() {
		if report := r.Report(); report != nil {
			lines = append(lines, report.State())
		}
	}
	return lines
}

// Close undoes what the flow's resets have left, but for what they reported. The
// error says what couldn't be undone, now or before.
func (f *Flow) Close(ctx context.Context) error {
	var left error
	for _, r := range f.resets() {
		left = errors.Join(left, r.Close(ctx))
	}
	return left
}

// showReset shows what happens in a reset.
func (o Outside) showReset(tell Tell) func(reset.Event) {
	return func(e reset.Event) {
		if o.ResetEvent != nil {
			o.ResetEvent(e)
		}
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
		case !e.RollsBack && (e.Stack.Status == "UPDATE_COMPLETE" || e.Stack.Status == "CREATE_COMPLETE"):
			line.Tone = Good
		default:
			return // the progress says it
		}
		tell.Line(line)
	}
}

// isResetting reports whether a reset is on the way that is not over yet.
func isResetting(f *Flow) bool {
	return byRack(f) && f.answers.source == sourceReset && !f.reset.IsDone()
}

// isPlanned reports whether it is known what the reset would change.
func isPlanned(f *Flow) bool { return isResetting(f) && f.reset.Plan != nil }

// updates reports whether the stack would be updated.
func updates(f *Flow) bool { return isPlanned(f) && f.reset.Plan.Preview != nil }

// learned takes what a work of the reset learned. An error is shown at the step
// where it can be fixed.
func learned(r reset.Reset, err error, step string) Outcome {
	if err == nil {
		step = ""
	}
	return Outcome{Err: err, To: step, Set: func(f *Flow) { f.reset = r }}
}

func toLost(f *Flow) { f.goTo(StepLost) }

// confirmStep asks for a yes, and does what it leads to, or goes back.
func confirmStep(id, name string, when func(*Flow) bool, ask func(*Flow) Question, back func(*Flow), do func(*Flow) *Work) step {
	return step{
		id: id, name: name, when: when, ask: ask,
		take: func(f *Flow, v Value) { f.result.agreed = v.Yes },
		do: func(f *Flow) *Work {
			if f.result.agreed {
				return do(f)
			}
			back(f)
			return nil
		},
	}
}

// lookAtStack asks whether the stack can be updated now, and whether an earlier
// run left a reset.
func (f *Flow) lookAtStack() *Work {
	rack, _ := f.pickedRack()
	host, outside, r := f.rackHost(), f.outside, f.reset
	return &Work{
		Words: "looking at the stack of Rack " + f.rackName(),
		Run: func(stop setup.Stop, _ Tell) Outcome {
			r.Rack, r.Host, r.Logins = rack, host, outside.Logins
			aws, err := outside.AWS(stop.Soft)
			if err == nil {
				err = r.Look(stop.Soft, aws)
			}
			return learned(r, err, StepAffected)
		},
	}
}

// busyStep waits for an update that runs already, which can be a reset that was
// left.
func busyStep() step {
	return step{
		id: StepBusy, name: "Reset",
		when: func(f *Flow) bool { return isResetting(f) && f.reset.Stack.InProgress },
		ask: func(f *Flow) Question {
			stack := f.reset.Stack
			q := Question{
				Kind: Choice, Title: "The Rack is being updated",
				Reason:  []string{"Its stack is in the state " + stack.Status + ". Nothing is changed while another change runs."},
				Options: []Option{{Label: "Wait for its end"}, {Label: "Go back"}},
			}
			if stack.Reset {
				q.Title = "A reset of this Rack is under way"
				q.Reason = append(q.Reason, "It was started by convox-travis. When it has ended, the same new password continues it.")
			}
			return q
		},
		take: func(f *Flow, v Value) { f.result.agreed = v.Index == 0 },
		do: func(f *Flow) *Work {
			if !f.result.agreed {
				f.goTo(StepLost)
				return nil
			}
			r, outside := f.reset, f.outside
			return &Work{
				Words: "waiting for the end of the update",
				Run: func(stop setup.Stop, tell Tell) Outcome {
					report := r.Await(stop, r.Saved, outside.showReset(tell))
					if report.Left != nil {
						report.Err = errors.Join(report.Err, report.Left)
					}
					return learned(r, report.Err, StepAffected)
				},
			}
		},
	}
}

func previewStep() step {
	return step{id: StepPreview, name: "Reset", when: isResetting, do: (*Flow).preview}
}

func (f *Flow) preview() *Work {
	r, request, outside, fingerprint := f.reset, f.newPassword(), f.outside, f.fingerprint()
	request.Olds = []secret.String{f.answers.password, f.answers.recovered}
	if f.isGivenRack() {
		request.Olds = append(request.Olds, f.given.Password)
	}
	f.result.untrusted = ""
	return &Work{
		Words: "working out what would change; nothing is changed", Writes: true, Stops: "stop, and discard the preview",
		Run: func(stop setup.Stop, _ Tell) Outcome {
			checker, err := outside.Checker(fingerprint)
			if err == nil {
				request.Checker = checker
				err = r.Prepare(stop, request)
			}
			if problem.Has(err, convox.CodeUntrusted) && fingerprint == "" {
				return Outcome{Set: func(f *Flow) { f.reset, f.result.untrusted = r, fingerprintOf(err) }}
			}
			return learned(r, err, StepAffected)
		},
	}
}

func resetCertificateStep() step {
	return trustStep(StepResetTrust, "Reset", isResetting, toLost, (*Flow).preview)
}

// changesStep shows what an update would change.
func changesStep() step {
	return step{
		id: StepChanges, name: "Reset",
		when: isPlanned,
		ask: func(f *Flow) Question {
			q := Question{Kind: Review, Title: "What would change", Reason: []string{"Nothing is changed yet."}, Lines: changeLines(f.reset.Plan), Yes: "continue"}
			if f.reset.Plan.Err() != nil {
				q.Title, q.Yes = "More would change than the password", "go back"
			}
			if f.given.DryRun {
				q.Kind, q.Yes = Ending, "leave"
			}
			return q
		},
		do: func(f *Flow) *Work {
			switch {
			case f.given.DryRun:
				f.over = true
			case f.reset.Plan.Err() != nil:
				f.goTo(StepLost)
			}
			return nil
		},
	}
}

// changeLines is the preview as a table, and what it amounts to.
func changeLines(plan *reset.Plan) (lines []Line) {
	for i, row := range plan.Table() {
		line := Line{Plain, row}
		if i == 0 {
			line = Line{Heading, "  " + row}
		}
		lines = append(lines, line)
	}
	tone, why := Good, Warning
	if plan.Err() != nil {
		tone, why = Bad, Bad
	}
	if plan.Preview == nil {
		return []Line{{tone, plan.Judgment()}}
	}
	lines = append(lines, Line{}, Line{tone, plan.Judgment()})
	for _, words := range plan.Preview.Why {
		lines = append(lines, Line{why, words})
	}
	return append(lines, Line{Muted, "Every other parameter of the stack stays as it is."})
}

func refreshStep() step {
	s := confirmStep(StepRefresh, "Reset", func(f *Flow) bool { return isPlanned(f) && f.reset.Plan.RefreshesInstances() },
		func(*Flow) Question {
			return Question{
				Kind: Confirm, Title: "May every instance be replaced, one by one?",
				Reason: []string{
					"There is a newer machine image for the Rack's instances, and every update of the stack takes it. So this one replaces each instance, one by one, and moves the apps that run on it.",
					"It takes much longer. An update for another reason would do the same.",
				},
				Yes: "Yes", No: "No, go back",
			}
		}, toLost, func(*Flow) *Work { return nil })
	s.pass = func(f *Flow) bool {
		f.result.agreed = f.given.AllowRefresh
		return f.given.AllowRefresh
	}
	return s
}

func nameStep() step {
	return step{
		id: StepName, name: "Reset",
		when: updates,
		ask: func(f *Flow) Question {
			name := f.rackName()
			return Question{
				Kind: Text, Title: "Type the Rack's name to go on",
				Reason: []string{"It is " + name + ". The next thing is that you get the new password; then the Rack gets it."},
				Check: func(v Value) error {
					if v.Text != name {
						return &problem.Error{Reason: "that is not the Rack's name", Hints: []string{"type " + name + ", or go back"}}
					}
					return nil
				},
			}
		},
	}
}

func resetStep() step {
	return step{id: StepReset, name: "Reset", when: isPlanned, do: (*Flow).runReset}
}

// runReset carries the plan out, or continues it.
func (f *Flow) runReset() *Work {
	r, outside := f.reset, f.outside
	return &Work{
		Words: "giving Rack " + f.rackName() + " its new password", Writes: true, Stops: "stop waiting; AWS continues",
		Run: func(stop setup.Stop, tell Tell) Outcome {
			report := r.Run(stop, outside.showReset(tell))
			to := StepGoOn
			if report.OldPasswordWorks() {
				to = StepAffected
			}
			outcome := learned(r, report.Err, to)
			outcome.Set = func(f *Flow) {
				f.reset, f.over = r, report.Stopped != nil
				switch {
				case report.OldPasswordWorks(): // another one is made for the next try: this one was on its way
					f.answers.made, f.answers.newFrom = secret.String{}, 0
				case report.Err == nil:
					f.result.login, f.result.unreachable, f.answers.unchecked = &convox.Login{Host: r.Host}, nil, false
				}
			}
			return outcome
		},
	}
}

func goOnStep() step {
	return step{
		id: StepGoOn, name: "Reset",
		when: func(f *Flow) bool { return f.reset.IsOpen() },
		ask: func(f *Flow) Question {
			return Question{
				Kind: Choice, Title: "The reset is not over", Guarded: true,
				Reason:  []string{f.reset.Report().State() + "."},
				Options: []Option{{Label: "Go on waiting", Note: "and do what is left"}, {Label: "Leave it", Note: "it can be continued later"}},
			}
		},
		take: func(f *Flow, v Value) { f.over = v.Index == 1 },
		do:   (*Flow).runReset,
	}
}

// resetDoneStep ends a flow that resets and does nothing else.
func resetDoneStep() step {
	return step{
		id: StepResetDone, name: "Done",
		ask: func(f *Flow) Question {
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
			return Question{Kind: Ending, Title: "Done", Lines: lines, Yes: "leave"}
		},
		take: func(f *Flow, _ Value) { f.over = true },
	}
}

// ResetNext is what a person has to do themselves after a flow that resets and
// does nothing else.
func (f *Flow) ResetNext() []string {
	name := text.Quote(f.rackName())
	switch {
	case f.reset.IsDone():
		return append(tellOthers(f), "the repository's builds: convox-travis --rack "+name)
	case f.reset.Report() != nil:
		return nil
	case f.answers.instead == useSaved:
		return []string{"inside the repository's clone: convox-travis --saved --rack " + name}
	case f.answers.instead == useDeployKey:
		return []string{"make a deploy key in Console: Settings, Deploy Keys", "then, inside the repository's clone: convox-travis --console, or --console=HOST for a company's own"}
	}
	return []string{"inside the repository's clone: convox-travis --rack " + name}
}

// tellOthers is what those have to do who used the old password.
func tellOthers(f *Flow) []string {
	return []string{
		"builds of other repositories that deploy to this Rack: convox-travis, for each",
		fmt.Sprintf("teammates: convox login %s", f.rackHost()),
		"Console, if it manages this Rack: the new password, in the Rack's settings there",
	}
}
