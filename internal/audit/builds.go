package audit

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"convox-travis/internal/build"
	"convox-travis/internal/problem"
	"convox-travis/internal/travisyml"
)

// Builds are what the builds of a .travis.yml do, as build.Player plays them.
type Builds struct {
	Target   build.Target
	Messages []build.Message
	Outcomes []build.Outcome // of build.EventsOf first; none without a file
	// IsConfirmed is whether Travis makes the same of a push to the branch.
	IsConfirmed bool

	player      build.Player
	source      travisyml.File
	config      *build.Config
	steps       []*playedStep
	named       []string // branches that the file names besides the target's, once playAll played them
	isExplained bool     // whether obstacles were searched for
}

// playedStep is a command that deploys.
type playedStep struct {
	line      int
	from, to  int // the lines of the command
	runs      []stepRun
	onFailure bool             // in a push to the branch it runs only when other commands fail
	untested  bool             // in a push to the branch it also runs when the tests fail
	because   []build.Obstacle // what keeps it from running in a push to the branch
}

// stepRun is one deploy of a step, in a job of an outcome, if every command passes.
type stepRun struct {
	outcome, job int
	call         build.Call
}

// The outcomes of build.EventsOf.
const (
	pushed = iota
	pushedOther
	pulled
	tagged
	byCron
	byAPI
)

// PlayFile plays the builds of a file. The error is that of ctx, a problem.Error for a
// text that Travis can't read, or one of starting the player.
func PlayFile(ctx context.Context, player build.Player, file travisyml.File, target build.Target) (Builds, error) {
	b := Builds{Target: target, player: player, source: file}
	if file.Missing {
		return b, nil
	}
	config, err := build.Parse(ctx, []byte(file.Text))
	if err != nil && ctx.Err() == nil {
		return b, &problem.Error{
			Code: "yml_syntax", Action: "read " + travisyml.FileName, Cause: err,
			Hints: []string{"fix the file; https://config.travis-ci.com/explore shows what Travis makes of it"},
		}
	}
	if err == nil {
		err = b.read(ctx, config, nil)
	}
	return b, err
}

// read plays the builds of the file as config reads it, unless outcomes has them already.
func (b *Builds) read(ctx context.Context, config *build.Config, outcomes []build.Outcome) error {
	b.config, b.Messages = config, config.Messages
	if outcomes != nil {
		b.add(outcomes)
		return nil
	}
	err := b.play(ctx, build.EventsOf(b.Target.Repo, b.Target.Branch))
	if err != nil && ctx.Err() == nil {
		return fmt.Errorf("play the builds of %s: %w", travisyml.FileName, err)
	}
	return err
}

// play plays more events.
func (b *Builds) play(ctx context.Context, events []build.Event) error {
	outcomes, err := b.player.Outcomes(ctx, b.config, events)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	b.add(outcomes)
	return err
}

// add adds what was played.
func (b *Builds) add(outcomes []build.Outcome) {
	for _, outcome := range outcomes {
		for _, played := range outcome.Played {
			for i := range played.Calls {
				if call := &played.Calls[i]; call.App == "" && call.Folder != "" {
					call.App = b.source.AppIn(call.Folder)
				}
			}
		}
	}
	b.Outcomes = append(b.Outcomes, outcomes...)
	b.findSteps()
}

// playAll plays the builds of the target's branch, if that wasn't done, and those of other
// branches, and finds out why steps don't run.
func (b *Builds) playAll(ctx context.Context, settingsOf func(branch string) []build.Setting) error {
	play := func(events []build.Event) error {
		for i := range events {
			events[i].Settings = settingsOf(events[i].Branch)
			events[i].SettingsKnown = events[i].Settings != nil
		}
		return b.play(ctx, events)
	}
	if b.Outcomes == nil {
		if err := play(build.EventsOf(b.Target.Repo, b.Target.Branch)); err != nil {
			return err
		}
	}
	if len(b.steps) > 0 {
		const mostJobs = 1000
		b.named = slices.DeleteFunc(b.config.Branches(), func(name string) bool { return name == b.Target.Branch })
		others := b.otherEvents()
		if err := play(others[:min(len(others), mostJobs/(1+len(b.Outcomes[pushed].Build.Jobs)))]); err != nil {
			return err
		}
	}
	return cmp.Or(b.explain(ctx), b.failTests(ctx))
}

// otherEvents are builds of branches that a file names, and of some with similar names.
func (b *Builds) otherEvents() []build.Event {
	repo := b.Target.Repo
	var events []build.Event
	push := func(names ...string) {
		for _, name := range names {
			events = append(events, build.Event{Type: build.Push, Repo: repo, Branch: name})
		}
	}
	push(b.named...)
	push("maintenance", "feature-develop")
	for _, name := range append([]string{b.Target.Branch}, b.named...) {
		push(name+"-2", "feature-"+name)
	}
	for _, name := range b.named {
		events = append(events, build.Event{Type: build.PullRequest, Repo: repo, Branch: name, HeadBranch: "feature/x", HeadRepo: repo})
	}
	return slices.DeleteFunc(events, func(e build.Event) bool { return e.Type == build.Push && e.Branch == b.Target.Branch })
}

