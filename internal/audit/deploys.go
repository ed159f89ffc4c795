package audit

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"convox-travis/internal/build"
	"convox-travis/internal/connect"
	"convox-travis/internal/text"
)

// judgeBuilds checks the builds of a file that uses Convox.
func (c *repositoryCase) judgeBuilds() {
	p := c.file
	switch {
	case p.playErr != nil:
		c.add(SeverityNote, FoundNotPlayed, "the builds of .travis.yml can't be played: "+p.playErr.Error(), "")
		return
	case len(p.steps) == 0:
		c.judgeNoStep()
		return
	}
	c.judgeCommands()
	for _, s := range p.steps {
		runs := p.reference(s)
		if len(s.in(pushed)) == 0 {
			c.judgeIdle(s)
		}
		if len(runs) == 0 {
			continue
		}
		c.judgeGuard(s, runs)
		c.judgeFailure(s, runs)
		c.judgeTests(s)
		c.judgeClient(s, runs)
		c.judgeRack(runs[0].call, s.name())
	}
	for i := range p.Outcomes {
		if p.isNamedPush(i) {
			c.judgeTimes(i)
			c.judgeBranch(i)
		}
	}
	if script := p.droppedScript(); script != nil {
		c.add(SeverityError, FoundTestsDropped, fmt.Sprintf("no job runs `script` on line %d: every job of `jobs.include` has a script of its own, and Travis adds no other job", script.Line),
			"add a job for the tests: `- stage: test` as the first item of `jobs.include`")
	}
	if unseen := c.file.unseen(); unseen != "" {
		c.add(SeverityNote, FoundNotPlayed, "not checked: "+unseen+"; if one of them deploys, builds deploy more often", "")
	}
	if names := c.dependsOn(); len(names) > 0 {
		c.add(SeverityNote, FoundNotPlayed, "what a push to "+text.Quote(p.Target.Branch)+" deploys depends on "+text.List(names)+", whose value is unknown", "")
	}
}

// name names a step at the start of a sentence.
func (s *playedStep) name() string { return stepOn(s.line) }

// reference returns the runs of a step in the build that shows its behavior best: a push
// to the branch, otherwise to another one that the file names, otherwise any.
func (b Builds) reference(s *playedStep) []stepRun {
	for _, r := range s.runs {
		if b.isNamedPush(r.outcome) {
			return s.in(r.outcome)
		}
	}
	if len(s.runs) == 0 {
		return nil
	}
	return s.in(s.runs[0].outcome)
}

// orNewStep adds to a hint how to replace a step by one without the problem, if a new one
// does all that the step does.
func (c *repositoryCase) orNewStep(hint string, run stepRun) string {
	flags, ok := stepFlags(run.call, c.file.Outcomes[run.outcome].Played[run.job])
	if !ok {
		return hint
	}
	if hint != "" {
		hint += "\nor "
	}
	return hint + c.yml("delete the step and let the wizard write one without this problem", run.call, flags...)
}

// stepFlags returns the flags of yml for what a step of one of the jobs does besides
// deploying an app. It isn't ok if yml can't write such a step.
func stepFlags(call build.Call, jobs ...build.Played) (flags []string, ok bool) {
	for _, job := range jobs {
		for _, other := range job.Calls {
			if runs := build.RunOf(other); runs != "" && !slices.Contains(call.Before, runs) {
				return nil, false // a job's other commands are part of its deployment
			}
		}
	}
	before := strings.Join(call.Before, "")
	if len(call.Before) > 1 || strings.ContainsAny(before+call.Manifest, "$`") || CheckExtras(call.Manifest, before) != nil {
		return nil, false
	}
	return slices.Concat(flag("--manifest", call.Manifest), flag("--before-promote", before)), true
}

