package travisyml

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"convox-travis/internal/build"
)

// AddStep adds a deployment of a target. It tries the places that the step can have on a
// copy, in order of preference, and takes the first one with which builds still do what
// they did, and also deploy: a push to the branch, and a cron or API build of it, once,
// after its tests, in a job on Linux; others not at all.
//
// A file that deploys the target already stays unchanged, and Change.Found says where. A
// file without anything to run also gets what makes a build pass. The error has CodeStep
// or a Refusal, or is that of the player.
func (d *Document) AddStep(ctx context.Context, player build.Player, target build.Target, step Step) (change Change, err error) {
	defer catch(&err)
	if err := d.checkIndentation(); err != nil {
		return Change{}, err
	}
	invalid := step.Validate()
	a := &addition{ctx: ctx, player: player, target: target, step: step}
	start, refusal := a.addMissingKeys(d)
	if refusal != nil {
		return Change{}, cmp.Or[error](invalid, refusal.Problem())
	}
	if start.Changed() && (invalid != nil || !d.IsEmpty()) {
		a.play(d)
		if found, _ := a.environments(nil, 0); invalid != nil || len(found) > 0 {
			start = Change{Old: d.text, New: d.text}
		}
	}
	if start.Changed() {
		d, err = Parse(start.New)
		must(err)
	}
	a.play(d)
	blocked, job := a.obstacle()
	start.Config, start.Outcomes = a.config, a.outcomes[:kinds]
	start.Found, start.Environments = a.environments(blocked, job)
	start.Notes = append(start.Notes, a.unknowns()...)
	switch {
	case len(start.Found) > 0 && start.Changed():
		start.Notes = append(start.Notes, Note{CodeStepRuns, fmt.Sprintf("this change also makes the deploy step on line %d run", start.Found[0].Line)})
		start.Found, start.Form = nil, formOf(start.Found[0].Phase)
		return start, nil
	case len(start.Found) > 0:
		start.Place = start.Found[0].Phase
		return start, nil
	case invalid != nil:
		return Change{}, invalid
	case blocked != nil:
		return Change{}, blocked.Problem()
	}
	added, refusal := a.find()
	if refusal != nil {
		if lines := slices.DeleteFunc(slices.Clone(start.Lines), func(line string) bool { return line == "" }); len(lines) > 0 {
			refusal.Fix = "add `" + strings.Join(lines, "` and `") + "` at the top, without which no build passes"
		}
		return Change{}, refusal.Problem()
	}
	if start.Changed() {
		added.Lines = append(start.Lines, added.Lines...)
		added.Line = min(start.Line, added.Line)
	}
	added.Old, added.Environments, added.Notes = start.Old, start.Environments, start.Notes
	return added, nil
}

func formOf(phase string) Form {
	if phase == AfterSuccess.String() {
		return AfterSuccess
	}
	return DeployScript
}

// addition is a deployment that is being added to a document.
type addition struct {
	ctx    context.Context
	player build.Player
	target build.Target
	step   Step

	document *Document
	config   *build.Config
	outcomes []build.Outcome // for each kind of build, then for pushes to branches that the file names
}

type stop struct{ err error }

func must(err error) {
	if err != nil {
		panic(stop{err})
	}
}

// catch sets an error to that of a stop; defer it.
func catch(err *error) {
	switch reason := recover().(type) {
	case nil:
	case stop:
		*err = reason.err
	default:
		panic(reason)
	}
}

const kinds = 6

// wants reports whether the step should run in builds of a kind: pushes to the branch,
// and cron and API builds of it that don't deploy the same yet.
func (a *addition) wants(kind int) bool {
	outcome := a.outcomes[kind]
	if kind >= 1 && kind <= 3 || outcome.Build.LeftOut {
		return false
	}
	return !slices.ContainsFunc(outcome.Played, func(played build.Played) bool { return slices.ContainsFunc(played.Calls, a.isDeployOf) })
}

