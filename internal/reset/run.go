package reset

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"

	"convox-travis/cfn"
	"convox-travis/internal/clock"
	"convox-travis/internal/convox"
	"convox-travis/internal/problem"
	"convox-travis/internal/transport"
)

type run struct {
	*Reset
	plan Plan
	stop transport.Stop
	tell func(Event)
}

// carryOut executes the preview, follows the stack, restarts the web service unless the
// update does, and ends when only the new password logs in. Or it continues where the
// last report stopped.
func (r *run) carryOut(isOpen bool) Report {
	switch {
	case !isOpen:
		return r.start()
	case r.plan.Preview == nil, r.report.Phase == PhaseUpdated:
		return r.verify()
	case r.report.Phase == PhaseUnknown:
		return r.cancel(failed(r.Rack, CodeNotStarted, "the update wasn't started", nil, "start again, with a new preview"), false)
	}
	return r.follow()
}

func (r *run) start() Report {
	err := r.plan.Err()
	if err == nil && r.plan.Preview != nil {
		err = r.stop.Asked()
	}
	if err == nil && r.resumes() {
		err = r.Save() // the owner must have the password by now
	}
	switch {
	case r.plan.Preview == nil && err != nil:
		return r.makeReport(PhaseNothing, "", err)
	case r.plan.Preview == nil:
		return r.verify()
	case err != nil:
		return r.cancel(err, true)
	}
	r.tell(Event{Phase: PhaseNothing, Of: len(r.plan.Preview.Changes), Words: "starting the update"})
	if err := r.stacks.Execute(r.stop, r.plan.Preview); err != nil {
		return r.cancel(err, cfn.DidNothing(err))
	}
	return r.follow()
}

// cancel discards the change set, so that no canceled request can still start the update.
// If that shows that the update was started, it is followed. Unless AWS certainly refused
// to start it, a missing change set isn't conclusive: it, or another one, may have been
// executed. Then the stack is unchanged only if no update of it has started since.
func (r *run) cancel(cause error, isRefused bool) Report {
	ctx, cancel := r.stop.Cleanup()
	defer cancel()
	left := r.stacks.Discard(ctx, r.plan.Preview)
	if problem.Has(left, cfn.CodeStale) {
		return r.follow()
	}
	if !isRefused {
		if stack, err := r.stacks.State(ctx, r.Rack); left != nil || err != nil || stack.Since.After(r.plan.Preview.Since) {
			if problem.Code(cause) == CodeNotStarted {
				cause = nil // it may have
			}
			return r.makeReport(PhaseUnknown, "", unknownFate(r.Rack, cause))
		}
	}
	report := r.makeReport(PhaseNothing, "", cause)
	report.Left = left
	return report
}

func (r *run) follow() Report {
	outcome, err := r.stacks.Follow(r.stop.Soft, r.Rack, r.plan.Preview.Since, func(e cfn.Event) { r.plan.progress.add(e, r.tell) })
	switch {
	case err != nil:
		return r.makeReport(PhaseUpdating, "", notFollowed(r.Rack, err))
	case outcome.End == cfn.RolledBack:
		return r.makeReport(PhaseRolledBack, outcome.Status, rolledBack(r.Rack, outcome))
	case outcome.End != cfn.Complete:
		why := fmt.Sprintf("its stack is stuck in the state %s: %s", outcome.Status, reasonOf(outcome))
		return r.makeReport(PhaseStuck, outcome.Status, failed(r.Rack, CodeStuck, why, nil, cmp.Or(outcome.Repair,
			"check the stack's events in the CloudFormation console and repair it: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/troubleshooting.html")))
	}
	return r.verify()
}

func (r *run) makeReport(phase Phase, status string, err error) Report {
	return Report{
		Rack: r.Rack, Phase: phase, Status: status, OldUnknown: r.plan.old.IsEmpty(), Err: err, Stopped: r.stop.Asked(),
	}
}

const (
	// requiredLogins is how many fresh connections in a row must accept the new password
	// and reject the old one: the web tasks take turns.
	requiredLogins = 5

	pause    = 3 * time.Second  // between two checks of the web service
	patience = 30 * time.Minute // for a restarting web service; one that has restarted gets a tenth of it

	restartTries = 5
)

// verification is the wait until only the new password logs in.
type verification struct {
	*run
	began     time.Time      // when the stack's last update began, by AWS's clock; zero if unknown
	restarted bool           // by the update, or by us
	last      cfn.Deployment // as last reported by ECS
	attempt   convox.LoginAttempt
	reported  Event
	changed   time.Time     // when something last changed
	wait      time.Duration // until the next check
	failures  int           // to begin the restart
}

var (
	errStillOld    = errors.New("the web service has restarted, and a task still doesn't accept it")
	errNeverEnds   = errors.New("the new deployment of the web service doesn't finish")
	errGaveUp      = errors.New("ECS gave up the new deployment of the web service")
	errOvertaken   = errors.New("a later update of its stack set another password")
	errNoAnswerNow = errors.New("the Rack doesn't answer")
)

