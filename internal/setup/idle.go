package setup

import (
	"context"
	"errors"

	"convox-travis/internal/build"
	"convox-travis/internal/travisyml"
)

// Idle says of each deploy step of a file that no push to the target's branch runs,
// why, as far as the file alone decides that. The error is that of ctx, one of
// build.Parse, or one of starting the player.
func Idle(ctx context.Context, player build.Player, file travisyml.File, target build.Target) ([]Finding, error) {
	config, err := build.Parse(ctx, []byte(file.Text))
	if err != nil {
		return nil, err
	}
	facts := &fileFacts{text: file.Text, config: config, player: player}
	noSettings := func(string) []build.Setting { return nil }
	if err := facts.play(ctx, target.Repo, target.Branch, noSettings); err != nil {
		return nil, err
	}
	c := &auditCase{repositoryFacts: repositoryFacts{file: facts, err: errNotRead}, findings: &findings{}}
	if facts.played.err == nil {
		c.judgeCommands()
		for _, s := range facts.played.steps {
			if len(s.in(pushed)) == 0 {
				c.judgeIdle(s)
			}
		}
	}
	return c.sorted(), facts.played.err
}

var errNotRead = errors.New("the settings weren't read")
