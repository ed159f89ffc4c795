package flow

import (
	"fmt"
	"slices"

	"convox-travis/cfn"
	"convox-travis/internal/connect"
	"convox-travis/internal/convox"
	"convox-travis/internal/problem"
)

func fromAWS(f *Flow) bool { return byRack(f) && f.answers.source == sourceAWS }

var recoverStep = step{
	id: StepRecover, name: "Password",
	when: fromAWS,
	ask: func(*Flow) Question {
		help := []string{"Reading changes nothing. These places are read in this order until one has the password. Each needs the permission after it:"}
		for i, s := range cfn.Sources() {
			help = append(help, fmt.Sprintf("%d. %s: %s", i+1, s.Reads, s.Permission))
		}
		return Question{
			Kind: Confirm, Title: "Read the password from AWS?", Help: help,
			Reason:  []string{"AWS stores it for the Rack's own use.", "It's checked with the Rack, and shown only if you ask."},
			Initial: Value{Yes: true},
		}
	},
	do: (*Flow).recover,
	no: func(f *Flow) *Work { return f.goTo(f.whereItIs()) },
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
func (f *Flow) backToRack() *Work {
	f.result.unreachable = nil
	if f.given.Reset != nil {
		return f.goTo(StepLost)
	}
	return f.goTo(StepRack)
}

// recover reads the password from AWS and checks it like a typed one. It's kept even
// when the Rack refuses it: a reset can then use it.
func (f *Flow) recover() *Work {
	rack, _ := f.pickedRack()
	back := f.whereItIs()
	host, outside, check := f.rackHost(), f.outside, f.newLoginCheck(back)
	return &Work{
		Words: "reading the password from AWS",
		Run: func(stop connect.Stop, tell Tell) Outcome {
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
					tell.Line(Line{Good, "found in " + s.Reads})
				}
			}
			outcome := check(stop, connect.Credential{Host: host, Password: found.Password, Source: convox.FromAWS})
			checked := outcome.Set
			outcome.Set = func(f *Flow) {
				f.answers.recovered = found.Password
				checked(f)
			}
			return outcome
		},
	}
}

// recoveredStep continues with a recovered password, shows it, or saves it.
var recoveredStep = step{
	id: StepRecovered, name: "Password",
	when: fromAWS,
	ask: func(f *Flow) Question {
		q := Question{
			Kind: Choice, Title: "AWS has the password: what next?", Guarded: true,
			Reason: []string{f.rackHost().String() + " accepts it."},
			Options: []Option{{Label: "Continue with it"}, {Label: "Show it", do: func(f *Flow) *Work {
				f.result.showing = true
				return nil
			}}},
		}
		if f.result.login == nil {
			q.Reason = []string{"It isn't checked: the Rack is unreachable."}
		} else {
			q.Help = []string{"Saved, it goes into the convox CLI's file of logins, which only you can read. The convox CLI then signs in to this Rack without asking."}
			if f.result.savedIn == "" {
				q.Options = append(q.Options, Option{Label: "Save it for the convox CLI", Note: "on this machine, only for you", do: (*Flow).saveRecovered})
			}
		}
		if f.given.Reset != nil {
			q.Options[0] = Option{Label: "Quit", Note: "no reset is needed", do: func(f *Flow) *Work { return f.goTo(StepResetDone) }}
		}
		if f.result.savedIn != "" {
			q.Reason = append(q.Reason, "It's saved in "+f.result.savedIn+".")
		}
		return q
	},
}

var recoveredShownStep = step{
	id: StepShown, name: "Password",
	when: func(f *Flow) bool { return fromAWS(f) && f.result.showing },
	ask: func(f *Flow) Question {
		return Question{Kind: Shown, Title: "Rack password", Guarded: true, Reason: []string{"As stored in AWS."}, Secret: f.answers.recovered}
	},
	take: func(f *Flow, _ Value) { f.result.showing = false },
	do:   func(f *Flow) *Work { return f.goTo(StepRecovered) },
}