func (a *addition) parse(text string) *build.Config {
	config, err := build.Parse(a.ctx, []byte(text))
	if err != nil && a.ctx.Err() == nil {
		refusal := &Refusal{
			Reason: "Travis can't read it: " + err.Error(),
			Fix:    "simplify the file, and write it in ASCII: Travis drops other characters",
		}
		err = refusal.Problem()
	}
	must(err)
	return config
}

// play plays the document without changes.
func (a *addition) play(d *Document) {
	a.document, a.config = d, a.parse(d.text)
	events := build.EventsOf(a.target.Repo, a.target.Branch)
	for _, name := range a.config.Branches() {
		if name != a.target.Branch && strings.Contains(d.text, "convox") {
			events = append(events, build.Event{Type: build.Push, Repo: a.target.Repo, Branch: name})
		}
	}
	var err error
	a.outcomes, err = a.player.Outcomes(a.ctx, a.config, events)
	must(err)
}

// find returns the first change that does what it should.
func (a *addition) find() (Change, *Refusal) {
	root := a.tryRoot()
	if root.refusal != nil && a.step.Form != FittingForm {
		return Change{}, root.refusal
	}
	found := root
	if found.verdict != accepted {
		found = a.findJob()
	}
	if found.verdict == accepted {
		found.Form = cmp.Or(a.step.Form, DeployScript)
		return found.Change, nil
	}
	return Change{}, cmp.Or(root.refusal, found.refusal, a.refuse(found.verdict))
}

// refuse says why no place works, with the line that prevents it.
func (a *addition) refuse(verdict verdict) *Refusal {
	at := func(key string) int {
		jobs, _ := a.document.whole().find("matrix", "jobs")
		if list, found := jobs.find(key); found {
			return list.key.Line
		}
		return a.config.Root.Get("jobs").LineOf(key)
	}
	refusal := &Refusal{Place: "jobs.include"}
	matrix, found := a.document.whole().find("matrix")
	last := lastOf(a.document.root)
	switch {
	case verdict == lostJob && isBlock(last):
		refusal.Line = last.Line
		refusal.Reason = "the text that ends the file would get a line break if anything followed it, and change its meaning"
		refusal.Fix = "move another key to the end of the file, then run this again"
	case verdict == noJob && at("exclude") > 0:
		refusal.Place, refusal.Line = "jobs.exclude", at("exclude")
		refusal.Reason = fmt.Sprintf("`exclude` on line %d leaves out every job that could deploy", refusal.Line)
		refusal.Fix = "remove an entry of `exclude`, then run this again"
	case verdict == mayFail && at("allow_failures") > 0:
		refusal.Place, refusal.Line = "jobs.allow_failures", at("allow_failures")
		refusal.Reason = fmt.Sprintf("`allow_failures` on line %d lets every job fail that could deploy", refusal.Line)
		refusal.Fix = "make `allow_failures` match fewer jobs, then run this again"
	case verdict == noJob && found && len(a.config.Root.Get("jobs").List()) == 0:
		refusal.Place, refusal.Line = "matrix", matrix.key.Line
		refusal.Reason = fmt.Sprintf("`matrix` on line %d isn't a list of jobs, and Travis reads no `jobs` beside it", refusal.Line)
		refusal.Fix = "remove `matrix`, or list its jobs under `include`, then run this again"
	default:
		refusal.Reason = verdicts[verdict]
	}
	if refusal.Fix == "" {
		refusal.Fix = "add the step yourself, then run this again to see whether it deploys"
	}
	return refusal
}

func (a *addition) push() build.Outcome { return a.outcomes[0] }

func (a *addition) isDeployOf(call build.Call) bool {
	return call.Deploys && !call.OnFailure && a.target.Fit(call) == build.Same
}

func stageKey(name string) string { return strings.ToLower(strings.TrimSpace(name)) }

