package connect

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"convox-travis/internal/crash"
	"convox-travis/internal/problem"
	"convox-travis/internal/progress"
	"convox-travis/internal/ratelimit"
	"convox-travis/internal/transport"
	"convox-travis/travisapi"
)

// Runner carries out plans and removals.
type Runner struct {
	Travis Travis
	Retry  transport.Retry // of writes whose fate is unknown; reads are retried by the client
	Tell   func(Event)     // called for each step, one at a time; may be nil
}

// Stop is how a run is ended from outside.
type Stop = transport.Stop

// Grace is the time that a run has left after it is asked to stop.
const Grace = transport.Grace

// neverStarted reports whether err is that of a write that didn't start, because of a
// stop while it waited for its turn.
func neverStarted(stop Stop, err error) bool {
	return stop.Asked() != nil && travisapi.Failed(err, travisapi.CodeCanceled) && !fateUnknown(err)
}

// Apply carries out a plan, several repositories at a time. Those whose plan has an error
// are skipped and reported. It ends early if it is asked to, or if Travis rejects the
// token, bans it, or fails repeatedly.
func (r Runner) Apply(stop Stop, plan Plan) Report {
	isNeeded := func(i int) bool { return plan.Repositories[i].writes() || plan.Repositories[i].Activate }
	return r.runEach(stop, plan.Intent(), isNeeded, func(r Runner, stop Stop, i int) RepositoryReport {
		return r.applyOne(stop, plan, plan.Repositories[i])
	})
}

// Activate carries out only the activations of a plan, for variables that are written to
// .travis.yml instead. Its report has no variables.
func (r Runner) Activate(stop Stop, plan Plan) Report {
	plan.Repositories = slices.Clone(plan.Repositories)
	for i := range plan.Repositories {
		p := &plan.Repositories[i]
		p.Host.Action, p.Password.Action = None, None
	}
	report := r.Apply(stop, plan)
	for i := range report.Repositories {
		report.Repositories[i].Variables = nil
	}
	return report
}

func (r Runner) applyOne(stop Stop, plan Plan, repository RepositoryPlan) RepositoryReport {
	run := &repositoryRun{
		Runner: r, stop: stop, branch: plan.Branch, credential: plan.Credential, repository: repository,
		states: map[string]*written{}, public: map[string]bool{},
	}
	err := run.carryOut()
	outcome := run.report(err)
	if err == nil && !repository.writes() {
		outcome.finish(Done) // unchanged, as planned
	}
	return outcome
}

// carryOut activates, writes and reads back, or rolls back what was created.
func (p *repositoryRun) carryOut() error {
	p.tell(StepBegin, "")
	calls, cancel := p.stop.Call()
	defer cancel()
	cleanup, end := p.stop.Cleanup()
	defer end()
	p.finish = transport.Until(cleanup)
	err := p.activate(calls)
	if err != nil || !p.repository.writes() {
		return err
	}
	if err = p.writeAll(calls, p.listDeviations(p.repository.before)); err == nil {
		err = p.verify(calls)
	}
	if err != nil && !p.isComplete() && !stopsEverything(err) {
		p.undo()
	}
	return err
}

// repositoryRun writes the variables of one repository.
type repositoryRun struct {
	Runner
	stop       Stop
	finish     Stop // for what must be completed once it is half done
	branch     string
	credential Credential
	repository RepositoryPlan
	states     map[string]*written // those that were sent to Travis
	public     map[string]bool     // as read back
	activated  bool
}

func (p *repositoryRun) tell(step Step, name string) {
	p.Runner.Tell(Event{Target: p.repository.Target, Step: step, Name: name})
}

// activate makes Travis build the repository, if requested. It comes first, so that an
// account that isn't allowed to fails before anything is written.
func (p *repositoryRun) activate(calls Stop) error {
	if !p.repository.Activate {
		return nil
	}
	p.tell(StepActivate, "")
	_, err := p.Travis.Activate(calls, p.repository.Ref())
	p.activated = err == nil || fateUnknown(err)
	return err
}

// writeAll writes the variables that differ, the host first, then deletes duplicates. It
// finishes a replacement that it has started even after a stop.
func (p *repositoryRun) writeAll(calls Stop, wrong []deviation) error {
	for _, d := range wrong {
		if !d.write {
			continue
		}
		if err := p.stop.Asked(); err != nil && !p.isHalfReplaced() {
			return p.stopped(err)
		}
		if err := p.setVariable(calls, d.name, d.id); err != nil {
			return err
		}
	}
	for _, d := range wrong {
		for _, double := range d.doubles {
			if err := p.deleteDuplicate(calls, double); err != nil {
				return err
			}
		}
	}
	return nil
}

// isHalfReplaced reports whether the host was replaced, which can't be undone, and the
// password wasn't yet: the old password would be sent to the new host. So it is written
// even after a stop.
func (p *repositoryRun) isHalfReplaced() bool {
	host, password := p.states[HostName], p.states[PasswordName]
	return host != nil && host.result == Done && !host.created && (password == nil || password.result != Done)
}

// setVariable writes one variable and records its state.
func (p *repositoryRun) setVariable(calls Stop, name, id string) error {
	before := p.states[name]
	if p.isHalfReplaced() {
		calls = p.finish
	}
	state, err := p.write(calls, name, id)
	if before != nil {
		// If it took another's place, it isn't ours to delete.
		state.created = before.created && (id == "" || id == before.id)
		if state.id == "" && state.result == Unknown {
			state.id = before.id // needed to delete it later
		}
	}
	p.states[name] = &state
	if neverStarted(p.stop, err) {
		return p.stopped(p.stop.Asked())
	}
	if state.lost {
		return &problem.Error{
			Code:   "variable_lost",
			Action: fmt.Sprintf("%s: Travis lost %s while replacing it, and writing it again failed", p.repository.Target, name),
			Hints:  []string{"run this again: it writes both variables again"},
			Cause:  err,
		}
	}
	return err
}

