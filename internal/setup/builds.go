package setup

import (
	"context"
	"fmt"
	"slices"

	"convox-travis/internal/build"
	"convox-travis/internal/travisyml"
)

// Builds are what the builds of a .travis.yml do, as build.Player plays them.
type Builds struct {
	Target   build.Target
	Messages []build.Message
	Outcomes []build.Outcome // of build.EventsOf; none where there is no file
}

// The places of Outcomes.
const (
	pushes = iota
	otherPushes
	pullRequests
	tagPushes
)

// PlayFile plays the builds of a file. The error is that of ctx, an
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
