package reset

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"convox-travis/cfn"
	"convox-travis/internal/convox"
	"convox-travis/internal/problem"
)

// Phase is how far a reset came.
type Phase string

// The phases.
const (
	PhaseNothing    Phase = "nothing"     // nothing was changed
	PhaseUnknown    Phase = "unknown"     // the update may have started
	PhaseUpdating   Phase = "updating"    // the stack's update was started, and its end was not seen
	PhaseRolledBack Phase = "rolled_back" // the update was rolled back
	PhaseStuck      Phase = "stuck"       // the update neither ended nor was rolled back
	PhaseUpdated    Phase = "updated"     // the stack has the new password, and its web service may have the old one
	PhaseOvertaken  Phase = "overtaken"   // a later update of the stack has set another password
	PhaseSettled    Phase = "settled"     // only the new password logs in
)

// Report is how a reset ended. Err is nil exactly at PhaseSettled.
type Report struct {
	Rack   cfn.Rack
	Phase  Phase
	Status string // of the stack, where it is known; cleaned
	Where  string // its owner has the new password, in words
	// OldUnknown means that nobody knew the password that held before, so that it
	// was not tried.
	OldUnknown bool
	Err        error
	Left       error // why something that was made or saved couldn't be undone, or nil
	Stopped    error // why the run was stopped before its end, or nil
}

// OldHolds reports whether the old password holds for certain, and the new one
// is good for nothing.
func (r Report) OldHolds() bool { return r.Phase == PhaseNothing || r.Phase == PhaseRolledBack }

// Begun reports whether AWS was told to change something.
func (r Report) Begun() bool { return r.Phase != PhaseNothing }

// Standing says in words in what state the Rack is, and where the new password
// is that it may have.
func (r Report) Standing() string {
	words := map[Phase]string{
		PhaseNothing:    "this run changed nothing",
		PhaseUnknown:    "it is not known whether its update has started, and either password may hold",
		PhaseUpdating:   "its stack is being updated%s, which AWS continues",
		PhaseRolledBack: "the update was rolled back%s, and the old password still holds",
		PhaseStuck:      "its stack is stuck%s, and either password may hold",
		PhaseUpdated:    "its stack has the new password%s, and its web service may still take the old one",
		PhaseOvertaken:  "a later update of its stack has set another password than the new one of this reset",
		PhaseSettled:    "only the new password logs in",
	}[r.Phase]
	if r.Phase == PhaseSettled && r.OldUnknown {
		words = "the new password logs in, five times in a row; the old one is not known here, and was not tried"
	}
	status := ""
	if r.Status != "" {
		status = " (" + r.Status + ")"
	}
	words = "Rack " + r.Rack.Name + ": " + strings.Replace(words, "%s", status, 1)
	if r.Where != "" && !r.OldHolds() {
		words += "; the new password is " + r.Where
	}
	return words
}

// Event is something that happens in a reset.
type Event struct {
	Phase Phase
	// Done of Of are resources of the update, tasks of the web service, or fresh
	// logins, as the phase advances. Of is 0 where that is not known.
	Done, Of int
	Words    string // what is being waited for; cleaned
	// RollsBack means that AWS is undoing the update.
	RollsBack bool

	Stack      *cfn.Event      // what happened to the stack, if it is that
	Deployment *cfn.Deployment // how the restart stands, if it is that
	Turn       *convox.Turn    // what a fresh login saw, if it is that
}

// restarting says how a deployment of the web service stands.
func restarting(d cfn.Deployment) Event {
	words := fmt.Sprintf("the web service restarts: %d of %d tasks run", d.Running, d.Desired)
	switch {
	case d.Completed:
		words = "the web service's tasks run; waiting until each takes the new password"
	case d.Running >= d.Desired:
		words = "the new tasks run; waiting until the old ones are gone"
	}
	if d.Event != "" {
		words += "; ECS says: " + d.Event
	}
	return Event{Phase: PhaseUpdated, Done: min(d.Running, d.Desired), Of: d.Desired, Words: words, Deployment: &d}
}

// loggingIn says what a fresh login saw, the done-th in a row.
func loggingIn(turn convox.Turn, done int) Event {
	e := Event{Phase: PhaseUpdated, Of: settledIn, Turn: &turn}
	switch {
	case turn.Err != nil:
		e.Words = "the Rack doesn't answer at the moment"
	case turn.Old:
		e.Words = "a web task still takes the old password"
	case !turn.New:
		e.Words = "a web task doesn't take the new password yet"
	default:
		e.Done, e.Words = done, "fresh logins with the new password"
	}
	return e
}