// deleteDuplicate deletes one duplicate. One that is gone already isn't an error; one
// that has the new value, because Travis lost the variable to replace, stays.
func (p *repositoryRun) deleteDuplicate(calls Stop, v travisapi.EnvVar) error {
	if v.ID == p.states[v.Name].id {
		return nil
	}
	if err := p.stop.Asked(); err != nil {
		return p.stopped(err)
	}
	p.tell(StepDelete, v.Name)
	err := p.deleteVariable(calls, p.repository.Ref(), v.ID)
	if neverStarted(p.stop, err) {
		return p.stopped(p.stop.Asked())
	}
	return err
}

// isComplete reports whether both variables were accepted.
func (p *repositoryRun) isComplete() bool {
	for _, name := range []string{HostName, PasswordName} {
		if state := p.states[name]; state == nil || state.result != Done {
			return false
		}
	}
	return true
}

func (p *repositoryRun) stopped(cause error) error { return stoppedIn(p.repository.Target, cause) }

func stoppedIn(target Target, cause error) error {
	return &problem.Error{Code: CodeStopped, Action: fmt.Sprintf("%s: stopped before it was done", target), Cause: cause}
}

// NotStarted is the error of a repository in which nothing was tried, because cause ended
// the run.
func NotStarted(target Target, cause error) error {
	return &problem.Error{Code: CodeNotStarted, Action: fmt.Sprintf("%s: nothing was written", target), Cause: cause}
}

func (p *repositoryRun) report(err error) RepositoryReport {
	report := p.repository.intent(p.branch)
	report.Err, report.Activated = err, p.activated
	for i := range report.Variables {
		v := &report.Variables[i]
		v.Public = p.public[v.Name] || v.Public
		v.Result = Failed
		if state := p.states[v.Name]; state != nil {
			v.Result, v.Lost = state.result, state.lost
		}
	}
	return report
}

func (r *RepositoryReport) finish(result Result) {
	for i := range r.Variables {
		r.Variables[i].Result = result
	}
}

// mostConcurrent is how many repositories are processed at the same time. Within one, calls
// are sequential: Travis loses one of two simultaneous writes
// (https://github.com/travis-ci/travis-api, lib/travis/model/json_sync.rb).
const mostConcurrent = 8

// forEach calls work with each number below n, concurrently.
func forEach(n int, work func(i int)) {
	var working errgroup.Group
	working.SetLimit(mostConcurrent)
	for i := range n {
		working.Go(func() error {
			defer crash.Catch()
			work(i)
			return nil
		})
	}
	_ = working.Wait() // work stores its own errors
}

// runEach works on the repositories of a report concurrently, if that is needed. Once an
// error ends the run, or if reading for it ended, those in progress finish as after a
// stop, and no other is started.
func (r Runner) runEach(stop Stop, report Report, isNeeded func(i int) bool, work func(r Runner, stop Stop, i int) RepositoryReport) Report {
	soft, end := context.WithCancelCause(stop.Soft)
	defer end(nil)
	if ended := endedBy(report); ended != nil {
		end(ended)
	}
	r.Tell = serialize(r.Tell)
	forEach(len(report.Repositories), func(i int) {
		outcome, stop := report.Repositories[i], Stop{Soft: soft, Hard: stop.Hard}
		switch over := stop.Asked(); {
		case outcome.Err != nil:
			outcome.finish(Failed)
		case !isNeeded(i):
			outcome.finish(Done)
		case over != nil:
			outcome.Err = NotStarted(outcome.Target, over)
			outcome.finish(Failed)
		default:
			outcome = work(r, stop, i)
		}
		if EndsRun(outcome.Err) {
			end(outcome.Err)
		}
		r.Tell(Event{Target: outcome.Target, Step: StepFinished, Report: &outcome})
		report.Repositories[i] = outcome
	})
	report.Stopped = stop.Asked()
	return report
}

// ReadEach calls read with each number below n, concurrently. progress, which may be nil,
// gets the number of finished ones, one call at a time.
func ReadEach(n int, progress func(done int), read func(i int)) {
	done := 0
	finished := serialize(func(int) {
		if done++; progress != nil {
			progress(done)
		}
	})
	forEach(n, func(i int) {
		read(i)
		finished(i)
	})
}

// serialize returns a function that calls f, which may be nil, one call at a time.
func serialize[T any](f func(T)) func(T) {
	var calling sync.Mutex
	return func(value T) {
		calling.Lock()
		defer calling.Unlock()
		if f != nil {
			f(value)
		}
	}
}

// Tally returns the count of a run over the plan that starts now. Its minimum time comes
// from Travis's limit for POSTs.
func (p Plan) Tally(now time.Time) *progress.Tally {
	posts := 0
	for _, repository := range p.Repositories {
		posts += repository.posts()
	}
	return progress.NewTally(len(p.Repositories), time.Duration(max(0, posts-1)/ratelimit.TravisPosts)*ratelimit.TravisWindow, now)
}

// posts is the minimum number of POSTs of the plan.
func (p RepositoryPlan) posts() int {
	if p.Err != nil {
		return 0
	}
	posts := 0
	for _, change := range []Change{p.Host, p.Password} {
		if change.Action == Create {
			posts++
		}
	}
	if p.Activate {
		posts++
	}
	return posts
}

// Tally returns the count of a run over the removal that starts now.
func (r Removal) Tally(now time.Time) *progress.Tally {
	return progress.NewTally(len(r.Repositories), 0, now)
}
