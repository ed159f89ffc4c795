package flow

import (
	"fmt"

	"al.essio.dev/pkg/shellescape"

	"convox-travis/cfn"
	"convox-travis/internal/secret"
	"convox-travis/internal/setup"
)

func fromAWS(f *Flow) bool { return byRack(f) && f.answers.source == sourceAWS }

func recoverStep() step {
	return step{
		id: StepRecover, name: "Password",
		when: fromAWS,
		ask: func(f *Flow) Question {
			reason := []string{"AWS holds it for the Rack's own use. These are read, one after the other, until one has it; the permission stands behind each:"}
			for i, s := range cfn.Sources() {
				reason = append(reason, fmt.Sprintf("%d. %s: %s", i+1, s.Reads, s.Permission))
			}
			return Question{
				Kind: Confirm, Title: "Read the password from AWS?", Reason: append(reason, "It is not shown unless you ask, and is checked with the Rack like a typed one."),
				Yes: "Yes", No: "No, go back", Initial: Value{Yes: true},
			}
		},
		take: func(f *Flow, v Value) { f.result.agreed = v.Yes },
		do: func(f *Flow) *Work {
			if !f.result.agreed {
				f.leaveRecovery()
				return nil
			}
			return f.recover()
		},
	}
}

// whereItIs is the step that asks where the password is: without Travis, only
// whether it is really lost.
func (f *Flow) whereItIs() string {
	if f.given.Reset != nil {
		return StepLost
	}
	return StepSource
}

// backToRack goes back to where the Rack can be changed, or the way to its
// password where it cannot.
func (f *Flow) backToRack() {
	if f.given.Reset != nil {
		f.leaveRecovery()
		return
	}
	f.goTo(StepRack)
}

func (f *Flow) leaveRecovery() {
	if f.given.Reset != nil {
		f.answers.source = sourceReset
	}
	f.goTo(f.whereItIs())
}

// recover reads the password from AWS and checks it like a typed one.
func (f *Flow) recover() *Work {
	rack, _ := f.pickedRack()
	back := f.whereItIs()
	host, outside, prove := f.rackHost(), f.outside, f.prover(back)
	return &Work{
		Words: "reading the password from AWS",
		Run: func(stop setup.Stop, tell Tell) Outcome {
			found, err := outside.recover(stop, rack, tell)
			if err != nil {
				return Outcome{Err: err, To: back, Set: notRecovered(secret.String{}, nil)}
			}
			tell.Line(Line{Good, "found it: " + string(found.From)})
			outcome := prove(stop, setup.Credential{Host: host, Password: found.Password})
			if outcome.Err != nil {
				outcome.Set = notRecovered(found.Password, outcome.Set)
				return outcome
			}
			proved := outcome.Set
			outcome.Set = func(f *Flow) {
				f.answers.recovered = found.Password
				proved(f)
			}
			return outcome
		},
	}
}

// notRecovered keeps that AWS has no password that is good. It can be the one
// that holds all the same.
func notRecovered(found secret.String, then func(*Flow)) func(*Flow) {
	return func(f *Flow) {
		f.result.noRecovery, f.answers.recovered = true, found
		if then != nil {
			then(f)
		}
		if f.given.Reset != nil {
			f.answers.source = sourceReset
		}
	}
}

func (o Outside) recover(stop setup.Stop, rack cfn.Rack, tell Tell) (cfn.Recovered, error) {
	aws, err := o.AWS(stop.Soft)
	if err != nil {
		return cfn.Recovered{}, err
	}
	return aws.Recover(stop.Soft, rack, func(_ cfn.Source, why error) { tell.Line(Line{Muted, why.Error()}) })
}

// recoveredStep gives its owner what they may want of a password that was lost.
func recoveredStep() step {
	return step{
		id: StepRecovered, name: "Password",
		when: fromAWS,
		ask: func(f *Flow) Question {
			q := Question{
				Kind: Choice, Title: "AWS has the password",
				Reason:  []string{f.rackHost().String() + " accepts it."},
				Options: []Option{{Label: "Go on with it"}, {Label: "Save it for the convox client", Note: "on this machine"}, {Label: "Show it"}},
			}
			if f.result.login == nil {
				q.Reason = []string{"It was not checked: the Rack cannot be reached from here."}
			}
			if f.given.Reset != nil {
				q.Options[0] = Option{Label: "Leave", Note: "nothing has to be reset"}
			}
			if f.result.savedIn != "" {
				q.Reason = append(q.Reason, "It is saved in "+f.result.savedIn+".")
			}
			return q
		},
		take: func(f *Flow, v Value) { f.result.showing, f.result.saving = v.Index == 2, v.Index == 1 },
		do: func(f *Flow) *Work {
			switch {
			case f.result.saving:
				return f.save(f.answers.recovered, StepRecovered, func(f *Flow, file string, _ func() error) { f.result.savedIn = file })
			case f.given.Reset != nil && !f.result.showing:
				f.goTo(StepResetDone)
			}
			return nil
		},
	}
}

func recoveredShownStep() step {
	return step{
		id: StepShown, name: "Password",
		when: func(f *Flow) bool { return fromAWS(f) && f.result.showing },
		ask: func(f *Flow) Question {
			return Question{Kind: Shown, Title: "The Rack's password", Reason: []string{"As AWS holds it."}, Secret: f.answers.recovered}
		},
		take: func(f *Flow, _ Value) { f.result.showing = false },
		do: func(f *Flow) *Work {
			f.goTo(StepRecovered)
			return nil
		},
	}
}

// save saves a password for the convox client. to is the step that comes next,
// "" is the next one.
func (f *Flow) save(password secret.String, to string, keep func(f *Flow, file string, undo func() error)) *Work {
	host, saveLogin := f.rackHost(), f.outside.SaveLogin
	return &Work{
		Words: "saving it for the convox client", Writes: true,
		Run: func(setup.Stop, Tell) Outcome {
			file, undo, err := saveLogin(host, password)
			if err != nil {
				return Outcome{Err: err}
			}
			return Outcome{To: to, Set: func(f *Flow) { keep(f, shellescape.StripUnsafe(file), undo) }}
		},
	}
}