// addMissingKeys adds what makes builds pass to a file that runs nothing but rake.
func (a *addition) addMissingKeys(d *Document) (Change, *Refusal) {
	none := Change{Old: d.text, New: d.text}
	config := a.parse(d.text)
	push, err := config.Build(a.ctx, build.EventsOf(a.target.Repo, a.target.Branch)[0])
	must(err)
	if push.LeftOut {
		return none, notBuilt(a.step.Branch, push.Reason)
	}
	lines, note := missingKeys(d, config, push)
	if len(lines) == 0 {
		return none, nil
	}
	edits, why := d.addKey(d.whole(), lines)
	change, done := d.splice(keyOf(lines[0]), edits)
	if !done {
		return none, &Refusal{Reason: reason(why, edits), Place: keyOf(lines[0]), Lines: lines}
	}
	change.Notes = []Note{note}
	return change, nil
}

func keyOf(line string) string {
	key, _, _ := strings.Cut(line, ":")
	return key
}

func notBuilt(branch, reason string) *Refusal {
	return &Refusal{
		Reason: fmt.Sprintf("Travis doesn't build %s: %s", branch, reason), notBuilt: true,
		Fix: fmt.Sprintf("change the file so that Travis builds %s, or deploy another branch", branch),
	}
}

// languagesWithoutTests are the languages that run nothing by default.
var languagesWithoutTests = []string{"generic", "shell"}

// rubyKeys are keys of files for Ruby, Travis's default language.
var rubyKeys = []string{"rvm", "gemfile", "jdk", "bundler_args"}

// missingKeys are the script without which no build passes, and the language.
func missingKeys(d *Document, config *build.Config, push *build.Build) (lines []string, note Note) {
	root := config.Root
	if root.Get("script") != nil || root.Get("import") != nil {
		return nil, Note{}
	}
	named := hasMerged(d.root, "language") || slices.ContainsFunc(config.Messages, func(m build.Message) bool { return m.Instead == "language" })
	switch {
	case d.IsEmpty():
		return []string{"language: generic", "script: skip"}, Note{CodeNewFile, "the file is new, and its builds run no tests: replace `script: skip` with their command"}
	case named:
		if len(push.Jobs) == 0 || slices.ContainsFunc(push.Jobs, func(job build.Job) bool {
			return job.Config.Get("script") != nil || !slices.Contains(languagesWithoutTests, job.Language)
		}) {
			return nil, Note{}
		}
		return []string{"script: skip"}, Note{CodeNoTests, "without `script` every build of the file fails, so it gets `script: skip`, which runs no tests"}
	case len(root.Get("jobs").Get("include").List()) > 0, slices.ContainsFunc(rubyKeys, func(key string) bool { return root.Get(key) != nil }), callsRuby(root):
		return nil, Note{}
	}
	return []string{"language: generic", "script: skip"}, Note{CodeNoTests, "the file has no `language` and no `script`, so Travis would run rake; it gets both, and runs no tests"}
}

func callsRuby(root *build.Node) bool {
	for _, phase := range phases {
		for _, command := range root.Get(phase).Texts() {
			if slices.ContainsFunc([]string{"bundle", "rake", "gem ", "rspec", "ruby", "rvm"}, func(word string) bool { return strings.Contains(command, word) }) {
				return true
			}
		}
	}
	return false
}

// Environment is an existing deployment of a file, and the builds that run it.
type Environment struct {
	Line  int    // counted from 1
	Phase string // such as "deploy" or "script"
	From  string // a branch, or "tags", "pull requests" or "branches such as feature/x"
	App   string // as the command names it, or ""
	Rack  string // as the command names it, or ""
	Waits bool   // for the rollout: with --wait
}

// At says where the deployment is, such as "after_success, line 12".
func (e Environment) At() string { return fmt.Sprintf("%s, line %d", e.Phase, e.Line) }

