// Package flow is the wizard as data: one list of steps, each with what it asks,
// what it does with the answer, and when it is needed. It draws nothing and reads
// no key. Package tui has its two drivers, the full screen and the plain lines.
//
// A Flow belongs to one goroutine. Whatever may block is returned as Work and
// Searches, to run on other goroutines. They don't read the Flow; they return what
// to change in it.
//
// Next room: internal/audit, which judges what builds do.
package flow

import (
	"cmp"
	"slices"

	"convox-travis/cfn"
	"convox-travis/internal/connect"
	"convox-travis/internal/reset"
)

// Flow is one run through the steps.
type Flow struct {
	outside Outside
	given   Given
	found   found
	answers answers
	result  result

	reset      reset.Reset // of the Rack that was selected
	pastResets []reset.Reset

	steps   []step
	at      int       // the current step
	asking  bool      // show its question, even if it could be skipped
	asked   *Question // the last one of it
	work    *Work
	problem *Problem
	jumped  bool            // a step's do chose the next step
	chosen  map[string]bool // steps that the person answered
	kept    []string        // what was saved for the convox CLI and remains
	over    bool
}

// New returns a flow at its first step. given are the answers that the flags and the
// environment have.
func New(outside Outside, given Given) *Flow {
	f := &Flow{outside: outside, given: given, steps: steps(given), found: begin(outside), chosen: map[string]bool{}, result: result{files: map[fileInputs]*filePlan{}, apps: map[appQuestion]*appAnswer{}}}
	f.answers = given.answers()
	if given.Reset != nil {
		f.found.racks = []cfn.Rack{*given.Reset}
	}
	f.startSearches()
	f.at = -1
	f.forward()
	return f
}

type step struct {
	id   string
	name string // the label in the transcript; adjacent steps of one name share a line

	when  func(*Flow) bool     // whether it is needed; nil is always
	soon  func(*Flow) bool     // whether it will be needed, as far as can be foreseen; only for the number of steps
	wait  func(*Flow) string   // what it waits for, or ""
	pass  func(*Flow) bool     // reports whether the answer that the question offers is the only good one
	begin func(*Flow)          // runs before it asks
	ask   func(*Flow) Question // nil asks nothing
	take  func(*Flow, Value)   // stores an answer
	do    func(*Flow) *Work    // acts on the answer; nil is nothing, or a goTo
	no    func(*Flow) *Work    // acts on a No, instead of do

	shown func(*Flow) string // the answer in the transcript, with a note behind " · "
}

func (s step) needed(f *Flow) bool { return s.when == nil || s.when(f) }

// State says what a driver has to do.
type State int

const (
	Asking  State = iota // ask Question, then call Answer
	Waiting              // wait until an Update changes the state
	Working              // run Work, then call Finish
	Over                 // quit
)

// State returns what to do now.
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

// Busy says what the flow works on or waits for, for the person to read.
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

// Step returns the current step's identity and its label in the transcript.
func (f *Flow) Step() (id, name string) { return f.steps[f.at].id, f.steps[f.at].name }

// Question returns the current question. The State has to be Asking.
func (f *Flow) Question() Question {
	q := f.steps[f.at].ask(f)
	q.Guarded = q.Guarded || f.given.Agreed // no review follows
	q.Problem = f.problem
	q.Initial.Index = max(0, slices.IndexFunc(q.Options, func(o Option) bool { return o.chosen }))
	if q.Kind == Confirm {
		q.Yes, q.No = cmp.Or(q.Yes, "Yes"), cmp.Or(q.No, "No, go back")
	}
	if f.outside.Tip != nil {
		if tip := f.outside.Tip(f.steps[f.at].id); tip != "" {
			q.Reason = append(q.Reason, tip)
		}
	}
	f.asked = &q
	return q
}

// Work returns the current work. The State has to be Working.
func (f *Flow) Work() *Work { return f.work }

// Answer takes the answer to the last Question. An error says why the answer can't be
// used; the question remains.
func (f *Flow) Answer(v Value) error {
	if f.asked == nil {
		f.Question()
	}
	if check := f.asked.Check; check != nil {
		if err := check(v); err != nil {
			return err
		}
	}
	f.problem, f.chosen[f.steps[f.at].id] = nil, true
	f.act(v)
	return nil
}

