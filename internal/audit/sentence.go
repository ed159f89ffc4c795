package audit

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"convox-travis/internal/build"
	"convox-travis/internal/connect"
	"convox-travis/internal/problem"
	"convox-travis/internal/text"
	"convox-travis/internal/travisyml"
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
		first += "deploys " + b.deployCounts(calls) + b.testWords()
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

// testWords says whether the deploys of a push wait for tests, as the end of a sentence, or
// is "" if that isn't clear.
func (b Builds) testWords() string {
	push, areTested := b.Outcomes[pushed], true
	for _, s := range b.steps {
		if len(s.in(pushed)) > 0 {
			concurrent, tested := b.concurrentTests(s)
			areTested = areTested && tested && concurrent == nil
		}
	}
	switch {
	case areTested:
		return ", after the tests pass"
	case !slices.ContainsFunc(push.Build.Jobs, func(job build.Job) bool { return runsScript(job, push.Event) }):
		return "; no tests run"
	}
	return ""
}

// runsScript reports whether a job has commands in script, including the language's
// default.
func runsScript(job build.Job, event build.Event) bool {
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

// Undecided returns a problem.Error if it can't be decided whether a push deploys the
// target: Travis doesn't build the branch, or what it deploys is unknown.
func (b Builds) Undecided() error {
	if !b.IsBuilt() {
		return &problem.Error{
			Code:   "yml_not_built",
			Action: "check", Object: travisyml.FileName, Reason: fmt.Sprintf("Travis doesn't build %s: %s", text.Quote(b.Target.Branch), b.Outcomes[pushed].Build.Reason),
			Hints: []string{"change the file so that Travis builds the branch"},
		}
	}
	undecided := func(what, hint string) error {
		return &problem.Error{Code: "yml_undecided", Action: "check", Object: travisyml.FileName, Reason: what, Hints: []string{hint}}
	}
	for _, call := range b.deploys(pushed) {
		if b.Target.Fit(call) == build.Undecided {
			where := fmt.Sprintf("line %d deploys %s", call.Line, Shortened(b.Target.AppOf(call)))
			if call.Rack == "" {
				return undecided(where+" to a Rack that can't be determined", "add --rack "+b.Target.Rack+" to that command, if it's the one")
			}
			return undecided(where+" to "+Shortened(call.Rack)+", and that variable's value is unknown", "write the app and the Rack into that command")
		}
	}
	if len(b.Outcomes) == 0 {
		return nil
	}
	for _, unplayed := range b.unplayed() {
		return undecided(LineLead(unplayed.Line)+"this can't be played: "+Shortened(unplayed.What), "simplify that command, or check it yourself")
	}
	for _, played := range b.Outcomes[pushed].Played {
		for _, unseen := range played.Unseen {
			isWord := func(c build.Call) bool { return strings.Contains(strings.Join(c.Args, " "), unseen.What) }
			if strings.HasPrefix(unseen.What, "$") && !slices.ContainsFunc(played.Calls, isWord) {
				return undecided(LineLead(unseen.Line)+"a deploy depends on "+Shortened(unseen.What)+", whose value is unknown", "check it yourself, or make it depend only on the branch")
			}
		}
	}
	return nil
}

// Texts about deploys that the review and check share.
const (
	mayFail   = " may fail and the build still passes"
	noWait    = " doesn't wait for the release: the build passes even if it is rolled back"
	addWait   = "add --wait to its convox command"
	ownStage  = "move it to a job in a stage of its own, after the tests"
	lastStage = "move it to a last stage with one job"

	replaceStep = "delete that step, then run this again"
	changeStep  = "change that step yourself"
)

func stepOn(line int) string { return fmt.Sprintf("the deploy step on line %d", line) }

// Warnings lists problems with the deploys that a file has in place of a step, and what
// they don't do of it. line numbers a line of the file for its reader.
func (b Builds) Warnings(wanted DeployStep, line func(int) int) []connect.Warning {
	var warnings []connect.Warning
	add := func(code, hint, format string, args ...any) {
		warnings = append(warnings, connect.Warning{Code: code, Message: fmt.Sprintf(format, args...), Hint: hint})
	}
	var lines []string
	isUntested := false
	for _, s := range b.steps {
		runs := slices.DeleteFunc(s.in(pushed), func(r stepRun) bool { return b.Target.Fit(r.call) != build.Same })
		if len(runs) == 0 {
			continue
		}
		lines = append(lines, strconv.Itoa(line(s.line)))
		concurrent, _ := b.concurrentTests(s)
		isUntested = isUntested || concurrent != nil
		step, call := stepOn(line(s.line)), runs[0].call
		var also []string
		for _, other := range []struct {
			event int
			name  string
		}{{pushedOther, "other branches"}, {pulled, "pull requests"}, {tagged, "tags"}} {
			if len(s.in(other.event)) > 0 {
				also = append(also, other.name)
			}
		}
		if len(also) > 0 {
			add(FoundUnguarded, "", "%s runs for %s too", step, joinWords(also))
		}
		if slices.ContainsFunc(runs, func(r stepRun) bool { return !r.call.FailsBuild }) {
			add(FoundHiddenFailure, "", "%s"+mayFail, step)
		}
		if !wanted.Console && !slices.ContainsFunc(call.Args, waitFlag.MatchString) {
			add(FoundNoWait, addWait, "%s"+noWait, step)
		}
		if command := wanted.step().Runs(); command != "" && !slices.Contains(call.Before, command) {
			add(CodeDiffers, b.replace(call, wanted), "%s doesn't run that command before it promotes", step)
		}
		if wanted.Manifest != "" && path.Clean(cmp.Or(call.Manifest, travisyml.DefaultManifest)) != path.Clean(wanted.Manifest) {
			add(CodeDiffers, b.replace(call, wanted), "%s doesn't use the manifest %s", step, wanted.Manifest)
		}
	}
	if n := len(b.targetDeploys(pushed)); n > 1 {
		add(FoundPerJob, lastStage, "a push to %s deploys %s %d times (line %s)", text.Quote(b.Target.Branch), b.Target.App, n, joinWords(lines))
	}
	if isUntested {
		add(FoundUntested, ownStage, "the deploy doesn't wait for the tests of other jobs")
	}
	return warnings
}

// replace is a hint to replace a step by the wanted one without losing what only the step
// does.
func (b Builds) replace(call build.Call, wanted DeployStep) string {
	if _, ok := stepFlags(call, b.Outcomes[pushed].Played...); !ok {
		return changeStep
	}
	var keep []string
	if wanted.Manifest == "" {
		keep = flag("--manifest", call.Manifest)
	}
	if wanted.BeforePromote == "" {
		keep = append(keep, flag("--before-promote", strings.Join(call.Before, ""))...)
	}
	if len(keep) == 0 {
		return replaceStep
	}
	return "delete that step, then run convox-travis yml with " + text.Command(keep...) + " too"
}

// Unseen is something unknown about the builds.
type Unseen struct {
	build.Unseen
	format string
}

// String says it in a sentence.
func (u Unseen) String() string { return LineLead(u.Line) + fmt.Sprintf(u.format, Shortened(u.What)) }

// Unseen lists what is unknown, each once.
func (b Builds) Unseen() []Unseen {
	var all []Unseen
	known := map[build.Unseen]bool{}
	add := func(unseen build.Unseen, format string) {
		if !known[unseen] {
			known[unseen] = true
			all = append(all, Unseen{unseen, format})
		}
	}
	for _, outcome := range b.Outcomes {
		for _, unseen := range outcome.Build.Unseen {
			if unseen.What == "the imported file" {
				add(unseen, "%s isn't checked, and may deploy too")
				continue
			}
			add(unseen, "%s is unknown, so conditions on it count as true")
		}
		for _, played := range outcome.Played {
			for _, unseen := range played.Unseen {
				if unseen.What == "the repository" || strings.HasPrefix(unseen.What, "$") {
					add(unseen, "%s is unknown, so what depends on it may differ")
					continue
				}
				add(unseen, "%s isn't checked, and may deploy too")
			}
		}
	}
	return all
}

// mostNamed limits the scripts that are named.
const mostNamed = 4

// unscanned names where else a file can deploy: in files that it imports, and in scripts
// that it calls; or returns "".
func unscanned(imports bool, scripts []string) string {
	var all []string
	if imports {
		all = append(all, "the files that it imports")
	}
	all = append(all, scripts[:min(mostNamed, len(scripts))]...)
	if len(scripts) > mostNamed {
		all = append(all, "other scripts that it calls")
	}
	return strings.Join(all, ", ")
}

// FoundRepaired is where Travis reads .travis.yml differently than written.
const FoundRepaired = "yml_repaired"

// mostRepairs limits the warnings that are shown for a file.
const mostRepairs = 50

// Repairs says where Travis reads a file differently than written.
func Repairs(messages []build.Message) []connect.Warning {
	var warnings []connect.Warning
	for _, m := range messages {
		if text := repairOf(m); text != "" && len(warnings) < mostRepairs {
			warnings = append(warnings, connect.Warning{Code: FoundRepaired, Message: LineLead(m.Line) + text})
		}
	}
	return slices.CompactFunc(warnings, func(a, b connect.Warning) bool { return a.Message == b.Message })
}

func repairOf(m build.Message) string {
	key, of := code(m.Key), ""
	if m.Key != "" {
		of = " of " + key
	}
	switch m.Kind {
	case build.DuplicateKey:
		return key + " exists more than once, and Travis reads the last one"
	case build.RepairedKey:
		return "Travis reads " + key + " as " + code(m.Instead)
	case build.OverwrittenKey:
		return key + " and " + code(m.Instead) + " both exist, and Travis reads " + key
	case build.UnknownKey:
		return "Travis doesn't read " + key
	case build.RepairedValue:
		return "Travis reads the value" + of + " as " + code(m.Instead)
	case build.UnknownValue:
		return "Travis doesn't know the value" + of
	case build.FirstOfList:
		return "Travis reads only the first item" + of
	case build.WrongType:
		return "Travis can't use the value" + of + ", which has the wrong type"
	case build.CommandMapping:
		return "YAML reads this command as a mapping, so it fails: quote all of it"
	case build.InvalidEnv:
		return "Travis drops a variable that isn't NAME=value"
	case build.UnknownImport:
		return "Travis finds no " + key + ", which should be imported"
	case build.InvalidCondition:
		return "Travis can't parse this condition, so it counts as false"
	}
	return ""
}

// code marks a text of the file.
func code(text string) string { return "`" + Shortened(text) + "`" }

// LineLead names a line at the start of a sentence, if known.
func LineLead(line int) string {
	if line == 0 {
		return ""
	}
	return fmt.Sprintf("line %d: ", line)
}

// Shortened cuts a text of the file to a line or two.
func Shortened(text string) string {
	const longest = 100
	runes := []rune(text[:min(len(text), 4*longest+1)])
	if len(runes) <= longest {
		return text
	}
	return string(runes[:longest]) + "…"
}
