package flow

import (
	"fmt"
	"slices"

	"al.essio.dev/pkg/shellescape"

	"convox-travis/cfn"
	"convox-travis/internal/convox"
	"convox-travis/internal/problem"
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
	f.result.unreachable = nil
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
				return Outcome{Err: err, To: back, Set: func(f *Flow) { f.notRecovered(isNowhere(err)) }}
			}
			for _, s := range cfn.Sources() {
				if s.Source == found.From {
					tell.Line(Line{Good, "found it: " + s.Reads})
				}
			}
			return recovered(found.Password, prove(stop, setup.Credential{Host: host, Password: found.Password}))
		},
	}
}

// checkRecovered checks it again, once the Rack's certificate was approved.
func (f *Flow) checkRecovered() *Work {
	password, prove := f.answers.recovered, f.prover(f.whereItIs())
	credential := setup.Credential{Host: f.rackHost(), Password: password}
	return &Work{
		Words: "checking it with " + credential.Host.String(),
		Run:   func(stop setup.Stop, _ Tell) Outcome { return recovered(password, prove(stop, credential)) },
	}
}

// recovered keeps what AWS had, whatever the Rack says of it: it may be the one
// that holds all the same.
func recovered(password secret.String, proved Outcome) Outcome {
	then := proved.Set
	proved.Set = func(f *Flow) {
		f.answers.recovered = password
		if then != nil {
			then(f)
		}
		if proved.Err != nil {
			f.notRecovered(f.result.refused[sourceAWS])
		}
	}
	return proved
}

// notRecovered leaves the way over AWS; for good, where it leads nowhere.
func (f *Flow) notRecovered(forGood bool) {
	f.result.noRecovery = f.result.noRecovery || forGood
	if f.given.Reset != nil {
		f.answers.source = sourceReset
	}
}

// isNowhere reports whether AWS has no password for this person, whenever it is
// asked.
func isNowhere(err error) bool {
	return problem.Has(err, cfn.CodeNoPassword, cfn.CodeDenied, cfn.CodeMissing)
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
				Kind: Choice, Title: "AWS has the password", Guarded: true,
				Reason:  []string{f.rackHost().String() + " accepts it."},
				Options: []Option{{Label: "Go on with it"}, {Label: "Show it"}},
			}
			if f.result.login == nil {
				q.Reason = []string{"It was not checked: the Rack cannot be reached from here."}
			} else {
				q.Options = append(q.Options, Option{Label: "Save it for the convox client", Note: "on this machine"})
			}
			if f.given.Reset != nil {
				q.Options[0] = Option{Label: "Leave", Note: "nothing has to be reset"}
			}
			if f.result.savedIn != "" {
				q.Reason = append(q.Reason, "It is saved in "+f.result.savedIn+".")
			}
			return q
		},
		take: func(f *Flow, v Value) { f.result.showing, f.result.saving = v.Index == 1, v.Index == 2 },
		do: func(f *Flow) *Work {
			switch {
			case f.result.saving:
				return f.save(f.outside.Logins.Save, f.answers.recovered, StepRecovered, (*Flow).savedRecovered)
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

func (f *Flow) savedRecovered(file string) {
	f.result.savedIn = file
	line := "the password of " + f.rackHost().String() + " is saved in " + file
	if !slices.Contains(f.kept, line) {
		f.kept = append(f.kept, line)
	}
}

// Kept says which passwords that AWS held were saved for the convox client.
func (f *Flow) Kept() []string { return f.kept }

// save saves a password for the convox client. to is the step that comes next,
// "" is the next one.
func (f *Flow) save(save func(convox.Host, secret.String) (string, error), password secret.String, to string, keep func(f *Flow, file string)) *Work {
	host := f.rackHost()
	return &Work{
		Words: "saving it for the convox client", Writes: true,
		Run: func(setup.Stop, Tell) Outcome {
			file, err := save(host, password)
			if err != nil {
				return Outcome{Err: err}
			}
			return Outcome{To: to, Set: func(f *Flow) { keep(f, shellescape.StripUnsafe(file)) }}
		},
	}
}
