// Package reset gives a Rack a new password. A Reset reads the stack, waits for a running
// update, previews the change, saves the password, updates the stack, restarts the web
// service, and ends when only the new password logs in. It always knows how far it got,
// which old passwords to try, and when to discard a change set or a saved login. It asks
// and prints nothing: the command and the wizard drive it, answer what only a person can,
// and receive events.
//
// It uses CloudFormation's change sets through package cfn, and the convox CLI's saved
// logins through package convox.
//
// Next room: travisapi, the first of the outside services.
package reset

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"convox-travis/cfn"
	"convox-travis/internal/clock"
	"convox-travis/internal/convox"
	"convox-travis/internal/problem"
	"convox-travis/internal/secret"
	"convox-travis/internal/transport"
)

// Stacks is what a reset needs from AWS; a cfn.Finder implements it.
type Stacks interface {
	State(context.Context, cfn.Rack) (cfn.StackState, error)
	Preview(transport.Stop, cfn.Rack, secret.String) (*cfn.Preview, error)
	Discard(context.Context, *cfn.Preview) error
	Execute(transport.Stop, *cfn.Preview) error
	Follow(ctx context.Context, rack cfn.Rack, since time.Time, tell func(cfn.Event)) (cfn.Outcome, error)
	Restart(transport.Stop, cfn.Rack) (cfn.Deployment, error)
	Deployment(context.Context, cfn.Rack) (cfn.Deployment, error)
	Redact(secret.String)
}

// LoginChecker checks a Rack's logins; a convox.Checker implements it.
type LoginChecker interface {
	Rack(context.Context, convox.Host, secret.String) (convox.Login, error)
	TryLogins(ctx context.Context, host convox.Host, old, new secret.String, in int, tell func(convox.LoginAttempt)) (bool, error)
}

// Logins saves the new password for the convox CLI; convox.Logins implements it.
type Logins interface {
	BeginReset(convox.Host, secret.String) (file string, err error)
	FindReset(convox.Host) (convox.PendingReset, bool)
	EndReset(host convox.Host, password secret.String, isSet bool) error
}

// Request is the new password, and what else the driver knows.
type Request struct {
	New          secret.String
	Where        string          // where the new password is stored, in words
	OldPasswords []secret.String // candidates for the current password, besides saved ones
	Checker      LoginChecker
}

// Reset is a reset of one Rack. It may be copied: what a copy learns, the original
// doesn't.
type Reset struct {
	Rack   cfn.Rack
	Host   convox.Host
	Logins Logins
	Clock  clock.Clock // nil is the system's

	Stack cfn.StackState // as read by Look
	Saved Request        // an earlier, unfinished reset whose new password is saved; New is empty if there is none
	Plan  *Plan          // the last plan, or nil

	stacks   Stacks
	savedOld []secret.String // that are saved
	request  Request
	preview  *cfn.Preview // AWS has it, until it is executed or discarded
	saved    bool         // by this run; what was saved before is stored with it
	underway *atomic.Bool // whether a copy is running
	report   *Report
	left     error // what couldn't be undone
}

// Report is the result of the last Run, or nil. While a copy is running, its result is
// unknown.
func (r Reset) Report() *Report {
	if r.underway != nil && r.underway.Load() {
		return &Report{Rack: r.Rack, Phase: PhaseUnknown, Where: r.request.Where, Err: unknownFate(r.Rack, nil)}
	}
	return r.report
}

// IsOpen reports whether AWS was asked to change the stack and the result is unknown:
// then Run continues.
func (r Reset) IsOpen() bool {
	report := r.Report()
	return report != nil && !report.OldPasswordWorks() && report.Phase != PhaseDone
}

// IsDone reports whether only the new password logs in.
func (r Reset) IsDone() bool { return r.report != nil && r.report.Phase == PhaseDone }

// ReadSaved reads what earlier runs saved.
func (r *Reset) ReadSaved() Request {
	begun, _ := r.Logins.FindReset(r.Host)
	r.Saved, r.savedOld = Request{New: begun.New, Where: savedIn(begun.File)}, append([]secret.String{begun.New}, begun.OldPasswords...)
	return r.Saved
}

// Look reads what the stack is doing, and what earlier runs saved. What follows
// uses these stacks. A stack that nothing changes and that can't be updated is an
// error.
func (r *Reset) Look(ctx context.Context, stacks Stacks) (err error) {
	r.ReadSaved()
	r.stacks = stacks
	r.Stack, err = stacks.State(ctx, r.Rack)
	if err == nil && !r.Stack.InProgress && !r.Stack.Updatable {
		busy := r.Stack.Busy()
		busy.Action, busy.Object, err = "reset the password of", "Rack "+r.Rack.Name, busy
	}
	return err
}

