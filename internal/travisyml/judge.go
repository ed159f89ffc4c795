package travisyml

import (
	"slices"
	"strings"

	"convox-travis/internal/build"
)

type verdict int

const (
	accepted verdict = iota
	lostJob
	noJob
	severalJobs
	mayFail
	wrongMachine
	beforeTests
	otherCommands
	notPlayed
	otherwise
)

var verdicts = [...]string{
	lostJob:       "other jobs would change",
	noJob:         "no job would run the step",
	severalJobs:   "several jobs would run the step",
	mayFail:       "the job that would deploy may fail",
	wrongMachine:  "no job runs on Linux with a processor that the convox CLI supports",
	beforeTests:   "the step wouldn't wait for the tests",
	otherCommands: "other commands would run with the step",
	notPlayed:     "the step wouldn't deploy once, or would in other builds too",
	otherwise:     "Travis would read the rest of the file differently, or deploy in other builds",
}

// judge compares what Travis makes of a changed document with what it makes of the old
// one, and gives the change its Config.
func (a *addition) judge(change *Change, suffix string) verdict {
	config, err := build.Parse(a.ctx, []byte(change.New))
	must(a.ctx.Err())
	if err != nil || hasNewMessage(a.config.Messages, config.Messages) {
		return otherwise
	}
	change.Config = config
	hooks := a.step.Form == DeployScript && change.Place == DeployScript.String()
	var scripts []build.Script
	var before [][]build.Call // what the same job calls in the document
	var kind []int
	for i := range kinds {
		was := a.outcomes[i]
		made, err := config.Build(a.ctx, was.Event)
		must(a.ctx.Err())
		if err != nil {
			return otherwise
		}
		olds, found, verdict := a.compare(was, made.Jobs, hooks)
		if verdict != accepted {
			return verdict
		}
		adds := slices.ContainsFunc(found, func(s stepJob) bool { return s.was < 0 })
		switch want := a.wants(i); {
		case want && len(found) == 0:
			return noJob
		case want && len(found) > 1:
			return severalJobs
		case !want && adds:
			return otherwise
		case want:
			if verdict := judgePlace(was, made.Jobs, olds, found[0], suffix); verdict != accepted {
				return verdict
			}
		}
		for _, s := range found {
			job := made.Jobs[s.now]
			job.Number = ""
			scripts, kind = append(scripts, build.ScriptOf(job, was.Event)), append(kind, i)
			var calls []build.Call
			if s.was >= 0 {
				calls = was.Played[s.was].Calls
			}
			before = append(before, calls)
		}
	}
	played, err := a.player.Play(a.ctx, scripts)
	must(err)
	for i, p := range played {
		added := newCalls(before[i], p.Calls)
		added = slices.DeleteFunc(added, func(call build.Call) bool { return !call.Deploys })
		switch {
		case !a.wants(kind[i]) && len(added) > 0:
			return notPlayed
		case a.wants(kind[i]) && (len(added) != 1 || !a.isDeployOf(added[0])):
			return notPlayed
		case a.wants(kind[i]) && !added[0].FailsBuild && change.Place != AfterSuccess.String():
			return notPlayed
		}
	}
	return accepted
}

// stepJob is a job that has the step, and its index in the old build, or -1.
type stepJob struct{ now, was int }

// compare finds the jobs that have the step, and which job of the document each is, or
// -1. All others must be unchanged.
func (a *addition) compare(was build.Outcome, now []build.Job, hooks bool) (olds []int, found []stepJob, v verdict) {
	jobs := was.Build.Jobs
	order := make([]int, len(jobs))
	for i := range order {
		order[i] = i
	}
	if len(now) > 0 && now[0].Stage != "" && len(jobs) > 0 && jobs[0].Stage == "" {
		// With stages, Travis puts the jobs that may fail last.
		slices.SortStableFunc(order, func(i, j int) int {
			switch may, other := jobs[i].AllowFailure, jobs[j].AllowFailure; {
			case may == other:
				return 0
			case may:
				return 1
			}
			return -1
		})
	}
	next := 0
	for i, job := range now {
		if next < len(order) && isSameJob(jobs[order[next]], job) {
			before := build.ScriptOf(jobs[order[next]], was.Event).Steps
			added, ok := newSteps(before, build.ScriptOf(job, was.Event).Steps)
			if ok {
				for _, step := range added {
					if !hooks && len(step.Steps) > 1 {
						return nil, nil, otherCommands
					}
				}
				if len(added) > 0 {
					found = append(found, stepJob{i, order[next]})
				}
				olds = append(olds, order[next])
				next++
				continue
			}
		}
		if !isAlone(build.ScriptOf(job, was.Event).Steps) {
			return nil, nil, lostJob
		}
		olds = append(olds, -1)
		found = append(found, stepJob{i, -1})
	}
	if next < len(order) {
		return nil, nil, lostJob
	}
	return olds, found, accepted
}

