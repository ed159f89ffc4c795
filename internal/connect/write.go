package connect

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"convox-travis/internal/convox"
	"convox-travis/internal/problem"
	"convox-travis/travisapi"
)

// written is the state of a variable after write.
type written struct {
	id      string
	created bool // by this run, and not in place of another one
	open    bool // a create was sent, and its fate is unknown
	cut     bool // a create was canceled before it was answered, and may still happen
	lost    bool // it existed, and Travis deleted it while replacing it
	result  Result
}

// write writes one variable until Travis has it, or certainly rejects it. id is the
// variable to replace, "" to create one. A write is never repeated blindly: after an
// answer that leaves its fate unknown, the variables are read first. A replacement is
// looked up and sent again until p.finish ends, even after a stop, because it can't be
// undone. The error is nil exactly if the result is Done.
func (p *repositoryRun) write(calls Stop, name, id string) (written, error) {
	state := written{id: id, created: id == "", result: Failed}
	attempts := p.Retry.Attempts()
	p.tell(StepWrite, name)
	for {
		err := p.send(calls, name, &state)
		if !state.created && fateUnknown(err) {
			calls = p.finish
		}
		again := err != nil && needsLookUp(err, state)
		if again {
			again = p.lookUp(calls.Hard, name, &err, &state)
		}
		switch {
		case state.result == Done:
			p.tell(StepWritten, name)
			return state, nil
		case !again || gaveUp(err) || calls.Asked() != nil || !attempts.Next(calls.Soft, err):
			return state, err
		}
	}
}

// send makes one call: an update if there is something to update.
func (p *repositoryRun) send(calls Stop, name string, state *written) error {
	var v travisapi.EnvVar
	var err error
	ref, value := p.repository.Ref(), convox.Quote(p.credential.value(name)) // a build runs "export NAME=VALUE"
	if state.id != "" {
		v, err = p.Travis.UpdateEnvVar(calls, ref, travisapi.EnvVar{ID: state.id, Name: name, Value: value})
	} else {
		v, err = p.Travis.CreateEnvVar(calls, ref, travisapi.EnvVar{Name: name, Value: value, Branch: p.branch})
		state.open = state.open || fateUnknown(err)
		state.cut = state.cut || travisapi.Failed(err, travisapi.CodeTimeout) || (travisapi.Failed(err, travisapi.CodeCanceled) && fateUnknown(err))
	}
	if err == nil {
		state.id, state.result, state.lost = v.ID, Done, false
	}
	return err
}

// needsLookUp reports whether, after err, reading the variables tells more than the
// error: the write may have succeeded, the variable to update is gone, the one to create
// exists, or the server was too busy to start.
func needsLookUp(err error, state written) bool {
	switch {
	case travisapi.Failed(err, travisapi.CodeNotFound):
		return state.id != ""
	case travisapi.Failed(err, travisapi.CodeDuplicate):
		return true
	case travisapi.Failed(err, travisapi.CodeThrottled):
		_, worth := travisapi.FailureOf(err).Retryable()
		return worth
	}
	return fateUnknown(err)
}

// lookUp finds out the result of a write that ended with cause, and records it in state:
// that it succeeded, or what to do in the next try. It reports whether the look-up
// worked; without it nothing is sent again. If it shows that Travis rejects everyone, it
// replaces the cause.
func (p *repositoryRun) lookUp(ctx context.Context, name string, cause *error, state *written) bool {
	p.tell(StepLookUp, name)
	if fateUnknown(*cause) {
		state.result = Unknown
	}
	vars, err := p.Travis.EnvVars(ctx, p.repository.Ref())
	if err != nil {
		if stopsEverything(err) {
			*cause = err
		}
		return false
	}
	last, _, found := LastInScope(vars, name, p.branch)
	isKnown := slices.ContainsFunc(p.repository.before, func(v travisapi.EnvVar) bool { return v.ID == last.ID })
	switch {
	case !found:
		// A create that didn't happen, or an update that lost the variable between its
		// delete and its create: create it.
		state.lost = !state.created
		state.id, state.result = "", Failed
		if state.cut || travisapi.Failed(*cause, travisapi.CodeDuplicate) {
			state.result = Unknown // it may happen late, or the list lags behind
		}
	case state.id == "" && state.open && !isKnown && !last.Public:
		// The create happened: the new variable is ours.
		state.id, state.result = last.ID, Done
	default:
		// Someone else created it in the meantime, or the fate of an update is unknown:
		// private values aren't readable, and sending it again has the same result in
		// either case.
		if state.id == "" && !state.lost {
			state.created = false
		}
		state.id = last.ID
	}
	return true
}

func fateUnknown(err error) bool { return travisapi.FailureOf(err).FateUnknown }

// gaveUp reports whether Travis failed too often to send anything again.
func gaveUp(err error) bool { return travisapi.FailureOf(err).GaveUp }

// verifyRounds is how often the variables are read back and corrected: someone else's
// simultaneous write to the same repository can lose one of ours.
const verifyRounds = 3