// Reached reports for each job of a build whether it runs if every command passes: a
// stage starts when the jobs of those before it have passed.
func Reached(outcome build.Outcome) []bool {
	reached := make([]bool, len(outcome.Build.Jobs))
	failed := "" // the stage in which a job fails
	fails := false
	for i, job := range outcome.Build.Jobs {
		reached[i] = !fails || strings.EqualFold(job.Stage, failed)
		if reached[i] && !fails && outcome.Played[i].Status != 0 && !job.AllowFailure {
			fails, failed = true, job.Stage
		}
	}
	return reached
}

// deploysOf lists what a build deploys if every command passes, and what it deploys if one
// fails.
func deploysOf(outcome build.Outcome) (deploys, onFailure []stepRun) {
	reached := Reached(outcome)
	for i, played := range outcome.Played {
		for _, call := range played.Calls {
			switch run := (stepRun{job: i, call: call}); {
			case !call.Deploys || !reached[i]:
			case call.OnFailure:
				onFailure = append(onFailure, run)
			default:
				deploys = append(deploys, run)
			}
		}
	}
	return deploys, onFailure
}

// findSteps collects the commands that deploy, and where they run.
func (b *Builds) findSteps() {
	b.steps = nil
	for _, m := range b.config.Mentions() {
		if s := b.at(m.Line); s == nil || s.line != m.Line {
			b.steps = append(b.steps, &playedStep{line: m.Line, from: m.From, to: m.To})
		}
	}
	stepOf := func(line int) *playedStep {
		s := b.at(line)
		if s == nil {
			s = &playedStep{line: line, from: line, to: line}
			b.steps = append(b.steps, s)
		}
		return s
	}
	for i, outcome := range b.Outcomes {
		deploys, onFailure := deploysOf(outcome)
		for _, run := range deploys {
			s := stepOf(run.call.Line)
			s.runs = append(s.runs, stepRun{i, run.job, run.call})
		}
		for _, run := range onFailure {
			s := stepOf(run.call.Line)
			s.onFailure = s.onFailure || i == pushed
		}
	}
	slices.SortStableFunc(b.steps, func(x, y *playedStep) int { return cmp.Compare(x.line, y.line) })
}

// at returns the step on a line, otherwise the first one whose command includes the line,
// or nil.
func (b Builds) at(line int) (found *playedStep) {
	for _, s := range b.steps {
		if s.line == line {
			return s
		}
		if found == nil && s.from <= line && line <= s.to {
			found = s
		}
	}
	return found
}

// in returns the deploys of a step in the intended builds.
func (s *playedStep) in(outcomes ...int) []stepRun {
	return slices.DeleteFunc(slices.Clone(s.runs), func(r stepRun) bool { return !slices.Contains(outcomes, r.outcome) })
}

func (s *playedStep) runsIn(outcome, job int) bool {
	return slices.ContainsFunc(s.runs, func(r stepRun) bool { return r.outcome == outcome && r.job == job })
}

// job returns the job of a run.
func (b Builds) job(r stepRun) build.Job { return b.Outcomes[r.outcome].Build.Jobs[r.job] }

// jobSets reports whether the file sets a variable for the job of a run.
func (b Builds) jobSets(r stepRun, name string) bool {
	return slices.ContainsFunc(b.job(r).Env, func(set string) bool { return strings.HasPrefix(set, name+"=") })
}

// isNamedPush reports whether an outcome is a push to the target's branch, or to one that the
// file names.
func (b Builds) isNamedPush(i int) bool {
	event := b.Outcomes[i].Event
	return event.Type == build.Push && event.Tag == "" && (event.Branch == b.Target.Branch || slices.Contains(b.named, event.Branch))
}

// isDecided reports whether the jobs of a push to the branch could be played to their end.
func (b Builds) isDecided() bool { return len(b.unplayed()) == 0 }

// unplayed returns where playing the jobs of a push to the branch stopped early. A job
// whose deployments have a condition that isn't valid Bash does nothing, so it doesn't count.
func (b Builds) unplayed() (all []build.Unseen) {
	push := b.Outcomes[pushed]
	for i, played := range push.Played {
		if played.Unplayed != nil && build.ScriptOf(push.Build.Jobs[i], push.Event).Broken == nil {
			all = append(all, *played.Unplayed)
		}
	}
	return all
}

// deploys lists what one of the Outcomes deploys if every command passes.
func (b Builds) deploys(event int) []build.Call {
	if event >= len(b.Outcomes) {
		return nil
	}
	runs, _ := deploysOf(b.Outcomes[event])
	calls := make([]build.Call, len(runs))
	for i, run := range runs {
		calls[i] = run.call
	}
	return calls
}

