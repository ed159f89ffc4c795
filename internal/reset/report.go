package reset

import (
	"fmt"
	"slices"
	"strings"

	"convox-travis/cfn"
	"convox-travis/internal/convox"
	"convox-travis/internal/problem"
)

// Phase is how far a reset got.
type Phase string

const (
	PhaseNothing    Phase = "nothing"     // nothing was changed
	PhaseUnknown    Phase = "unknown"     // the update may have started
	PhaseUpdating   Phase = "updating"    // the stack's update was started, and its result is unknown
	PhaseRolledBack Phase = "rolled_back" // the update was rolled back
	PhaseStuck      Phase = "stuck"       // the update neither finished nor was rolled back
	PhaseUpdated    Phase = "updated"     // the stack has the new password; its web service may still have the old one
	PhaseOvertaken  Phase = "overtaken"   // a later update of the stack set another password
	PhaseDone       Phase = "settled"     // only the new password logs in
)

// Report is the result of a reset. Err is nil exactly for PhaseDone.
type Report struct {
	Rack   cfn.Rack
	Phase  Phase
	Status string // of the stack, if known; cleaned
	Where  string // where the new password is stored, in words
	// OldUnknown means that the previous password was unknown and so wasn't tried.
	OldUnknown bool
	Err        error
	Left       error // why something that was created or saved couldn't be undone, or nil
	Stopped    error // why the run was stopped early, or nil
}

// OldPasswordWorks reports whether the old password certainly still works, and the new
// one is useless.
func (r Report) OldPasswordWorks() bool { return r.Phase == PhaseNothing || r.Phase == PhaseRolledBack }

// HasStarted reports whether AWS was asked to change something.
func (r Report) HasStarted() bool { return r.Phase != PhaseNothing }

// State says in words what state the Rack is in, and where the new password is if it may
// have it.
func (r Report) State() string {
	words := map[Phase]string{
		PhaseNothing:    "this run changed nothing",
		PhaseUnknown:    "it is unknown whether its update has started, and either password may work",
		PhaseUpdating:   "its stack is being updated%s, and AWS continues",
		PhaseRolledBack: "the update was rolled back%s, and the old password still works",
		PhaseStuck:      "its stack is stuck%s, and either password may work",
		PhaseUpdated:    "its stack has the new password%s, and its web service may still accept the old one",
		PhaseOvertaken:  "a later update of its stack set a password other than the new one of this reset",
		PhaseDone:       "the reset is done, and " + r.Verification(),
	}[r.Phase]
	status := ""
	if r.Status != "" {
		status = " (" + r.Status + ")"
	}
	words = "Rack " + r.Rack.Name + ": " + strings.Replace(words, "%s", status, 1)
	if r.Where != "" && !r.OldPasswordWorks() {
		words += "; the new password is " + r.Where
	}
	return words
}

// Verification says which password works once the reset is done.
func (r Report) Verification() string {
	logins := fmt.Sprintf("(%d of %d logins)", requiredLogins, requiredLogins)
	if r.OldUnknown {
		return "the new password works " + logins + "; the old one is unknown and wasn't tried"
	}
	return "only the new password works " + logins
}

// Event is something that happens in a reset.
type Event struct {
	Phase Phase
	// Done and Of count resources of the update, tasks of the web service, or fresh
	// logins, depending on the phase. Of is 0 if unknown.
	Done, Of int
	Words    string // what is being waited for; cleaned
	// RollsBack means that AWS is rolling the update back.
	RollsBack bool

	Stack      *cfn.Event           // a stack event, or nil
	Deployment *cfn.Deployment      // the state of the restart, or nil
	Attempt    *convox.LoginAttempt // a fresh login, or nil
}

func restartEvent(d cfn.Deployment) Event {
	words := fmt.Sprintf("restarting the web service: %d of %d tasks are running", d.Running, d.Desired)
	switch {
	case d.Completed:
		words = "the web service's tasks are running; waiting until each accepts the new password"
	case d.Running >= d.Desired:
		words = "the new tasks are running; waiting until the old ones are gone"
	}
	if d.Event != "" {
		words += "; ECS reports: " + d.Event
	}
	return Event{Phase: PhaseUpdated, Done: min(d.Running, d.Desired), Of: d.Desired, Words: words, Deployment: &d}
}

// loginEvent describes a fresh login, the done-th successful one in a row.
func loginEvent(turn convox.LoginAttempt, done int) Event {
	e := Event{Phase: PhaseUpdated, Of: requiredLogins, Attempt: &turn}
	switch {
	case turn.Err != nil:
		e.Words = "the Rack isn't answering at the moment"
	case turn.Old:
		e.Words = "a web task still accepts the old password"
	case !turn.New:
		e.Words = "a web task doesn't accept the new password yet"
	default:
		e.Done, e.Words = done, "fresh logins with the new password"
	}
	return e
}

// progress is how far an update is, and which of its events were reported.
type progress struct {
	of        int             // resources of the preview
	open      map[string]bool // those that aren't done
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

// add records a stack event, and reports it once.
func (u *progress) add(e cfn.Event, tell func(Event)) {
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
		event.Words += " is restarting; ECS reports: " + e.Reason
	}
	event.Done, event.Of, event.RollsBack = u.of-len(u.open), u.of, u.rollsBack
	if u.rollsBack {
		event.Done, event.Of, event.Words = 0, 0, "AWS is rolling the update back: "+event.Words
	}
	key := e.LogicalID + " " + e.Status + " " + e.At.String()
	if !u.reported[key] {
		u.reported[key] = true
		tell(event)
	}
}

const (
	CodeUnexpectedUpdate = "unexpected_update"
	CodeUnverifiable     = "unprovable"  // the Rack is unreachable, so the result couldn't be verified
	CodeRolledBack       = "rolled_back" // the old password works
	CodeNotRestarted     = "not_settled" // the stack has the new password, and some web task not yet
	CodeNotFollowed      = "not_followed"
	CodeOvertaken        = "overtaken" // a later update set another password
	CodeStuck            = "stuck"     // either password may work
	CodeUnknown          = "unknown"
	CodeNotStarted       = "not_begun"
)

// IsUnfinished reports whether err says that a reset was started and isn't finished.
func IsUnfinished(err error) bool {
	return slices.Contains([]string{CodeNotRestarted, CodeOvertaken, CodeNotFollowed, CodeStuck, CodeUnknown}, problem.Code(err))
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
	return failed(rack, CodeUnknown, "it is unknown whether the update has started", cause)
}

func notFollowed(rack cfn.Rack, cause error) error {
	return failed(rack, CodeNotFollowed, "the update was started, and its result is unknown", cause)
}

func rolledBack(rack cfn.Rack, outcome cfn.Outcome) error {
	return failed(rack, CodeRolledBack, "CloudFormation rolled the update back: "+reasonOf(outcome), nil,
		append(outcome.Hints, "fix what failed, and run this again; the stack's events have more details", "the old password still works")...)
}

func reasonOf(outcome cfn.Outcome) string {
	if outcome.Reason == "" {
		return "AWS gives no reason"
	}
	return outcome.Reason
}

// isPermanent reports whether an error of AWS can't be solved by waiting.
func isPermanent(err error) bool {
	isPassing := problem.Has(err, cfn.CodeThrottled, cfn.CodeNoAnswer, cfn.CodeUnreachable, cfn.CodeUnreadable, cfn.CodeUnknown) ||
		problem.Has(err, cfn.CodeFailed) && !cfn.DidNothing(err)
	return err != nil && !isPassing
}