// judgeGuard finds unintended builds that run a step.
func (c *repositoryCase) judgeGuard(s *playedStep, runs []stepRun) {
	p, step := c.file, s.name()
	var pulls, every, tags bool
	var loose []string
	for _, r := range s.runs {
		event := p.Outcomes[r.outcome].Event
		switch {
		case !p.isSure(r.outcome) || p.isNamedPush(r.outcome):
		case event.Type == build.PullRequest:
			pulls = true
		case r.outcome == pushedOther:
			every = true
		case event.Tag != "":
			tags = true
		case event.Type == build.Push && !slices.Contains(loose, event.Branch):
			loose = append(loose, event.Branch)
		}
	}
	another := c.orNewStep("name the branch", runs[0])
	switch {
	case every && pulls:
		c.add(SeverityError, FoundUnguarded, step+" has no guard: it runs for every branch and every pull request"+c.reason(s), c.orNewStep("run it only for its branch, by TRAVIS_BRANCH, and leave out pull requests, by TRAVIS_PULL_REQUEST", runs[0]))
	case every && tags:
		c.add(SeverityWarning, FoundUnguarded, step+" runs for every branch and every tag", another)
	case every:
		c.add(SeverityWarning, FoundUnguarded, step+" runs for every branch", another)
	case len(loose) > 0:
		c.add(SeverityWarning, FoundUnguarded, step+" runs for other branches too, such as "+text.QuoteList(loose[:min(2, len(loose))])+": the pattern fits more than the branch", c.orNewStep("anchor the pattern with ^ and $", runs[0]))
	case tags && len(s.in(pushed)) > 0:
		c.add(SeverityNote, FoundUnguarded, step+" runs for tags too, such as v1.0", "")
	}
	if pulls && !every {
		too := " too"
		if !p.isNamedPush(runs[0].outcome) {
			too = ""
		}
		c.add(SeverityError, FoundUnguarded, step+" runs for pull requests"+too+c.reason(s), c.orNewStep("leave them out by TRAVIS_PULL_REQUEST", runs[0]))
	}
}

// isSure reports whether no job of a build depends on an unknown value.
func (b Builds) isSure(outcome int) bool {
	return !slices.ContainsFunc(b.Outcomes[outcome].Build.Unseen, func(u build.Unseen) bool { return u.What != "the imported file" })
}

// judgeNotBuilt finds that Travis doesn't build pushes to the branch.
func (c *repositoryCase) judgeNotBuilt() {
	if p := c.file; !p.source.Missing && len(p.Outcomes[pushed].Build.Jobs) == 0 {
		severity := SeverityNote
		if c.request.Branch != "" {
			severity = SeverityWarning
		}
		c.add(severity, FoundNotBuilt, "Travis builds no push to "+text.Quote(p.Target.Branch)+": "+p.Outcomes[pushed].Build.Reason, "")
	}
}

// reason says why a step runs for pull requests, as the end of a sentence, or "".
func (c *repositoryCase) reason(s *playedStep) string {
	const secure = "TRAVIS_SECURE_ENV_VARS"
	p := c.file
	if line := lineContaining(c.file.source.Text, secure, 0); s.from <= line && line <= s.to {
		return fmt.Sprintf("; %s on line %d is true for those of the repository's own branches", secure, line)
	}
	job := p.job(s.runs[0])
	condition := job.Config.Get("if")
	if stages := p.config.Root.Get("stages"); condition == nil && stages != nil {
		for _, stage := range stages.Items {
			if name := stage.Get("name"); name != nil && strings.EqualFold(name.Text, job.Stage) {
				condition = stage.Get("if")
			}
		}
	}
	if condition == nil {
		return ""
	}
	return fmt.Sprintf("; `if` on line %d is true for them", condition.Line)
}

// judgeFailure finds failures that don't fail the build.
func (c *repositoryCase) judgeFailure(s *playedStep, runs []stepRun) {
	hidden := slices.IndexFunc(runs, func(r stepRun) bool { return !r.call.FailsBuild })
	if hidden >= 0 {
		run := runs[hidden]
		flags, canReplace := stepFlags(run.call, c.file.Outcomes[run.outcome].Played[run.job])
		message := s.name() + mayFail
		switch {
		case c.file.job(run).AllowFailure:
			c.add(SeverityWarning, FoundHiddenFailure, message+": its job is allowed to fail", c.orNewStep("take the job out of `allow_failures`", run))
		case run.call.Phase == FormAfterSuccess && !canReplace:
			c.add(SeverityNote, FoundHiddenFailure, message, "move it to `deploy`, whose failure fails the build")
		case run.call.Phase == FormAfterSuccess:
			c.add(SeverityNote, FoundHiddenFailure, message, c.yml("delete that step first, and write one whose failure fails the build", run.call, append(flags, "--step", FormDeploy)...))
		default:
			c.add(SeverityWarning, FoundHiddenFailure, message, c.orNewStep("make its failure fail the build", run))
		}
	}
	if c.doesNotWait(runs[0].call) {
		c.add(SeverityWarning, FoundNoWait, s.name()+noWait, addWait)
	}
}

