//go:build unix

package cli

import (
	"os"
	"path/filepath"
	"testing"

	"convox-travis/internal/terminal"
)

// of sets a variable of the program's environment.
func (w *world) of(name, value string) *world {
	w.env[name] = value
	return w
}

// brokenGit puts a git on the program's PATH that fails without a word.
func (w *world) brokenGit() *world {
	w.Helper()
	folder := w.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "git"), []byte("#!/bin/sh\nexit 3\n"), 0o700); err != nil {
		w.Fatal(err)
	}
	return w.of("PATH", folder+string(os.PathListSeparator)+os.Getenv("PATH"))
}

func TestAppliesHintSaysWhyACloneWasNotRead(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		world *world
		hint  string
	}{
		"of another user": {newWorld(t).inClone().of("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1"), "git config --global --add safe.directory "},
		"git fails":       {newWorld(t).inClone().brokenGit(), "read the clone: git rev-parse failed: run it yourself to see why"},
		"no git":          {newWorld(t).inClone().of("PATH", "/nowhere"), "git is not installed, or not on PATH: install git"},
		"no clone":        {newWorld(t), "or run this inside the repository's clone"},
	} {
		t.Run(name, func(t *testing.T) {
			test.world.want(test.world.run("", "apply", "--rack", "production", "--saved"), 2, test.hint)
		})
	}
}

func TestTheWizardSaysWhyNoRepositoryIsTakenFromAClone(t *testing.T) {
	t.Parallel()
	w := newWorld(t).inClone().saved().brokenGit()
	w.open(terminal.Options{Width: 120}, "--rack", "production", "--saved").
		sees(askRepository, "Can't read this clone: git rev-parse failed.").types(terminal.CtrlC).ends(130)
	w = newWorld(t).inClone().saved().of("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
	w.open(terminal.Options{Width: 120}, "--rack", "production", "--saved").
		sees(askRepository, "belongs to another user", "trust it with: git config --global").types(terminal.CtrlC).ends(130)
}
