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
)

const (
	// settledIn is how many fresh connections in a row have to take the new
	// password and refuse the old one: the web tasks take turns.
	settledIn = 5

	pause    = 3 * time.Second  // between two looks at the web service
	patience = 30 * time.Minute // for a web service that restarts; one that has restarted gets a tenth of it

	restartTries = 5
)

// settling is the wait until only the new password logs in.
type settling struct {
	*run
	began     time.Time      // when the stack's last update began, by the clock of AWS; zero where that isn't known
	restarted bool           // by the update, or by us
	last      cfn.Deployment // as it was seen last
	turn      convox.Turn
	reported  Event
	changed   time.Time     // when something was different last
	wait      time.Duration // until the next look
	failures  int           // to begin the restart
}

var (
	errStillOld    = errors.New("the web service has restarted, but a task still doesn't accept it")
	errNeverEnds   = errors.New("the new deployment of the web service doesn't finish")
	errGaveUp      = errors.New("ECS gave up on the new deployment of the web service")
	errOvertaken   = errors.New("a later update of its stack has set another password")
	errNoAnswerNow = errors.New("the Rack doesn't answer")
)

// settle restarts the web service where that is needed, once, and waits until
// only the new password logs in.
func (r *run) settle() Report {
	stack, _ := r.stacks.State(r.stop.Soft, r.Rack) // without an answer, restarting once too often does no harm
	s := &settling{run: r, began: stack.Since, changed: r.clock().Now()}
	s.restarted = r.plan.Preview != nil && r.plan.Preview.RestartsItself
	for {
		done, err := s.look()
		switch {
		case done:
			return r.ended(PhaseSettled, "", nil)
		case r.stop.Asked() != nil:
			err = r.stop.Asked()
		case err == errOvertaken:
			return r.ended(PhaseOvertaken, "", failed(r.Rack, CodeOvertaken, err.Error()+", and the one of this reset doesn't work", nil,
				"use the password of the later reset: whoever ran it has it"))
		case err == nil:
			err = r.clock().Sleep(r.stop.Soft, s.wait)
		}
		if words := s.last.Event; err != nil && words != "" {
			err = fmt.Errorf("%w; ECS says: %s", err, words)
		}
		if err != nil {
			return r.ended(PhaseUpdated, "", failed(r.Rack, CodeNotSettled, "its stack has the new password, but not every web task accepts it yet", err))
		}
	}
}

// look looks once at the web service and logs in to the Rack. It restarts the
// service where a task doesn't take the new password, and no restart has begun
// since the update.
func (s *settling) look() (done bool, err error) {
	s.wait = pause
	d, failure := s.stacks.Deployment(s.stop.Soft, s.Rack, "")
	if failure == nil {
		s.note(d)
	} else if isLasting(failure) {
		return false, failure
	}
	turns := 0
	settled, err := s.request.Door.Settled(s.stop.Soft, s.Host, s.plan.old, s.request.New, settledIn, func(t convox.Turn) {
		turns++
		s.turn = t
		s.say(loggingIn(t, turns))
	})
	isNew := d.ID != s.plan.deployment // begun since the update
	if s.plan.Preview == nil {
		isNew = !s.began.IsZero() && d.Created.After(s.began)
	}
	sawOld := s.turn.Err == nil && (s.turn.Old || !s.turn.New) // the old password, or a still older one
	switch {
	case err != nil:
		return false, err
	case s.isOvertaken(d):
		return false, errOvertaken
	case failure != nil: // the next look may be answered
		return false, s.tooLong(failure)
	case settled && d.Completed:
		return true, nil
	case d.Failed:
		return false, errGaveUp
	case s.restarted, !sawOld, !d.Completed && isNew:
		return false, s.tooLong(nil)
	}
	return false, s.restart()
}

func (r *run) clock() clock.Clock { return cmp.Or[clock.Clock](r.Clock, clock.System{}) }

// note keeps how the deployment stands, and reports it.
func (s *settling) note(d cfn.Deployment) {
	before, now := s.last, d
	before.Event, now.Event = "", "" // a task that fails again and again is no progress
	if now != before {
		s.changed = s.clock().Now()
	}
	s.last = d
	s.say(restarting(d))
}

// say reports what is new. While the web service restarts, that is what is
// waited for, whatever a login sees.
func (s *settling) say(e Event) {
	if e.Turn != nil && !s.last.Completed || e.Words == s.reported.Words && e.Done == s.reported.Done {
		return
	}
	s.reported = e
	s.tell(e)
}

// isOvertaken reports whether a later update of the stack has set another
// password: a reset by this program has; of any other update it is certain once
// tasks that were started after it refuse the password.
func (s *settling) isOvertaken(d cfn.Deployment) bool {
	if s.turn.Err != nil || s.turn.New {
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

// restart begins a new deployment. One whose fate is unknown counts as begun
// until it is seen that it was not.
func (s *settling) restart() error {
	s.tell(Event{Phase: PhaseUpdated, Words: "restarting the web service"})
	d, err := s.stacks.Restart(s.stop, s.Rack)
	if err != nil {
		s.failures++
		if isLasting(err) || s.failures == restartTries {
			return err
		}
		s.wait <<= s.failures
		return s.tooLong(err)
	}
	s.restarted, s.wait = true, 0
	s.note(d)
	return nil
}

// tooLong returns an error when nothing has changed for too long.
func (s *settling) tooLong(cause error) error {
	most, why := patience, errNeverEnds
	if s.last.Completed {
		most, why = patience/10, errStillOld
	}
	switch {
	case s.clock().Now().Sub(s.changed) < most:
		return nil
	case cause != nil:
		return cause
	case s.turn.Err != nil:
		return errNoAnswerNow
	}
	return why
}
