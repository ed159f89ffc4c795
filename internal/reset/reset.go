// Package reset gives a Rack a new password. A Reset looks at the stack, waits
// for an update that runs, previews the change, saves the password, updates the
// stack, restarts the web service, and ends when only the new password logs in.
// It knows at any moment how far it came, which old passwords to try, when the
// change set is discarded and when a saved login ends. It asks nothing and
// prints nothing: the command and the wizard drive it, answer what only a person
// can, and get events.
//
// It stands on CloudFormation's change sets, through package cfn, and on the
// convox CLI's saved logins, through package convox.
//
// Next room: travisapi, the first of the outsides that decisions are about.
package reset

import (
	"context"
	"sync/atomic"
	"time"

	"convox-travis/cfn"
	"convox-travis/internal/clock"
	"convox-travis/internal/convox"
	"convox-travis/internal/problem"
	"convox-travis/internal/secret"
	"convox-travis/internal/transport"
)

// Stacks is what a reset needs of AWS; a cfn.Finder has it.
type Stacks interface {
	State(context.Context, cfn.Rack) (cfn.StackState, error)
	Preview(transport.Stop, cfn.Rack, secret.String) (*cfn.Preview, error)
	Discard(context.Context, *cfn.Preview) error
	Touched(context.Context, *cfn.Preview) (bool, error)
	Execute(transport.Stop, *cfn.Preview) error
	Follow(ctx context.Context, rack cfn.Rack, since time.Time, tell func(cfn.Event)) (cfn.Outcome, error)
	Restart(transport.Stop, cfn.Rack) (cfn.Deployment, error)
	Deployment(ctx context.Context, rack cfn.Rack, id string) (cfn.Deployment, error)
	Redact(secret.String)
}

// Door is where a Rack's logins are checked; a convox.Checker is one.
type Door interface {
	Rack(context.Context, convox.Host, secret.String) (convox.Login, error)
	Settled(ctx context.Context, host convox.Host, old, new secret.String, in int, tell func(convox.Turn)) (bool, error)
}

// Logins keeps the new password for the convox CLI; convox.Logins does.
type Logins interface {
	BeginReset(convox.Host, secret.String) (file string, err error)
	FindReset(convox.Host) (convox.BegunReset, bool)
	EndReset(host convox.Host, password secret.String, isSet bool) error
}

// Request is the new password, and what the driver knows beside it.
type Request struct {
	New   secret.String
	Where string          // its owner has it, in words
	Olds  []secret.String // that may hold now, beside those that are saved
	Door  Door
}

// Reset is one Rack's way to a new password. It may be copied: what a copy learns,
// the other one doesn't.
type Reset struct {
	Rack   cfn.Rack
	Host   convox.Host
	Logins Logins
	Clock  clock.Clock // nil is the system's

	Stack cfn.StackState // as Look saw it
	Saved Request        // continues a reset that was left with its new password saved; New is empty where there is none
	Plan  *Plan          // that was prepared last, or nil

	stacks   Stacks
	olds     []secret.String // that are saved
	request  Request
	preview  *cfn.Preview // AWS has it, until it is executed or discarded
	saved    bool         // by this run; what was saved before is kept beside it
	underway *atomic.Bool // whether a copy is being run
	report   *Report
	left     error // what couldn't be undone
}

// Report is how the last Run ended, or nil. That of a copy, of which nothing is
// known here, has an unknown fate.
func (r Reset) Report() *Report {
	if r.underway != nil && r.underway.Load() {
		return &Report{Rack: r.Rack, Phase: PhaseUnknown, Where: r.request.Where, Err: unknownFate(r.Rack, nil)}
	}
	return r.report
}

// IsOpen reports whether AWS was told to change the stack, and the end of it is
// not known: then Run continues.
func (r Reset) IsOpen() bool {
	report := r.Report()
	return report != nil && !report.OldHolds() && report.Phase != PhaseSettled
}

// IsSettled reports whether only the new password logs in.
func (r Reset) IsSettled() bool { return r.report != nil && r.report.Phase == PhaseSettled }

// ReadSaved reads what earlier runs saved.
func (r *Reset) ReadSaved() Request {
	begun, _ := r.Logins.FindReset(r.Host)
	r.Saved, r.olds = Request{New: begun.New, Where: savedIn(begun.File)}, append([]secret.String{begun.New}, begun.Olds...)
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

// Await waits for the end of the update that Look found under way. The report's
// Err is nil when a reset may begin: not when one that this program began was
// rolled back meanwhile. AWS may quote a password in a reason: where the request
// has none, no reason is given.
func (r *Reset) Await(stop transport.Stop, request Request, tell func(Event)) Report {
	report := Report{Rack: r.Rack, Phase: PhaseNothing, Where: request.Where}
	progress, hides := newProgress(nil), request.New.IsEmpty()
	r.stacks.Redact(request.New)
	outcome, err := r.stacks.Follow(stop.Soft, r.Rack, time.Time{}, func(e cfn.Event) {
		if hides {
			e.Reason = ""
		}
		progress.follow(e, tell)
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

// Prepare finds out whether the end of the reset could be seen, and lets AWS
// preview it: Plan has the result. A preview before it is discarded. Nothing of the
// Rack changes.
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
	request.Olds = append(r.olds[:len(r.olds):len(r.olds)], request.Olds...)
	plan, err := r.makePlan(stop, request)
	if err == nil {
		r.Plan, r.preview = &plan, plan.Preview
	}
	return err
}

// Save saves the new password for the convox CLI, beside what was saved before:
// that is restored when the Rack never gets the new one.
func (r *Reset) Save() error {
	file, err := r.Logins.BeginReset(r.Host, r.request.New)
	if err == nil {
		r.request.Where, r.saved = savedIn(file), !r.resumes()
	}
	return err
}

// resumes reports whether the new password is that of a reset that was left.
func (r *Reset) resumes() bool { return r.request.New.Equal(r.Saved.New) }

// Show notes that the owner has seen the new password, and typed back its end.
func (r *Reset) Show() { r.request.Where = "with you: it was shown, and its end typed back" }

func savedIn(file string) string { return "saved in " + file }

// Run carries out the plan, or continues where the last Run left it. When it is
// asked to stop, AWS continues with what it was told.
func (r *Reset) Run(stop transport.Stop, tell func(Event)) Report {
	isOpen := r.IsOpen()
	r.underway.Store(true)
	report := (&run{r, *r.Plan, stop, tell}).carryOut(isOpen)
	r.underway = new(atomic.Bool) // for copies that don't get the report, it stays under way

	isSet := report.Phase == PhaseSettled
	isOver := isSet || report.Phase == PhaseRolledBack
	if isOver || report.OldHolds() && r.saved {
		report.Left = joined(report.Left, r.Logins.EndReset(r.Host, r.request.New, isSet))
	}
	report.Where = r.request.Where
	r.report, r.left = &report, joined(r.left, report.Left)
	if isOver {
		r.preview = nil // AWS drops all others when it executes one
	}
	return report
}

// Close discards what was previewed and not executed, and restores what was saved
// before a password that the Rack never got. The error says what couldn't be
// undone, now or before.
func (r *Reset) Close(ctx context.Context) error {
	if r.IsOpen() {
		return r.left
	}
	if r.preview != nil {
		err := r.stacks.Discard(ctx, r.preview)
		if problem.Has(err, cfn.CodeStale) { // it was executed
			return r.left
		}
		r.left = joined(r.left, err)
	}
	if r.saved {
		r.left = joined(r.left, r.Logins.EndReset(r.Host, r.request.New, false))
	}
	return r.left
}