var (
	waitFlag    = regexp.MustCompile(`^(?:-w|--wait)(?:=true)?$`)
	secondCLI   = regexp.MustCompile(`convox\.com/cli/|convox\.s3\.amazonaws\.com/release/`)
	thirdCLI    = regexp.MustCompile(`github\.com/convox/convox/releases`)
	installsCLI = regexp.MustCompile(`(?i)convox\.(?:com|s3)|github\.com/convox|convox/(?:convox|cli|rack)|install\s.*convox|(?m)^\s*- convox\s*$`)
)

// doesNotWait reports whether a deploy ends as soon as its release is promoted. The CLI's
// second generation, the only one that can use a Rack directly, does so without --wait.
func (c *repositoryCase) doesNotWait(call build.Call) bool {
	if slices.ContainsFunc(call.Args, waitFlag.MatchString) {
		return false
	}
	isSecond, isThird := secondCLI.MatchString(call.Source), thirdCLI.MatchString(call.Source)
	if !isSecond && !isThird {
		isSecond, isThird = secondCLI.MatchString(c.file.source.Text), thirdCLI.MatchString(c.file.source.Text)
	}
	_, isRack := c.logsInTo()
	return !isThird && (isSecond || isRack)
}

// judgeClient finds a step without anything that installs the CLI for it.
func (c *repositoryCase) judgeClient(s *playedStep, runs []stepRun) {
	call, p := runs[0].call, c.file
	unseen := slices.ContainsFunc(p.Outcomes[runs[0].outcome].Played[runs[0].job].Unseen, func(u build.Unseen) bool { return !strings.HasPrefix(u.What, "$") })
	if call.Source != "" || unseen || installsCLI.MatchString(c.file.source.Text) || slices.Contains(call.Args, "--id") && call.Phase == "deploy" || c.file.imports() {
		return
	}
	program := call.Args[0]
	if root := c.file.source.Root; strings.Contains(program, "/") && root != "" {
		inClone := strings.TrimPrefix(program, "/home/travis/build/"+p.Target.Repo+"/")
		if _, err := os.Stat(filepath.Join(root, filepath.FromSlash(inClone))); err == nil {
			return
		}
	}
	c.add(SeverityWarning, FoundNoClient, s.name()+" needs the convox CLI, and nothing before it installs it", c.orNewStep("install it first (https://docs.convox.com/installation/cli/)", runs[0]))
}

// judgeTests finds a step that doesn't wait for the tests.
func (c *repositoryCase) judgeTests(s *playedStep) {
	runs := s.in(pushed)
	if len(runs) == 0 {
		return
	}
	const wait = "move the step to `deploy`, which Travis runs after the tests"
	if s.untested {
		why := "Travis continues `script` after a command that fails"
		switch phase := runs[0].call.Phase; phase {
		case "before_install", "install", "before_script":
			why = "`" + phase + "` comes before `script`"
		case "after_script", "before_cache", "after_failure":
			why = "Travis runs `" + phase + "` regardless of the result"
		}
		c.add(SeverityWarning, FoundUntested, s.name()+" runs regardless of the tests: "+why, wait)
		return
	}
	concurrent, tested := c.file.concurrentTests(s)
	switch {
	case concurrent == nil:
	case tested:
		c.add(SeverityNote, FoundUntested, fmt.Sprintf("%s doesn't wait for the tests of other jobs, such as %s", s.name(), jobName(*concurrent)), ownStage)
	default:
		c.add(SeverityWarning, FoundUntested, fmt.Sprintf("%s doesn't wait for the tests: job %s runs at the same time or later", s.name(), jobName(*concurrent)), ownStage)
	}
}

func jobName(job build.Job) string {
	if job.Name == "" {
		return job.Number
	}
	return job.Number + " (" + Shortened(job.Name) + ")"
}

