package flow

import (
	"cmp"

	"convox-travis/internal/connect"
	"convox-travis/internal/convox"
	"convox-travis/internal/secret"
	"convox-travis/internal/text"
	"convox-travis/travisapi"
)

var signIns = []SignIn{ByRack, ByConsole}

var signInOptions = map[SignIn]Option{
	ByRack:    {Label: "Rack password", Note: "for a Rack without Console"},
	ByConsole: {Label: "Console deploy key", Note: "for a Rack that Console manages"},
}

const (
	rackPasswordHelp = "A Rack password can do everything on its Rack. Everyone who signs in to the Rack directly uses the same one."
	deployKeyHelp    = "A deploy key can build, deploy, run commands and read logs, and only in its own organization. You can delete it in Console at any time."
)

var signInStep = step{
	id: StepSignIn, name: "Sign in with",
	pass: func(f *Flow) bool { return f.given.SignIn != NoSignIn },
	ask: func(f *Flow) Question {
		q := Question{
			Kind: Choice, Title: "How do builds sign in to Convox?",
			Reason: []string{"Builds use it to run convox deploy. Travis stores it as private variables."},
			Help:   []string{deployKeyHelp, rackPasswordHelp, "A deploy key is the safer choice where Console manages the Rack."},
		}
		offer(&q, signIns, signInOptions, f.likelySignIn())
		return q
	},
	take:  func(f *Flow, v Value) { f.answers.signIn = signIns[v.Index] },
	shown: func(f *Flow) string { return signInOptions[f.answers.signIn].Label },
}

// likelySignIn is the option to focus: the one chosen before, else the Rack password
// if the convox CLI has saved a login. Racks found in AWS don't count: they arrive
// later, and the focus would move under the person's hand.
func (f *Flow) likelySignIn() SignIn {
	switch {
	case f.answers.signIn != NoSignIn:
		return f.answers.signIn
	case len(f.found.saved) > 0:
		return ByRack
	}
	return ByConsole
}

var consoleStep = step{
	id: StepConsole, name: "Console",
	when: byConsole,
	pass: func(*Flow) bool { return true }, // nearly everyone uses Convox's own
	ask: func(f *Flow) Question {
		return Question{
			Kind: Text, Title: "Which Console?",
			Reason:  []string{"Convox's own is " + convox.HostedConsole + ". Your company may run another one."},
			Initial: Value{Text: f.answers.console.String()},
			Check: func(v Value) error {
				_, err := convox.ParseHost(v.Text)
				return err
			},
		}
	},
	take: func(f *Flow, v Value) {
		host, _ := convox.ParseHost(v.Text) // Check parsed it
		if host != f.answers.console {
			f.answers.console = host
			f.answers.key = secret.String{} // it belongs to the other Console
			f.forgetLogin()
		}
	},
	shown: func(f *Flow) string { return f.answers.console.String() },
}

var keyStep = step{
	id: StepKey, name: "Deploy key",
	when: byConsole,
	pass: func(f *Flow) bool {
		given := !f.given.Password.IsEmpty() && f.answers.key.Equal(f.given.Password)
		return given && f.problem == nil && (f.given.PasswordFor.IsZero() || f.given.PasswordFor == f.answers.console)
	},
	ask: func(f *Flow) Question {
		return Question{
			Kind: Secret, Title: "Enter the deploy key",
			Reason: []string{
				"Create one in Console, in the Rack's organization: Settings, Deploy Keys.",
				"https://" + f.answers.console.String(),
			},
			Help: []string{
				deployKeyHelp,
				"Older Consoles list deploy keys on the organization's Members tab. Don't use your personal key: it can do everything that you can.",
				f.answers.console.String() + " checks the key before anything is written.",
			},
			Initial: Value{Secret: f.answers.key},
			Check:   checkSecret,
		}
	},
	take: func(f *Flow, v Value) { f.answers.key = v.Secret },
	do:   func(f *Flow) *Work { return f.checkLogin(StepKey) },
	shown: func(f *Flow) string {
		switch login := f.result.login; {
		case login == nil:
			return ""
		case login.PersonalKey:
			return "accepted · looks like a personal key"
		default:
			return "accepted · " + text.Count(len(login.Racks), "Rack")
		}
	},
}

