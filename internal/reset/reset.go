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
	"cmp"
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"al.essio.dev/pkg/shellescape"

	"convox-travis/cfn"
	"convox-travis/internal/clock"
	"convox-travis/internal/convox"
	"convox-travis/internal/secret"
	"convox-travis/internal/transport"
)

// Stacks is what a reset needs of AWS; a cfn.Finder has it.
type Stacks interface {
	State(context.Context, cfn.Rack) (cfn.StackState, error)
	Preview(context.Context, cfn.Rack, secret.String) (*cfn.Preview, error)
	Discard(context.Context, *cfn.Preview) error
	Touched(context.Context, *cfn.Preview) (bool, error)
	Execute(context.Context, *cfn.Preview) error
	Follow(ctx context.Context, rack cfn.Rack, since time.Time, tell func(cfn.Event)) (cfn.Outcome, error)
	Restart(context.Context, cfn.Rack) (cfn.Deployment, error)
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

// Options are what a Reset works on and with.
type Options struct {
	Rack   cfn.Rack
	Host   convox.Host
	Stacks func(context.Context) (Stacks, error)
	Door   func(fingerprint string) (Door, error) // "" accepts no certificate that nobody known has signed
	Logins Logins

	Clock clock.Clock
	Pause time.Duration // between two looks at the web service; 3 seconds
	// Patience is for a web service that restarts: 30 minutes. One that has
	// restarted, and still takes the old password, gets a tenth of it.
	Patience time.Duration
}

// Request is the new password, and what the driver knows beside it.
type Request struct {
	New         secret.String
	Where       string          // its owner has it, in words
	Olds        []secret.String // that may hold now, beside those that are saved
	Fingerprint string          // of the Rack's certificate, if it was approved

	resumes bool // New is saved by a reset that was left
}

// Reset is one Rack's way to a new password. One goroutine at a time may drive
// it; what it says of itself may be read from any. A nil Reset was not started.
type Reset struct {
	Options
	mu  sync.Mutex
	now state
}

// state is what is known of a reset.
type state struct {
	stack    cfn.StackState
	begun    convox.BegunReset // left by an earlier run; New is empty where there is none
	request  Request
	plan     *Plan        // nil once it is carried out
	shown    *Plan        // the last one
	preview  *cfn.Preview // AWS has it, until it is executed or discarded
	saved    bool         // by this run; what was saved before is kept beside it
	underway bool
	report   *Report
	left     error
}

// isOpen reports whether AWS was told to change the stack, and the end of it is
// not known.
func (s state) isOpen() bool {
	return s.underway || s.report != nil && !s.report.OldHolds() && s.report.Phase != PhaseSettled
}

// New returns a Reset that has done nothing yet.
func New(o Options) *Reset {
	o.Clock = cmp.Or[clock.Clock](o.Clock, clock.System{})
	o.Pause, o.Patience = cmp.Or(o.Pause, 3*time.Second), cmp.Or(o.Patience, 30*time.Minute)
	return &Reset{Options: o}
}

func (r *Reset) view() state {
	if r == nil {
		return state{}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.now
}

func (r *Reset) set(change func(*state)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change(&r.now)
}

// Stack is what the stack was doing when it was looked at.
func (r *Reset) Stack() cfn.StackState { return r.view().stack }

// Plan is what was previewed and is to be carried out, or nil.
func (r *Reset) Plan() *Plan { return r.view().plan }

// LastPlan is what was previewed last, or nil.
func (r *Reset) LastPlan() *Plan { return r.view().shown }

// IsOpen reports whether AWS was told to change the stack, and the end of it is
// not known: then Run continues.
func (r *Reset) IsOpen() bool { return r.view().isOpen() }

// IsSettled reports whether only the new password logs in.
func (r *Reset) IsSettled() bool {
	report := r.view().report
	return report != nil && report.Phase == PhaseSettled
}

// Report is how the last Run ended, or nil. While one is under way, its fate is
// unknown.
func (r *Reset) Report() *Report {
	s := r.view()
	if s.underway {
		return &Report{Rack: r.Rack, Phase: PhaseUnknown, Where: s.request.Where, Err: unknownFate(r.Rack, nil)}
	}
	return s.report
}

// Saved is the request that continues a reset which an earlier run left with its
// new password saved, as ReadSaved or Look found it.
func (r *Reset) Saved() (Request, bool) {
	begun := r.view().begun
	return Request{New: begun.New, Where: savedIn(begun.File), resumes: true}, !begun.New.IsEmpty()
}

// ReadSaved reads what earlier runs saved.
func (r *Reset) ReadSaved() (Request, bool) {
	begun, _ := r.Logins.FindReset(r.Host)
	r.set(func(s *state) { s.begun = begun })
	return r.Saved()
}

// Look reads what the stack is doing, and what earlier runs saved.
func (r *Reset) Look(ctx context.Context) error {
	r.ReadSaved()
	stacks, err := r.Stacks(ctx)
	if err != nil {
		return err
	}
	stack, err := stacks.State(ctx, r.Rack)
	r.set(func(s *state) { s.stack = stack })
	return err
}

// Await waits for the end of the update that Look found under way. The report's
// Err is nil when a reset may begin: not when a reset that this program began was
// rolled back meanwhile. AWS may quote a password in a reason: where the request
// has none, no reason is given.
func (r *Reset) Await(stop transport.Stop, request Request, tell func(Event)) Report {
	report := Report{Rack: r.Rack, Phase: PhaseNothing, Where: request.Where}
	isOurs, isKnown := r.view().stack.Reset, !request.New.IsEmpty()
	var outcome cfn.Outcome
	stacks, err := r.Stacks(stop.Soft)
	if err == nil {
		stacks.Redact(request.New)
		progress := newProgress(nil)
		outcome, err = stacks.Follow(stop.Soft, r.Rack, time.Time{}, func(e cfn.Event) {
			if !isKnown {
				e.Reason = ""
			}
			progress.follow(e, tell)
		})
	}
	if !isKnown {
		outcome.Reason = ""
	}
	switch {
	case err != nil && isOurs:
		report.Phase, report.Err = PhaseUpdating, notFollowed(r.Rack, err)
	case err != nil:
		report.Err = err
	case isOurs && outcome.End == cfn.RolledBack:
		report.Phase, report.Status, report.Err = PhaseRolledBack, outcome.Status, rolledBack(r.Rack, outcome)
		if isKnown {
			report.Left = r.Logins.EndReset(r.Host, request.New, false)
		}
	default:
		r.set(func(s *state) { s.stack.InProgress = false })
	}
	report.Stopped = stop.Asked()
	return report
}

// Prepare finds out whether the reset could be seen to work, and lets AWS preview
// it: Plan has the result. A preview before it is discarded. Nothing of the Rack
// changes.
//
// The errors are those of convox and cfn, and some of this package.
func (r *Reset) Prepare(stop transport.Stop, request Request) error {
	before := r.view()
	r.set(func(s *state) { s.plan, s.request = nil, request })
	stacks, door, err := r.open(stop.Soft, request)
	if err != nil {
		return err
	}
	if before.preview != nil {
		if err := stacks.Discard(stop.Hard, before.preview); err != nil {
			return err
		}
		r.set(func(s *state) { s.preview = nil })
	}
	olds := append([]secret.String{before.begun.New}, before.begun.Olds...)
	request.Olds = append(olds, request.Olds...)
	plan, err := planner{stacks, door, r.Rack, r.Host}.makePlan(stop.Soft, request)
	if err == nil {
		r.set(func(s *state) { s.plan, s.shown, s.preview = &plan, &plan, plan.Preview })
	}
	return err
}

func (r *Reset) open(ctx context.Context, request Request) (Stacks, Door, error) {
	stacks, err := r.Stacks(ctx)
	if err != nil {
		return nil, nil, err
	}
	door, err := r.Door(request.Fingerprint)
	return stacks, door, err
}

// Save saves the new password for the convox CLI, beside what was saved before:
// that is restored when the Rack never gets the new one.
func (r *Reset) Save() error {
	request := r.view().request
	file, err := r.Logins.BeginReset(r.Host, request.New)
	if err == nil {
		r.set(func(s *state) { s.request.Where, s.saved = savedIn(file), !request.resumes })
	}
	return err
}

// Show notes that the owner has seen the new password, and typed back its end.
func (r *Reset) Show() {
	r.set(func(s *state) { s.request.Where = "with you: it was shown, and its end typed back" })
}

func savedIn(file string) string { return "saved in " + shellescape.StripUnsafe(file) }

// Run carries out the plan, or continues where the last Run left it. When it is
// asked to stop, AWS continues with what it was told.
func (r *Reset) Run(stop transport.Stop, tell func(Event)) Report {
	before := r.view()
	stacks, door, err := r.open(stop.Soft, before.request)
	run := &run{r, stacks, door, stop, tell, before.request, *cmp.Or(before.plan, &Plan{})}
	var report Report
	switch {
	case err != nil && before.isOpen():
		report = *before.report
		report.Err = err
	case err != nil:
		report = run.ended(PhaseNothing, "", err)
	default:
		r.set(func(s *state) { s.underway = true })
		report = run.carryOut(before.report, before.isOpen())
	}
	isSet := report.Phase == PhaseSettled
	if isSet || report.Phase == PhaseRolledBack || report.OldHolds() && r.view().saved {
		report.Left = errors.Join(report.Left, r.Logins.EndReset(r.Host, before.request.New, isSet))
	}
	report.Where = r.view().request.Where
	r.set(func(s *state) {
		s.report, s.underway, s.left = &report, false, errors.Join(s.left, report.Left)
		if report.OldHolds() {
			s.plan, s.saved, s.begun = nil, false, convox.BegunReset{}
		}
		if isSet {
			s.plan = nil
		}
		if isSet || report.Phase == PhaseRolledBack {
			s.preview = nil // AWS drops all others when it executes one
		}
	})
	return report
}

// Close discards what was previewed and not executed, and restores what was saved
// before a password that the Rack never got. The error says what could not be
// undone, now or before.
func (r *Reset) Close(ctx context.Context) error {
	s := r.view()
	if s.isOpen() {
		return s.left
	}
	wasExecuted := false
	if s.preview != nil {
		stacks, err := r.Stacks(ctx)
		if err == nil {
			err = stacks.Discard(ctx, s.preview)
		}
		if wasExecuted = isKind(err, cfn.KindStale); !wasExecuted {
			s.left = errors.Join(s.left, err)
		}
	}
	if s.saved && !r.IsSettled() && !wasExecuted {
		s.left = errors.Join(s.left, r.Logins.EndReset(r.Host, s.request.New, false))
	}
	return s.left
}

// IsResetUnfinished reports whether the stack's last update may be a reset that
// was left: the same password continues it.
func (r *Reset) IsResetUnfinished() bool {
	stack := r.view().stack
	return stack.Reset && !strings.Contains(stack.Status, "ROLLBACK")
}
