package setup

import (
	"context"

	"convox-travis/internal/convox"
	"convox-travis/internal/secret"
	"convox-travis/internal/transport"
	"convox-travis/travisapi"
)

// quoted is the text that Travis stores: a build runs "export NAME=TEXT".
func quoted(value secret.String) secret.String { return convox.Quote(value) }

// writer writes one variable of one repository until Travis has it, or says
// for certain that it will not. A write is never repeated blindly: after an
// answer that leaves its fate open, the variables are read first.
type writer struct {
	travis Travis
	retry  transport.Retry
	ref    travisapi.Ref
	branch string
	known  map[string]bool // the variables that were there before the run
	tell   func(Step, string)
}

// written is what is known of a variable after write.
type written struct {
	id      string
	created bool // by this run, and not in place of one that was there
	open    bool // a create was sent whose fate is not known
	cut     bool // a create was given up before it was answered, and may come late
	lost    bool // it was there, and Travis deleted it while replacing it
	result  Result
}

// write makes name hold value in the writer's scope. id is the variable to
// replace, "" to create one. What replaces is looked up and sent again until
// finish ends, also after a stop: nothing restores what was there. The error is
// nil exactly when the result is Done.
func (w writer) write(calls, finish Stop, name string, value secret.String, id string) (written, error) {
	state := written{id: id, created: id == "", result: Failed}
	attempts := w.retry.Attempts()
	w.tell(StepWrite, name)
	for {
		err := w.send(calls, name, value, &state)
		if !state.created && fateUnknown(err) {
			calls = finish
		}
		again := err != nil && worthALook(err, state)
		if again {
			again = w.settle(calls.Hard, name, &err, &state)
		}
		switch {
		case state.result == Done:
			w.tell(StepWritten, name)
			return state, nil
		case !again || gaveUp(err) || calls.Asked() != nil || !attempts.Next(calls.Soft, err):
			return state, err
		}
	}
}

// send makes one call: an update where there is something to update.
func (w writer) send(calls Stop, name string, value secret.String, state *written) error {
	var v travisapi.EnvVar
	var err error
	if state.id != "" {
		v, err = w.travis.UpdateEnvVar(calls, w.ref, state.id, travisapi.EnvVarChange{Name: name, Value: quoted(value), Public: false})
	} else {
		v, err = w.travis.CreateEnvVar(calls, w.ref, travisapi.NewEnvVar{Name: name, Value: quoted(value), Public: false, Branch: w.branch})
		state.open = state.open || fateUnknown(err)
		state.cut = state.cut || travisapi.Failed(err, travisapi.CodeTimeout) || (travisapi.Failed(err, travisapi.CodeCanceled) && fateUnknown(err))
	}
	if err == nil {
		state.id, state.result, state.lost = v.ID, Done, false
	}
	return err
}

// worthALook reports whether, after err, the variables say more than the error
// does: the write may have been done, what was to be updated is gone, what was
// to be created is there, or the server was too busy to begin.
func worthALook(err error, state written) bool {
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

// settle reads what came of a write that ended with cause, and notes it in
// state: that it was done, or what the next try has to do. Without such a look
// nothing is sent again: it reports whether there was one. A look that shows
// that Travis lets nobody in any more replaces the cause.
func (w writer) settle(ctx context.Context, name string, cause *error, state *written) bool {
	w.tell(StepLookUp, name)
	if fateUnknown(*cause) {
		state.result = Unknown
	}
	vars, err := w.travis.EnvVars(ctx, w.ref)
	if err != nil {
		if stopsEverything(err) {
			*cause = err
		}
		return false
	}
	last, _, found := lastInScope(vars, name, w.branch)
	switch {
	case !found:
		// A create that was not carried out, or an update that lost the
		// variable between its delete and its create: it is to be created.
		state.lost = !state.created
		state.id, state.result = "", Failed
		if state.cut || travisapi.Failed(*cause, travisapi.CodeDuplicate) {
			state.result = Unknown // it may come late, or the list is behind
		}
	case state.id == "" && state.open && !w.known[last.ID] && !last.Public:
		// The create was carried out: what is new here is ours.
		state.id, state.result = last.ID, Done
	default:
		// Somebody else made it in the meantime, or an update may or may not
		// have been carried out: a private value is never given back, and
		// sending it again ends the same in either case.
		if state.id == "" && !state.lost {
			state.created = false
		}
		state.id = last.ID
	}
	return true
}

func fateUnknown(err error) bool { return travisapi.FailureOf(err).FateUnknown }

// gaveUp reports whether Travis failed too often for anything to be sent again.
func gaveUp(err error) bool { return travisapi.FailureOf(err).GaveUp }
