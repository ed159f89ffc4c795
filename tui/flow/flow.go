// Package flow is the wizard's way from the first question to the last, as
// data: one list of steps, each saying what it asks, what it does with the
// answer and when it is needed at all. It shows nothing and reads no key. Its
// two drivers, the full screen and the plain lines, are in package tui.
//
// A Flow belongs to one goroutine. What takes time is handed out as Work and
// Searches, to be run elsewhere; they read nothing of the Flow and bring back
// what is to be changed in it.
//
// Next room: internal/setup, which decides what the answers lead to.
package flow

import (
	"slices"

	"convox-travis/cfn"
	"convox-travis/internal/reset"
	"convox-travis/internal/setup"
)

// Flow is one run through the steps.
type Flow struct {
	outside Outside
	given   Given
	found   found
	answers answers
	result  result

	reset      reset.Reset // of the Rack that was picked
	pastResets []reset.Reset

	steps   []step
	at      int  // the step that is current
	asking  bool // its question is shown although it could be passed over
	asked   bool // its question was handed out, with check
	check   func(Value) error
	work    *Work
	problem *Problem
	jumped  bool            // a step's do chose what comes next
	chosen  map[string]bool // steps that the person answered
	kept    []string        // what was saved for the convox client, and stands
	over    bool
}

// New returns a flow at its first step. given are the answers that are there
// already.
func New(outside Outside, given Given) *Flow {
	f := &Flow{outside: outside, given: given, steps: steps(given), found: begin(outside), chosen: map[string]bool{}}
	f.answers = given.answers()
	if given.Reset != nil {
		f.found.racks = []cfn.Rack{*given.Reset}
	}
	f.at = -1
	f.forward()
	return f
}

// step is one step of the list.
type step struct {
	id   string
	name string // of the line in the rail; steps of one name share a line

	when  func(*Flow) bool     // whether it is on this way; nil is always
	wait  func(*Flow) string   // what has to be found before it; "" is nothing
	pass  func(*Flow) bool     // whether there is one good answer, which it takes
	begin func(*Flow)          // before it asks
	ask   func(*Flow) Question // nil asks nothing
	take  func(*Flow, Value)   // keeps an answer
	do    func(*Flow) *Work    // what is done with it; nil is nothing, or a goTo

	shown func(*Flow) string // the answer, for the rail
}

func (s step) needed(f *Flow) bool { return s.when == nil || s.when(f) }

// State is what a driver has to do now.
type State int

// The states.
const (
	Asking  State = iota // ask Question, then call Answer
	Waiting              // wait until an Update changes the state
	Working              // run Work, then call Finish
	Over                 // leave
)

// State tells what is to be done now.
func (f *Flow) State() State {
	switch {
	case f.over:
		return Over
	case f.work != nil:
		return Working
	case f.waitsFor() != "":
		return Waiting
	}
	return Asking
}

// Busy says what is being done or waited for, in words that a person reads.
func (f *Flow) Busy() string {
	if f.work != nil {
		return f.work.Words
	}
	return f.waitsFor()
}

func (f *Flow) waitsFor() string {
	if s := f.steps[f.at]; s.wait != nil {
		return s.wait(f)
	}
	return ""
}

// Step names the current step: its identity and its name in the rail.
func (f *Flow) Step() (id, name string) { return f.steps[f.at].id, f.steps[f.at].name }

// Question is what is asked now; only while the State is Asking.
func (f *Flow) Question() Question {
	q := f.steps[f.at].ask(f)
	if f.outside.Tip != nil {
		if tip := f.outside.Tip(f.steps[f.at].id); tip != "" {
			q.Reason = append(slices.Clip(q.Reason), tip)
		}
	}
	q.Problem = f.problem
	f.asked, f.check = true, q.Check
	return q
}

// Work is what is being done; only while the State is Working.
func (f *Flow) Work() *Work { return f.work }

// Answer takes the answer to the question that was handed out last. When the answer
// cannot be meant, it returns why, and the question stands.
func (f *Flow) Answer(v Value) error {
	s := f.steps[f.at]
	if !f.asked {
		f.Question()
	}
	if f.check != nil {
		if err := f.check(v); err != nil {
			return err
		}
	}
	f.problem, f.chosen[s.id] = nil, true
	if s.take != nil {
		s.take(f, v)
	}
	f.act()
	return nil
}

