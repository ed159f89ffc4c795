package flow

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"convox-travis/internal/connect"
	"convox-travis/internal/convox"
	"convox-travis/internal/problem"
	"convox-travis/internal/reset"
	"convox-travis/internal/text"
	"convox-travis/travisapi"
)

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

// needsSaving reports whether the Rack is to get a password that its owner may not have yet.
func needsSaving(f *Flow) bool {
	return isResetting(f) && f.answers.newFrom != newSaved && !f.given.DryRun
}

var saveChoiceStep = step{
	id: StepSaveChoice, name: "Reset",
	when: needsSaving,
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
	name: "Reset",
	when: func(f *Flow) bool { return isPlanned(f) && needsSaving(f) && !f.answers.showIt },
	do: func(f *Flow) *Work {
		r := f.reset
		return &Work{
			Words: "saving the new password for the convox CLI", Writes: true,
			Run: func(connect.Stop, Tell) Outcome { return resetOutcome(r, r.Save(), StepSaveChoice) },
		}
	},
}

var showNewStep = step{
	id: StepShowNew, name: "Reset",
	when: func(f *Flow) bool { return isPlanned(f) && needsSaving(f) && f.answers.showIt },
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

// rotateStep offers to rotate the new password, unless flags say which repositories get it.
var rotateStep = step{
	id: StepRotate, name: "Reset",
	when: func(f *Flow) bool {
		return f.isReset() && !f.given.OnlyExisting && len(f.given.Targets) == 0 && f.outside.Owned == nil
	},
	ask: func(f *Flow) Question {
		return Question{
			Kind: Choice, Title: "Which repositories get the new password?",
			Options: []Option{
				{Label: "Set up a repository"},
				{Label: "Rotate it in the repositories that have it", Note: "you pick them from a list", chosen: f.answers.onlyExisting},
			},
		}
	},
	take: func(f *Flow, v Value) {
		if rotates := v.Index == 1; rotates != f.answers.onlyExisting {
			f.answers.onlyExisting = rotates
			f.answers.repository = ""
			f.setTargets(nil)
			f.forgetRepositories() // the list is another one
			delete(f.chosen, StepRepository)
		}
	},
}

// IsRotation reports whether only existing variables are replaced.
func (f *Flow) IsRotation() bool { return f.answers.onlyExisting }

// listExisting lists the repositories that have both variables. Its error is why some weren't read.
func (o Outside) listExisting(ctx context.Context, travis Travis, branch string) ([]travisapi.Repository, error) {
	request := connect.Request{Branch: branch}
	var err error
	if o.Owned != nil {
		request.Targets, request.Known, err = o.Owned(ctx, travis)
	} else {
		request.Known, err = travis.Repositories(ctx, travisapi.ListOptions{})
		for _, r := range request.Known {
			request.Targets = append(request.Targets, connect.Target{Provider: cmp.Or(r.Provider, travisapi.GitHub), Slug: r.Slug})
		}
	}
	if err != nil {
		return nil, err
	}
	plan, err := connect.FindExisting(ctx, travis, request)
	var existing []travisapi.Repository
	for _, r := range plan.Repositories {
		if r.Err == nil {
			existing = append(existing, r.Repository)
		}
		err = cmp.Or(err, r.Err)
	}
	return existing, err
}

// rotateCommand lists the repositories that have the variables, to replace them in some.
func rotateCommand(rack string) string {
	return "convox-travis --rack " + text.Quote(rack) + " --only-existing"
}
