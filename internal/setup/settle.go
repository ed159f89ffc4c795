package setup

import (
	"errors"
	"strings"
	"time"

	"convox-travis/cfn"
	"convox-travis/internal/convox"
)

// settling is the wait until only the new password logs in.
type settling struct {
	resetRun
	began     time.Time      // when the stack's last update began, by the clock of AWS; zero where that isn't known
	restarted bool           // by the update, or by us
	last      cfn.Deployment // as it was seen last
	turn      convox.Turn
	told      ResetEvent
	changed   time.Time     // when something was different last
	wait      time.Duration // until the next look
	failures  int           // to begin the restart
}

// restartTries is how often the restart is begun before its failure is final.
const restartTries = 5

func newSettling(r resetRun) *settling {
	s := &settling{resetRun: r, changed: r.clock().Now()}
	s.restarted = r.plan.Preview != nil && r.plan.Preview.RestartsItself
	state, _ := r.Stacks.State(r.stop.Soft, r.plan.Rack) // without an answer, restarting once too often does no harm
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
	errStillOld    = errors.New("the web service has been started anew, and a task still does not take it")
	errNeverEnds   = errors.New("the new deployment of the web service does not come to its end")
	errGaveUp      = errors.New("ECS gave the new deployment of the web service up")
	errOvertaken   = errors.New("a later update of its stack has set another password")
	errNoAnswerNow = errors.New("the Rack does not answer")
)

// look looks once at the web service and at the Rack's door, and begins the
// restart where a task was seen that does not take the new password, and none is
// under way that was begun since the update.
func (s *settling) look() (done bool, err error) {
	s.wait = s.pause()
	deployment, failed := s.Stacks.Deployment(s.stop.Soft, s.plan.Rack, "")
	if failed == nil {
		s.note(deployment)
	} else if lasting(failed) {
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

// note keeps how the deployment stands, and tells what is new.
func (s *settling) note(d cfn.Deployment) {
	if d != s.last {
		s.last, s.changed = d, s.clock().Now()
	}
	s.say(restarting(d))
}

// say tells what is new. While the web service starts anew, that is what is
// waited for, whatever a login sees.
func (s *settling) say(e ResetEvent) {
	if e.Turn != nil && !s.last.Completed {
		return
	}
	if e.Words != s.told.Words || e.Done != s.told.Done {
		s.told = e
		s.tell(e)
	}
}

// knock logs in anew, up to five times in a row.
func (s *settling) knock() (settled bool, err error) {
	turns := 0
	return s.Door.Settled(s.stop.Soft, s.plan.Host, s.plan.old, s.plan.new, settledIn, func(t convox.Turn) {
		turns++
		s.turn = t
		s.say(loggingIn(t, turns))
	})
}

// sawOld reports whether a web task was seen that has the old password, or a
// still older one. One that does not answer has said nothing.
func (s *settling) sawOld() bool { return s.turn.Err == nil && (s.turn.Old || !s.turn.New) }

// isOvertaken reports whether a later update of the stack has set another
// password: a reset by this program has; of any other update it is certain once
// tasks that were started after it refuse the password.
func (s *settling) isOvertaken(d cfn.Deployment) bool {
	if s.turn.Err != nil || s.turn.New {
		return false
	}
	state, err := s.Stacks.State(s.stop.Soft, s.plan.Rack)
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
	s.tell(ResetEvent{Phase: PhaseUpdated, Words: "restarting the web service"})
	ctx, cancel := s.stop.Call()
	defer cancel()
	deployment, err := s.Stacks.Restart(ctx, s.plan.Rack)
	if err != nil {
		s.failures++
		if lasting(err) || s.failures == restartTries {
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
	patience, why := s.patience(), errNeverEnds
	if s.last.Completed {
		patience, why = patience/10, errStillOld
	}
	switch {
	case s.clock().Now().Sub(s.changed) < patience:
		return nil
	case cause != nil:
		return cause
	case s.turn.Err != nil:
		return errNoAnswerNow
	}
	return why
}
