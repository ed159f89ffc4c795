package reset

import (
	"cmp"
	"fmt"

	"convox-travis/cfn"
	"convox-travis/internal/problem"
	"convox-travis/internal/transport"
)

// run is a plan being carried out.
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
// executed. Then the stack is unchanged only if it has had no event since.
func (r *run) cancel(cause error, isRefused bool) Report {
	ctx, cancel := r.stop.Cleanup()
	defer cancel()
	left := r.stacks.Discard(ctx, r.plan.Preview)
	if problem.Has(left, cfn.CodeStale) {
		return r.follow()
	}
	if !isRefused {
		if touched, err := r.stacks.Touched(ctx, r.plan.Preview); left != nil || touched || err != nil {
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

// follow waits for the end of the update.
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