// saveRecovered saves the password for the convox CLI.
func (f *Flow) saveRecovered() *Work {
	logins, host, password := f.outside.Logins, f.rackHost(), f.answers.recovered
	return &Work{
		Words: "saving the password for the convox CLI", Writes: true,
		Run: func(connect.Stop, Tell) Outcome {
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

// Kept says which recovered passwords were saved for the convox CLI.
func (f *Flow) Kept() []string { return f.kept }

func (f *Flow) keptLines() (lines []Line) {
	for _, words := range f.kept {
		lines = append(lines, Line{Good, words})
	}
	return lines
}

func (f *Flow) rackName() string {
	rack, _ := f.pickedRack()
	return rack.Name
}

var lostStep = step{
	id: StepLost, name: "Reset",
	when:  func(f *Flow) bool { return isResetting(f) || f.given.Reset != nil && !f.reset.IsDone() },
	begin: func(f *Flow) { f.answers.source = sourceReset },
	wait:  until("reading the saved logins", func(f *Flow) bool { return f.found.savedDone }),
	ask: func(f *Flow) Question {
		q := Question{
			Kind: Choice, Title: "Is the password of Rack " + f.rackName() + " really lost?",
			Reason: []string{"Safest options first."},
			Help: []string{
				"A Rack password is rarely lost for good. Teammates who ran convox login have it, and so do CI systems that deploy to this Rack.",
				"AWS stores it for the Rack's own use, and reading it changes nothing. With a Console deploy key, builds don't need it at all.",
			},
		}
		if _, isSaved := convox.FindSaved(f.found.saved, f.rackHost()); isSaved && !f.result.refused[sourceSaved] && f.given.Reset != nil {
			q.Options = append(q.Options, Option{Label: "Try the saved one", Note: "from the convox CLI; changes nothing", do: (*Flow).trySaved})
		}
		if !f.result.noRecovery {
			q.Options = append(q.Options, Option{Label: "Read it from AWS", Note: "changes nothing", do: func(f *Flow) *Work {
				f.answers.source = sourceAWS
				return f.goTo(StepRecover)
			}})
		}
		q.Options = append(q.Options,
			Option{Label: "Use a Console deploy key", Note: "if Console manages the Rack", do: func(f *Flow) *Work {
				f.answers.signIn = ByConsole
				if f.given.Reset != nil {
					return f.goTo(StepResetDone)
				}
				return f.goTo(StepKey)
			}},
			Option{Label: "Set a new password", Note: "locks out everyone who has the old one", chosen: !f.reset.Host.IsZero()},
		)
		return q
	},
}

// trySaved checks the saved password: where it works, nothing is lost.
func (f *Flow) trySaved() *Work {
	login, _ := convox.FindSaved(f.found.saved, f.rackHost())
	credential := connect.Credential{Host: f.rackHost(), Password: login.Password, Source: convox.SavedIn(login.File)}
	fingerprint, newChecker := f.fingerprint(), f.outside.Checker
	f.answers.source = sourceSaved
	return &Work{
		Words: "checking the saved password with " + credential.Host.String(),
		Run: func(stop connect.Stop, _ Tell) Outcome {
			login, err := checkCredential(stop.Soft, newChecker, fingerprint, credential)
			if err != nil {
				return Outcome{Err: err, To: StepLost, Set: func(f *Flow) { f.refuse(sourceSaved, err) }}
			}
			return Outcome{To: StepResetDone, Set: func(f *Flow) { f.result.login = &login }}
		},
	}
}

// affectedStep says what a reset does, and to whom.
var affectedStep = step{
	id: StepAffected, name: "Reset",
	when: isResetting,
	ask: func(f *Flow) Question {
		help := []string{
			"The update changes the stack's Password parameter and no other. It takes minutes, and so does the restart. Without HighAvailability, the Rack's API is down for a moment.",
			"You see the change set before anything changes. An update that would change anything else is refused; one that replaces instances needs separate confirmation.",
			"The new password is saved, or shown to you, before the update starts. If this stops midway, the same password finishes it later.",
			"Who needs the new password:",
		}
		for _, who := range f.affected() {
			help = append(help, "- "+who.String())
		}
		return Question{
			Kind: Confirm, Title: "Set a new password for Rack " + f.rackName() + "?", Help: help,
			Reason: []string{
				"The stack is updated and the web service restarts. Apps keep running.",
				"After that, teammates, other builds and Console need the new password.",
				"Nothing changes until you type the Rack's name.",
			},
			Yes: "Yes, continue",
		}
	},
	do: (*Flow).lookAtStack,
	no: goToLost,
}