func checkSecret(v Value) error { return convox.CheckPassword(v.Secret) }

var accountStep = step{
	id: StepAccount, name: "Travis",
	wait: until("asking Travis whose token this is", func(f *Flow) bool { return f.found.tokenDone }),
	pass: func(f *Flow) bool {
		switch {
		case f.found.token.IsEmpty():
			f.answers.typesToken = true
			f.problem = ProblemOf(f.found.tokenErr)
			return true
		case f.found.user.ID > 0:
			return true
		}
		f.problem = ProblemOf(f.found.tokenErr)
		return false
	},
	ask: func(f *Flow) Question {
		q := Question{
			Kind: Choice, Title: "Which Travis account?",
			Reason: []string{"A token was found in TRAVIS_TOKEN or in the Travis CLI's settings."},
			Help:   tokenHelp,
			Options: []Option{
				{Label: "Retry the token that was found", do: func(f *Flow) *Work {
					return f.askWhose(func(f *Flow, user travisapi.User) { f.found.user, f.result.user = user, user })
				}},
				{Label: "Enter another token", chosen: f.answers.typesToken},
			},
		}
		if f.found.user.ID > 0 {
			q.Options[0] = Option{Label: f.found.user.Login, Note: "the token that was found", do: func(f *Flow) *Work {
				f.result.user = f.found.user
				return nil
			}}
		}
		return q
	},
	take:  func(f *Flow, v Value) { f.setToken(v.Index == 1, f.answers.token) },
	shown: func(f *Flow) string { return f.result.user.Login },
}

var tokenHelp = []string{
	"The token lets programs act as you on Travis: it can do there what you can do.",
	"It's used to list your repositories, read and write their settings, and start builds that you ask for. It's sent to Travis only.",
	"It's never stored. To skip this question, set TRAVIS_TOKEN or sign in with the Travis CLI.",
}

// setToken takes a token. Another account has other repositories.
func (f *Flow) setToken(isTyped bool, typed secret.String) {
	before := f.token()
	f.answers.typesToken, f.answers.token = isTyped, typed
	if !f.token().Equal(before) {
		f.forgetRepositories()
		if f.outside.Owned != nil && !f.chosen[StepRepository] {
			f.setTargets(nil) // they were listed for the other account
		}
	}
}

var tokenStep = step{
	id: StepToken, name: "Travis",
	when: func(f *Flow) bool { return f.answers.typesToken },
	ask: func(f *Flow) Question {
		return Question{
			Kind: Secret, Title: "What's your Travis token?",
			Reason: []string{
				"Copy it under API authentication in your Travis preferences:",
				cmp.Or(f.found.tokenPage, travisapi.TokenPage(travisapi.HostedEndpoint)),
			},
			Help:    tokenHelp,
			Initial: Value{Secret: f.answers.token},
			Check:   func(v Value) error { return travisapi.CheckToken(v.Secret) },
		}
	},
	take: func(f *Flow, v Value) { f.setToken(true, v.Secret) },
	do: func(f *Flow) *Work {
		return f.askWhose(func(f *Flow, user travisapi.User) { f.result.user = user })
	},
	shown: func(f *Flow) string { return f.result.user.Login },
}

// askWhose asks Travis whose the token is, and keeps the user.
func (f *Flow) askWhose(keep func(*Flow, travisapi.User)) *Work {
	return f.travisWork("asking Travis whose token this is", func(stop connect.Stop, travis Travis, _ Tell) Outcome {
		user, err := travis.User(stop.Soft)
		if err != nil {
			return Outcome{Err: err}
		}
		return Outcome{Set: func(f *Flow) { keep(f, user) }}
	})
}

// travisWork is a Work that calls Travis with the token as it is now.
func (f *Flow) travisWork(words string, run func(connect.Stop, Travis, Tell) Outcome) *Work {
	token, open := f.token(), f.outside.Travis
	return &Work{Words: words, Run: func(stop connect.Stop, tell Tell) Outcome {
		travis, err := open(token)
		if err != nil {
			return Outcome{Err: err}
		}
		return run(stop, travis, tell)
	}}
}
