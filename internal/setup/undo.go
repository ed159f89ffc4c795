package setup

import (
	"context"
	"time"

	"convox-travis/internal/transport"
	"convox-travis/travisapi"
)

// undo takes away what this run created of a pair that could not be completed,
// the password first. What it replaced cannot be put back and stands.
func (p *pairRun) undo() {
	for _, name := range []string{PasswordName, HostName} {
		state := p.states[name]
		if state == nil || !state.created || state.result == Failed || (name == HostName && p.hostIsNeeded()) {
			continue
		}
		if state.id == "" && !p.find(p.finish.Hard, name, state) {
			continue
		}
		p.tell(StepUndo, name)
		switch err := deleteVariable(p.finish, p.travis, p.retry, p.ref, state.id); {
		case err == nil:
			state.result = Undone
		case fateUnknown(err), travisapi.Failed(err, travisapi.CodeThrottled, travisapi.CodeUnexpected):
			// Not Travis's own word that it was not deleted.
			state.result = Unknown
		}
	}
}

// hostIsNeeded reports whether the new host has to stay, because the new
// password is there or may still come: without its host it would meet another
// one, of all branches or of the account.
func (p *pairRun) hostIsNeeded() bool {
	password := p.states[PasswordName]
	if password == nil {
		return false
	}
	return password.result == Done || password.result == Unknown
}

// How often, and how far apart, a create that was given up is looked for: the
// server may still be at it.
const (
	looks        = 8
	betweenLooks = 250 * time.Millisecond
)

// find looks for a variable whose create has an unknown fate. It returns false
// when there is nothing to take away, or nothing can be found out.
func (p *pairRun) find(ctx context.Context, name string, state *written) bool {
	for look := 1; ; look++ {
		vars, err := p.travis.EnvVars(ctx, p.ref)
		if err != nil {
			return false
		}
		last, _, found := lastInScope(vars, name, p.branch)
		switch {
		case found: // there was none before the run
			state.id = last.ID
			return true
		case !state.cut:
			state.result = Failed
			return false
		case look == looks, p.retry.Defaults().Clock.Sleep(ctx, betweenLooks) != nil:
			return false
		}
	}
}

// deleteVariable deletes one variable; one that is gone is no error. A delete
// can be repeated without harm, so an open fate needs no look.
func deleteVariable(calls Stop, travis Travis, retry transport.Retry, ref travisapi.Ref, id string) error {
	return retry.Repeat(calls.Hard, func(context.Context) error { return travis.DeleteEnvVar(calls, ref, id) })
}
