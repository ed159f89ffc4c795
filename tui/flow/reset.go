package flow

import (
	"context"
	"errors"
	"strings"
	"time"

	"convox-travis/internal/connect"
	"convox-travis/internal/convox"
	"convox-travis/internal/problem"
	"convox-travis/internal/reset"
	"convox-travis/internal/secret"
	"convox-travis/internal/text"
)

// leaveReset starts over for another Rack. What this reset did is still reported.
func (f *Flow) leaveReset() {
	f.pastResets, f.reset = f.resets(), reset.Reset{}
}

// Reset is the reset of the Rack that was picked.
func (f *Flow) Reset() reset.Reset { return f.reset }

func (f *Flow) resets() []reset.Reset {
	return append(f.pastResets[:len(f.pastResets):len(f.pastResets)], f.reset)
}

// resetLines say in what state each reset left its Rack, and where the new password is.
func (f *Flow) resetLines() (lines []Line) {
	for _, r := range f.resets() {
		report := r.Report()
		if report == nil {
			continue
		}
		line := Line{Warning, report.State()}
		if r.IsDone() {
			line.Tone = Good
		}
		lines = append(lines, line)
	}
	return lines
}

// ResetStanding is what resetLines say.
func (f *Flow) ResetStanding() (standing []string) {
	for _, line := range f.resetLines() {
		standing = append(standing, line.Text)
	}
	return standing
}

// Close undoes what the flow's resets left unfinished. The error says what couldn't
// be undone, now or before.
func (f *Flow) Close(ctx context.Context) error {
	var left error
	for _, r := range f.resets() {
		left = errors.Join(left, r.Close(ctx))
	}
	return left
}

// showReset shows what happens in a reset, and how long each resource took.
func (o Outside) showReset(tell Tell) func(reset.Event) {
	begun := map[string]time.Time{}
	return func(e reset.Event) {
		if o.ResetEvent != nil {
			o.ResetEvent(e)
		}
		tell.Progress(Progress{Done: e.Done, Of: e.Of, Words: e.Words})
		if e.Stack == nil {
			return
		}
		line := Line{Text: e.Stack.LogicalID + ": " + strings.ToLower(strings.ReplaceAll(e.Stack.Status, "_", " "))}
		if first, isKnown := begun[e.Stack.LogicalID]; !isKnown {
			begun[e.Stack.LogicalID] = e.Stack.At
		} else if took := e.Stack.At.Sub(first).Round(time.Second); took > 0 {
			line.Text += " in " + took.String()
		}
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
			return // the progress bar says it
		}
		tell.Line(line)
	}
}

// isResetting reports whether the Rack's password is to be reset, and isn't yet.
func isResetting(f *Flow) bool {
	return byRack(f) && f.answers.source == sourceReset && !f.reset.IsDone()
}

func isPlanned(f *Flow) bool { return isResetting(f) && f.reset.Plan != nil }

// resetOutcome keeps what a work of the reset found out. An error is shown at step.
func resetOutcome(r reset.Reset, err error, step string) Outcome {
	if err == nil {
		step = ""
	}
	return Outcome{Err: err, To: step, Set: func(f *Flow) { f.reset = r }}
}

func goToLost(f *Flow) *Work { return f.goTo(StepLost) }

// lookAtStack asks whether the stack can be updated now, and whether an earlier run left a reset.
func (f *Flow) lookAtStack() *Work {
	rack, _ := f.pickedRack()
	host, outside, r := f.rackHost(), f.outside, f.reset
	return &Work{Words: "looking at the stack of Rack " + f.rackName(), Run: func(stop connect.Stop, _ Tell) Outcome {
		r.Rack, r.Host, r.Logins = rack, host, outside.Logins
		aws, err := outside.AWS(stop.Soft)
		if err == nil {
			err = r.Look(stop.Soft, aws)
		}
		return resetOutcome(r, err, StepAffected)
	}}
}

// busyStep waits for an update that is running already, such as an earlier reset.
var busyStep = step{
	id: StepBusy, name: "Reset",
	when: func(f *Flow) bool { return isResetting(f) && f.reset.Stack.InProgress },
	ask: func(f *Flow) Question {
		stack := f.reset.Stack
		q := Question{
			Kind: Choice, Title: "Wait for the Rack's update to finish?",
			Reason:  []string{"The stack is in " + stack.Status + ". A reset can start after that."},
			Options: []Option{{Label: "Wait", do: (*Flow).awaitUpdate}, {Label: "Go back", do: goToLost}},
		}
		if stack.Reset {
			q.Title = "Wait for the earlier reset to finish?"
			q.Reason = append(q.Reason, "convox-travis started it. Then the same new password finishes it.")
		}
		return q
	},
}

