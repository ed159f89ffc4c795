package flow

import (
	"fmt"
	"slices"

	"convox-travis/cfn"
	"convox-travis/internal/convox"
	"convox-travis/internal/problem"
	"convox-travis/internal/setup"
)

func fromAWS(f *Flow) bool { return byRack(f) && f.answers.source == sourceAWS }

func recoverStep() step {
	return confirmStep(StepRecover, "Password", fromAWS, func(*Flow) Question {
		reason := []string{"AWS holds it for the Rack's own use. These are read, one after the other, until one has it; the permission stands behind each:"}
		for i, s := range cfn.Sources() {
			reason = append(reason, fmt.Sprintf("%d. %s: %s", i+1, s.Reads, s.Permission))
		}
		return Question{
			Kind: Confirm, Title: "Read the password from AWS?", Reason: append(reason, "It is not shown unless you ask, and is checked with the Rack like a typed one."),
			Yes: "Yes", No: "No, go back", Initial: Value{Yes: true},
		}
	}, func(f *Flow) { f.goTo(f.whereItIs()) }, (*Flow).recover)
}

// whereItIs is the step that asks where the password is: without Travis, only
// whether it is really lost.
func (f *Flow) whereItIs() string {
	if f.given.Reset != nil {
		return StepLost
	}
	return StepSource
}

// backToRack goes back to where the Rack can be changed, or another sign-in method
// be chosen where it can't.
func (f *Flow) backToRack() {
	f.result.unreachable = nil
	if f.given.Reset != nil {
		f.goTo(StepLost)
		return
	}
	f.goTo(StepRack)
}

