package flow

import (
	"convox-travis/internal/setup"
	"convox-travis/travisapi"
)

func tokenStep() step {
	return step{
		id: StepToken, name: "Travis",
		wait: func(f *Flow) string {
			if !f.found.tokenDone {
				return "asking Travis whose token this is"
			}
			return ""
		},
		pass: func(f *Flow) bool {
			if f.answers.token.IsEmpty() && f.found.user.ID > 0 {
				f.result.user = f.found.user
				return true
			}
			if f.found.tokenErr != nil {
				f.problem = ProblemOf(f.found.tokenErr)
			}
			return false
		},
		ask: func(f *Flow) Question {
			q := Question{
				Kind: Secret, Title: "The Travis token",
				Reason: append([]string{
					"Copy it from your preferences on Travis, under API authentication.",
					"https://app.travis-ci.com/account/preferences",
				}, f.tip(StepToken)...),
				Initial: Value{Secret: f.answers.token},
				Check:   func(v Value) error { return travisapi.CheckToken(v.Secret) },
			}
			if f.found.user.ID > 0 && f.answers.token.IsEmpty() {
				q.Reason = append(q.Reason, "The one that was found is "+f.found.user.Login+"'s; leave this empty to go on with it.")
				q.Check = nil
			}
			return q
		},
		take: func(f *Flow, v Value) {
			if !v.Secret.Equal(f.answers.token) {
				// Another account has other repositories.
				f.found.repositories, f.found.repositoriesErr, f.found.repositoriesDone = nil, nil, false
			}
			f.answers.token = v.Secret
		},
		do: func(f *Flow) *Work {
			if f.answers.token.IsEmpty() {
				return nil // the one that was found
			}
			token, outside := f.answers.token, f.outside
			return &Work{
				Words: "asking Travis whose token this is",
				Run: func(stop setup.Stop, _ func(Line)) Outcome {
					user, err := outside.whoIs(stop.Soft, token)
					return Outcome{Err: err, Set: func(f *Flow) { f.result.user = user }}
				},
			}
		},
		shown: func(f *Flow) string { return f.result.user.Login },
	}
}