func (f *Flow) awaitUpdate() *Work {
	r, outside := f.reset, f.outside
	return &Work{Words: "waiting for the update to finish", Run: func(stop connect.Stop, tell Tell) Outcome {
		report := r.Await(stop, r.Saved, outside.showReset(tell))
		return resetOutcome(r, errors.Join(report.Err, report.Left), StepAffected)
	}}
}

var previewStep = step{name: "Reset", when: isResetting, do: (*Flow).preview}

func (f *Flow) preview() *Work {
	r, request, outside, fingerprint := f.reset, f.newPassword(), f.outside, f.fingerprint()
	request.OldPasswords = []secret.String{f.answers.password, f.answers.recovered}
	if f.isGivenRack() {
		request.OldPasswords = append(request.OldPasswords, f.given.Password)
	}
	f.result.untrusted = ""
	return &Work{
		Words: "previewing the update; nothing changes yet", Writes: true, Stops: "discard the preview",
		Run: func(stop connect.Stop, _ Tell) Outcome {
			checker, err := outside.Checker(fingerprint)
			if err == nil {
				request.Checker = checker
				err = r.Prepare(stop, request)
			}
			if problem.Has(err, convox.CodeUntrusted) && fingerprint == "" {
				detail, _ := problem.Detail[convox.Detail](err)
				return Outcome{Set: func(f *Flow) { f.reset, f.result.untrusted = r, detail.Fingerprint }}
			}
			return resetOutcome(r, err, StepAffected)
		},
	}
}

var resetCertificateStep = trustStep(step{
	id: StepResetTrust, name: "Reset", when: isResetting,
	do: (*Flow).preview, no: goToLost,
})

var changesStep = step{
	id: StepChanges, name: "Reset",
	when: isPlanned,
	ask: func(f *Flow) Question {
		q := Question{
			Kind: Review, Title: "Continue with this change set?", Reason: []string{"Nothing has changed yet."},
			Help: []string{
				"This is CloudFormation's own preview of the update, resource by resource. A resource that is replaced is created again under another physical ID.",
				"If you go back or quit, the change set is discarded.",
			},
			Lines: changeLines(f.reset.Plan), Yes: "continue",
		}
		if f.reset.Plan.Err() != nil {
			q.Title, q.Yes = "The update would change more than the password", "go back"
		}
		if f.given.DryRun {
			q.Kind, q.Title, q.Yes = Ending, "What would change", "quit"
		}
		return q
	},
	do: func(f *Flow) *Work {
		if f.over = f.given.DryRun; !f.over && f.reset.Plan.Err() != nil {
			return f.goTo(StepLost)
		}
		return nil
	},
}

