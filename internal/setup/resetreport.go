package setup

import (
	"fmt"

	"al.essio.dev/pkg/shellescape"

	"convox-travis/cfn"
	"convox-travis/internal/convox"
)

// Phase is how far a reset came.
type Phase string

// The phases.
const (
	PhaseNothing    Phase = "nothing"     // nothing was changed
	PhaseUnknown    Phase = "unknown"     // the update may have begun
	PhaseUpdating   Phase = "updating"    // the stack's update was begun, and its end was not seen
	PhaseRolledBack Phase = "rolled_back" // the update was taken back
	PhaseStuck      Phase = "stuck"       // the update neither ended nor was taken back
	PhaseUpdated    Phase = "updated"     // the stack has the new password, and its web service may have the old one
	PhaseOvertaken  Phase = "overtaken"   // a later update of the stack has set another password
	PhaseSettled    Phase = "settled"     // only the new password logs in
)

// ResetReport is how a reset ended. Err is nil exactly at PhaseSettled.
type ResetReport struct {
	Rack   cfn.Rack
	Phase  Phase
	Status string       // of the stack, where it is known; cleaned
	Login  convox.Login // at PhaseSettled
	// OldUnknown means that nobody knew the password that held before, so that it
	// was not tried.
	OldUnknown bool
	HeldBefore bool // at PhaseNothing: it was seen that the stack had another password
	Err        error
	Left       error // why the change set that was not used could not be taken away, or nil
	Stopped    error // why the run was stopped before its end, or nil
}

// OldHolds reports whether the old password holds for certain, and the new one
// is good for nothing.
func (r ResetReport) OldHolds() bool {
	return r.Phase == PhaseNothing || r.Phase == PhaseRolledBack
}

// Begun reports whether AWS was told to change something.
func (r ResetReport) Begun() bool { return r.Phase != PhaseNothing }

// Standing says in words in what state the Rack is.
func (r ResetReport) Standing() string {
	rack := "Rack " + shownRack(r.Rack)
	status := ""
	if r.Status != "" {
		status = " (" + r.Status + ")"
	}
	switch {
	case r.Phase == PhaseUnknown:
		return rack + ": it is not known whether its update has begun, and either password may hold"
	case r.Phase == PhaseUpdating:
		return rack + ": its stack is being updated" + status + ", which goes on by itself"
	case r.Phase == PhaseRolledBack:
		return rack + ": the update was taken back" + status + ", and the old password still holds"
	case r.Phase == PhaseStuck:
		return rack + ": its stack is stuck" + status + ", and either password may hold"
	case r.Phase == PhaseUpdated:
		return rack + ": its stack has the new password" + status + ", and its web service may still take the old one"
	case r.Phase == PhaseOvertaken:
		return rack + ": a later update of its stack has set another password than the new one of this reset"
	case r.Phase == PhaseSettled && r.OldUnknown:
		return rack + ": the new password logs in, five times in a row; the old one is not known here, and was not tried"
	case r.Phase == PhaseSettled:
		return rack + ": only the new password logs in"
	}
	if r.HeldBefore {
		return rack + ": nothing was changed, and the old password still holds"
	}
	return rack + ": this run changed nothing"
}

// ResetEvent tells what happens in a reset.
type ResetEvent struct {
	Phase Phase
	// Done of Of are resources of the update, tasks of the web service, or fresh
	// logins, as the phase goes on. Of is 0 where that is not known.
	Done, Of int
	Words    string // what is being waited for; cleaned
	// TakenBack means that AWS is undoing the update.
	TakenBack bool

	Stack      *cfn.Event      // what happened to the stack, if it is that
	Deployment *cfn.Deployment // how the restart stands, if it is that
	Turn       *convox.Turn    // what a fresh login saw, if it is that
}

// restarting says how a deployment of the web service stands.
func restarting(d cfn.Deployment) ResetEvent {
	words := fmt.Sprintf("the web service starts anew: %d of %d tasks run", d.Running, d.Desired)
	switch {
	case d.Completed:
		words = "the web service's tasks run; waiting until each takes the new password"
	case d.Running >= d.Desired:
		words = "the new tasks run; waiting until the old ones are gone"
	}
	return ResetEvent{Phase: PhaseUpdated, Done: min(d.Running, d.Desired), Of: d.Desired, Words: words, Deployment: &d}
}

// loggingIn says what a fresh login saw, the done-th in a row.
func loggingIn(turn convox.Turn, done int) ResetEvent {
	e := ResetEvent{Phase: PhaseUpdated, Of: settledIn, Turn: &turn}
	switch {
	case turn.Err != nil:
		e.Words = "the Rack does not answer at the moment"
	case turn.Old:
		e.Words = "a web task still takes the old password"
	case !turn.New:
		e.Words = "a web task does not take the new password yet"
	default:
		e.Done = done
		e.Words = "fresh logins with the new password"
	}
	return e
}

// pickUp says how to go on with a reset that was begun.
func pickUp(rack cfn.Rack) string {
	return fmt.Sprintf("go on with it: convox-travis reset-password %s --region %s, with the same new password",
		shellescape.Quote(shownRack(rack)), shellescape.Quote(shellescape.StripUnsafe(rack.Region)))
}
