package audit

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"convox-travis/internal/build"
	"convox-travis/internal/connect"
	"convox-travis/travisapi"
)

// playedFile is what the builds of a .travis.yml deploy with Convox.
type playedFile struct {
	player   build.Player
	config   *build.Config
	branch   string          // the audited one
	named    []string        // other branches that the file names
	outcomes []build.Outcome // those of build.EventsOf first
	steps    []*playedStep
	reasoned bool  // whether obstacles were searched for
	err      error // why the builds can't be played
}

// playedStep is a command that deploys.
type playedStep struct {
	line     int
	from, to int // the lines of the command
	runs     []stepRun
	failing  bool             // in a push to the branch it runs only when other commands fail
	untested bool             // in a push to the branch it also runs when the tests fail
	because  []build.Obstacle // what keeps it from running in a push to the branch
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
	ofOthers // those of other branches start here
)

// mostJobsPlayed limits the jobs of the builds played for one question.
const mostJobsPlayed = 1000

// play plays the builds of a file. The error is that of ctx.
func (f *fileFacts) play(ctx context.Context, repo, branch string, settingsOf func(branch string) []build.Setting) error {
	p := &playedFile{player: f.player, config: f.config, branch: branch}
	f.played = p
	events := build.EventsOf(repo, branch)
	p.err = p.add(ctx, events, settingsOf)
	p.findSteps()
	if p.err == nil && len(p.steps) > 0 {
		p.named = slices.DeleteFunc(f.config.Branches(), func(name string) bool { return name == branch })
		p.err = p.add(ctx, p.bounded(otherEvents(repo, branch, p.named)), settingsOf)
		p.findSteps()
	}
	if p.err == nil {
		p.err = p.explain(ctx)
	}
	if p.err == nil {
		p.err = p.failTests(ctx)
	}
	return context.Cause(ctx)
}

// add plays more builds.
func (p *playedFile) add(ctx context.Context, events []build.Event, settingsOf func(branch string) []build.Setting) error {
	for i := range events {
		events[i].Settings = settingsOf(events[i].Branch)
		events[i].SettingsKnown = events[i].Settings != nil
	}
	outcomes, err := p.player.Outcomes(ctx, p.config, events)
	p.outcomes = append(p.outcomes, outcomes...)
	return err
}

// bounded drops builds if there are too many jobs.
func (p *playedFile) bounded(events []build.Event) []build.Event {
	return events[:min(len(events), mostJobsPlayed/(1+len(p.outcomes[pushed].Build.Jobs)))]
}

// otherEvents are builds of branches that a file names, and of some with similar names.
func otherEvents(repo, branch string, named []string) []build.Event {
	var events []build.Event
	push := func(names ...string) {
		for _, name := range names {
			events = append(events, build.Event{Type: build.Push, Repo: repo, Branch: name})
		}
	}
	push(named...)
	push("maintenance", "feature-develop")
	for _, name := range append([]string{branch}, named...) {
		push(name+"-2", "feature-"+name)
	}
	for _, name := range named {
		events = append(events, build.Event{Type: build.PullRequest, Repo: repo, Branch: name, HeadBranch: "feature/x", HeadRepo: repo})
	}
	return slices.DeleteFunc(events, func(e build.Event) bool { return e.Type == build.Push && e.Branch == branch })
}

// findSteps collects the commands that deploy, and where they run.
func (p *playedFile) findSteps() {
	p.steps = nil
	for _, m := range p.config.Mentions() {
		if step := p.at(m.Line); step == nil || step.line != m.Line {
			p.steps = append(p.steps, &playedStep{line: m.Line, from: m.From, to: m.To})
		}
	}
	for i, outcome := range p.outcomes {
		for j, played := range outcome.Played {
			for _, call := range played.Calls {
				if !call.Deploys {
					continue
				}
				step := p.at(call.Line)
				if step == nil {
					step = &playedStep{line: call.Line, from: call.Line, to: call.Line}
					p.steps = append(p.steps, step)
				}
				if call.OnFailure {
					step.failing = step.failing || i == pushed
					continue
				}
				step.runs = append(step.runs, stepRun{i, j, call})
			}
		}
	}
	slices.SortStableFunc(p.steps, func(a, b *playedStep) int { return cmp.Compare(a.line, b.line) })
}

// job returns the job of a run.
func (p *playedFile) job(r stepRun) build.Job { return p.outcomes[r.outcome].Build.Jobs[r.job] }

