package flow

import (
	"cmp"

	"convox-travis/internal/connect"
	"convox-travis/internal/secret"
	"convox-travis/travisapi"
)

// accountStep takes the token that was found, or asks for the account.
var accountStep = step{
	id: StepAccount, name: "Travis",
	wait: until("asking Travis whose token this is", func(f *Flow) bool { return f.found.tokenDone }),
	pass: func(f *Flow) bool {
		switch {
		case f.found.token.IsEmpty():
			f.answers.ownToken = true
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
				{Label: "Enter another token", chosen: f.answers.ownToken},
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
func (f *Flow) setToken(own bool, typed secret.String) {
	before := f.token()
	f.answers.ownToken, f.answers.token = own, typed
	if !f.token().Equal(before) {
		f.forgetRepositories()
		if f.outside.Owned != nil && !f.chosen[StepRepository] {
			f.setTargets(nil) // they were listed for the other account
		}
	}
}

var tokenStep = step{
	id: StepToken, name: "Travis",
	when: func(f *Flow) bool { return f.answers.ownToken },
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
