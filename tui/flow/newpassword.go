package flow

import (
	"fmt"
	"strings"

	"convox-travis/internal/connect"
	"convox-travis/internal/convox"
	"convox-travis/internal/problem"
	"convox-travis/internal/reset"
)

// newFrom is where a new password comes from.
type newFrom int

const (
	newMade newFrom = iota + 1
	newTyped
	newSaved // of a reset that isn't finished
	newInAWS // AWS has it, and the Rack refuses it
)

var newOptions = map[newFrom]Option{
	newSaved: {Label: "The saved one", Note: "finishes the earlier reset"},
	newInAWS: {Label: "The one in AWS", Note: "only restarts the Rack's web service"},
	newMade:  {Label: "Generate one", Note: "30 letters and digits"},
	newTyped: {Label: "Type one"},
}

// hasUnfinishedReset reports whether an earlier run left a reset with its new
// password saved.
func (f *Flow) hasUnfinishedReset() bool { return !f.reset.Saved.New.IsEmpty() }

// newSources lists where the new password can come from, best first.
func (f *Flow) newSources() []newFrom {
	all := []newFrom{newMade, newTyped}
	if f.hasUnfinishedReset() {
		return append([]newFrom{newSaved}, all...)
	}
	if f.result.refused[sourceAWS] && convox.CheckNewPassword(f.answers.recovered) == nil {
		return append([]newFrom{newInAWS}, all...)
	}
	return all
}

// newPassword is what the Rack is to get.
func (f *Flow) newPassword() reset.Request {
	switch from := f.answers.newFrom; {
	case from == newTyped:
		return reset.Request{New: f.answers.fresh}
	case from == newInAWS && f.result.refused[sourceAWS]:
		return reset.Request{New: f.answers.recovered}
	case from == newSaved && f.hasUnfinishedReset():
		return f.reset.Saved
	}
	return reset.Request{New: f.answers.made}
}

var newStep = step{
	id: StepNew, name: "Reset",
	when: isResetting,
	ask: func(f *Flow) Question {
		q := Question{
			Kind: Choice, Title: "Which new password?", Reason: []string{"Use letters and digits: some convox CLIs can't send anything else."},
			Help: []string{
				"A generated password comes from this machine's secure random source.",
				"To finish a reset that stopped midway, use its password again. Then only the remaining steps run.",
			},
		}
		switch stack := f.reset.Stack; {
		case f.hasUnfinishedReset():
			q.Reason = []string{"An earlier reset saved its new password here. Use that one to finish it."}
		case stack.Reset && !strings.Contains(stack.Status, "ROLLBACK"):
			q.Reason = append(q.Reason, "The last update was also a reset. To finish it, type its password.")
		}
		offer(&q, f.newSources(), newOptions, f.answers.newFrom)
		return q
	},
	take: func(f *Flow, v Value) { f.answers.newFrom = f.newSources()[v.Index] },
	do: func(f *Flow) *Work {
		if f.answers.newFrom == newMade && f.answers.made.IsEmpty() {
			f.answers.made = convox.NewPassword()
		}
		return nil
	},
}

var freshStep = step{
	id: StepFresh, name: "Reset",
	when: func(f *Flow) bool { return isResetting(f) && f.answers.newFrom == newTyped },
	ask: func(f *Flow) Question {
		return Question{
			Kind: Secret, Title: "Enter the new password",
			Reason:  []string{"Use 1 to 50 letters and digits. Some convox CLIs can't send anything else."},
			Initial: Value{Secret: f.answers.fresh},
			Check:   func(v Value) error { return convox.CheckNewPassword(v.Secret) },
		}
	},
	take: func(f *Flow, v Value) { f.answers.fresh = v.Secret },
}

// needsKeeping reports whether the Rack is to get a password that its owner may not
// have yet.
func needsKeeping(f *Flow) bool {
	return isResetting(f) && f.answers.newFrom != newSaved && !f.given.DryRun
}

var keepStep = step{
	id: StepKeep, name: "Reset",
	when: needsKeeping,
	ask: func(f *Flow) Question {
		return Question{
			Kind: Choice, Title: "Where do you want the new password?", Guarded: true,
			Reason: []string{"You get it before the Rack does, so it can't get lost."},
			Help: []string{
				"Saved, it goes into the convox CLI's file of logins, which only you can read. The login that was there is restored if the Rack never gets the new password.",
				"Shown, it stays on the screen until you type its last characters from where you saved it. Nothing is saved on this machine.",
			},
			Options: []Option{
				{Label: "Save it for the convox CLI", Note: "on this machine, only for you"},
				{Label: "Show it", Note: "you save it yourself, and type its last characters", chosen: f.answers.showIt},
			},
		}
	},
	take: func(f *Flow, v Value) { f.answers.showIt = v.Index == 1 },
}

// saveStep saves the new password right before the Rack gets it.
var saveStep = step{
	id: StepSave, name: "Reset",
	when: func(f *Flow) bool { return isPlanned(f) && needsKeeping(f) && !f.answers.showIt },
	do: func(f *Flow) *Work {
		r := f.reset
		return &Work{
			Words: "saving the new password for the convox CLI", Writes: true,
			Run: func(connect.Stop, Tell) Outcome { return resetOutcome(r, r.Save(), StepKeep) },
		}
	},
}

var keptStep = step{
	id: StepKept, name: "Reset",
	when: func(f *Flow) bool { return isPlanned(f) && needsKeeping(f) && f.answers.showIt },
	ask: func(f *Flow) Question {
		password := f.newPassword().New
		tail := convox.TailLength(password, 6) // of a shorter one, all
		return Question{
			Kind: Shown, Title: "Save the new password now", Guarded: true,
			Reason: []string{
				fmt.Sprintf("Save it where you keep passwords, then type its last %d characters.", tail),
				"Then the Rack gets it.",
			},
			Secret: password, Tail: tail,
			Check: func(v Value) error {
				if !convox.MatchesTail(password, v.Text, tail) {
					return &problem.Error{Reason: fmt.Sprintf("these are not its last %d characters", tail), Hints: []string{"read them from where you saved it"}}
				}
				return nil
			},
		}
	},
	take: func(f *Flow, _ Value) { f.reset.Show() },
}
