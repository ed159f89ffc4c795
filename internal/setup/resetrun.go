package setup

import (
	"errors"
	"fmt"
	"time"

	"al.essio.dev/pkg/shellescape"

	"convox-travis/cfn"
	"convox-travis/internal/convox"
)

// AwaitUpdate waits for the end, good or bad, of the update that a stack is in.
// It changes nothing.
func (r Resetter) AwaitUpdate(stop Stop, rack cfn.Rack) error {
	progress := newUpdating(nil)
	_, err := r.Stacks.Follow(stop.Soft, rack, time.Time{}, func(e cfn.Event) { r.tell(progress.event(e)) })
	return err
}

// Reset carries out a plan whose new password is with its owner already: it
// executes the preview, follows the stack, restarts the web service where the
// update does not, and ends when only the new password logs in. When it is asked
// to stop, what AWS was told to do goes on, and GoOn takes it up.
func (r Resetter) Reset(stop Stop, plan ResetPlan) ResetReport {
	run := resetRun{r, stop, plan}
	if plan.Preview == nil {
		return run.settle()
	}
	if err := plan.Err(); err != nil {
		return run.unbegun(err)
	}
	if err := stop.asked(); err != nil {
		return run.unbegun(err)
	}
	r.tell(ResetEvent{Phase: PhaseNothing, Of: len(plan.Preview.Changes), Words: "beginning the update"})
	ctx, cancel := stop.call()
	defer cancel()
	err := r.Stacks.Execute(ctx, plan.Preview)
	failed, is := errors.AsType[*cfn.Error](err)
	switch {
	case err == nil:
		return run.follow()
	case is && failed.Kind == cfn.KindUnknown:
		return run.ended(PhaseUpdating, "", run.notFollowed(err))
	}
	return run.unbegun(err)
}

// GoOn takes up a reset whose update was begun by this plan.
func (r Resetter) GoOn(stop Stop, plan ResetPlan) ResetReport {
	run := resetRun{r, stop, plan}
	if plan.Preview == nil {
		return run.settle()
	}
	return run.follow()
}

// resetRun is a plan that is being carried out.
type resetRun struct {
	Resetter
	stop Stop
	plan ResetPlan
}

func (r resetRun) ended(phase Phase, status string, err error) ResetReport {
	return ResetReport{Rack: r.plan.Rack, Phase: phase, Status: shellescape.StripUnsafe(status), Err: err, Stopped: r.stop.asked()}
}

// unbegun takes the change set away, so that no request that was given up can
// still begin the update. Where that shows that it was begun, it is followed.
func (r resetRun) unbegun(cause error) ResetReport {
	ctx, cancel := r.stop.cleanup()
	defer cancel()
	left := r.Stacks.Discard(ctx, r.plan.Preview)
	if failed, is := errors.AsType[*cfn.Error](left); is && failed.Kind == cfn.KindStale {
		return r.follow()
	}
	report := r.ended(PhaseNothing, "", cause)
	report.Left = left
	return report
}

// follow waits for the end of the update.
func (r resetRun) follow() ResetReport {
	progress := newUpdating(r.plan.Preview)
	rack := r.plan.Rack
	outcome, err := r.Stacks.Follow(r.stop.Soft, rack, r.plan.Preview.Since, func(e cfn.Event) { r.tell(progress.event(e)) })
	switch {
	case err != nil:
		return r.ended(PhaseUpdating, "", r.notFollowed(err))
	case outcome.End == cfn.RolledBack:
		return r.ended(PhaseRolledBack, outcome.Status, &Error{
			code:  CodeRolledBack,
			text:  fmt.Sprintf("reset the password of Rack %s: CloudFormation took the update back: %s", shownRack(rack), reasonOf(outcome)),
			hints: []string{"the old password still holds", "mend what failed, and run this again; the stack's events tell more"},
		})
	case outcome.End != cfn.Complete:
		return r.ended(PhaseStuck, outcome.Status, stuck(rack, outcome))
	}
	return r.settle()
}

func stuck(rack cfn.Rack, outcome cfn.Outcome) error {
	return &Error{
		code: CodeStuck,
		text: fmt.Sprintf("Rack %s: its stack is stuck in the state %s: %s", shownRack(rack), shellescape.StripUnsafe(outcome.Status), reasonOf(outcome)),
		hints: []string{
			"look at the stack's events in the CloudFormation console: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/troubleshooting.html",
			"when it has ended: " + pickUp(rack),
		},
	}
}

func reasonOf(outcome cfn.Outcome) string {
	if outcome.Reason == "" {
		return "AWS gives no reason"
	}
	return outcome.Reason
}

// notFollowed is an update that goes on without anybody watching it.
func (r resetRun) notFollowed(cause error) error {
	return &Error{
		code: CodeNotFollowed, cause: cause,
		text:  fmt.Sprintf("Rack %s: the update was begun, and its end was not seen", shownRack(r.plan.Rack)),
		hints: []string{pickUp(r.plan.Rack)},
	}
}

// settledIn is how many fresh connections in a row have to take the new password
// and refuse the old one: the web tasks take turns.
const settledIn = 5

// settle restarts the web service where that is needed, once, and waits until
// only the new password logs in.
func (r resetRun) settle() ResetReport {
	watch := newSettling(r)
	for {
		done, err := watch.look()
		switch {
		case done:
			report := r.ended(PhaseSettled, "", nil)
			report.Login = convox.Login{Host: r.plan.Host}
			return report
		case r.stop.asked() != nil:
			return r.ended(PhaseUpdated, "", r.notSettled(r.stop.asked()))
		case err != nil:
			return r.ended(PhaseUpdated, "", r.notSettled(err))
		}
		if err := r.clock().Sleep(r.stop.Soft, watch.wait); err != nil {
			return r.ended(PhaseUpdated, "", r.notSettled(err))
		}
	}
}

// notSettled is an update that is done while some web task may go on with the
// old password.
func (r resetRun) notSettled(cause error) error {
	return &Error{
		code: CodeNotSettled, cause: cause,
		text: fmt.Sprintf("Rack %s: its stack has the new password, and not every web task takes it yet", shownRack(r.plan.Rack)),
		hints: []string{
			pickUp(r.plan.Rack),
			"or force a new deployment of the Rack's web service in ECS by hand: convox-travis reset-password " + shellescape.Quote(shownRack(r.plan.Rack)) + " --guide",
		},
	}
}

func (r Resetter) tell(e ResetEvent) {
	if r.Tell != nil {
		r.Tell(e)
	}
}

// lasting reports whether an error of AWS will not go away by waiting.
func lasting(err error) bool {
	failed, is := errors.AsType[*cfn.Error](err)
	if !is {
		return err != nil
	}
	switch failed.Kind {
	case cfn.KindThrottled, cfn.KindNoAnswer, cfn.KindUnreachable, cfn.KindUnreadable, cfn.KindUnknown, cfn.KindFailed:
		return false
	}
	return true
}
