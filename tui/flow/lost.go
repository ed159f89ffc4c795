package flow

import (
	"convox-travis/internal/convox"
	"convox-travis/internal/setup"
)

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
		when:  func(f *Flow) bool { return isResetting(f) || f.given.Reset != nil && !f.reset.IsSettled() },
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
				f.answers.way = ByConsole
				f.goTo(StepKey)
			}
			return nil
		},
	}
}

// trySaved proves the saved password: where it works, nothing is lost.
func (f *Flow) trySaved() *Work {
	login, _ := convox.FindSaved(f.found.saved, f.rackHost())
	credential := setup.Credential{Host: f.rackHost(), Password: login.Password}
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
