package flow

import (
	"convox-travis/internal/convox"
	"convox-travis/internal/secret"
	"convox-travis/internal/text"
)

func wayStep() step {
	return step{
		id: StepWay, name: "Way in",
		pass: func(f *Flow) bool { return f.given.Way != NoWay },
		ask: func(f *Flow) Question {
			return Question{
				Kind:  Choice,
				Title: "How should builds log in to Convox?",
				Reason: []string{
					"A deploy key can build, deploy and read logs in its organization. A Rack's password can do everything on that Rack.",
				},
				Options: []Option{
					{Label: "With a Console deploy key", Note: "for Racks that Console manages"},
					{Label: "With a Rack's password", Note: "for a Rack without Console"},
				},
				Initial: Value{Index: f.likelyWay()},
			}
		},
		take: func(f *Flow, v Value) {
			f.answers.way = []Way{ByConsole, ByRack}[v.Index]
		},
		shown: func(f *Flow) string {
			return map[Way]string{ByConsole: "Console", ByRack: "a Rack directly"}[f.answers.way]
		},
	}
}

// likelyWay is the option to offer first: what was said before, else a Rack
// where the convox client has saved a login. That is read at once. What comes
// over the network later would move the offer under a person's hand, and give
// the next answer of a pipe to another question.
func (f *Flow) likelyWay() int {
	switch {
	case f.answers.way == ByRack:
		return 1
	case f.answers.way == ByConsole:
		return 0
	case len(f.found.saved) > 0:
		return 1
	}
	return 0
}

func consoleStep() step {
	return step{
		id: StepConsole, name: "Console",
		when: byConsole,
		pass: func(*Flow) bool { return true }, // nearly everybody's is Convox's own
		ask: func(f *Flow) Question {
			return Question{
				Kind: Text, Title: "Which Console?",
				Reason:  []string{"Convox's own is " + convox.HostedConsole + "; a company can have another one."},
				Initial: Value{Text: f.answers.console.String()},
				Check:   checkHost,
			}
		},
		take: func(f *Flow, v Value) {
			host, _ := convox.ParseHost(v.Text) // Check read it
			if host != f.answers.console {
				f.answers.console = host
				f.answers.key = secret.String{} // it was for another one
				f.forgetLogin()
			}
		},
		shown: func(f *Flow) string { return f.answers.console.String() },
	}
}

func checkHost(v Value) error {
	_, err := convox.ParseHost(v.Text)
	return err
}

func keyStep() step {
	return step{
		id: StepKey, name: "Deploy key",
		when: byConsole,
		pass: func(f *Flow) bool {
			given := !f.given.Password.IsEmpty() && f.answers.key.Equal(f.given.Password)
			return given && f.problem == nil && (f.given.PasswordFor.IsZero() || f.given.PasswordFor == f.answers.console)
		},
		ask: func(f *Flow) Question {
			return Question{
				Kind: Secret, Title: "The deploy key",
				Reason: []string{
					"Make one in Console: Settings, Deploy Keys, in the organization that the Rack belongs to.",
					"https://" + f.answers.console.String(),
				},
				Initial: Value{Secret: f.answers.key},
				Check:   checkSecret,
			}
		},
		take: func(f *Flow, v Value) { f.answers.key = v.Secret },
		do:   func(f *Flow) *Work { return f.checkLogin(StepKey) },
		shown: func(f *Flow) string {
			if f.result.login == nil {
				return ""
			}
			if f.result.login.PersonalKey {
				return "works; looks like a person's own"
			}
			return "works, sees " + text.Count(len(f.result.login.Racks), "Rack")
		},
	}
}

func checkSecret(v Value) error { return convox.CheckPassword(v.Secret) }
