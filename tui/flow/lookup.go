package flow

import (
	"context"
	"time"

	"al.essio.dev/pkg/shellescape"

	"convox-travis/internal/setup"
	"convox-travis/travisapi"
)

// lookUp asks Travis for the repository.
func (f *Flow) lookUp(to string) *Work {
	target, token, outside := f.answers.target, f.token(), f.outside
	return &Work{
		Words: "asking Travis about " + shellescape.StripUnsafe(target.String()),
		Run: func(stop setup.Stop, _ Tell) Outcome {
			travis, err := outside.Travis(token)
			if err != nil {
				return Outcome{Err: err, To: to}
			}
			repository, err := travis.Repository(stop.Soft, target.Ref())
			switch {
			case travisapi.Failed(err, travisapi.CodeNotFound):
				return Outcome{Set: func(f *Flow) { f.result.unknown = true }}
			case err != nil:
				return Outcome{Err: err, To: mendedAt(err, to)}
			}
			return foundRepository(repository)
		},
	}
}

func foundRepository(r travisapi.Repository) Outcome {
	return Outcome{Set: func(f *Flow) { f.result.repository, f.result.unknown = r, false }}
}

// mendedAt is the step where an error of Travis can be mended: a token that it
// does not take any more is the account's.
func mendedAt(err error, otherwise string) string {
	if travisapi.Failed(err, travisapi.CodeUnknownToken, travisapi.CodeLoginRequired) {
		return StepAccount
	}
	return otherwise
}

func unknownStep() step {
	return step{
		id: StepUnknown, name: "Repository",
		when: func(f *Flow) bool { return f.result.unknown },
		ask: func(f *Flow) Question {
			return Question{
				Kind: Choice, Title: "Travis does not know " + shellescape.StripUnsafe(f.answers.target.String()),
				Reason: []string{"It may have been made after Travis last read your list of repositories, or this account may not see it."},
				Options: []Option{
					{Label: "Sync Travis, and look again", Note: "takes seconds to minutes"},
					{Label: "Choose another repository"},
				},
			}
		},
		take: func(f *Flow, v Value) { f.result.resync = v.Index == 0 },
		do: func(f *Flow) *Work {
			if !f.result.resync {
				f.goTo(StepRepository)
				return nil
			}
			return f.sync()
		},
	}
}

// syncPatience is how long a sync may take.
const syncPatience = 3 * time.Minute

// sync lets Travis read its list anew, waits for it, and looks again.
func (f *Flow) sync() *Work {
	user, target, token, outside := f.result.user, f.answers.target, f.token(), f.outside
	return &Work{
		Words: "waiting for Travis to read its list of repositories anew",
		Run: func(stop setup.Stop, _ Tell) Outcome {
			ctx := stop.Soft
			travis, err := outside.Travis(token)
			if err != nil {
				return Outcome{Err: err}
			}
			if err := syncList(ctx, travis, user); err != nil {
				return Outcome{Err: err}
			}
			repository, err := travis.Repository(ctx, target.Ref())
			if err != nil {
				return Outcome{Err: err}
			}
			return foundRepository(repository)
		},
	}
}

// syncList lets Travis read its list of repositories anew, and waits for it.
func syncList(ctx context.Context, travis Travis, user travisapi.User) error {
	ctx, cancel := context.WithTimeout(ctx, syncPatience)
	defer cancel()
	if err := travis.Sync(ctx, user); err != nil && !user.Syncing {
		return err
	}
	for user.Syncing = true; user.Syncing; {
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
			return &Problem{Message: "Travis is still reading", Do: []string{"try again in a while"}}
		}
		var err error
		if user, err = travis.User(ctx); err != nil {
			return err
		}
	}
	return nil
}

func activateStep() step {
	return step{
		id: StepActivate, name: "Repository",
		when: func(f *Flow) bool { return f.result.repository.ID > 0 && !f.result.repository.Active },
		ask: func(f *Flow) Question {
			q := Question{
				Kind: Choice, Title: "Travis does not build " + shellescape.StripUnsafe(f.answers.target.String()),
				Reason: []string{"It is not active there. Nothing is done before the review."},
				Options: []Option{
					{Label: "Activate it with the rest", Note: "builds begin with the next push"},
					{Label: "Leave it as it is"},
				},
			}
			if f.result.activateAsked && !f.answers.activate {
				q.Initial.Index = 1
			}
			return q
		},
		take: func(f *Flow, v Value) { f.answers.activate, f.result.activateAsked = v.Index == 0, true },
	}
}