// targetDeploys lists the target's deploys in one of the Outcomes.
func (b Builds) targetDeploys(event int) []build.Call {
	return slices.DeleteFunc(b.deploys(event), func(c build.Call) bool { return b.Target.Fit(c) != build.Same })
}

// Found says where a push deploys the target, such as "deploy, line 12"; "" is nowhere.
func (b Builds) Found() string {
	for _, call := range b.targetDeploys(pushed) {
		return fmt.Sprintf("%s, line %d", call.Phase, call.Line)
	}
	return ""
}

// IsBuilt reports whether Travis builds a push to the branch. Without a file it assumes
// that there will be one.
func (b Builds) IsBuilt() bool { return len(b.Outcomes) == 0 || !b.Outcomes[pushed].Build.LeftOut }

// notTests are programs that a script starts besides its tests.
var notTests = []string{
	"curl", "wget", "chmod", "mv", "cp", "cd", "export", "echo", "printf", "set", "mkdir", "tar", "unzip", "ls", "cat", "pwd", "env", "sleep", "git",
	"docker", "aws", "true", ":", "skip", "ignore", "[", "[[", "test", "if", "source", ".", "exit", "rm", "which", "travis_wait",
}

// beforeTest are words that can precede the program of a test.
var beforeTest = regexp.MustCompile(`^(?:sudo|travis_retry|\w+=[\w./:-]*)$`)

// isTest reports whether a command of script may be a test.
func isTest(command string) bool {
	words := strings.Fields(command)
	for len(words) > 0 && beforeTest.MatchString(words[0]) {
		words = words[1:]
	}
	return len(words) > 0 && !strings.Contains(command, "convox") && !strings.Contains(words[0], "=") && !slices.Contains(notTests, words[0])
}

// tests returns the positions of a script's tests among its steps. A language's default
// script is one.
func tests(script build.Script) []int {
	var places []int
	for i, step := range script.Steps {
		isDefault := step.Command.Line == 0 && step.Command.Bash == ":"
		if step.Phase == "script" && (isDefault || isTest(step.Command.Bash)) {
			places = append(places, i)
		}
	}
	return places
}

// failTests plays the jobs of a push to the branch again with failing tests, and records
// the steps that still run.
func (b Builds) failTests(ctx context.Context) error {
	push := b.Outcomes[pushed]
	var scripts []build.Script
	for i, job := range push.Build.Jobs {
		if !slices.ContainsFunc(b.steps, func(s *playedStep) bool { return s.runsIn(pushed, i) }) {
			continue
		}
		script := build.ScriptOf(job, push.Event)
		places := tests(script)
		if len(places) == 0 {
			continue
		}
		for _, at := range places {
			script.Steps[at].Command.Bash = "false"
		}
		scripts = append(scripts, script)
	}
	if len(scripts) == 0 || len(scripts) > 50 {
		return nil
	}
	all, err := b.player.Play(ctx, scripts)
	if err != nil {
		return err
	}
	for _, played := range all {
		for _, call := range played.Calls {
			if step := b.at(call.Line); step != nil && call.Deploys && !call.OnFailure {
				step.untested = true
			}
		}
	}
	return nil
}

// concurrentTests returns the first job with tests that a step of a push to the branch
// doesn't wait for, and whether other tests pass before the step. Tests that may fail
// don't count.
func (b Builds) concurrentTests(s *playedStep) (concurrent *build.Job, isTested bool) {
	push := b.Outcomes[pushed]
	jobs, stages := push.Build.Jobs, build.StagesOf(push.Build.Jobs)
	deploying, lastStage, isAfterScript := map[int]bool{}, 0, false
	for _, run := range s.in(pushed) {
		deploying[run.job], lastStage = true, max(lastStage, stages[run.job])
		isAfterScript = isAfterScript || slices.Contains([]string{"after_success", "before_deploy", "deploy", "after_deploy"}, run.call.Phase)
	}
	for i := range jobs {
		if jobs[i].AllowFailure || len(tests(build.ScriptOf(jobs[i], push.Event))) == 0 {
			continue
		}
		switch {
		case stages[i] < lastStage:
			return nil, true
		case deploying[i]:
			isTested = isAfterScript && len(deploying) == 1
		case concurrent == nil:
			concurrent = &jobs[i]
		}
	}
	return concurrent, isTested
}

// droppedScript returns the script at the root if no job runs it, or nil.
func (b Builds) droppedScript() *build.Node {
	script := b.config.Root.Get("script")
	commands := script.Texts()
	if b.config.Root.Get("jobs").Get("include") == nil || !slices.ContainsFunc(commands, isTest) {
		return nil
	}
	isBuilt := false
	for _, outcome := range b.Outcomes {
		for _, job := range outcome.Build.Jobs {
			isBuilt = true
			runs := job.Config.Get("script").Texts()
			if !slices.ContainsFunc(commands, func(command string) bool { return !slices.Contains(runs, command) }) {
				return nil
			}
		}
	}
	if !isBuilt {
		return nil
	}
	return script
}