// Await waits until the update found by Look ends. The report's Err is nil if a reset may
// begin: not if a reset of this program was rolled back. AWS may quote a password in a
// reason: without a password in the request, no reason is reported.
func (r *Reset) Await(stop transport.Stop, request Request, tell func(Event)) Report {
	report := Report{Rack: r.Rack, Phase: PhaseNothing, Where: request.Where}
	progress, hides := newProgress(nil), request.New.IsEmpty()
	r.stacks.Redact(request.New)
	outcome, err := r.stacks.Follow(stop.Soft, r.Rack, time.Time{}, func(e cfn.Event) {
		if hides {
			e.Reason = ""
		}
		progress.add(e, tell)
	})
	if hides {
		outcome.Reason, outcome.Hints = "", nil
	}
	switch isOurs := r.Stack.Reset; {
	case err != nil && isOurs:
		report.Phase, report.Err = PhaseUpdating, notFollowed(r.Rack, err)
	case err != nil:
		report.Err = err
	case isOurs && outcome.End == cfn.RolledBack:
		report.Phase, report.Status, report.Err = PhaseRolledBack, outcome.Status, rolledBack(r.Rack, outcome)
		report.Left = r.Logins.EndReset(r.Host, request.New, false)
	default:
		r.Stack.InProgress = false
	}
	report.Stopped = stop.Asked()
	return report
}

// Prepare checks whether the result of the reset can be verified, and lets AWS preview
// it: Plan has the result. An earlier preview is discarded. The Rack itself doesn't
// change.
//
// The errors are those of convox and cfn, and some of this package.
func (r *Reset) Prepare(stop transport.Stop, request Request) error {
	r.request, r.underway = request, new(atomic.Bool)
	if r.preview != nil {
		if err := r.stacks.Discard(stop.Hard, r.preview); err != nil {
			return err
		}
		r.preview = nil
	}
	request.OldPasswords = append(r.savedOld[:len(r.savedOld):len(r.savedOld)], request.OldPasswords...)
	plan, err := r.makePlan(stop, request)
	if err == nil {
		r.Plan, r.preview = &plan, plan.Preview
	}
	return err
}

// Save saves the new password for the convox CLI, together with what was saved before,
// which is restored if the Rack never gets the new one.
func (r *Reset) Save() error {
	file, err := r.Logins.BeginReset(r.Host, r.request.New)
	if err == nil {
		r.request.Where, r.saved = savedIn(file), !r.resumes()
	}
	return err
}

func (r *Reset) resumes() bool { return r.request.New.Equal(r.Saved.New) }

// Show records that the owner has seen the new password, and typed back its end.
func (r *Reset) Show() { r.request.Where = "saved by you (you typed its last characters)" }

func savedIn(file string) string { return "saved in " + file }

// Run carries out the plan, or continues where the last Run stopped. If it is asked to
// stop, AWS still continues.
func (r *Reset) Run(stop transport.Stop, tell func(Event)) Report {
	isOpen := r.IsOpen()
	r.underway.Store(true)
	report := (&run{r, *r.Plan, stop, tell}).carryOut(isOpen)
	r.underway = new(atomic.Bool) // for copies that don't get the report, the reset stays unfinished

	isSet := report.Phase == PhaseDone
	isOver := isSet || report.Phase == PhaseRolledBack
	if isOver || report.OldPasswordWorks() && r.saved {
		report.Left = errors.Join(report.Left, r.Logins.EndReset(r.Host, r.request.New, isSet))
	}
	report.Where = r.request.Where
	r.report, r.left = &report, errors.Join(r.left, report.Left)
	if isOver {
		r.preview = nil // AWS drops all others when it executes one
	}
	return report
}

// Close discards a preview that wasn't executed, and restores what was saved before a
// password that the Rack never got. The error says what couldn't be undone, now or
// earlier.
func (r *Reset) Close(ctx context.Context) error {
	if r.IsOpen() {
		return r.left
	}
	if r.preview != nil {
		err := r.stacks.Discard(ctx, r.preview)
		if problem.Has(err, cfn.CodeStale) { // it was executed
			return r.left
		}
		r.left = errors.Join(r.left, err)
	}
	if r.saved {
		r.left = errors.Join(r.left, r.Logins.EndReset(r.Host, r.request.New, false))
	}
	return r.left
}
