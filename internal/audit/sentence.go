package audit

import (
	"fmt"
	"slices"
	"strings"

	"convox-travis/internal/build"
	"convox-travis/internal/text"
)

// Sentence says what a push to the target's branch deploys, and whether other builds
// deploy too. then is "then " for a file that isn't written yet, otherwise "", and others
// are branches that deploy as well. It returns "" without a file.
func (b Builds) Sentence(then string, others ...string) string {
	if len(b.Outcomes) == 0 {
		return ""
	}
	push := b.Outcomes[pushed]
	branch := b.Target.Branch
	if len(push.Build.Jobs) == 0 {
		return "Travis doesn't build " + branch + b.confirmed() + ": " + push.Build.Reason + "."
	}
	calls := b.deploys(pushed)
	first := "A push to " + branch + " " + then
	if len(calls) == 0 {
		first += "deploys nothing" + b.failure()
	} else {
		first += "deploys " + b.deployCounts(calls)
		switch b.tests() {
		case noTests:
			first += "; no tests run"
		case passTests:
			first += ", after the tests pass"
		}
	}
	if slices.ContainsFunc(push.Played, func(p build.Played) bool { return p.Unplayed != nil }) {
		first += ", as far as it can be played"
	}
	sentences := []string{first + b.confirmed()}
	if slices.ContainsFunc(calls, func(c build.Call) bool { return !c.FailsBuild }) {
		sentences = append(sentences, "A failed deploy doesn't fail the build")
	}
	sentences = append(sentences, b.otherBuilds(len(calls) > 0, others)...)
	return strings.Join(sentences, ". ") + "."
}

// failure names the line that fails a push before it deploys, if there is one.
func (b Builds) failure() string {
	push := b.Outcomes[pushed]
	for i, played := range push.Played {
		if played.Failed > 0 && !push.Build.Jobs[i].AllowFailure {
			return fmt.Sprintf(": line %d fails its job even when all commands pass", played.Failed)
		}
	}
	return ""
}

func (b Builds) confirmed() string {
	if !b.IsConfirmed {
		return ""
	}
	return " (confirmed by Travis)"
}

// deployCounts says what is deployed and how many times, such as "web to acme/staging
// once and api twice".
func (b Builds) deployCounts(calls []build.Call) string {
	var names []string
	times := map[string]int{}
	for _, call := range calls {
		name := b.Target.AppOf(call)
		if name == "" {
			name = "an app"
		}
		if call.Rack != "" {
			name += " to " + call.Rack
		}
		name = Shortened(name)
		if times[name]++; times[name] == 1 {
			names = append(names, name)
		}
	}
	for i, name := range names {
		switch times[name] {
		case 1:
			names[i] += " once"
		case 2:
			names[i] += " twice"
		default:
			names[i] += fmt.Sprintf(" %d times", times[name])
		}
	}
	return joinWords(names)
}

// otherBuilds says which of the others deploy and which don't.
func (b Builds) otherBuilds(pushDeploys bool, others []string) []string {
	branches := "other branches"
	if len(others) > 0 {
		branches = "branches other than " + joinWords(append([]string{b.Target.Branch}, others...))
	}
	var do, dont []string
	for _, kind := range []struct {
		event int
		name  string
	}{{pulled, "pull requests"}, {pushedOther, branches}, {tagged, "tags"}} {
		switch {
		case len(b.deploys(kind.event)) > 0:
			do = append(do, kind.name)
		case kind.event != tagged:
			dont = append(dont, kind.name)
		}
	}
	var sentences []string
	if len(do) > 0 {
		too := ""
		if pushDeploys {
			too = " too"
		}
		sentences = append(sentences, text.Capitalize(joinWords(do))+" deploy"+too)
	}
	if len(dont) > 0 && (pushDeploys || len(do) > 0) {
		sentences = append(sentences, text.Capitalize(joinWords(dont))+" don't deploy")
	}
	return sentences
}

// testing is whether deploys wait for tests.
type testing int

const (
	unknownTests testing = iota // a script tests and deploys
	noTests                     // no job runs any
	passTests                   // all of them pass before
	besideTests                 // other jobs run them at the same time or later
)

// tests reports whether a push's deploys wait for all tests of the build.
func (b Builds) tests() testing {
	push := b.Outcomes[pushed]
	var testers, deployers []int
	amongTests := false
	for i, job := range push.Build.Jobs {
		inScript := false // as the job's tests
		deploys := false
		for _, call := range push.Played[i].Calls {
			if call.Deploys && !call.OnFailure {
				deploys = true
				inScript = inScript || !slices.Contains([]string{"after_success", "before_deploy", "deploy", "after_deploy"}, call.Phase)
			}
		}
		if deploys {
			deployers = append(deployers, i)
		}
		amongTests = amongTests || inScript
		if runsTests(job, push.Event) && !inScript {
			testers = append(testers, i)
		}
	}
	switch {
	case len(testers) > 0:
	case amongTests:
		return unknownTests
	default:
		return noTests
	}
	for _, deployer := range deployers {
		stage := push.Build.Jobs[deployer].Stage
		for _, tester := range testers {
			job := push.Build.Jobs[tester]
			if tester != deployer && (strings.EqualFold(job.Stage, stage) || tester > deployer || job.AllowFailure) {
				return besideTests
			}
		}
	}
	return passTests
}

// runsTests reports whether a job has commands in script, including the language's
// default.
func runsTests(job build.Job, event build.Event) bool {
	return slices.ContainsFunc(build.ScriptOf(job, event).Steps, func(s build.Step) bool {
		isDefault := job.Config.Get("script") == nil
		return s.Phase == "script" && (isDefault || strings.TrimSpace(s.Command.Bash) != ":")
	})
}

func joinWords(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}