// verify reads back names, branches and privacy, and corrects deviations. Private values
// aren't readable, so success means accepted and present, not compared.
func (p *repositoryRun) verify(calls Stop) error {
	p.tell(StepVerify, "")
	for round := 1; ; round++ {
		wrong, err := p.readBack(calls.Hard)
		switch {
		case err != nil:
			return &problem.Error{
				Code:   "not_verified",
				Action: fmt.Sprintf("%s: both variables were accepted, but reading them back failed", p.repository.Target),
				Hints:  []string{"run this again: it ends in the same state"},
				Cause:  err,
			}
		case len(wrong) == 0:
			return nil
		}
		for _, d := range wrong {
			if d.write {
				p.states[d.name].result = Unknown
			}
		}
		if round == verifyRounds {
			return overwritten(p.repository.Target, wrong)
		}
		if err := p.writeAll(calls, wrong); err != nil {
			return err
		}
	}
}

// readBack lists deviations from what was written. An accepted variable that is missing
// is looked for again: a list can lag behind.
func (p *repositoryRun) readBack(ctx context.Context) (wrong []deviation, err error) {
	_, err = p.look(ctx, func(vars []travisapi.EnvVar) bool {
		wrong = p.listDeviations(vars)
		clear(p.public)
		for _, d := range wrong {
			p.public[d.name] = d.public
		}
		return p.stop.Asked() != nil || !slices.ContainsFunc(wrong, func(d deviation) bool { return d.write && d.id == "" })
	})
	return wrong, err
}

// look reads the variables until it sees enough, or several times.
func (p *repositoryRun) look(ctx context.Context, isEnough func([]travisapi.EnvVar) bool) (vars []travisapi.EnvVar, err error) {
	const looks, pause = 8, 250 * time.Millisecond
	for look := 1; ; look++ {
		vars, err = p.Travis.EnvVars(ctx, p.repository.Ref())
		if err != nil || isEnough(vars) || look == looks || p.Retry.Defaults().Clock.Sleep(ctx, pause) != nil {
			return vars, err
		}
	}
}

func overwritten(target Target, wrong []deviation) error {
	var names []string
	err := &problem.Error{Code: "overwritten", Object: target.String()}
	for _, d := range wrong {
		names = append(names, d.name)
		if d.name == PasswordName && d.public {
			err.Hints = append(err.Hints, "make the new password private there, and change it wherever it is valid")
		}
	}
	err.Reason = fmt.Sprintf("not as written: %s; something else writes to these settings", strings.Join(names, " and "))
	err.Hints = append(err.Hints, "find out what else sets variables of this repository, then run this again")
	return err
}

// deviation is a variable that differs from what was written.
type deviation struct {
	name    string
	write   bool               // it must be written again
	id      string             // the variable in its place; "" is none
	public  bool               // whether that is public
	doubles []travisapi.EnvVar // duplicates of its name and scope
}

func (p *repositoryRun) listDeviations(vars []travisapi.EnvVar) []deviation {
	var all []deviation
	for _, name := range []string{HostName, PasswordName} {
		last, others, found := LastInScope(vars, name, p.branch)
		d := deviation{name: name, id: last.ID, public: last.Public, doubles: others}
		d.write = p.states[name] == nil || !found || last.Public || last.ID != p.states[name].id
		if d.write || len(others) > 0 {
			all = append(all, d)
		}
	}
	return all
}

// undo deletes what this run created if the variables couldn't be completed, the password
// first. Replaced values can't be restored.
func (p *repositoryRun) undo() {
	for _, name := range []string{PasswordName, HostName} {
		state := p.states[name]
		if state == nil || !state.created || state.result == Failed || (name == HostName && p.mustKeepHost()) {
			continue
		}
		if state.id == "" && !p.findCreated(p.finish.Hard, name, state) {
			continue
		}
		p.tell(StepUndo, name)
		switch err := p.deleteVariable(p.finish, p.repository.Ref(), state.id); {
		case err == nil:
			state.result = Undone
		case fateUnknown(err), travisapi.Failed(err, travisapi.CodeThrottled, travisapi.CodeUnexpected):
			// Except when Travis itself says that it wasn't deleted.
			state.result = Unknown
		}
	}
}

// mustKeepHost reports whether the new host must stay, because the new password exists or
// may still arrive: without its host it would be sent to another one, of all branches or
// of the account.
func (p *repositoryRun) mustKeepHost() bool {
	password := p.states[PasswordName]
	return password != nil && (password.result == Done || password.result == Unknown)
}

// findCreated looks for a variable whose create has an unknown fate: a canceled one may
// still be processed. It returns false if there is nothing to delete, or if nothing can be
// found out.
func (p *repositoryRun) findCreated(ctx context.Context, name string, state *written) bool {
	vars, err := p.look(ctx, func(vars []travisapi.EnvVar) bool { return !state.cut || len(InScope(vars, name, p.branch)) > 0 })
	if err != nil {
		return false
	}
	last, _, isFound := LastInScope(vars, name, p.branch) // there was none before the run
	if state.id = last.ID; !isFound && !state.cut {
		state.result = Failed
	}
	return isFound
}

// deleteVariable deletes one variable; one that is gone isn't an error. Deletes are safe
// to repeat, so an unknown fate needs no look-up.
func (r Runner) deleteVariable(calls Stop, ref travisapi.Ref, id string) error {
	return r.Retry.Repeat(calls.Hard, func(context.Context) error { return r.Travis.DeleteEnvVar(calls, ref, id) })
}
