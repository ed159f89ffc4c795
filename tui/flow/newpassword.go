package flow

import (
	"fmt"
	"strings"

	"convox-travis/internal/convox"
	"convox-travis/internal/problem"
	"convox-travis/internal/reset"
	"convox-travis/internal/setup"
)

// newFrom is where a new password comes from.
type newFrom int

const (
	newMade newFrom = iota + 1
	newTyped
	newSaved // of a reset that was begun
	newInAWS // the one that AWS has, and the Rack refuses
)

var newOptions = map[newFrom]Option{
	newSaved: {Label: "The one that is saved", Note: "goes on with the reset that was begun"},
	newInAWS: {Label: "The one that AWS has", Note: "only restarts the Rack's web service"},
	newMade:  {Label: "Make one", Note: "30 letters and digits"},
	newTyped: {Label: "Type one"},
}

// leftReset reports whether an earlier run left a reset with its new password
// saved.
func (f *Flow) leftReset() bool { return !f.reset.Saved.New.IsEmpty() }

// newSources lists where the new password can come from, the best first.
func (f *Flow) newSources() []newFrom {
	all := []newFrom{newMade, newTyped}
	if f.leftReset() {
		return append([]newFrom{newSaved}, all...)
	}
	if f.result.refused[sourceAWS] && convox.CheckNewPassword(f.answers.recovered) == nil {
		return append([]newFrom{newInAWS}, all...)
	}
	return all
}

// newPassword is the one that the Rack is to get, and where its owner has it.
func (f *Flow) newPassword() reset.Request {
	switch from := f.answers.newFrom; {
	case from == newTyped:
		return reset.Request{New: f.answers.fresh, Where: "the one that you typed"}
	case from == newInAWS && f.result.refused[sourceAWS]:
		return reset.Request{New: f.answers.recovered, Where: "the one that AWS has"}
	case from == newSaved && f.leftReset():
		return f.reset.Saved
	}
	return reset.Request{New: f.answers.made}
}

func newStep() step {
	return step{
		id: StepNew, name: "Reset",
		when: isResetting,
		ask: func(f *Flow) Question {
			q := Question{Kind: Choice, Title: "Which new password?", Reason: []string{"Letters and digits are what every client can send."}}
			switch stack := f.reset.Stack; {
			case f.leftReset():
				q.Reason = []string{"A reset was started here, and its new password is saved. With that one, what is left of it is done."}
			case stack.Reset && !strings.Contains(stack.Status, "ROLLBACK"):
				q.Reason = append(q.Reason, "The stack's last update was a reset by convox-travis. If it was left, type its password: then what is left of it is done.")
			}
			offer(&q, f.newSources(), newOptions, f.answers.newFrom)
			return q
		},
		take: func(f *Flow, v Value) { f.answers.newFrom = f.newSources()[v.Index] },
		do: func(f *Flow) *Work {
			if f.answers.newFrom != newMade || !f.answers.made.IsEmpty() {
				return nil
			}
			made, err := convox.NewPassword(nil)
			if err != nil {
				f.goTo(StepNew)
				f.problem = ProblemOf(err)
			}
			f.answers.made = made
			return nil
		},
	}
}

func freshStep() step {
	return step{
		id: StepFresh, name: "Reset",
		when: func(f *Flow) bool { return isResetting(f) && f.answers.newFrom == newTyped },
		ask: func(f *Flow) Question {
			return Question{
				Kind: Secret, Title: "The new password",
				Reason:  []string{"1 to 50 letters and digits: other signs the convox client may not be able to send."},
				Initial: Value{Secret: f.answers.fresh},
				Check:   func(v Value) error { return convox.CheckNewPassword(v.Secret) },
			}
		},
		take: func(f *Flow, v Value) { f.answers.fresh = v.Secret },
	}
}

// isNew reports whether the stack is to get a password that its owner may not
// have yet.
func isNew(f *Flow) bool { return updates(f) && f.answers.newFrom != newSaved }

func keepStep() step {
	return step{
		id: StepKeep, name: "Reset",
		when: isNew,
		ask: func(f *Flow) Question {
			q := Question{
				Kind: Choice, Title: "Where do you want the new password?", Guarded: true,
				Reason: []string{"Before anything changes, it has to be with you."},
				Options: []Option{
					{Label: "Save it for the convox client", Note: "on this machine, for you alone"},
					{Label: "Show it", Note: "to be written down; its end is asked for"},
				},
			}
			if f.answers.showIt {
				q.Initial.Index = 1
			}
			return q
		},
		take: func(f *Flow, v Value) { f.answers.showIt = v.Index == 1 },
		do: func(f *Flow) *Work {
			if f.answers.showIt {
				return nil
			}
			r := f.reset
			return &Work{Words: "saving it for the convox CLI", Writes: true, Run: func(setup.Stop, Tell) Outcome { return learned(r, r.Save(), StepKeep) }}
		},
	}
}

func keptStep() step {
	return step{
		id: StepKept, name: "Reset",
		when: func(f *Flow) bool { return isNew(f) && f.answers.showIt },
		ask: func(f *Flow) Question {
			password := f.newPassword().New
			tail := convox.TailLength(password, 6) // of a shorter one, all
			return Question{
				Kind: Shown, Title: "The new password",
				Reason: []string{fmt.Sprintf("Put it where you keep passwords, and type its last %d characters from there. Then the Rack gets it.", tail)},
				Secret: password, Tail: tail,
				Check: func(v Value) error {
					if !convox.MatchesTail(password, v.Text, tail) {
						return &problem.Error{Reason: fmt.Sprintf("these are not its last %d characters", tail), Hints: []string{"read them off where you put it"}}
					}
					return nil
				},
			}
		},
		take: func(f *Flow, _ Value) { f.reset.Show() },
	}
}
