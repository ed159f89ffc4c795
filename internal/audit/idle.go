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
	"convox-travis/travisapi"
)

// mostPlays limits how often a push is played to find out what keeps steps from running,
// if more than one obstacle blocks one.
const mostPlays = 40

// explain finds out what keeps each step from running that no push to the branch runs.
func (b *Builds) explain(ctx context.Context) error {
	const mostJobs, mostTried = 50, 60 // each obstacle takes a play of all jobs
	all := b.config.Obstacles()
	if !b.isDecided() || len(b.Outcomes[pushed].Build.Jobs) > mostJobs || len(all) > mostTried {
		return nil
	}
	b.isExplained = true
	idle := slices.DeleteFunc(slices.Clone(b.steps), func(s *playedStep) bool { return len(s.in(pushed)) > 0 })
	for i := range all { // one of them, which nothing else blocks
		if len(idle) == 0 {
			return nil
		}
		runs, err := b.runsWithout(ctx, all[i:i+1])
		if err != nil {
			return err
		}
		idle = slices.DeleteFunc(idle, func(s *playedStep) bool {
			if runs(s) {
				s.because = all[i : i+1]
			}
			return runs(s)
		})
	}
	if len(idle) == 0 || len(all) < 2 {
		return nil
	}
	runs, err := b.runsWithout(ctx, all)
	if err != nil {
		return err
	}
	for i, s := range idle {
		if !runs(s) || (i+1)*len(all) > mostPlays {
			continue
		}
		s.because = all
		for _, o := range all { // restore what isn't needed
			less := slices.DeleteFunc(slices.Clone(s.because), func(other build.Obstacle) bool { return other.Is(o) })
			runs, err := b.runsWithout(ctx, less)
			if err != nil {
				return err
			}
			if runs(s) {
				s.because = less
			}
		}
	}
	return nil
}

// runsWithout plays a push to the branch without some of the obstacles. It reports whether
// a step then runs.
func (b *Builds) runsWithout(ctx context.Context, obstacles []build.Obstacle) (func(*playedStep) bool, error) {
	outcomes, err := b.player.Outcomes(ctx, b.config.Without(obstacles), []build.Event{b.Outcomes[pushed].Event})
	if err != nil {
		return nil, err
	}
	deploys, _ := deploysOf(outcomes[0])
	return func(s *playedStep) bool {
		return slices.ContainsFunc(deploys, func(r stepRun) bool { return b.at(r.call.Line) == s })
	}, nil
}

// branches returns the branches whose pushes run a step: audited or named ones, and
// others.
func (b Builds) branches(s *playedStep) (meant, others []string) {
	for _, r := range s.runs {
		event := b.Outcomes[r.outcome].Event
		if event.Type != build.Push || event.Tag != "" {
			continue
		}
		if b.isNamedPush(r.outcome) {
			meant = append(meant, event.Branch)
		} else {
			others = append(others, event.Branch)
		}
	}
	return distinct(meant), distinct(others)
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
	p := c.file
	dead := slices.ContainsFunc(s.because, isDead)
	broken := slices.ContainsFunc(p.config.Obstacles(), func(o build.Obstacle) bool { return isBroken(o) && o.Concerns(s.from, s.to) })
	other := slices.ContainsFunc(p.steps, func(other *playedStep) bool { return len(other.in(pushed)) > 0 })
	switch {
	case !p.isDecided() || broken: // reported separately
		return
	case c.dependsOnUnknown(s):
		return
	case other && len(s.runs) > 0:
		return // it is for another environment
	}
	branch := text.Quote(p.Target.Branch)
	severity, message := SeverityWarning, fmt.Sprintf("%s never runs for %s", s.name(), branch)
	meant, others := p.branches(s)
	master := p.Target.Branch != "master" && slices.Equal(meant, []string{"master"})
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
	switch {
	case dead:
		severity = SeverityError
		message = s.name() + " never runs"
	case len(instead) > 0:
		message = fmt.Sprintf("%s runs for %s only, not for pushes to %s", s.name(), strings.Join(instead, " and "), branch)
		isIntended := !slices.ContainsFunc(s.because, func(o build.Obstacle) bool {
			return o.Kind == build.ObstacleNoBranch || o.Kind == build.ObstacleTags && o.Ignores()
		})
		isSlip := slices.ContainsFunc(meant, func(name string) bool {
			return strings.EqualFold(strings.TrimPrefix(strings.TrimPrefix(name, "refs/heads/"), "origin/"), p.Target.Branch)
		})
		if isIntended && !master && !isSlip && c.request.Branch == "" {
			severity = SeverityNote
		}
	case len(s.because) == 0 && s.onFailure:
		message = s.name() + " runs only when another command fails"
	case len(s.because) == 0 && p.isExplained:
		message = s.name() + " never runs: no build gets to it"
	}
	var reasons, hints []string
	for _, o := range s.because {
		reason, hint := c.reasonOf(o)
		reasons = append(reasons, reason)
		if hint != "" {
			hints = append(hints, hint)
		}
	}
	if len(reasons) > 0 {
		message += ": " + strings.Join(distinct(reasons), ", and ")
	}
	c.add(severity, FoundNeverDeploys, message, strings.Join(distinct(hints), "\n"))
}

