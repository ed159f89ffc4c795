package setup

import (
	"fmt"
	"strings"

	"al.essio.dev/pkg/shellescape"

	"convox-travis/cfn"
	"convox-travis/internal/convox"
)

// Phase is how far a reset came.
type Phase string

// The phases.
const (
	PhaseNothing    Phase = "nothing"     // nothing was changed
	PhaseUpdating   Phase = "updating"    // the stack's update was begun, and its end was not seen
	PhaseRolledBack Phase = "rolled_back" // the update was taken back
	PhaseStuck      Phase = "stuck"       // the update neither ended nor was taken back
	PhaseUpdated    Phase = "updated"     // the stack has the new password, and its web service may have the old one
	PhaseSettled    Phase = "settled"     // only the new password logs in
)

// ResetReport is how a reset ended. Err is nil exactly at PhaseSettled.
type ResetReport struct {
	Rack    cfn.Rack
	Phase   Phase
	Status  string       // of the stack, where it is known; cleaned
	Login   convox.Login // at PhaseSettled
	Err     error
	Left    error // why the change set that was not used could not be taken away, or nil
	Stopped error // why the run was stopped before its end, or nil
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
	switch r.Phase {
	case PhaseUpdating:
		return rack + ": its stack is being updated" + status + ", which goes on by itself"
	case PhaseRolledBack:
		return rack + ": the update was taken back" + status + ", and the old password still holds"
	case PhaseStuck:
		return rack + ": its stack is stuck" + status + ", and either password may hold"
	case PhaseUpdated:
		return rack + ": its stack has the new password" + status + ", and its web service may still take the old one"
	case PhaseSettled:
		return rack + ": only the new password logs in"
	}
	return rack + ": nothing was changed, and the old password still holds"
}

// ResetEvent tells what happens in a reset.
type ResetEvent struct {
	Phase Phase
	// Done of Of are resources of the update, tasks of the web service, or fresh
	// logins, as the phase goes on. Of is 0 where that is not known.
	Done, Of int
	Words    string // what is being waited for; cleaned

	Stack      *cfn.Event      // what happened to the stack, if it is that
	Deployment *cfn.Deployment // how the restart stands, if it is that
	Turn       *convox.Turn    // what a fresh login saw, if it is that
}

// updating follows the resources of an update.
type updating struct {
	resources []string // of the preview
	done      map[string]bool
	current   string
}

func newUpdating(p *cfn.Preview) *updating {
	u := &updating{done: make(map[string]bool)}
	if p != nil {
		for _, change := range p.Changes {
			u.resources = append(u.resources, change.LogicalID)
		}
	}
	return u
}

// event takes what happened to the stack.
func (u *updating) event(e cfn.Event) ResetEvent {
	ofStack := e.Type == "AWS::CloudFormation::Stack"
	switch {
	case ofStack:
		u.current = "the stack: " + e.Status
	case e.Status == "UPDATE_COMPLETE", e.Status == "CREATE_COMPLETE":
		u.done[e.LogicalID] = true
	default:
		u.current = e.LogicalID
		if strings.HasSuffix(e.Status, "_FAILED") {
			u.current += " failed"
		}
	}
	told := ResetEvent{Phase: PhaseUpdating, Of: len(u.resources), Words: u.current, Stack: &e}
	for _, resource := range u.resources {
		if u.done[resource] {
			told.Done++
		}
	}
	if told.Of == 0 {
		told.Done = 0
	}
	return told
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
