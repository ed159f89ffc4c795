package setup

import (
	"fmt"
	"time"

	"al.essio.dev/pkg/shellescape"

	"convox-travis/cfn"
	"convox-travis/internal/convox"
	"convox-travis/internal/problem"
	"convox-travis/internal/secret"
)

// AwaitUpdate waits for the end, good or bad, of the update that a stack is in.
// It changes nothing. known are passwords that AWS may quote in a reason; where
// none is known, no reason is told.
func (r Resetter) AwaitUpdate(stop Stop, rack cfn.Rack, known ...secret.String) (cfn.Outcome, error) {
	for _, password := range known {
		r.Stacks.Redact(password)
	}
	progress := newUpdating(nil)
	outcome, err := r.Stacks.Follow(stop.Soft, rack, time.Time{}, func(e cfn.Event) {
		if len(known) == 0 {
			e.Reason = ""
		}
		progress.follow(e, r.tell)
	})
	if len(known) == 0 {
		outcome.Reason = ""
	}
	return outcome, err
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
		return run.unbegun(err, true)
	}
	if err := stop.asked(); err != nil {
		return run.unbegun(err, true)
	}
	r.tell(ResetEvent{Phase: PhaseNothing, Of: len(plan.Preview.Changes), Words: "beginning the update"})
	ctx, cancel := stop.call()
	defer cancel()
	if err := r.Stacks.Execute(ctx, plan.Preview); err != nil {
		return run.unbegun(err, cfn.Definite(err))
	}
	return run.follow()
}

// GoOn takes up a reset of this plan where its last report left it.
func (r Resetter) GoOn(stop Stop, plan ResetPlan, last ResetReport) ResetReport {
	run := resetRun{r, stop, plan}
	switch {
	case plan.Preview == nil, last.Phase == PhaseUpdated:
		return run.settle()
	case last.Phase == PhaseUnknown:
		return run.unbegun(&Error{
			code: CodeNotBegun, text: fmt.Sprintf("Rack %s: the update was not begun", shownRack(plan.Rack)), hints: []string{"begin again, with a new preview"},
		}, false)
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
	return ResetReport{
		Rack: r.plan.Rack, Phase: phase, Status: shellescape.StripUnsafe(status), OldUnknown: r.plan.old.IsEmpty(), Err: err, Stopped: r.stop.asked(),
	}
}

// unbegun takes the change set away, so that no request that was given up can
// still begin the update. Where that shows that it was begun, it is followed.
// Where AWS did not certainly refuse to begin, a change set that is not there
// proves nothing: it may be gone because it, or another one, was executed. Then
// only a stack to which nothing has happened since was not updated.
func (r resetRun) unbegun(cause error, refused bool) ResetReport {
	ctx, cancel := r.stop.cleanup()
	defer cancel()
	left := r.Stacks.Discard(ctx, r.plan.Preview)
	if problem.Code(left) == cfn.CodeStale {
		return r.follow()
	}
	if !refused {
		if touched, err := r.Stacks.Touched(ctx, r.plan.Preview); left != nil || touched || err != nil {
			unknown := OfUnknownFate(r.plan.Rack, cause)
			unknown.Stopped = r.stop.asked()
			return unknown
		}
	}
	report := r.ended(PhaseNothing, "", cause)
	report.Left = left
	code := problem.Code(cause)
	report.HeldBefore = code != cfn.CodeStale && code != cfn.CodeBusy // else something else may have changed it
	return report
}

// OfUnknownFate is the report of a reset of which it is not known whether its update
// has begun.
func OfUnknownFate(rack cfn.Rack, cause error) ResetReport {
	if decided, is := cause.(*Error); is && decided.code == CodeNotBegun {
		cause = nil // what was to be said if it had not
	}
	return ResetReport{Rack: rack, Phase: PhaseUnknown, Err: &Error{
		code: CodeUnknown, cause: cause,
		text:  fmt.Sprintf("Rack %s: it is not known whether the update has begun", shownRack(rack)),
		hints: []string{pickUp(rack)},
	}}
}

// follow waits for the end of the update.
func (r resetRun) follow() ResetReport {
	rack, progress := r.plan.Rack, r.plan.progress
	outcome, err := r.Stacks.Follow(r.stop.Soft, rack, r.plan.Preview.Since, func(e cfn.Event) { progress.follow(e, r.tell) })
	switch {
	case err != nil:
		return r.ended(PhaseUpdating, "", NotFollowed(rack, err))
	case outcome.End == cfn.RolledBack:
		return r.ended(PhaseRolledBack, outcome.Status, RolledBack(rack, outcome))
	case outcome.End != cfn.Complete:
		return r.ended(PhaseStuck, outcome.Status, stuck(rack, outcome))
	}
	return r.settle()
}

// RolledBack is the error of a reset that CloudFormation took back.
func RolledBack(rack cfn.Rack, outcome cfn.Outcome) error {
	return &Error{
		code:  CodeRolledBack,
		text:  fmt.Sprintf("reset the password of Rack %s: CloudFormation took the update back: %s", shownRack(rack), reasonOf(outcome)),
		hints: []string{"the old password still holds", "mend what failed, and run this again; the stack's events tell more"},
	}
}

func stuck(rack cfn.Rack, outcome cfn.Outcome) error {
	return &Error{
		code: CodeStuck,
		text: fmt.Sprintf("Rack %s: its stack is stuck in the state %s: %s", shownRack(rack), shellescape.StripUnsafe(outcome.Status), reasonOf(outcome)),
		hints: []string{
			"look at the stack's events in the CloudFormation console: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/troubleshooting.html",
			"when the stack is whole again: " + pickUp(rack),
		},
	}
}

func reasonOf(outcome cfn.Outcome) string {
	if outcome.Reason == "" {
		return "AWS gives no reason"
	}
	return outcome.Reason
}

// NotFollowed is the error of a reset whose update goes on without anybody
// watching it.
func NotFollowed(rack cfn.Rack, cause error) error {
	return &Error{
		code: CodeNotFollowed, cause: cause,
		text:  fmt.Sprintf("Rack %s: the update was begun, and its end was not seen", shownRack(rack)),
		hints: []string{pickUp(rack)},
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
		case err == errOvertaken:
			return r.ended(PhaseOvertaken, "", r.overtaken())
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
			fmt.Sprintf("or force a new deployment of the Rack's web service in ECS by hand: convox-travis reset-password %s --region %s --guide",
				shellescape.Quote(shownRack(r.plan.Rack)), shellescape.Quote(shellescape.StripUnsafe(r.plan.Rack.Region))),
		},
	}
}

// overtaken is a reset whose password another update of the stack has replaced.
func (r resetRun) overtaken() error {
	rack := shownRack(r.plan.Rack)
	return &Error{
		code: CodeOvertaken,
		text: fmt.Sprintf("Rack %s: %v, and the new one of this reset does not log in", rack, errOvertaken),
		hints: []string{
			"use the password of the later reset: whoever ran it has it",
			fmt.Sprintf("or reset it again: convox-travis reset-password %s --region %s", shellescape.Quote(rack), shellescape.Quote(shellescape.StripUnsafe(r.plan.Rack.Region))),
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
	return err != nil && !problem.Has(err, cfn.CodeThrottled, cfn.CodeNoAnswer, cfn.CodeUnreachable, cfn.CodeUnreadable, cfn.CodeUnknown, cfn.CodeFailed)
}