// recover reads the password from AWS and checks it like a typed one. What AWS has
// is kept, whatever the Rack says of it: it may be the one that holds all the same.
func (f *Flow) recover() *Work {
	rack, _ := f.pickedRack()
	back := f.whereItIs()
	host, outside, prove := f.rackHost(), f.outside, f.prover(back)
	return &Work{
		Words: "reading the password from AWS",
		Run: func(stop setup.Stop, tell Tell) Outcome {
			aws, err := outside.AWS(stop.Soft)
			var found cfn.Recovered
			if err == nil {
				found, err = aws.Recover(stop.Soft, rack, func(_ cfn.Source, why error) { tell.Line(Line{Muted, why.Error()}) })
			}
			if err != nil {
				isNowhere := problem.Has(err, cfn.CodeNoPassword, cfn.CodeDenied, cfn.CodeMissing)
				return Outcome{Err: err, To: back, Set: func(f *Flow) { f.result.noRecovery = f.result.noRecovery || isNowhere }}
			}
			for _, s := range cfn.Sources() {
				if s.Source == found.From {
					tell.Line(Line{Good, "found it: " + s.Reads})
				}
			}
			outcome := prove(stop, setup.Credential{Host: host, Password: found.Password, Source: convox.FromAWS})
			proved := outcome.Set
			outcome.Set = func(f *Flow) {
				f.answers.recovered = found.Password
				proved(f)
			}
			return outcome
		},
	}
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
				return f.saveRecovered()
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

// saveRecovered saves the password for the convox CLI.
func (f *Flow) saveRecovered() *Work {
	logins, host, password := f.outside.Logins, f.rackHost(), f.answers.recovered
	return &Work{
		Words: "saving it for the convox CLI", Writes: true,
		Run: func(setup.Stop, Tell) Outcome {
			file, err := logins.Save(host, password)
			if err != nil {
				return Outcome{Err: err}
			}
			return Outcome{To: StepRecovered, Set: func(f *Flow) {
				f.result.savedIn = file
				line := "the password of " + host.String() + " is saved in " + f.result.savedIn
				if !slices.Contains(f.kept, line) {
					f.kept = append(f.kept, line)
				}
			}}
		},
	}
}

// Kept says which passwords that AWS held were saved for the convox CLI.
func (f *Flow) Kept() []string { return f.kept }

// instead is what can be done instead of a reset, and the reset.
type instead int

const (
	useSaved instead = iota + 1
	readFromAWS
	useDeployKey
	resetIt
)

var insteadOptions = map[instead]Option{
	useSaved:     {Label: "Try the one that is saved", Note: "by the convox client; nothing changes"},
	readFromAWS:  {Label: "Read it from AWS", Note: "nothing changes"},
	useDeployKey: {Label: "Use a Console deploy key", Note: "where Console manages the Rack"},
	resetIt:      {Label: "Set a new password", Note: "everyone else has to be told it"},
}

// instead lists what is better than a reset first.
func (f *Flow) instead() []instead {
	var all []instead
	if _, saved := convox.FindSaved(f.found.saved, f.rackHost()); saved && !f.result.refused[sourceSaved] && f.given.Reset != nil {
		all = append(all, useSaved)
	}
	if !f.result.noRecovery {
		all = append(all, readFromAWS)
	}
	return append(all, useDeployKey, resetIt)
}

func (f *Flow) rackName() string {
	rack, _ := f.pickedRack()
	return rack.Name
}

func lostStep() step {
	return step{
		id: StepLost, name: "Reset",
		when:  func(f *Flow) bool { return isResetting(f) || f.given.Reset != nil && !f.reset.IsDone() },
		begin: func(f *Flow) { f.answers.source = sourceReset },
		wait: func(f *Flow) string {
			if !f.found.savedDone {
				return "reading the saved logins"
			}
			return ""
		},
		ask: func(f *Flow) Question {
			q := Question{
				Kind: Choice, Title: "Is the password of Rack " + f.rackName() + " really lost?",
				Reason: []string{"What changes nothing comes first."},
			}
			offer(&q, f.instead(), insteadOptions, f.answers.instead)
			return q
		},
		take: func(f *Flow, v Value) { f.answers.instead = f.instead()[v.Index] },
		do: func(f *Flow) *Work {
			switch {
			case f.answers.instead == useSaved:
				return f.trySaved()
			case f.answers.instead == readFromAWS:
				f.answers.source = sourceAWS
				f.goTo(StepRecover)
			case f.answers.instead == useDeployKey && f.given.Reset != nil:
				f.goTo(StepResetDone)
			case f.answers.instead == useDeployKey:
				f.answers.signIn = ByConsole
				f.goTo(StepKey)
			}
			return nil
		},
	}
}

// trySaved proves the saved password: where it works, nothing is lost.
func (f *Flow) trySaved() *Work {
	login, _ := convox.FindSaved(f.found.saved, f.rackHost())
	credential := setup.Credential{Host: f.rackHost(), Password: login.Password, Source: convox.SavedIn(login.File)}
	fingerprint, newChecker := f.fingerprint(), f.outside.Checker
	return &Work{
		Words: "checking it with " + credential.Host.String(),
		Run: func(stop setup.Stop, _ Tell) Outcome {
			proved, err := proveLogin(stop.Soft, newChecker, fingerprint, credential)
			if err != nil {
				return Outcome{Err: err, To: StepLost, Set: func(f *Flow) { f.refuse(sourceSaved, err) }}
			}
			return Outcome{To: StepResetDone, Set: func(f *Flow) { f.result.login = &proved }}
		},
	}
}

// affectedStep says what a reset does, and to whom.
func affectedStep() step {
	return confirmStep(StepAffected, "Reset", isResetting, func(f *Flow) Question {
		reason := []string{
			"CloudFormation updates the stack: the password, and no other parameter. Then the Rack's web service restarts. It takes minutes. Apps keep running; without HighAvailability the Rack's API is away for a moment.",
			"Who uses the old password is locked out until they have the new one:",
		}
		for _, other := range tellOthers(f) {
			reason = append(reason, "- "+other)
		}
		return Question{
			Kind: Confirm, Title: "Set a new password for Rack " + f.rackName() + "?",
			Reason: append(reason, "What would change is shown next. Nothing changes before you have the new password, and have typed the Rack's name."),
			Yes:    "Yes, go on", No: "No, go back",
		}
	}, toLost, (*Flow).lookAtStack)
}