// reasonOf says in Travis's terms how an obstacle keeps a step from running, and what
// helps, if anything.
func (c *repositoryCase) reasonOf(o build.Obstacle) (reason, hint string) {
	name := c.file.Target.Branch
	branch, deleteLine, addBranch := text.Quote(name), fmt.Sprintf("delete line %d", o.Line), "add `branch: "+name+"` under `on`"
	switch o.Kind {
	case build.ObstacleBranches:
		return fmt.Sprintf("`branches` on line %d leaves %s out", o.Line, branch), "add " + branch + " to `branches`, if it is to deploy"
	case build.ObstacleIf:
		reason = fmt.Sprintf("`if` on line %d is false", o.Line)
		isInvalid := func(m build.Message) bool { return m.Kind == build.InvalidCondition && m.Line == o.Line }
		if slices.ContainsFunc(c.file.config.Messages, isInvalid) {
			reason = fmt.Sprintf("Travis can't parse `if` on line %d, so it counts as false", o.Line)
		} else if envOfTravis.MatchString(o.Text) {
			reason += ", and env() sees no TRAVIS_* variable"
		}
		return reason, fmt.Sprintf("change the condition on line %d: https://docs.travis-ci.com/user/conditions-v1", o.Line)
	case build.ObstacleExclude:
		return fmt.Sprintf("`jobs.exclude` on line %d leaves its job out", o.Line), ""
	case build.ObstacleSkip:
		return fmt.Sprintf("`after_success: skip` on line %d switches every deployment off", o.Line), deleteLine
	case build.ObstacleNoScript:
		switch hint = "add a `script` with the tests, or `script: skip`"; o.Text {
		case "python":
			return "python's default script fails, and no `script` is set", hint
		case "generic", "minimal", "bash", "sh", "shell":
			return fmt.Sprintf("the language on line %d has no default script, and without one Travis deploys nothing", o.Line), hint
		}
		return "no `script` is set", hint
	case build.ObstaclePhase:
		return fmt.Sprintf("`%s` on line %d fails, or ends the job before it", o.Text, o.Line), ""
	case build.ObstacleWindows:
		return "Travis deploys nothing on Windows", ""
	case build.ObstacleBranch:
		return fmt.Sprintf("`on.branch` on line %d is %s", o.Line, Shortened(o.Text)), "change the branch to " + branch + ", if that is intended"
	case build.ObstacleNoBranch:
		if o.Text != "" {
			return fmt.Sprintf("Travis doesn't read `on.%s` on line %d, so the branch is master", Shortened(o.Text), o.Line), addBranch
		}
		return "`on.branch` is missing, and Travis takes master", addBranch
	case build.ObstacleOtherBranch:
		return fmt.Sprintf("Travis takes the keys of `%s` on line %d for its branches", Shortened(o.Text), o.Line), addBranch
	case build.ObstacleOn:
		if o.Text == "repo" {
			return fmt.Sprintf("`on.repo` on line %d is another repository", o.Line), ""
		}
		return fmt.Sprintf("`on.%s` on line %d doesn't hold", o.Text, o.Line), ""
	case build.ObstacleCondition:
		if !o.IsBash() {
			return brokenCondition(o), ""
		}
		return fmt.Sprintf("`on.condition` on line %d is false", o.Line), ""
	case build.ObstacleFunction:
		reason = fmt.Sprintf("`%s` on line %d is a function of the job's shell, which `deploy.script` doesn't have", o.Text, o.Line)
		return reason, fmt.Sprintf("run the command without `%s`", o.Text)
	case build.ObstaclePromote:
		return fmt.Sprintf("`promote: false` on line %d builds a release and doesn't promote it", o.Line), deleteLine
	case build.ObstacleFalseTest, build.ObstacleTest:
		is := "is true"
		switch {
		case c.asksSettings(o.Text):
			is = "depends on an unknown value"
		case o.Kind == build.ObstacleFalseTest:
			is = "is false"
		}
		if strings.Contains(o.Text, "TRAVIS_PULL_REQUEST") {
			hint = "TRAVIS_PULL_REQUEST is \"false\" outside of pull requests, never empty: compare it with false"
		}
		return fmt.Sprintf("%s on line %d %s", code(o.Text), o.Line, is), hint
	case build.ObstacleTags:
		hint = "delete `tags` to deploy the branch"
		if o.Ignores() {
			return fmt.Sprintf("`on.tags` on line %d makes Travis ignore `on.branch`", o.Line), hint
		}
		return fmt.Sprintf("`on.tags` on line %d is %s", o.Line, o.Text), hint
	}
	return fmt.Sprintf("`%s` on line %d can't work", o.Kind, o.Line), ""
}

var envOfTravis = regexp.MustCompile(`env\(\s*["']?TRAVIS_`)

// judgeCommands finds commands and conditions of deployments that can't work.
func (c *repositoryCase) judgeCommands() {
	p := c.file
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
	for _, played := range c.file.Outcomes[pushed].Played {
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

// Idle explains each deploy step of the file that no push to the branch runs, as far as
// the file alone decides that. The error is that of ctx, or one of starting the player.
func (b Builds) Idle(ctx context.Context) ([]Finding, error) {
	facts := &fileFacts{Builds: b}
	if err := facts.playAll(ctx, func(string) []build.Setting { return nil }); err != nil {
		return nil, err
	}
	c := &repositoryCase{repositoryFacts: repositoryFacts{file: facts, err: errNotRead}, findings: &findings{}}
	c.judgeCommands()
	for _, s := range facts.steps {
		if len(s.in(pushed)) == 0 {
			c.judgeIdle(s)
		}
	}
	return c.sorted(), nil
}

var errNotRead = errors.New("the settings weren't read")
