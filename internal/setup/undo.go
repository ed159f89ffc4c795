package setup

import (
	"context"
	"errors"

	"convox-travis/internal/transport"
	"convox-travis/travisapi"
)

// undo takes away what this run created of a pair that could not be completed,
// the password first. What it replaced cannot be put back and stands.
func (p *pairRun) undo(ctx context.Context) {
	for _, name := range []string{PasswordName, HostName} {
		state := p.states[name]
		if state == nil || !state.created || state.result == Failed {
			continue
		}
		if state.id == "" && !p.find(ctx, name, state) {
			continue
		}
		p.tell(StepUndo, name)
		switch err := deleteVariable(ctx, p.travis, p.retry, p.ref, state.id); {
		case err == nil:
			state.result = Undone
		case kindOf(err) != travisapi.KindCanceled || fateUnknown(err):
			state.result = Unknown // it was asked for, and nobody says whether it was done
		}
	}
}

// find looks for a variable whose create has an unknown fate. It returns false
// when there is nothing to take away, or nothing can be found out.
func (p *pairRun) find(ctx context.Context, name string, state *written) bool {
	vars, err := p.travis.EnvVars(ctx, p.ref)
	if err != nil {
		return false
	}
	last, _, found := lastInScope(vars, name, p.branch)
	if !found || p.known[last.ID] {
		state.result = Failed
		return false
	}
	state.id = last.ID
	return true
}

// deleteVariable deletes one variable; one that is gone is no error. A delete
// can be repeated without harm, so an open fate needs no look.
func deleteVariable(ctx context.Context, travis Travis, retry transport.Retry, ref travisapi.Ref, id string) error {
	retry = retry.Defaults()
	pauses := retry.Pauses()
	for try := 1; ; try++ {
		err := travis.DeleteEnvVar(ctx, ref, id)
		var failed *travisapi.Error
		if err == nil || !errors.As(err, &failed) || try == retry.Tries {
			return err
		}
		if !failed.FateUnknown() && failed.Kind != travisapi.KindThrottled {
			return err
		}
		if retry.Clock.Sleep(ctx, max(failed.RetryAfter, pauses.NextBackOff())) != nil {
			return err
		}
	}
}
