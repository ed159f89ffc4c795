package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"convox-travis/internal/gitrepo"
	"convox-travis/internal/setup"
	"convox-travis/internal/travisyml"
)

// lastCommits is how many commits that changed .travis.yml are searched for
// secrets.
const lastCommits = 50

// clonedFile reads the .travis.yml of the clone at hand, where that is one of
// targets. It is nil where there is none: that is told where the clone was needed.
func (p *program) clonedFile(ctx context.Context, o *options, targets []setup.Target) *setup.ClonedFile {
	provider, err := o.readProvider()
	if err != nil {
		return nil
	}
	clone, err := gitrepo.Open(ctx, p.dir)
	if err != nil {
		return nil
	}
	own := setup.Own(clone, provider)
	if !slices.ContainsFunc(own, func(ours setup.Target) bool { return containsTarget(targets, ours) }) {
		return nil
	}
	cloned := &setup.ClonedFile{Targets: own, Player: player()}
	cloned.File, cloned.Err = travisyml.Open(clone.Root)
	if errors.Is(cloned.Err, travisyml.ErrNoClone) || cloned.Err == nil && cloned.File.Root != filepath.Clean(clone.Root) {
		return nil // it has no work tree
	}
	cloned.Old, _ = clone.History(ctx, travisyml.FileName, lastCommits) // without a history there are no secrets in it
	_, err = os.Stat(filepath.Join(clone.Root, ".convox", "rack"))
	cloned.NamesRack = err == nil
	return cloned
}

func containsTarget(targets []setup.Target, wanted setup.Target) bool {
	return slices.ContainsFunc(targets, func(t setup.Target) bool { return strings.EqualFold(t.String(), wanted.String()) })
}