// IsBranch reports whether From is a branch.
func (e Environment) IsBranch() bool {
	return e.From != otherBranches && e.From != fromTags && e.From != fromPulls
}

// String is such as "develop deploys api to acme/staging (line 6)".
func (e Environment) String() string {
	verb := "deploys"
	if !e.IsBranch() {
		verb = "deploy"
	}
	words := []string{e.From, verb}
	if e.App != "" {
		words = append(words, e.App)
	}
	if e.Rack != "" {
		words = append(words, "to", e.Rack)
	}
	return fmt.Sprintf("%s (line %d)", strings.Join(words, " "), e.Line)
}

const (
	otherBranches = "branches such as feature/x"
	fromTags      = "tags"
	fromPulls     = "pull requests"
)

// Note is worth knowing about a change.
type Note struct {
	Code    string
	Message string // a sentence without its period
}

// The codes of notes.
const (
	CodeNewFile   = "yml_new"       // the file is new, and runs no tests
	CodeNoTests   = "yml_no_tests"  // the file got a script that does nothing
	CodeStepRuns  = "yml_step_runs" // a deploy step that never ran runs now
	CodeUndecided = "yml_undecided" // what a step deploys is unknown
	CodeUnplayed  = "yml_unplayed"  // what a job does is unknown
)

// environments returns the target's deployments by a push to the branch, and all others.
// One that an obstacle keeps from running isn't the target's.
func (a *addition) environments(blocked *Refusal, job int) (found, others []Environment) {
	for i, outcome := range a.outcomes {
		stages := build.StagesOf(outcome.Build.Jobs)
		for n, played := range outcome.Played {
			for _, call := range played.Calls {
				if !call.Deploys || call.OnFailure {
					continue
				}
				one := Environment{Line: call.Line, Phase: call.Phase, From: fromOf(i, outcome.Event), App: a.appOf(call), Rack: call.Rack, Waits: slices.Contains(call.Args, "--wait")}
				isTarget := a.isDeployOf(call) && (i == 0 || i >= 4 && i < kinds)
				switch {
				case i == 0 && isTarget && (blocked == nil || job != n && stages[job] >= stages[n]):
					found = append(found, one)
				case !isTarget:
					others = append(others, one)
				}
			}
		}
	}
	return found, mergeEnvironments(others)
}

// appOf returns the app of a call if the call, or its folder, names it.
func (a *addition) appOf(call build.Call) string {
	if call.Folder == "" {
		return call.App
	}
	return a.target.AppOf(call)
}

func fromOf(kind int, event build.Event) string {
	switch {
	case kind == 1:
		return otherBranches
	case event.Type == build.PullRequest:
		return fromPulls
	case event.Tag != "":
		return fromTags
	}
	return event.Branch
}

// mergeEnvironments drops duplicates, and branches if all branches deploy.
func mergeEnvironments(all []Environment) []Environment {
	var kept []Environment
	for _, one := range all {
		every := one
		every.From = otherBranches
		if slices.Contains(kept, one) || one.From != fromPulls && slices.Contains(all, every) && one != every {
			continue
		}
		kept = append(kept, one)
	}
	return kept
}

// unknowns are notes on what the play of a push can't show.
func (a *addition) unknowns() []Note {
	var notes []Note
	add := func(code, message string) {
		if note := (Note{code, message}); !slices.Contains(notes, note) {
			notes = append(notes, note)
		}
	}
	for _, played := range a.push().Played {
		for _, call := range played.Calls {
			if call.Deploys && a.target.Fit(call) == build.Undecided {
				add(CodeUndecided, fmt.Sprintf("line %d deploys too, to an unknown app or Rack, so it doesn't count as this deploy", call.Line))
			}
		}
		if played.Unplayed != nil {
			add(CodeUnplayed, fmt.Sprintf("line %d can't be played: %s; what its job deploys is unknown", played.Unplayed.Line, played.Unplayed.What))
		}
	}
	return notes
}
