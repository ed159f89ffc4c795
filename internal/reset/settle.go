package reset

import (
	"errors"
	"strings"
	"time"

	"convox-travis/cfn"
	"convox-travis/internal/convox"
)

// settledIn is how many fresh connections in a row have to take the new password
// and refuse the old one: the web tasks take turns.
const settledIn = 5

// settle restarts the web service where that is needed, once, and waits until
// only the new password logs in.
func (r *run) settle() Report {
	watch := newSettling(r)
	for {
		done, err := watch.look()
		switch {
		case done:
			return r.ended(PhaseSettled, "", nil)
		case r.stop.Asked() != nil:
			err = r.stop.Asked()
		case err == errOvertaken:
			return r.ended(PhaseOvertaken, "", failed(r.Rack, CodeOvertaken, errOvertaken.Error()+", and the new one of this reset doesn't log in", nil,
				"use the password of the later reset: whoever ran it has it"))
		case err == nil:
			err = r.Clock.Sleep(r.stop.Soft, watch.wait)
		}
		if err != nil {
			return r.ended(PhaseUpdated, "", failed(r.Rack, CodeNotSettled, "its stack has the new password, and not every web task takes it yet", err))
		}
	}
}

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

// restartTries is how often the restart is begun before its failure is final.
const restartTries = 5

func newSettling(r *run) *settling {
	s := &settling{run: r, changed: r.Clock.Now()}
	s.restarted = r.plan.Preview != nil && r.plan.Preview.RestartsItself
	state, _ := r.stacks.State(r.stop.Soft, r.Rack) // without an answer, restarting once too often does no harm
	s.began = state.Since
	return s
}

// isNew reports whether a deployment was begun since the update. One that was
// there when the reset was planned was not.
func (s *settling) isNew(d cfn.Deployment) bool {
	if s.plan.Preview != nil {
		return d.ID != s.plan.deployment
	}
	return !s.began.IsZero() && d.Created.After(s.began)
}

var (
	errStillOld    = errors.New("the web service has restarted, and a task still does not take it")
	errNeverEnds   = errors.New("the new deployment of the web service does not end")
	errGaveUp      = errors.New("ECS gave up the new deployment of the web service")
	errOvertaken   = errors.New("a later update of its stack has set another password")
	errNoAnswerNow = errors.New("the Rack does not answer")
)

// look looks once at the web service and logs in to the Rack. It restarts the
// service where a task doesn't take the new password, and no restart has begun
// since the update.
func (s *settling) look() (done bool, err error) {
	s.wait = s.Pause
	deployment, failed := s.stacks.Deployment(s.stop.Soft, s.Rack, "")
	if failed == nil {
		s.note(deployment)
	} else if isLasting(failed) {
		return false, failed
	}
	settled, err := s.knock()
	switch {
	case err != nil:
		return false, err
	case s.isOvertaken(deployment):
		return false, errOvertaken
	case failed != nil: // the next look may be answered
		return false, s.tooLong(failed)
	case settled && deployment.Completed:
		return true, nil
	case deployment.Failed:
		return false, errGaveUp
	case s.restarted, !s.sawOld(), !deployment.Completed && s.isNew(deployment):
		return false, s.tooLong(nil)
	}
	return false, s.restart()
}

// note keeps how the deployment stands, and reports what is new.
func (s *settling) note(d cfn.Deployment) {
	if d != s.last {
		s.last, s.changed = d, s.Clock.Now()
	}
	s.say(restarting(d))
}

// say reports what is new. While the web service restarts, that is what is
// waited for, whatever a login sees.
func (s *settling) say(e Event) {
	if e.Turn != nil && !s.last.Completed {
		return
	}
	if e.Words != s.reported.Words || e.Done != s.reported.Done {
		s.reported = e
		s.tell(e)
	}
}

// knock logs in on fresh connections, up to five times in a row.
func (s *settling) knock() (settled bool, err error) {
	turns := 0
	return s.request.Door.Settled(s.stop.Soft, s.Host, s.plan.old, s.request.New, settledIn, func(t convox.Turn) {
		turns++
		s.turn = t
		s.say(loggingIn(t, turns))
	})
}

// sawOld reports whether a web task has the old password, or a still older one.
// One that doesn't answer has said nothing.
func (s *settling) sawOld() bool { return s.turn.Err == nil && (s.turn.Old || !s.turn.New) }

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
	ours := s.plan.Preview == nil || state.IsOf(s.plan.Preview)
	isLater := !ours || !s.began.IsZero() && state.Since.After(s.began)
	return isLater && (state.Reset || s.restarted && d.Completed && !d.Created.Before(state.Since))
}

// restart begins a new deployment. One whose fate is unknown counts as begun
// until it is seen that it was not.
func (s *settling) restart() error {
	s.tell(Event{Phase: PhaseUpdated, Words: "restarting the web service"})
	ctx, cancel := s.stop.Call()
	defer cancel()
	deployment, err := s.stacks.Restart(ctx, s.Rack)
	if err != nil {
		s.failures++
		if isLasting(err) || s.failures == restartTries {
			return err
		}
		s.wait <<= s.failures
		return s.tooLong(err)
	}
	s.restarted, s.wait = true, 0
	s.note(deployment)
	return nil
}

// tooLong returns an error when nothing has changed for too long.
func (s *settling) tooLong(cause error) error {
	patience, why := s.Patience, errNeverEnds
	if s.last.Completed {
		patience, why = patience/10, errStillOld
	}
	switch {
	case s.Clock.Now().Sub(s.changed) < patience:
		return nil
	case cause != nil:
		return cause
	case s.turn.Err != nil:
		return errNoAnswerNow
	}
	return why
}