// jobSets reports whether the file sets a variable for the job of a run.
func (p *playedFile) jobSets(r stepRun, name string) bool {
	return slices.ContainsFunc(p.job(r).Env, func(set string) bool { return strings.HasPrefix(set, name+"=") })
}

// at returns the step on a line, otherwise the first one whose command includes the line,
// or nil.
func (p *playedFile) at(line int) (found *playedStep) {
	for _, s := range p.steps {
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

// branches returns the branches whose pushes run a step: audited or named ones, and
// others.
func (p *playedFile) branches(s *playedStep) (meant, others []string) {
	for _, r := range s.runs {
		event := p.outcomes[r.outcome].Event
		if event.Type != build.Push || event.Tag != "" {
			continue
		}
		if p.isMeant(r.outcome) {
			meant = append(meant, event.Branch)
		} else {
			others = append(others, event.Branch)
		}
	}
	return distinct(meant), distinct(others)
}

// isDecided reports whether the jobs of a build could be played to their end.
func (p *playedFile) isDecided(outcome int) bool {
	for i, played := range p.outcomes[outcome].Played {
		if played.Unplayed != nil && !deploysNothing(p.outcomes[outcome], i) {
			return false
		}
	}
	return true
}

// deploysNothing reports whether a condition of a job's deployments isn't valid Bash, so
// that the job does nothing.
func deploysNothing(outcome build.Outcome, job int) bool {
	return build.ScriptOf(outcome.Build.Jobs[job], outcome.Event).Broken != nil
}

// mostPlays limits how often a push is played to find out what keeps steps from running,
// if more than one obstacle blocks one.
const mostPlays = 40

// explain finds out what keeps each step from running that no push to the branch runs.
func (p *playedFile) explain(ctx context.Context) error {
	const mostJobs, mostTried = 50, 60 // each obstacle takes a play of all jobs
	all := p.config.Obstacles()
	if !p.isDecided(pushed) || len(p.outcomes[pushed].Build.Jobs) > mostJobs || len(all) > mostTried {
		return nil
	}
	p.reasoned = true
	var waiting []*playedStep
	for _, s := range p.steps {
		if len(s.in(pushed)) == 0 {
			waiting = append(waiting, s)
		}
	}
	for i := range all { // one of them, which nothing else blocks
		if len(waiting) == 0 {
			return nil
		}
		run, err := p.runWithout(ctx, all[i:i+1])
		if err != nil {
			return err
		}
		waiting = slices.DeleteFunc(waiting, func(s *playedStep) bool {
			if run(s) {
				s.because = all[i : i+1]
			}
			return run(s)
		})
	}
	if len(waiting) == 0 || len(all) < 2 {
		return nil
	}
	run, err := p.runWithout(ctx, all)
	if err != nil {
		return err
	}
	for i, s := range waiting {
		if !run(s) || (i+1)*len(all) > mostPlays {
			continue
		}
		s.because = all
		for _, o := range all { // restore what isn't needed
			less := slices.DeleteFunc(slices.Clone(s.because), func(other build.Obstacle) bool { return other.Is(o) })
			run, err := p.runWithout(ctx, less)
			if err != nil {
				return err
			}
			if run(s) {
				s.because = less
			}
		}
	}
	return nil
}

// runWithout plays a push to the branch without some of the obstacles. It reports whether
// a step then runs.
func (p *playedFile) runWithout(ctx context.Context, obstacles []build.Obstacle) (func(*playedStep) bool, error) {
	outcomes, err := p.player.Outcomes(ctx, p.config.Without(obstacles), []build.Event{p.outcomes[pushed].Event})
	if err != nil {
		return nil, err
	}
	var lines []int
	for _, played := range outcomes[0].Played {
		for _, call := range played.Calls {
			if call.Deploys && !call.OnFailure {
				lines = append(lines, call.Line)
			}
		}
	}
	return func(s *playedStep) bool {
		return slices.ContainsFunc(lines, func(line int) bool { return p.at(line) == s })
	}, nil
}

// settingsFor returns the settings' variables that builds of a branch get.
func settingsFor(vars []travisapi.EnvVar, branch string) []build.Setting {
	settings := []build.Setting{}
	for _, v := range vars {
		if v.Branch == "" || v.Branch == branch {
			setting := build.Setting{Name: v.Name, Private: true}
			if v.Public && !slices.Contains([]string{connect.HostName, connect.PasswordName, connect.OverrideName}, v.Name) {
				setting.Private, setting.Value = false, v.Value.Reveal()
			}
			settings = append(settings, setting)
		}
	}
	return settings
}