// isAlone reports whether an added job runs only one command.
func isAlone(steps []build.Step) bool {
	return len(slices.DeleteFunc(steps, func(step build.Step) bool { return step.Command.Bash == ":" })) == 1
}

// judgePlace reports whether a job deploys after the tests, perhaps beside other deploys.
func judgePlace(was build.Outcome, now []build.Job, olds []int, s stepJob, suffix string) verdict {
	job := now[s.now]
	if job.AllowFailure {
		return mayFail
	}
	if job.OS != "" && job.OS != "linux" || clientSuffix(job.Arch) != suffix {
		return wrongMachine
	}
	stages := build.StagesOf(now)
	isLater := false
	for i := range now {
		switch {
		case i == s.now:
		case stages[i] < stages[s.now]:
			isLater = true
		case s.was >= 0:
			return beforeTests // another job at the same time
		case stages[i] == stages[s.now] && !slices.ContainsFunc(was.Played[olds[i]].Calls, func(call build.Call) bool { return call.Deploys }):
			return beforeTests
		}
	}
	if s.was < 0 && !isLater && len(now) > 1 {
		return beforeTests
	}
	return accepted
}

// isSameJob ignores what a step changes: deploy, after_success, and a stage if there was none.
func isSameJob(was, now build.Job) bool {
	stage := was.Stage
	if stage == "" && now.Stage != "" {
		stage = firstStage
	}
	if was.AllowFailure != now.AllowFailure || !strings.EqualFold(stage, now.Stage) || !slices.Equal(was.Env, now.Env) {
		return false
	}
	kept := func(n *build.Node) []build.Field {
		return slices.DeleteFunc(slices.Clone(n.Fields), func(f build.Field) bool {
			return f.Key == "deploy" || f.Key == "after_success" || f.Key == "stage"
		})
	}
	return sameFields(kept(was.Config), kept(now.Config))
}

func sameFields(a, b []build.Field) bool {
	return slices.EqualFunc(a, b, func(x, y build.Field) bool { return x.Key == y.Key && sameNode(x.Value, y.Value) })
}

// sameNode ignores final line breaks, which a text at the end of the file doesn't have.
func sameNode(a, b *build.Node) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Kind == b.Kind && strings.TrimRight(a.Text, "\n") == strings.TrimRight(b.Text, "\n") && a.Secure == b.Secure && slices.EqualFunc(a.Items, b.Items, sameNode) && sameFields(a.Fields, b.Fields)
}

// newSteps returns the new steps if all others are unchanged, or only extended.
func newSteps(was, now []build.Step) (added []build.Step, ok bool) {
	next := 0
	for _, step := range now {
		switch {
		case next < len(was) && sameStep(was[next], step):
			next++
		case next < len(was) && extends(was[next], step):
			next++
			added = append(added, step)
		default:
			added = append(added, step)
		}
	}
	return added, next == len(was)
}

func sameStep(a, b build.Step) bool {
	if a.Phase != "deploy" { // whose line breaks break it
		a.Command.Bash, b.Command.Bash = strings.TrimRight(a.Command.Bash, "\n"), strings.TrimRight(b.Command.Bash, "\n")
	}
	return a.Phase == b.Phase && a.When == b.When && a.Failure == b.Failure && a.Condition == b.Condition && a.Relaxed == b.Relaxed &&
		a.Command.Bash == b.Command.Bash && slices.EqualFunc(a.Steps, b.Steps, sameStep)
}

// extends reports whether a text of after_success is another with more lines.
func extends(was, now build.Step) bool {
	return was.Phase == AfterSuccess.String() && now.Phase == was.Phase && len(now.Steps) == 0 &&
		strings.HasPrefix(now.Command.Bash, strings.TrimRight(was.Command.Bash, "\n")+"\n")
}

func newCalls(was, now []build.Call) []build.Call {
	return without(now, was, func(a, b build.Call) bool {
		return slices.Equal(a.Args, b.Args) && a.App == b.App && a.Rack == b.Rack && a.Phase == b.Phase && a.OnFailure == b.OnFailure
	})
}

func hasNewMessage(was, now []build.Message) bool {
	return len(without(now, was, func(a, b build.Message) bool {
		return a.Kind == b.Kind && a.Section == b.Section && a.Key == b.Key && a.Instead == b.Instead
	})) > 0
}

func without[T any](all, some []T, same func(a, b T) bool) []T {
	left := slices.Clone(some)
	return slices.DeleteFunc(slices.Clone(all), func(one T) bool {
		at := slices.IndexFunc(left, func(other T) bool { return same(one, other) })
		if at >= 0 {
			left = slices.Delete(left, at, at+1)
		}
		return at >= 0
	})
}