// judgeTimes finds a build that deploys an app more than once to a Rack.
func (c *repositoryCase) judgeTimes(outcome int) {
	p := c.file
	type deploys struct {
		first       stepRun
		times       int
		lines, jobs []string
	}
	var all []*deploys // of each app and Rack
	for _, s := range p.steps {
		for _, r := range s.in(outcome) {
			r.call.App = p.Target.AppOf(r.call)
			i := slices.IndexFunc(all, func(d *deploys) bool { return d.first.call.App == r.call.App && d.first.call.Rack == r.call.Rack })
			if i < 0 {
				i, all = len(all), append(all, &deploys{first: r})
			}
			d := all[i]
			d.times, d.lines, d.jobs = d.times+1, append(d.lines, fmt.Sprint(s.line)), append(d.jobs, jobName(p.job(r)))
		}
	}
	for _, d := range all {
		if d.times < 2 {
			continue
		}
		lines, jobs, app := distinct(d.lines), distinct(d.jobs), d.first.call.App
		if rack := d.first.call.Rack; rack != "" {
			app += " to " + rack
		}
		message := fmt.Sprintf("a push to %s deploys %s %d times", text.Quote(p.Outcomes[outcome].Event.Branch), Shortened(app), d.times)
		if len(jobs) > 1 {
			message += ", in the jobs " + text.List(jobs)
		}
		noun := " (line "
		if len(lines) > 1 {
			noun = " (lines "
		}
		c.add(SeverityWarning, FoundPerJob, message+noun+text.List(lines)+")", c.orNewStep(lastStage, d.first))
	}
}

func distinct(list []string) []string {
	var all []string
	for _, item := range list {
		if !slices.Contains(all, item) {
			all = append(all, item)
		}
	}
	return all
}

// judgeBranch checks the variables in builds of a branch that deploys.
func (c *repositoryCase) judgeBranch(outcome int) {
	p := c.file
	branch := p.Outcomes[outcome].Event.Branch
	i := slices.IndexFunc(p.steps, func(s *playedStep) bool { return len(s.in(outcome)) > 0 })
	if i < 0 || c.err != nil || c.request.Branch != "" || !isNamed(c.file.source.Text, branch) && branch != p.Target.Branch {
		return
	}
	s := p.steps[i]
	host, password := c.originOf(connect.HostName, branch), c.originOf(connect.PasswordName, branch)
	if branches := connect.BranchesOf(c.vars); len(branches) > 0 && host == nowhere && password == nowhere {
		severity, unless := c.missing()
		c.add(severity, FoundNoVariables, fmt.Sprintf("builds of %s deploy (line %d) and get neither %s nor %s: only %s has them%s", text.Quote(branch), s.line, connect.HostName, connect.PasswordName, text.QuoteList(branches), unless), c.write("to write both", branch))
	}
	if outcome == pushed {
		return
	}
	for _, other := range p.steps {
		if other == s || len(s.in(pushedOther))+len(other.in(pushedOther)) > 0 {
			continue // one step for several branches is intended
		}
		for _, r := range other.in(pushed) {
			for _, mine := range s.in(outcome) {
				app := p.Target.AppOf(mine.call)
				same := p.Target.AppOf(r.call) == app && r.call.Rack == mine.call.Rack
				if same && host == ofAllBranches && c.originOf(connect.HostName, p.Target.Branch) == ofAllBranches && !strings.Contains(r.call.App+r.call.Rack, "$") {
					c.add(SeverityNote, FoundSameRack, fmt.Sprintf("builds of %s and of %s deploy %s to the same Rack (lines %d and %d)", text.Quote(p.Target.Branch), text.Quote(branch), app, other.line, s.line),
						c.write("if that branch has a Rack of its own, give it variables of its own", branch))
					return
				}
			}
		}
	}
}

// isNamed reports whether a text contains a branch's whole name, and not only a pattern
// that matches it.
func isNamed(text, branch string) bool {
	return regexp.MustCompile(`(?m)(?:^|[\s"'\[,=:{|(])` + regexp.QuoteMeta(branch) + `(?:$|[\s"',\]:;})|])`).MatchString(text)
}

// unseen names parts of a file that aren't checked, or returns "".
func (f *fileFacts) unseen() string {
	if len(f.steps) == 0 {
		return unscanned(f.imports(), f.config.OwnCommands())
	}
	var scripts []string
	for _, played := range f.Outcomes[pushed].Played {
		for _, unseen := range played.Unseen {
			if !strings.HasPrefix(unseen.What, "$") {
				scripts = append(scripts, Shortened(unseen.What))
			}
		}
	}
	for _, unplayed := range f.unplayed() {
		scripts = append(scripts, fmt.Sprintf("line %d, which can't be played", unplayed.Line))
	}
	return unscanned(f.imports(), distinct(scripts))
}
