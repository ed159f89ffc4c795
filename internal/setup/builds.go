package setup

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"convox-travis/internal/build"
	"convox-travis/internal/travisyml"
)

// Builds are what the builds of a .travis.yml do, as build.Player plays them, and
// what they deploy for a target.
type Builds struct {
	Target   build.Target
	Messages []build.Message
	Outcomes []build.Outcome // of build.EventsOf; none where there is no file
	Others   []Environment
}

// The places of Outcomes.
const (
	pushes = iota
	otherPushes
	pullRequests
	tagPushes
)

// PlayFile plays the builds of a file, without Others. The error is that of ctx, an
// *Error for a text that Travis can't read, or one of starting the player.
func PlayFile(ctx context.Context, player build.Player, file travisyml.File, target build.Target) (Builds, error) {
	builds := Builds{Target: target}
	if file.Missing {
		return builds, nil
	}
	config, err := build.Parse(ctx, []byte(file.Text))
	if err != nil && ctx.Err() == nil {
		return builds, &Error{
			code: "yml_syntax", text: "read " + travisyml.FileName, cause: err,
			hints: []string{"fix the file; https://config.travis-ci.com/explore shows what Travis makes of it"},
		}
	}
	if err == nil {
		builds.Messages = config.Messages
		builds.Outcomes, err = outcomesOf(ctx, player, file, config, build.EventsOf(target.Repo, target.Branch))
	}
	return builds, err
}

// outcomesOf plays events. A call in a folder below the top one gets its app.
func outcomesOf(ctx context.Context, player build.Player, file travisyml.File, config *build.Config, events []build.Event) ([]build.Outcome, error) {
	outcomes, err := player.Outcomes(ctx, config, events)
	switch {
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case err != nil:
		return nil, fmt.Errorf("play the builds of %s: %w", travisyml.FileName, err)
	}
	for _, outcome := range outcomes {
		for _, played := range outcome.Played {
			for i := range played.Calls {
				if call := &played.Calls[i]; call.App == "" && call.Folder != "" {
					call.App = file.AppIn(call.Folder)
				}
			}
		}
	}
	return outcomes, nil
}

// deploysOf lists the deploys of a build, when every command passes.
func deploysOf(outcome build.Outcome) []build.Call {
	var calls []build.Call
	for _, played := range outcome.Played {
		for _, call := range played.Calls {
			if call.Deploys && !call.OnFailure {
				calls = append(calls, call)
			}
		}
	}
	return calls
}

// deploys lists those of one of the Outcomes.
func (b Builds) deploys(event int) []build.Call {
	if event >= len(b.Outcomes) {
		return nil
	}
	return deploysOf(b.Outcomes[event])
}

// Found lists the deploys of a push that are the target's.
func (b Builds) Found() []build.Call {
	return slices.DeleteFunc(b.deploys(pushes), func(c build.Call) bool { return b.Target.Fit(c) != build.Same })
}

// Environment is a deploy that isn't a push's to the target.
type Environment struct {
	Builds    string // which builds deploy, such as the name of a branch
	IsBranch  bool
	App, Rack string
	Line      int
	text      string
}

// String says it in a sentence.
func (e Environment) String() string { return e.text }

// findOthers looks for the other deploys of a file, each for the builds that it is
// found in first.
func (b *Builds) findOthers(ctx context.Context, player build.Player, file travisyml.File) error {
	if !strings.Contains(file.Text, "convox") || len(b.Outcomes) == 0 {
		return nil
	}
	config, err := build.Parse(ctx, []byte(file.Text))
	if err != nil {
		return err
	}
	jobs := 1
	for _, outcome := range b.Outcomes {
		jobs = max(jobs, len(outcome.Build.Jobs))
	}
	var events []build.Event
	for _, branch := range branchWords(file.Text, b.Target.Branch, mostTried/jobs) {
		events = append(events, build.Event{Type: build.Push, Repo: b.Target.Repo, Branch: branch})
	}
	outcomes, err := outcomesOf(ctx, player, file, config, events)
	if err != nil {
		return err
	}
	b.addOthers(b.Target.Branch, true, b.Outcomes[pushes])
	b.addOthers("other branches", false, b.Outcomes[otherPushes])
	b.addOthers("pull requests", false, b.Outcomes[pullRequests])
	b.addOthers("tags", false, b.Outcomes[tagPushes])
	for _, outcome := range outcomes {
		b.addOthers(outcome.Event.Branch, true, outcome)
	}
	return nil
}

func (b *Builds) addOthers(builds string, isBranch bool, outcome build.Outcome) {
	for _, call := range deploysOf(outcome) {
		other := Environment{Builds: builds, IsBranch: isBranch, App: b.Target.AppOf(call), Rack: call.Rack, Line: call.Line}
		isKnown := func(e Environment) bool { return e.App == other.App && e.Rack == other.Rack && e.Line == other.Line }
		isOwn := func(c build.Call) bool { return c.Line == call.Line }
		fit := b.Target.Fit(call)
		if fit == build.Undecided || fit == build.Same && slices.ContainsFunc(b.Found(), isOwn) || slices.ContainsFunc(b.Others, isKnown) {
			continue
		}
		words := "deploy"
		if isBranch {
			words = "deploys"
		}
		if !strings.EqualFold(other.App, b.Target.App) || strings.EqualFold(call.Rack, b.Target.Rack) {
			words += " " + other.App
		}
		if call.Rack != "" {
			words += " to " + call.Rack
		}
		other.text = builds + " " + words + lineWords(call.Line)
		b.Others = append(b.Others, other)
	}
}

func lineWords(line int) string {
	if line == 0 {
		return ""
	}
	return " (line " + strconv.Itoa(line) + ")"
}

// mostTried is how many jobs of other branches are played.
const mostTried = 200

// branchWords lists what can be the names of branches in a file: usual ones, the words of lines that speak of a branch, items of lists,
// and patterns of case. Which of them deploy is for the play to say.
func branchWords(text, own string, most int) []string {
	words := []string{"develop", "staging", "production", "master", "main"}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		pattern, _, isCase := strings.Cut(line, ")")
		fields := strings.FieldsFunc(line, isNoBranch)
		switch {
		case strings.Contains(strings.ToLower(line), "branch"):
			words = append(words, fields...)
		case strings.HasPrefix(line, "- ") && len(fields) == 2:
			words = append(words, fields[1])
		case isCase && !strings.ContainsAny(pattern, "($&;"):
			words = append(words, strings.FieldsFunc(pattern, isNoBranch)...)
		}
	}
	var branches []string
	for _, word := range words {
		if word != own && !slices.Contains(branches, word) && len(branches) < most && !strings.HasPrefix(word, "-") && !strings.HasPrefix(word, "TRAVIS_") {
			branches = append(branches, word)
		}
	}
	return branches
}

func isNoBranch(r rune) bool {
	return !strings.ContainsRune("._/-+", r) && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
}
