package setup

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"convox-travis/internal/convox"
	"convox-travis/internal/problem"
	"convox-travis/internal/secret"
	"convox-travis/internal/transport"
	"convox-travis/travisapi"
)

// quoteForTravis is the text that Travis stores: a build runs "export NAME=TEXT".
func quoteForTravis(value secret.String) secret.String { return convox.Quote(value) }

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
		again := err != nil && needsLookUp(err, state)
		if again {
			again = w.lookUp(calls.Hard, name, &err, &state)
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
		v, err = w.travis.UpdateEnvVar(calls, w.ref, state.id, travisapi.EnvVarChange{Name: name, Value: quoteForTravis(value), Public: false})
	} else {
		v, err = w.travis.CreateEnvVar(calls, w.ref, travisapi.NewEnvVar{Name: name, Value: quoteForTravis(value), Public: false, Branch: w.branch})
		state.open = state.open || fateUnknown(err)
		state.cut = state.cut || travisapi.Failed(err, travisapi.CodeTimeout) || (travisapi.Failed(err, travisapi.CodeCanceled) && fateUnknown(err))
	}
	if err == nil {
		state.id, state.result, state.lost = v.ID, Done, false
	}
	return err
}

// needsLookUp reports whether, after err, the variables say more than the error
// does: the write may have been done, what was to be updated is gone, what was
// to be created is there, or the server was too busy to begin.
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

// lookUp reads what came of a write that ended with cause, and notes it in
// state: that it was done, or what the next try has to do. Without such a look
// nothing is sent again: it reports whether there was one. A look that shows
// that Travis lets nobody in any more replaces the cause.
func (w writer) lookUp(ctx context.Context, name string, cause *error, state *written) bool {
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

// verifyRounds is how often the pair is read back and mended: somebody else's
// write to the same repository at the same moment can lose one of ours.
const verifyRounds = 3

// verify reads names, branches and privacy back, and mends what is not as it
// was written. A private value is never given back, so success means accepted
// and there, not compared.
func (p *repositoryRun) verify(calls Stop) error {
	p.tell(StepVerify, "")
	for round := 1; ; round++ {
		wrong, err := p.readBack(calls.Hard)
		switch {
		case err != nil:
			return &problem.Error{
				Code:   "not_verified",
				Action: fmt.Sprintf("%s: both variables were accepted, but could not be read back", p.repository.Target),
				Hints:  []string{"run this again: it ends in the same state"},
				Cause:  err,
			}
		case len(wrong) == 0:
			return nil
		case round == verifyRounds:
			p.markUnconfirmed(wrong)
			return overwritten(p.repository.Target, wrong)
		}
		p.markUnconfirmed(wrong)
		for _, w := range wrong {
			if err := p.rewrite(calls, w); err != nil {
				return err
			}
		}
	}
}

// readBack lists what is not as it was written. What was accepted and is not there
// is looked for again: a list can be behind.
func (p *repositoryRun) readBack(ctx context.Context) ([]deviation, error) {
	for pause := betweenLooks; ; pause *= 2 {
		vars, err := p.travis.EnvVars(ctx, p.ref)
		if err != nil {
			return nil, err
		}
		wrong := p.listDeviations(vars)
		absent := slices.ContainsFunc(wrong, func(d deviation) bool { return d.write && d.id == "" })
		if !absent || pause > longestLook || p.stop.Asked() != nil || p.retry.Defaults().Clock.Sleep(ctx, pause) != nil {
			return wrong, nil
		}
	}
}

// longestLook is the longest pause before another look at the list.
const longestLook = time.Second

// markUnconfirmed takes back what was said of variables that were read back otherwise,
// until they are written again.
func (p *repositoryRun) markUnconfirmed(wrong []deviation) {
	for _, d := range wrong {
		if d.write {
			p.states[d.name].result = Unknown
		}
	}
}

func overwritten(target Target, wrong []deviation) error {
	var names []string
	err := &problem.Error{Code: "overwritten", Object: target.String()}
	for _, d := range wrong {
		names = append(names, d.name)
		if d.name == PasswordName && d.public {
			err.Hints = append(err.Hints, "the new password is public there: make it private, and change it wherever it is good")
		}
	}
	err.Reason = fmt.Sprintf("not as it was written: %s; something else writes to these settings", strings.Join(names, " and "))
	err.Hints = append(err.Hints, "find out what else sets variables of this repository, then run this again")
	return err
}

// deviation is a variable that is not as it was written.
type deviation struct {
	name    string
	write   bool               // it has to be written again
	id      string             // what stands in its place; "" is nothing
	public  bool               // whether that is public
	doubles []travisapi.EnvVar // others of its name and scope
}

func (p *repositoryRun) listDeviations(vars []travisapi.EnvVar) []deviation {
	var all []deviation
	for _, name := range []string{HostName, PasswordName} {
		last, others, found := lastInScope(vars, name, p.branch)
		p.public[name] = found && last.Public
		d := deviation{name: name, id: last.ID, public: last.Public, doubles: others}
		d.write = !found || last.Public || last.ID != p.states[name].id
		if d.write || len(others) > 0 {
			all = append(all, d)
		}
	}
	return all
}

func (p *repositoryRun) rewrite(calls Stop, d deviation) error {
	if err := p.stop.Asked(); err != nil {
		return p.stopped(err)
	}
	if d.write {
		if err := p.setVariable(calls, d.name, d.id); err != nil {
			return err
		}
	}
	for _, double := range d.doubles {
		if err := p.deleteDuplicate(calls, double); err != nil {
			return err
		}
	}
	return nil
}

// undo takes away what this run created of a pair that could not be completed,
// the password first. What it replaced cannot be put back and stands.
func (p *repositoryRun) undo() {
	for _, name := range []string{PasswordName, HostName} {
		state := p.states[name]
		if state == nil || !state.created || state.result == Failed || (name == HostName && p.hostIsNeeded()) {
			continue
		}
		if state.id == "" && !p.findCreated(p.finish.Hard, name, state) {
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
func (p *repositoryRun) hostIsNeeded() bool {
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

// findCreated looks for a variable whose create has an unknown fate. It returns false
// when there is nothing to take away, or nothing can be found out.
func (p *repositoryRun) findCreated(ctx context.Context, name string, state *written) bool {
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