func changeLines(plan *reset.Plan) (lines []Line) {
	for i, row := range plan.Table() {
		line := indent(Plain, row)
		if i == 0 {
			line = indent(Muted, strings.ToUpper(row))
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
	return append(lines, Line{Muted, "All other parameters of the stack stay as they are."})
}

var refreshStep = step{
	id: StepRefresh, name: "Reset",
	when: func(f *Flow) bool { return isPlanned(f) && f.reset.Plan.RefreshesInstances() },
	pass: func(f *Flow) bool { return f.given.AllowRefresh },
	ask: func(f *Flow) Question {
		return Question{
			Kind: Confirm, Title: "Replace every instance too, one by one?", Guarded: true,
			Reason: []string{
				"A newer machine image exists, so the update replaces the instances too.",
				"Their apps move to the new instances. The update takes much longer.",
			},
			Help: []string{
				"A Rack takes the newest machine image with every update of its stack, whatever the update is for.",
				"CloudFormation replaces the instances one by one. To do that at a quiet time, go back and reset the password then.",
			},
			Initial: Value{Yes: f.given.AllowRefresh},
		}
	},
	no: goToLost,
}

var nameStep = step{
	id: StepName, name: "Reset",
	when: isPlanned,
	ask: func(f *Flow) Question {
		name, then := f.rackName(), "Then the Rack gets the new password."
		switch {
		case needsSaving(f) && f.answers.showIt:
			then = "You see the new password before the Rack gets it."
		case needsSaving(f):
			then = "Then the new password is saved, and the Rack gets it."
		}
		return Question{
			Kind: Text, Title: "Type the Rack's name to reset its password", Guarded: true,
			Reason: []string{"Its name is " + name + ". " + then},
			Check: func(v Value) error {
				if v.Text != name {
					return &problem.Error{Reason: "that isn't the Rack's name", Hints: []string{"type " + name + ", or go back"}}
				}
				return nil
			},
		}
	},
}

var resetStep = step{name: "Reset", when: isPlanned, do: (*Flow).runReset}

func (f *Flow) runReset() *Work {
	r, outside := f.reset, f.outside
	return &Work{
		Words: "setting the new password of Rack " + f.rackName(), Writes: true, Stops: "stop waiting; AWS continues",
		Run: func(stop connect.Stop, tell Tell) Outcome {
			report := r.Run(stop, outside.showReset(tell))
			to := StepContinue
			if report.OldPasswordWorks() {
				to = StepAffected
			}
			outcome := resetOutcome(r, report.Err, to)
			outcome.Set = func(f *Flow) {
				f.reset, f.over = r, report.Stopped != nil
				switch {
				case report.OldPasswordWorks(): // AWS has had this one, so the next try gets another
					f.answers.made, f.answers.newFrom = secret.String{}, 0
				case report.Err == nil:
					f.result.login, f.result.unreachable, f.answers.unchecked = &convox.Login{Host: r.Host}, nil, false
				}
			}
			return outcome
		},
	}
}

var continueStep = step{
	id: StepContinue, name: "Reset",
	when: func(f *Flow) bool { return f.reset.IsOpen() },
	ask: func(f *Flow) Question {
		return Question{
			Kind: Choice, Title: "Continue the unfinished reset?", Guarded: true,
			Reason: []string{f.reset.Report().State() + "."},
			Help:   []string{"If you quit, run this again later and use the same new password: then only what is left is done."},
			Options: []Option{
				{Label: "Continue", Note: "wait, and do what is left", do: (*Flow).runReset},
				{Label: "Quit", Note: "you can continue later", do: (*Flow).quit},
			},
		}
	},
}

const resetDone = "The reset is done"

var afterResetStep = step{
	id: StepAfterReset, name: "Reset",
	when: (*Flow).isReset,
	ask: func(f *Flow) Question {
		return Question{Kind: Ending, Title: resetDone, Lines: f.afterResetLines(), Yes: "continue to Travis"}
	},
	shown: func(f *Flow) string {
		if !f.reset.IsDone() {
			return ""
		}
		return f.rackName() + " · done, " + f.reset.Report().Where
	},
}

func (f *Flow) isReset() bool {
	return byRack(f) && f.answers.source == sourceReset && f.reset.IsDone()
}

func (f *Flow) afterResetLines() []Line {
	report := f.reset.Report()
	lines := []Line{
		{Good, "Rack " + f.rackName() + ": " + report.Verification()},
		{Good, "the new password is " + report.Where},
		{}, {Heading, "Who needs the new password now"},
	}
	return append(lines, linesOf(f.affected())...)
}

var resetDoneStep = step{
	id: StepResetDone, name: "Done",
	ask: func(f *Flow) Question {
		q := Question{Kind: Ending, Title: "Done", Yes: "quit"}
		if f.reset.IsDone() {
			q.Title, q.Lines = resetDone, f.afterResetLines()
			return q
		}
		if q.Lines = f.resetLines(); len(q.Lines) == 0 {
			q.Lines = []Line{{Good, "Rack " + f.rackName() + ": nothing changed."}}
		}
		q.Lines = append(append(q.Lines, f.savedLines()...), Line{}, Line{Heading, "Next"})
		q.Lines = append(q.Lines, linesOf(f.ResetNext())...)
		return q
	},
	take: func(f *Flow, _ Value) { f.over = true },
}

// Next is something to do, with the command for it, or "".
type Next struct{ What, Command string }

func (n Next) String() string { return strings.TrimSpace(n.What + " " + n.Command) }

func linesOf(all []Next) (lines []Line) {
	for _, next := range all {
		lines = append(lines, Line{Plain, next.What})
		if next.Command != "" {
			lines = append(lines, Line{Command, next.Command})
		}
	}
	return lines
}

// ResetNext is what is left to do after a flow that resets and does nothing else.
func (f *Flow) ResetNext() []Next {
	const inClone = "In the clone of the repository:"
	name := text.Quote(f.rackName())
	switch {
	case f.reset.IsDone():
		return f.affected()
	case f.reset.Report() != nil:
		return nil
	case f.answers.source == sourceSaved:
		return []Next{{inClone, "convox-travis --saved --rack " + name}}
	case byConsole(f):
		return []Next{
			{"Create a deploy key in Console, under Settings, Deploy Keys.", ""},
			{inClone, "convox-travis --console"},
			{"Add your company's own Console as --console=HOST.", ""},
		}
	}
	return []Next{{inClone, "convox-travis --rack " + name}}
}

func (f *Flow) affected() []Next { return Affected(f.rackName(), f.rackHost()) }

// Affected lists who used the old password of a Rack, and how they get the new one.
func Affected(rack string, host convox.Host) []Next {
	return []Next{
		{"Teammates log in again:", "convox login " + host.String()},
		{"Rotate it in the repositories that deploy to this Rack:", rotateCommand(rack)},
		{"Console, if it manages this Rack: enter it in the Rack's settings there.", ""},
	}
}