// act acts on an answer to the current step, or continues.
func (f *Flow) act(v Value) {
	s := f.steps[f.at]
	if s.take != nil {
		s.take(f, v)
	}
	switch q := f.asked; {
	case q != nil && q.Kind == Choice && q.Options[v.Index].do != nil:
		f.work = q.Options[v.Index].do(f)
	case q != nil && v.Switch != "" && len(q.Switches) > 0:
		f.work = f.turn(v.Switch)
	case s.no != nil && !v.Yes:
		f.work = s.no(f)
	case s.do != nil:
		f.work = s.do(f)
	}
	switch {
	case f.work != nil:
	case f.jumped:
		f.jumped = false
	case !f.over:
		f.forward()
	}
}

// Finish takes the result of the Work.
func (f *Flow) Finish(o Outcome) {
	f.work = nil
	if o.Set != nil {
		o.Set(f)
	}
	switch {
	case f.over:
	case o.Err != nil:
		to := f.at
		if o.To != "" {
			to = f.index(o.To)
		}
		f.showNeeded(to)
		f.problem = ProblemOf(o.Err)
	case o.To != "":
		f.show(f.index(o.To))
		if f.steps[f.at].ask == nil {
			f.asking = false
			f.enter()
		}
	default:
		f.forward()
	}
}

func (f *Flow) index(id string) int {
	for i, s := range f.steps {
		if s.id == id {
			return i
		}
	}
	panic("flow: there is no step " + id)
}

func (f *Flow) show(i int) {
	f.at, f.asking, f.asked, f.problem = i, true, nil, nil
	if begin := f.steps[i].begin; begin != nil {
		begin(f)
	}
}

// showNeeded asks the question of a step, or of the last one before it that is needed.
func (f *Flow) showNeeded(i int) {
	for f.steps[i].ask == nil || !f.steps[i].needed(f) {
		i--
	}
	f.show(i)
}

// goTo asks the question of a step other than the next one. It's for a step's do, and
// no Work.
func (f *Flow) goTo(id string) *Work {
	f.showNeeded(f.index(id))
	f.jumped = true
	return nil
}

func (f *Flow) quit() *Work {
	f.over = true
	return nil
}

// Update is something that a Search found. Found applies it.
type Update func(*Flow)

// Found applies an Update.
func (f *Flow) Found(u Update) {
	u(f)
	// What the step waited for may be its only good answer.
	if f.work == nil && !f.over && !f.asking && f.waitsFor() == "" {
		f.enter()
	}
}

func (f *Flow) forward() {
	f.asking, f.asked = false, nil
	for f.at++; !f.steps[f.at].needed(f); f.at++ {
	}
	f.enter()
}

// enter asks the current step's question, or skips it.
func (f *Flow) enter() {
	s := f.steps[f.at]
	switch {
	case f.waitsFor() != "":
	case s.ask == nil:
		f.act(Value{})
	case s.pass != nil && !f.chosen[s.id] && s.pass(f): // what the person answered isn't skipped
		f.act(f.Question().Initial)
	default:
		problem := f.problem // from a pass without a good answer
		f.show(f.at)
		f.problem = problem
	}
}

// Back goes to the previous step, even if it was skipped, and reports whether there
// is one. No answer is lost.
func (f *Flow) Back() bool {
	i := f.before()
	if i < 0 {
		return false
	}
	f.show(i)
	return true
}

// before is the step to go back to, or -1.
func (f *Flow) before() int {
	if f.work != nil || f.result.begun || f.reset.IsOpen() || f.steps[f.at].id == StepResetDone {
		return -1
	}
	if f.steps[f.at].id == StepCommand {
		return f.index(StepReview)
	}
	i := f.at - 1
	for ; i >= 0; i-- {
		if s := f.steps[i]; s.ask != nil && s.id != StepCommand && s.needed(f) && (s.wait == nil || s.wait(f) == "") {
			return i
		}
	}
	if f.given.Reset != nil && fromAWS(f) {
		return f.index(StepLost)
	}
	return -1
}

