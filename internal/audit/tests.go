package audit

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"convox-travis/internal/build"
	"convox-travis/internal/text"
	"convox-travis/internal/travisyml"
	"convox-travis/travisapi"
)

// notTests are programs that a script starts besides its tests.
var notTests = []string{
	"curl", "wget", "chmod", "mv", "cp", "cd", "export", "echo", "printf", "set", "mkdir", "tar", "unzip", "ls", "cat", "pwd", "env", "sleep", "git",
	"docker", "aws", "true", ":", "skip", "ignore", "[", "[[", "test", "if", "source", ".", "exit", "rm", "which", "travis_retry", "travis_wait",
}

// isTest reports whether a command of script may be a test.
func isTest(command string) bool {
	words := strings.Fields(command)
	if len(words) > 0 && words[0] == "sudo" {
		words = words[1:]
	}
	return len(words) > 0 && !strings.Contains(command, "convox") && !strings.Contains(words[0], "=") && !slices.Contains(notTests, words[0])
}

// tests returns the positions of a script's tests among its steps. A language's default
// script is one.
func tests(script build.Script, job build.Job) []int {
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
func (p *playedFile) failTests(ctx context.Context) error {
	outcome := p.outcomes[pushed]
	var scripts []build.Script
	for i, job := range outcome.Build.Jobs {
		if !slices.ContainsFunc(p.steps, func(s *playedStep) bool { return s.runsIn(pushed, i) }) {
			continue
		}
		script := build.ScriptOf(job, outcome.Event)
		places := tests(script, job)
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
	all, err := p.player.Play(ctx, scripts)
	if err != nil {
		return err
	}
	for _, played := range all {
		for _, call := range played.Calls {
			if step := p.at(call.Line); step != nil && call.Deploys && !call.OnFailure {
				step.untested = true
			}
		}
	}
	return nil
}

func (s *playedStep) runsIn(outcome, job int) bool {
	return slices.ContainsFunc(s.runs, func(r stepRun) bool { return r.outcome == outcome && r.job == job })
}

// besideTests returns the first job with tests that a step of a push to the branch
// doesn't wait for, and whether other tests run before the step.
func (p *playedFile) besideTests(s *playedStep) (beside *build.Job, tested bool) {
	outcome := p.outcomes[pushed]
	jobs := outcome.Build.Jobs
	stages := build.StagesOf(jobs)
	for _, run := range s.in(pushed) {
		for i := range jobs {
			if len(tests(build.ScriptOf(jobs[i], outcome.Event), jobs[i])) == 0 {
				continue
			}
			switch {
			case stages[i] < stages[run.job]:
				return nil, true
			case i == run.job:
				tested = true
			case !jobs[i].AllowFailure && beside == nil && !s.runsIn(pushed, i):
				beside = &jobs[i]
			}
		}
	}
	return beside, tested
}

// droppedScript returns the script at the root if no job runs it, or nil.
func (p *playedFile) droppedScript() *build.Node {
	script := p.config.Root.Get("script")
	own := textsOf(script)
	if p.config.Root.Get("jobs").Get("include") == nil || !slices.ContainsFunc(own, isTest) {
		return nil
	}
	built := false
	for _, outcome := range p.outcomes {
		for _, job := range outcome.Build.Jobs {
			built = true
			runs := textsOf(job.Config.Get("script"))
			if !slices.ContainsFunc(own, func(command string) bool { return !slices.Contains(runs, command) }) {
				return nil
			}
		}
	}
	if !built {
		return nil
	}
	return script
}

// textsOf returns the commands of a phase.
func textsOf(phase *build.Node) []string {
	if phase == nil {
		return nil
	}
	all := []string{}
	for _, command := range slices.Concat(phase.Items, []*build.Node{phase}) {
		if command.Text != "" {
			all = append(all, command.Text)
		}
	}
	return all
}

// play plays the last build, if it was requested, and the builds of the repository's
// .travis.yml, if it is available. If Travis expanded the file, its reading counts. The
// error is that of ctx.
func (f *repositoryFacts) play(ctx context.Context, request Request) error {
	if err := f.last.play(ctx, request.Player, f.target.Slug, f.vars); err != nil || f.file == nil || f.file.err != nil {
		return err
	}
	settingsOf := func(branch string) []build.Setting { return settingsFor(f.vars, branch) }
	if f.err != nil {
		settingsOf = func(string) []build.Setting { return nil }
	}
	branch := f.branch(request.Branch)
	f.adopt(ctx, build.Event{Type: build.Push, Repo: f.target.Slug, Branch: branch, Settings: settingsOf(branch), SettingsKnown: f.err == nil})
	return f.file.play(ctx, f.target.Slug, branch, settingsOf)
}

// isDead reports whether an obstacle keeps a step from running in every build.
func isDead(o build.Obstacle) bool {
	switch o.Kind {
	case build.ObstacleSkip, build.ObstacleNoScript, build.ObstaclePhase, build.ObstacleFunction, build.ObstacleWindows, build.ObstacleOtherBranch:
		return true
	}
	return isBroken(o)
}

// isBroken reports whether an obstacle is a command that Travis turns into one that can't
// work.
func isBroken(o build.Obstacle) bool {
	switch o.Kind {
	case build.ObstacleBlock:
		return true
	case build.ObstacleCondition:
		return !o.IsBash()
	}
	return false
}

// judgeIdle checks a step that no push to the branch runs.
func (c *repositoryCase) judgeIdle(s *playedStep) {
	p := c.file.played
	dead := slices.ContainsFunc(s.because, isDead)
	broken := slices.ContainsFunc(p.config.Obstacles(), func(o build.Obstacle) bool { return isBroken(o) && o.Concerns(s.from, s.to) })
	other := slices.ContainsFunc(p.steps, func(other *playedStep) bool { return len(other.in(pushed)) > 0 })
	switch {
	case !p.isDecided(pushed) || broken: // reported separately
		return
	case c.dependsOnUnknown(s):
		return
	case other && len(s.runs) > 0:
		return // it is for another environment
	}
	branch := text.Quote(p.branch)
	severity, message := SeverityWarning, fmt.Sprintf("%s never runs for %s", s.name(), branch)
	meant, others := p.branches(s)
	master := p.branch != "master" && slices.Equal(meant, []string{"master"})
	var instead []string
	if len(meant) > 0 {
		instead = append(instead, text.QuoteList(meant))
	} else if len(others) > 0 {
		instead = append(instead, "branches such as "+text.QuoteList(others[:1]))
	}
	if len(s.in(tagged)) > 0 {
		instead = append(instead, "tags")
	}
	if len(instead) == 0 && len(s.in(byCron, byAPI)) > 0 {
		instead = append(instead, "cron or API builds")
	}
	hints := c.reasonHints(s)
	switch {
	case dead:
		severity = SeverityError
		message = s.name() + " never runs"
	case len(instead) > 0:
		message = fmt.Sprintf("%s runs for %s only, not for pushes to %s", s.name(), strings.Join(instead, " and "), branch)
		isMeant := !slices.ContainsFunc(s.because, func(o build.Obstacle) bool {
			return o.Kind == build.ObstacleNoBranch || o.Kind == build.ObstacleTags && o.Ignores()
		})
		isSlip := slices.ContainsFunc(meant, func(name string) bool {
			return strings.EqualFold(strings.TrimPrefix(strings.TrimPrefix(name, "refs/heads/"), "origin/"), p.branch)
		})
		if isMeant && !master && !isSlip && c.request.Branch == "" {
			severity = SeverityNote
		}
	case len(s.because) == 0 && s.failing:
		message = s.name() + " runs only when another command fails"
	case len(s.because) == 0 && p.reasoned:
		message = s.name() + " never runs: no build gets to it"
	}
	if reasons := c.reasons(s); reasons != "" {
		message += ": " + reasons
	}
	c.add(severity, FoundNeverDeploys, message, hints)
}

// reasons says in Travis's terms what keeps a step from running, or returns "".
func (c *repositoryCase) reasons(s *playedStep) string {
	var all []string
	for _, o := range s.because {
		all = append(all, c.reasonOf(o))
	}
	return strings.Join(distinct(all), ", and ")
}

func (c *repositoryCase) reasonOf(o build.Obstacle) string {
	branch := text.Quote(c.file.played.branch)
	switch o.Kind {
	case build.ObstacleBranches:
		return fmt.Sprintf("`branches` on line %d leaves %s out", o.Line, branch)
	case build.ObstacleIf:
		switch {
		case slices.ContainsFunc(c.file.config.Messages, func(m build.Message) bool { return m.Kind == build.InvalidCondition && m.Line == o.Line }):
			return fmt.Sprintf("Travis can't parse `if` on line %d, so it counts as false", o.Line)
		case envOfTravis.MatchString(o.Text):
			return fmt.Sprintf("`if` on line %d is false, and env() sees no TRAVIS_* variable", o.Line)
		}
		return fmt.Sprintf("`if` on line %d is false", o.Line)
	case build.ObstacleExclude:
		return fmt.Sprintf("`jobs.exclude` on line %d leaves its job out", o.Line)
	case build.ObstacleSkip:
		return fmt.Sprintf("`after_success: skip` on line %d switches every deployment off", o.Line)
	case build.ObstacleNoScript:
		switch o.Text {
		case "python":
			return "python's default script fails, and no `script` is set"
		case "generic", "minimal", "bash", "sh", "shell":
			return fmt.Sprintf("the language on line %d has no default script, and without one Travis deploys nothing", o.Line)
		}
		return "no `script` is set"
	case build.ObstaclePhase:
		return fmt.Sprintf("`%s` on line %d fails, or ends the job before it", o.Text, o.Line)
	case build.ObstacleWindows:
		return "Travis deploys nothing on Windows"
	case build.ObstacleBranch:
		return fmt.Sprintf("`on.branch` on line %d is %s", o.Line, Shortened(o.Text))
	case build.ObstacleNoBranch:
		if o.Text != "" {
			return fmt.Sprintf("Travis doesn't read `on.%s` on line %d, so the branch is master", Shortened(o.Text), o.Line)
		}
		return "`on.branch` is missing, and Travis takes master"
	case build.ObstacleOtherBranch:
		return fmt.Sprintf("Travis takes the keys of `%s` on line %d for its branches", Shortened(o.Text), o.Line)
	case build.ObstacleOn:
		if o.Text == "repo" {
			return fmt.Sprintf("`on.repo` on line %d is another repository", o.Line)
		}
		return fmt.Sprintf("`on.%s` on line %d doesn't hold", o.Text, o.Line)
	case build.ObstacleCondition:
		if !o.IsBash() {
			return brokenCondition(o)
		}
		return fmt.Sprintf("`on.condition` on line %d is false", o.Line)
	case build.ObstacleFunction:
		return fmt.Sprintf("`%s` on line %d is a function of the job's shell, which `deploy.script` doesn't have", o.Text, o.Line)
	case build.ObstaclePromote:
		return fmt.Sprintf("`promote: false` on line %d builds a release and doesn't promote it", o.Line)
	case build.ObstacleFalseTest, build.ObstacleTest:
		is := "is true"
		switch {
		case c.asksSettings(o.Text):
			is = "depends on an unknown value"
		case o.Kind == build.ObstacleFalseTest:
			is = "is false"
		}
		return fmt.Sprintf("%s on line %d %s", code(o.Text), o.Line, is)
	case build.ObstacleTags:
		if o.Ignores() {
			return fmt.Sprintf("`on.tags` on line %d makes Travis ignore `on.branch`", o.Line)
		}
		return fmt.Sprintf("`on.tags` on line %d is %s", o.Line, o.Text)
	}
	return fmt.Sprintf("`%s` on line %d can't work", o.Kind, o.Line)
}

var envOfTravis = regexp.MustCompile(`env\(\s*["']?TRAVIS_`)

// reasonHints says what helps.
func (c *repositoryCase) reasonHints(s *playedStep) string {
	branch := c.file.played.branch
	var hints []string
	for _, o := range s.because {
		switch o.Kind {
		case build.ObstacleBranches:
			hints = append(hints, "add "+text.Quote(branch)+" to `branches`, if it is to deploy")
		case build.ObstacleIf:
			hints = append(hints, fmt.Sprintf("change the condition on line %d: https://docs.travis-ci.com/user/conditions-v1", o.Line))
		case build.ObstacleSkip:
			hints = append(hints, fmt.Sprintf("delete line %d", o.Line))
		case build.ObstacleNoScript:
			hints = append(hints, "add a `script` with the tests, or `script: skip`")
		case build.ObstacleBranch:
			hints = append(hints, "change the branch to "+text.Quote(branch)+", if that is intended")
		case build.ObstacleNoBranch, build.ObstacleOtherBranch:
			hints = append(hints, "add `branch: "+branch+"` under `on`")
		case build.ObstacleTags:
			hints = append(hints, "delete `tags` to deploy the branch")
		case build.ObstaclePromote:
			hints = append(hints, fmt.Sprintf("delete line %d", o.Line))
		case build.ObstacleFunction:
			hints = append(hints, fmt.Sprintf("run the command without `%s`", o.Text))
		case build.ObstacleTest, build.ObstacleFalseTest:
			if strings.Contains(o.Text, "TRAVIS_PULL_REQUEST") {
				hints = append(hints, "TRAVIS_PULL_REQUEST is \"false\" outside of pull requests, never empty: compare it with false")
			}
		}
	}
	return strings.Join(distinct(hints), "\n")
}

// judgeCommands finds commands and conditions of deployments that can't work.
func (c *repositoryCase) judgeCommands() {
	p := c.file.played
	for _, o := range p.config.Obstacles() {
		if !isBroken(o) || !slices.ContainsFunc(p.steps, func(s *playedStep) bool { return o.Concerns(s.from, s.to) }) {
			continue
		}
		switch o.Kind {
		case build.ObstacleCondition:
			c.add(SeverityError, FoundBrokenCommand, brokenCondition(o), "write a test for [[ ]], such as `$TRAVIS_BRANCH = main`; `type` and `branch` are for `if`")
		default:
			c.add(SeverityError, FoundBrokenCommand, fmt.Sprintf("`deploy.script` on line %d has a line break, which arrives as a backslash and an n: the command can't work", o.Line), oneCommand)
		}
	}
}

const oneCommand = "write one command, with `>-` where it has several lines: bash -c 'first && second'"

func brokenCondition(o build.Obstacle) string {
	return fmt.Sprintf("the condition on line %d isn't valid Bash, so its jobs end with a syntax error and deploy nothing", o.Line)
}

// dependsOn names the unknown variables that decide what the jobs of a push to the branch
// deploy.
func (c *repositoryCase) dependsOn() []string {
	var names []string
	for _, played := range c.file.played.outcomes[pushed].Played {
		for _, unseen := range played.Unseen {
			if name, isVariable := strings.CutPrefix(unseen.What, "$"); isVariable && !c.isUnset(name) {
				names = append(names, unseen.What)
			}
		}
	}
	return distinct(names)
}

// dependsOnUnknown reports whether an unknown value may keep a step from running.
func (c *repositoryCase) dependsOnUnknown(s *playedStep) bool {
	names := c.dependsOn()
	return len(names) > 0 && !slices.ContainsFunc(s.because, func(o build.Obstacle) bool {
		isTest := o.Kind == build.ObstacleTest || o.Kind == build.ObstacleFalseTest
		return !isTest && !slices.ContainsFunc(names, func(name string) bool { return strings.Contains(o.Text, name[1:]) })
	})
}

// asksSettings reports whether a test may use a private variable of the settings.
func (c *repositoryCase) asksSettings(test string) bool {
	for _, match := range variableOf.FindAllStringSubmatch(test, -1) {
		name := match[1]
		isPrivate := slices.ContainsFunc(c.vars, func(v travisapi.EnvVar) bool { return v.Name == name && !v.Public })
		if isPrivate || c.accountSets(name) || name == "TRAVIS_COMMIT_MESSAGE" || c.err != nil && !strings.HasPrefix(name, "TRAVIS_") {
			return true
		}
	}
	return false
}

var variableOf = regexp.MustCompile(`\$\{?(\w+)`)

// isUnset reports whether a variable that no job sets is certainly set nowhere else.
func (c *repositoryCase) isUnset(name string) bool {
	if c.err != nil || c.accountErr != nil || c.file.unnamed() > 0 || c.file.imports() || strings.HasPrefix(name, "(") || name == "TRAVIS_COMMIT_MESSAGE" {
		return false
	}
	isSet := slices.ContainsFunc(c.vars, func(v travisapi.EnvVar) bool { return v.Name == name })
	return !isSet && !c.accountSets(name) && len(c.file.sets(name)) == 0
}

// Idle explains each deploy step of the file with these builds that no push to the
// branch runs, as far as the file alone decides that. The error is that of ctx, or one of
// starting the player.
func (b Builds) Idle(ctx context.Context, player build.Player, file travisyml.File) ([]Finding, error) {
	facts := &fileFacts{text: file.Text, config: b.config, player: player}
	noSettings := func(string) []build.Setting { return nil }
	if err := facts.play(ctx, b.Target.Repo, b.Target.Branch, noSettings); err != nil {
		return nil, err
	}
	c := &repositoryCase{repositoryFacts: repositoryFacts{file: facts, err: errNotRead}, findings: &findings{}}
	if facts.played.err == nil {
		c.judgeCommands()
		for _, s := range facts.played.steps {
			if len(s.in(pushed)) == 0 {
				c.judgeIdle(s)
			}
		}
	}
	return c.sorted(), facts.played.err
}

var errNotRead = errors.New("the settings weren't read")