// verify restarts the web service once if needed, and waits until only the new password
// logs in.
func (r *run) verify() Report {
	stack, _ := r.stacks.State(r.stop.Soft, r.Rack) // if this fails, an unnecessary restart does no harm
	s := &verification{run: r, began: stack.Since, changed: r.clock().Now()}
	s.restarted = r.plan.Preview != nil && r.plan.Preview.RestartsItself
	for {
		done, err := s.check()
		switch {
		case done:
			return r.makeReport(PhaseDone, "", nil)
		case r.stop.Asked() != nil:
			err = r.stop.Asked()
		case err == errOvertaken:
			return r.makeReport(PhaseOvertaken, "", failed(r.Rack, CodeOvertaken, err.Error()+", and the new one of this reset doesn't log in", nil,
				"use the password of the later reset: the person who ran it has it"))
		case err == nil:
			err = r.clock().Sleep(r.stop.Soft, s.wait)
		}
		if words := s.last.Event; err != nil && words != "" {
			err = fmt.Errorf("%w; ECS reports: %s", err, words)
		}
		if err != nil {
			return r.makeReport(PhaseUpdated, "", failed(r.Rack, CodeNotRestarted, "its stack has the new password, and not every web task accepts it yet", err))
		}
	}
}

// check checks the web service once and logs in to the Rack. It restarts the service if a
// task doesn't accept the new password and no restart has started since the update.
func (s *verification) check() (done bool, err error) {
	s.wait = pause
	d, failure := s.stacks.Deployment(s.stop.Soft, s.Rack)
	if failure == nil {
		s.update(d)
	} else if isPermanent(failure) {
		return false, failure
	}
	turns := 0
	isDone, err := s.request.Checker.TryLogins(s.stop.Soft, s.Host, s.plan.old, s.request.New, requiredLogins, func(t convox.LoginAttempt) {
		turns++
		s.attempt = t
		s.announce(loginEvent(t, turns))
	})
	isNew := d.ID != s.plan.deployment // started since the update
	if s.plan.Preview == nil {
		isNew = !s.began.IsZero() && d.Created.After(s.began)
	}
	sawOld := s.attempt.Err == nil && (s.attempt.Old || !s.attempt.New) // the old password, or an even older one
	switch {
	case err != nil:
		return false, err
	case s.isOvertaken(d):
		return false, errOvertaken
	case failure != nil: // the next check may succeed
		return false, s.tooLong(failure)
	case isDone && d.Completed:
		return true, nil
	case d.Failed:
		return false, errGaveUp
	case s.restarted, !sawOld, !d.Completed && isNew:
		return false, s.tooLong(nil)
	}
	return false, s.restart()
}

func (r *run) clock() clock.Clock { return cmp.Or[clock.Clock](r.Clock, clock.System{}) }

func (s *verification) update(d cfn.Deployment) {
	before, now := s.last, d
	before.Event, now.Event = "", "" // a task that fails repeatedly isn't progress
	if now != before {
		s.changed = s.clock().Now()
	}
	s.last = d
	s.announce(restartEvent(d))
}

// announce reports what is new. While the web service restarts, logins aren't reported.
func (s *verification) announce(e Event) {
	if e.Attempt != nil && !s.last.Completed || e.Words == s.reported.Words && e.Done == s.reported.Done {
		return
	}
	s.reported = e
	s.tell(e)
}

// isOvertaken reports whether a later update of the stack set another password: certain
// for a reset by this program; for any other update, once tasks that started after it
// reject the password.
func (s *verification) isOvertaken(d cfn.Deployment) bool {
	if s.attempt.Err != nil || s.attempt.New {
		return false
	}
	state, err := s.stacks.State(s.stop.Soft, s.Rack)
	if err != nil || state.InProgress || strings.Contains(state.Status, "ROLLBACK") {
		return false
	}
	isOurs := s.plan.Preview == nil || state.IsOf(s.plan.Preview)
	isLater := !isOurs || !s.began.IsZero() && state.Since.After(s.began)
	return isLater && (state.Reset || s.restarted && d.Completed && !d.Created.Before(state.Since))
}

// restart starts a new deployment. If it is unknown whether it started, it counts as
// started until the opposite is certain.
func (s *verification) restart() error {
	s.tell(Event{Phase: PhaseUpdated, Words: "restarting the web service"})
	d, err := s.stacks.Restart(s.stop, s.Rack)
	if err != nil {
		s.failures++
		if isPermanent(err) || s.failures == restartTries {
			return err
		}
		s.wait <<= s.failures
		return s.tooLong(err)
	}
	s.restarted, s.wait = true, 0
	s.update(d)
	return nil
}

// tooLong returns an error when nothing has changed for too long.
func (s *verification) tooLong(cause error) error {
	most, why := patience, errNeverEnds
	if s.last.Completed {
		most, why = patience/10, errStillOld
	}
	switch {
	case s.clock().Now().Sub(s.changed) < most:
		return nil
	case cause != nil:
		return cause
	case s.attempt.Err != nil:
		return errNoAnswerNow
	}
	return why
}
