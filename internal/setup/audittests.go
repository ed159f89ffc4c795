package setup

import (
	"context"
	"slices"
	"strings"

	"convox-travis/internal/build"
)

// notTests are programs that a script starts beside its tests.
var notTests = []string{
	"curl", "wget", "chmod", "mv", "cp", "cd", "export", "echo", "printf", "set", "mkdir", "tar", "unzip", "ls", "cat", "pwd", "env", "sleep", "git",
	"docker", "aws", "true", ":", "skip", "ignore", "[", "[[", "test", "if", "source", ".", "exit", "rm", "which", "travis_retry", "travis_wait",
}

// isTest says whether a command of script may be a test.
func isTest(command string) bool {
	words := strings.Fields(command)
	if len(words) > 0 && words[0] == "sudo" {
		words = words[1:]
	}
	return len(words) > 0 && !strings.Contains(command, "convox") && !strings.Contains(words[0], "=") && !slices.Contains(notTests, words[0])
}

// tests returns the places of a script's tests among its steps. A language's
// default script is one.
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

// failTests plays the jobs of a push to the branch again with failing tests, and
// notes the steps that run all the same.
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

// droppedScript returns the script at the root when no job runs it, or nil.
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