// act does what the current step does with its answer, or goes on.
func (f *Flow) act() {
	if s := f.steps[f.at]; s.do != nil && !f.over {
		if f.work = s.do(f); f.work != nil {
			return
		}
	}
	switch {
	case f.jumped:
		f.jumped = false
	case !f.over:
		f.forward()
	}
}

// Finish takes what came of the Work.
func (f *Flow) Finish(o Outcome) {
	f.work = nil
	if o.Set != nil {
		o.Set(f)
	}
	switch {
	case f.over:
	case o.Err != nil:
		f.fail(o)
	case o.To != "":
		f.enterAt(f.index(o.To))
	default:
		f.forward()
	}
}

// fail shows an error at the step where it can be mended.
func (f *Flow) fail(o Outcome) {
	to := f.at
	if o.To != "" {
		to = f.index(o.To)
	}
	for f.steps[to].ask == nil || !f.steps[to].needed(f) {
		to--
	}
	f.show(to)
	f.problem = ProblemOf(o.Err)
}

func (f *Flow) index(id string) int {
	for i, s := range f.steps {
		if s.id == id {
			return i
		}
	}
	panic("flow: there is no step " + id)
}

// show asks the question of a step.
func (f *Flow) show(i int) {
	f.at, f.asking, f.asked, f.problem = i, true, false, nil
	if begin := f.steps[i].begin; begin != nil {
		begin(f)
	}
}

// goTo asks the question of another step than the next one; for a step's do.
func (f *Flow) goTo(id string) {
	i := f.index(id)
	for !f.steps[i].needed(f) {
		i--
	}
	f.show(i)
	f.jumped = true
}

// enterAt asks the question of a step, or does what one without a question does.
func (f *Flow) enterAt(i int) {
	if f.steps[i].ask != nil {
		f.show(i)
		return
	}
	f.at, f.asking, f.problem = i, false, nil
	f.enter()
}

// Update is something that was found. It is applied by Found.
type Update func(*Flow)

// Found takes what a Search found.
func (f *Flow) Found(u Update) {
	u(f)
	// What was waited for may be the one good answer.
	if f.work == nil && !f.over && !f.asking && f.waitsFor() == "" {
		f.enter()
	}
}

// forward goes to the next step that is needed.
func (f *Flow) forward() {
	f.asking = false
	for f.at++; !f.steps[f.at].needed(f); f.at++ {
	}
	f.enter()
}

// enter asks the current step's question, or passes it over.
func (f *Flow) enter() {
	s := f.steps[f.at]
	switch {
	case s.wait != nil && s.wait(f) != "":
	case s.ask == nil, s.pass != nil && !f.chosen[s.id] && s.pass(f): // what the person said is not passed over
		f.act()
	default:
		problem := f.problem // of a pass that found no good answer
		f.show(f.at)
		f.problem = problem
	}
}

// Back goes to the step before, also to one that was passed over, and reports
// whether there is one. No answer is lost.
func (f *Flow) Back() bool {
	i := f.before()
	if i < 0 {
		return false
	}
	f.show(i)
	return true
}

// before is the step to go back to, below 0 where there is none.
func (f *Flow) before() int {
	if f.work != nil || f.result.begun || f.reset.IsOpen() || f.steps[f.at].id == StepResetDone {
		return -1
	}
	i := f.at - 1
	for ; i >= 0; i-- {
		if s := f.steps[i]; s.ask != nil && s.needed(f) && (s.wait == nil || s.wait(f) == "") {
			return i
		}
	}
	if f.given.Reset != nil && fromAWS(f) {
		return f.index(StepLost)
	}
	return -1
}

// Looking reports whether the short searches, of the clone, the saved logins and
// the account, are still under way.
func (f *Flow) Looking() bool { return !f.found.cloneDone || !f.found.tokenDone || !f.found.savedDone }

// Promise says until when nothing is changed.
func (f *Flow) Promise() string {
	if f.given.Reset != nil {
		return "Nothing changes before you have typed the Rack's name."
	}
	if f.given.Agreed {
		return "With --yes it is written without being shown before; but for a reset, which asks by itself."
	}
	return "Nothing is written before the review, but for a reset, which asks by itself."
}

// Report is what was written and what was not, or nil while nothing was tried.
func (f *Flow) Report() *setup.Report { return f.result.report }

// Host is where builds will log in, or "" while that is open.
func (f *Flow) Host() string { return f.host().String() }

// CanGoBack reports whether Back would.
func (f *Flow) CanGoBack() bool { return f.before() >= 0 }
