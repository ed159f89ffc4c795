package audit

import (
	"cmp"
	"context"
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

// Builds are what the builds of a .travis.yml do, as build.Player plays them.
type Builds struct {
	Target   build.Target
	Messages []build.Message
	Outcomes []build.Outcome // of build.EventsOf; none without a file
	// IsConfirmed is whether Travis makes the same of a push to the branch.
	IsConfirmed bool

	config *build.Config // of the file
}

// PlayFile plays the builds of a file. The error is that of ctx, a problem.Error for a
// text that Travis can't read, or one of starting the player.
func PlayFile(ctx context.Context, player build.Player, file travisyml.File, target build.Target) (Builds, error) {
	builds := Builds{Target: target}
	if file.Missing {
		return builds, nil
	}
	var err error
	if builds.config, err = build.Parse(ctx, []byte(file.Text)); err != nil && ctx.Err() == nil {
		return builds, &problem.Error{
			Code: "yml_syntax", Action: "read " + travisyml.FileName, Cause: err,
			Hints: []string{"fix the file; https://config.travis-ci.com/explore shows what Travis makes of it"},
		}
	}
	if err == nil {
		err = builds.play(ctx, player, file)
	}
	return builds, err
}

// play fills in the builds of a config, unless they were played already.
func (b *Builds) play(ctx context.Context, player build.Player, file travisyml.File) error {
	b.Messages = b.config.Messages
	if b.Outcomes != nil {
		nameApps(file, b.Outcomes)
		return nil
	}
	var err error
	b.Outcomes, err = outcomesOf(ctx, player, file, b.config, build.EventsOf(b.Target.Repo, b.Target.Branch))
	return err
}

// outcomesOf plays events.
func outcomesOf(ctx context.Context, player build.Player, file travisyml.File, config *build.Config, events []build.Event) ([]build.Outcome, error) {
	outcomes, err := player.Outcomes(ctx, config, events)
	switch {
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case err != nil:
		return nil, fmt.Errorf("play the builds of %s: %w", travisyml.FileName, err)
	}
	nameApps(file, outcomes)
	return outcomes, nil
}

// nameApps sets the app of a call in a subfolder.
func nameApps(file travisyml.File, outcomes []build.Outcome) {
	for _, outcome := range outcomes {
		for _, played := range outcome.Played {
			for i := range played.Calls {
				if call := &played.Calls[i]; call.App == "" && call.Folder != "" {
					call.App = file.AppIn(call.Folder)
				}
			}
		}
	}
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

// deploys lists what one of the Outcomes deploys if every command passes.
func (b Builds) deploys(event int) []build.Call {
	if event >= len(b.Outcomes) {
		return nil
	}
	var calls []build.Call
	reached := Reached(b.Outcomes[event])
	for i, played := range b.Outcomes[event].Played {
		for _, call := range played.Calls {
			if call.Deploys && !call.OnFailure && reached[i] {
				calls = append(calls, call)
			}
		}
	}
	return calls
}

// own lists the target's deploys in one of the Outcomes.
func (b Builds) own(event int) []build.Call {
	return slices.DeleteFunc(b.deploys(event), func(c build.Call) bool { return b.Target.Fit(c) != build.Same })
}

// Found says where a push deploys the target, such as "deploy, line 12"; "" is nowhere.
func (b Builds) Found() string {
	for _, call := range b.own(pushed) {
		return fmt.Sprintf("%s, line %d", call.Phase, call.Line)
	}
	return ""
}

// IsBuilt reports whether Travis builds a push to the branch. Without a file it assumes
// that there will be one.
func (b Builds) IsBuilt() bool { return len(b.Outcomes) == 0 || !b.Outcomes[pushed].Build.LeftOut }

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
	if len(b.Outcomes) > 0 {
		push := b.Outcomes[pushed]
		for i, played := range push.Played {
			if played.Unplayed != nil && !deploysNothing(push, i) {
				return undecided(LineLead(played.Unplayed.Line)+"this can't be played: "+Shortened(played.Unplayed.What), "simplify that command, or check it yourself")
			}
			for _, unseen := range played.Unseen {
				isWord := func(c build.Call) bool { return strings.Contains(strings.Join(c.Args, " "), unseen.What) }
				if strings.HasPrefix(unseen.What, "$") && !slices.ContainsFunc(played.Calls, isWord) {
					return undecided(LineLead(unseen.Line)+"a deploy depends on "+Shortened(unseen.What)+", whose value is unknown", "check it yourself, or make it depend only on the branch")
				}
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
	found := b.own(pushed)
	if n := len(found); n > 1 {
		var lines []string
		for _, call := range found {
			if text := strconv.Itoa(line(call.Line)); !slices.Contains(lines, text) {
				lines = append(lines, text)
			}
		}
		add(FoundPerJob, lastStage, "a push to %s deploys %s %d times (line %s)", text.Quote(b.Target.Branch), b.Target.App, n, joinWords(lines))
	}
	seen := map[int]bool{}
	for _, call := range found {
		if seen[call.Line] {
			continue
		}
		seen[call.Line] = true
		step := stepOn(line(call.Line))
		isIt := func(c build.Call) bool { return c.Line == call.Line }
		var runs []string
		for event, name := range map[int]string{pushedOther: "other branches", pulled: "pull requests", tagged: "tags"} {
			if slices.ContainsFunc(b.deploys(event), isIt) {
				runs = append(runs, name)
			}
		}
		if len(runs) > 0 {
			slices.Sort(runs)
			add(FoundUnguarded, "", "%s runs for %s too", step, joinWords(runs))
		}
		if slices.ContainsFunc(found, func(c build.Call) bool { return isIt(c) && !c.FailsBuild }) {
			add(FoundHiddenFailure, "", "%s"+mayFail, step)
		}
		if !wanted.Console && !slices.Contains(call.Args, "--wait") {
			add(FoundNoWait, addWait, "%s"+noWait, step)
		}
		if runs := wanted.step().Runs(); runs != "" && !slices.Contains(call.Before, runs) {
			add(CodeDiffers, b.replace(call, wanted), "%s doesn't run that command before it promotes", step)
		}
		if wanted.Manifest != "" && path.Clean(cmp.Or(call.Manifest, travisyml.DefaultManifest)) != path.Clean(wanted.Manifest) {
			add(CodeDiffers, b.replace(call, wanted), "%s doesn't use the manifest %s", step, wanted.Manifest)
		}
	}
	if len(found) > 0 && b.tests() == besideTests {
		add("before_tests", ownStage, "the deploy doesn't wait for the tests of other jobs")
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