// Looking reports whether one of the short searches still runs: the clone, the saved
// logins and the account.
func (f *Flow) Looking() bool { return !f.found.cloneDone || !f.found.tokenDone || !f.found.savedDone }

// Promise says what happens before anything is written.
func (f *Flow) Promise() string {
	if f.given.Reset != nil {
		return "Nothing changes until you type the Rack's name."
	}
	if f.given.Agreed {
		return "With --yes, Travis's settings are changed without a review; a reset still asks."
	}
	return "Nothing is written until you confirm it."
}

// Report says what was written and what wasn't. It's nil until a write was tried.
func (f *Flow) Report() *connect.Report { return f.result.report }

// Host is where builds will log in, or "" until that is known.
func (f *Flow) Host() string { return f.host().String() }

// CanGoBack reports whether Back would.
func (f *Flow) CanGoBack() bool { return f.before() >= 0 }

// steps lists all steps in their order.
func steps(given Given) []step {
	if given.Reset != nil {
		return slices.Concat(recovering(), resetting(), []step{resetDoneStep})
	}
	return slices.Concat(
		[]step{signInStep, consoleStep, keyStep, rackStep, mfaStep, profileStep, ssoStep, hostStep, sourceStep, passwordStep},
		recovering(),
		resetting(),
		[]step{
			afterResetStep, rotateStep,
			accountStep, tokenStep,
			repositoryStep, slugStep, readStep, unknownStep, activateStep,
			branchStep, branchNameStep, deployRackStep, commandStep,
			planStep, mixedStep,
			fileStep, reviewStep,
			retryStep,
			testBuildStep,
			doneStep,
		},
	)
}

func recovering() []step {
	return []step{recoverStep, certificateStep, uncheckedStep, recoveredStep, recoveredShownStep}
}

func resetting() []step {
	return []step{
		lostStep, affectedStep, busyStep,
		newStep, freshStep, saveChoiceStep,
		previewStep, resetCertificateStep, changesStep, refreshStep, nameStep,
		saveStep, showNewStep, resetStep, continueStep,
	}
}

// The identities of the steps.
const (
	StepSignIn      = "sign in"
	StepConsole     = "console"
	StepKey         = "key"
	StepRack        = "rack"
	StepMFA         = "mfa"
	StepProfile     = "profile"
	StepSSO         = "sso"
	StepHost        = "host"
	StepSource      = "source"
	StepRecover     = "recover"
	StepPassword    = "password"
	StepCertificate = "certificate"
	StepUnchecked   = "unchecked"
	StepRecovered   = "recovered"
	StepShown       = "shown"
	StepLost        = "lost"
	StepAffected    = "affected"
	StepBusy        = "busy"
	StepNew         = "new"
	StepFresh       = "fresh"
	StepResetTrust  = "reset certificate"
	StepChanges     = "changes"
	StepRefresh     = "refresh"
	StepName        = "name"
	StepSaveChoice  = "keep"
	StepShowNew     = "kept"
	StepContinue    = "continue"
	StepAfterReset  = "after reset"
	StepRotate      = "rotate"
	StepResetDone   = "reset done"
	StepAccount     = "account"
	StepToken       = "token"
	StepRepository  = "repository"
	StepSlug        = "slug"
	StepUnknown     = "unknown"
	StepActivate    = "activate"
	StepBranch      = "branch"
	StepBranchName  = "branch name"
	StepDeployRack  = "deploy rack"
	StepCommand     = "command"
	StepMixed       = "mixed"
	StepFile        = "file"
	StepReview      = "review"
	StepRetry       = "retry"
	StepTestBuild   = "prove"
	StepDone        = "done"
)

func byConsole(f *Flow) bool   { return f.answers.signIn == ByConsole }
func byRack(f *Flow) bool      { return f.answers.signIn == ByRack }
func hasNoSignIn(f *Flow) bool { return f.answers.signIn == NoSignIn }

// until makes a step wait, in words, for something that is being looked for.
func until(words string, isDone func(*Flow) bool) func(*Flow) string {
	return func(f *Flow) string {
		if isDone(f) {
			return ""
		}
		return words
	}
}