// progress is how far an update is, and which of its events were reported.
type progress struct {
	of        int             // resources of the preview
	open      map[string]bool // those that are not done
	reported  map[string]bool
	rollsBack bool
}

func newProgress(p *cfn.Preview) *progress {
	u := &progress{open: make(map[string]bool), reported: make(map[string]bool)}
	if p != nil {
		u.of = len(p.Changes)
		for _, change := range p.Changes {
			u.open[change.LogicalID] = true
		}
	}
	return u
}

// follow takes what happened to the stack, and reports it once.
func (u *progress) follow(e cfn.Event, tell func(Event)) {
	event := Event{Phase: PhaseUpdating, Words: e.LogicalID, Stack: &e}
	switch isStack := e.Type == "AWS::CloudFormation::Stack"; {
	case isStack:
		event.Words = "the stack: " + e.Status
		u.rollsBack = u.rollsBack || strings.Contains(e.Status, "ROLLBACK")
	case e.Status == "UPDATE_COMPLETE", e.Status == "CREATE_COMPLETE":
		delete(u.open, e.LogicalID)
	case strings.HasSuffix(e.Status, "_FAILED"):
		event.Words += " failed"
	case e.Type == "AWS::ECS::Service" && e.Reason != "":
		event.Words += " restarts; ECS says: " + e.Reason
	}
	event.Done, event.Of, event.RollsBack = u.of-len(u.open), u.of, u.rollsBack
	if u.rollsBack {
		event.Done, event.Of, event.Words = 0, 0, "AWS rolls the update back: "+event.Words
	}
	key := e.LogicalID + " " + e.Status + " " + e.At.String()
	if !u.reported[key] {
		u.reported[key] = true
		tell(event)
	}
}

// The codes.
const (
	CodeUnexpectedUpdate = "unexpected_update"
	CodeUnprovable       = "unprovable"  // the Rack is unreachable, so nobody would see the end
	CodeRolledBack       = "rolled_back" // the old password holds
	CodeNotSettled       = "not_settled" // the stack has the new password, and some web task not yet
	CodeNotFollowed      = "not_followed"
	CodeOvertaken        = "overtaken" // a later update has set another password
	CodeStuck            = "stuck"     // either password may hold
	CodeUnknown          = "unknown"
	CodeNotBegun         = "not_begun"
)

// IsBegun reports whether err says that a reset was started and is not over.
func IsBegun(err error) bool {
	return slices.Contains([]string{CodeNotSettled, CodeOvertaken, CodeNotFollowed, CodeStuck, CodeUnknown}, problem.Code(err))
}

// failed makes the error of a reset. Its Detail has the Rack.
func failed(rack cfn.Rack, code, reason string, cause error, hints ...string) error {
	if cause != nil {
		reason += ": " + cause.Error()
	}
	return &problem.Error{
		Code: code, Action: "reset the password of", Object: "Rack " + rack.Name, Reason: reason, Cause: cause, Hints: hints, Detail: cfn.Detail{Rack: rack},
	}
}

func unknownFate(rack cfn.Rack, cause error) error {
	return failed(rack, CodeUnknown, "it is not known whether the update has started", cause)
}

func notFollowed(rack cfn.Rack, cause error) error {
	return failed(rack, CodeNotFollowed, "the update was started, and its end was not seen", cause)
}

func rolledBack(rack cfn.Rack, outcome cfn.Outcome) error {
	return failed(rack, CodeRolledBack, "CloudFormation rolled the update back: "+reasonOf(outcome), nil,
		append(outcome.Hints, "fix what failed, and run this again; the stack's events say more", "the old password still holds")...)
}

func reasonOf(outcome cfn.Outcome) string {
	if outcome.Reason == "" {
		return "AWS gives no reason"
	}
	return outcome.Reason
}

// isLasting reports whether an error of AWS doesn't pass by waiting.
func isLasting(err error) bool {
	isPassing := problem.Has(err, cfn.CodeThrottled, cfn.CodeNoAnswer, cfn.CodeUnreachable, cfn.CodeUnreadable, cfn.CodeUnknown) ||
		problem.Has(err, cfn.CodeFailed) && !cfn.DidNothing(err)
	return err != nil && !isPassing
}

// joined is errors.Join that leaves a single error as it is.
func joined(one, other error) error {
	switch {
	case one == nil:
		return other
	case other == nil:
		return one
	}
	return errors.Join(one, other)
}
