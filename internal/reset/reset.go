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
	"sync"
	"time"

	"al.essio.dev/pkg/shellescape"

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
	Logins Logins
	Clock  clock.Clock
}

// Request is the new password, and what the driver knows beside it.
type Request struct {
	New   secret.String
	Where string          // its owner has it, in words
	Olds  []secret.String // that may hold now, beside those that are saved
	Door  Door
}

// Reset is one Rack's way to a new password. One goroutine at a time may drive
// it; its State may be read from any. A nil Reset was not started.
type Reset struct {
	Options
	mu  sync.Mutex
	now State
}

// State is what is known of a reset.
type State struct {
	Stack  cfn.StackState // as Look saw it
	Saved  Request        // continues a reset that was left with its new password saved; New is empty where there is none
	Plan   *Plan          // that was prepared last, or nil
	Report *Report        // of the last Run, or nil; while one is under way, its fate is unknown

	stacks  Stacks
	olds    []secret.String // that are saved
	request Request
	preview *cfn.Preview // AWS has it, until it is executed or discarded
	saved   bool         // by this run; what was saved before is kept beside it
	left    error        // what couldn't be undone
}

// IsOpen reports whether AWS was told to change the stack, and the end of it is
// not known: then Run continues.
func (s State) IsOpen() bool { return s.Report != nil && !s.Report.OldHolds() && !s.IsSettled() }

// IsSettled reports whether only the new password logs in.
func (s State) IsSettled() bool { return s.Report != nil && s.Report.Phase == PhaseSettled }

// resumes reports whether the new password is that of a reset that was left.
func (s State) resumes() bool { return s.request.New.Equal(s.Saved.New) }

// New returns a Reset that has done nothing yet.
func New(o Options) *Reset {
	o.Clock = cmp.Or[clock.Clock](o.Clock, clock.System{})
	return &Reset{Options: o}
}

// State returns what is known now.
func (r *Reset) State() State {
	if r == nil {
		return State{}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.now
}

func (r *Reset) set(change func(*State)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change(&r.now)
}

// ReadSaved reads what earlier runs saved.
func (r *Reset) ReadSaved() Request {
	begun, _ := r.Logins.FindReset(r.Host)
	saved := Request{New: begun.New, Where: savedIn(begun.File)}
	r.set(func(s *State) { s.Saved, s.olds = saved, append([]secret.String{begun.New}, begun.Olds...) })
	return saved
}

// Look reads what the stack is doing, and what earlier runs saved. What follows
// uses these stacks.
func (r *Reset) Look(ctx context.Context, stacks Stacks) error {
	r.ReadSaved()
	stack, err := stacks.State(ctx, r.Rack)
	r.set(func(s *State) { s.stacks, s.Stack = stacks, stack })
	return err
}

// Await waits for the end of the update that Look found under way. The report's
// Err is nil when a reset may begin: not when one that this program began was
// rolled back meanwhile. AWS may quote a password in a reason: where the request
// has none, no reason is given.
func (r *Reset) Await(stop transport.Stop, request Request, tell func(Event)) Report {
	s, report := r.State(), Report{Rack: r.Rack, Phase: PhaseNothing, Where: request.Where}
	progress, hides := newProgress(nil), request.New.IsEmpty()
	s.stacks.Redact(request.New)
	outcome, err := s.stacks.Follow(stop.Soft, r.Rack, time.Time{}, func(e cfn.Event) {
		if hides {
			e.Reason = ""
		}
		progress.follow(e, tell)
	})
	if hides {
		outcome.Reason = ""
	}
	switch isOurs := s.Stack.Reset; {
	case err != nil && isOurs:
		report.Phase, report.Err = PhaseUpdating, notFollowed(r.Rack, err)
	case err != nil:
		report.Err = err
	case isOurs && outcome.End == cfn.RolledBack:
		report.Phase, report.Status, report.Err = PhaseRolledBack, outcome.Status, rolledBack(r.Rack, outcome)
		report.Left = r.Logins.EndReset(r.Host, request.New, false)
	default:
		r.set(func(s *State) { s.Stack.InProgress = false })
	}
	report.Stopped = stop.Asked()
	return report
}

// Prepare finds out whether the end of the reset could be seen, and lets AWS
// preview it: State has the Plan. A preview before it is discarded. Nothing of the
// Rack changes.
//
// The errors are those of convox and cfn, and some of this package.
func (r *Reset) Prepare(stop transport.Stop, request Request) error {
	before := r.State()
	r.set(func(s *State) { s.request = request })
	if before.preview != nil {
		if err := before.stacks.Discard(stop.Hard, before.preview); err != nil {
			return err
		}
		r.set(func(s *State) { s.preview = nil })
	}
	request.Olds = append(before.olds, request.Olds...)
	plan, err := r.makePlan(stop.Soft, before.stacks, request)
	if err == nil {
		r.set(func(s *State) { s.Plan, s.preview = &plan, plan.Preview })
	}
	return err
}

// Save saves the new password for the convox CLI, beside what was saved before:
// that is restored when the Rack never gets the new one.
func (r *Reset) Save() error {
	file, err := r.Logins.BeginReset(r.Host, r.State().request.New)
	if err == nil {
		r.set(func(s *State) { s.request.Where, s.saved = savedIn(file), !s.resumes() })
	}
	return err
}

// Show notes that the owner has seen the new password, and typed back its end.
func (r *Reset) Show() {
	r.set(func(s *State) { s.request.Where = "with you: it was shown, and its end typed back" })
}

func savedIn(file string) string { return "saved in " + shellescape.StripUnsafe(file) }

// Run carries out the plan, or continues where the last Run left it. When it is
// asked to stop, AWS continues with what it was told.
func (r *Reset) Run(stop transport.Stop, tell func(Event)) Report {
	before := r.State()
	r.set(func(s *State) {
		s.Report = &Report{Rack: r.Rack, Phase: PhaseUnknown, Where: s.request.Where, Err: unknownFate(r.Rack, nil)}
	})
	run := &run{r, before, *before.Plan, stop, tell}
	report := run.carryOut()
	isOver := report.Phase == PhaseSettled || report.Phase == PhaseRolledBack
	if isOver || report.OldHolds() && r.State().saved {
		report.Left = joined(report.Left, r.Logins.EndReset(r.Host, before.request.New, report.Phase == PhaseSettled))
	}
	r.set(func(s *State) {
		report.Where = s.request.Where
		s.Report, s.left = &report, joined(s.left, report.Left)
		if isOver {
			s.preview = nil // AWS drops all others when it executes one
		}
		s.saved = s.saved && s.IsOpen()
		if report.OldHolds() {
			s.Saved = Request{}
		}
	})
	return report
}

// Close discards what was previewed and not executed, and restores what was saved
// before a password that the Rack never got. The error says what couldn't be
// undone, now or before.
func (r *Reset) Close(ctx context.Context) error {
	s := r.State()
	if s.IsOpen() {
		return s.left
	}
	if s.preview != nil {
		err := s.stacks.Discard(ctx, s.preview)
		if problem.Has(err, cfn.CodeStale) { // it was executed
			return s.left
		}
		s.left = joined(s.left, err)
	}
	if s.saved {
		s.left = joined(s.left, r.Logins.EndReset(r.Host, s.request.New, false))
	}
	return s.left
}
