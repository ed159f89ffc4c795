package demo

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"

	"convox-travis/internal/child"
)

// Home creates a home folder in which the convox CLI has saved the Rack's password, and
// returns it.
func (w *World) Home() (string, error) {
	settings := filepath.Join(w.folder, ".config", "convox2")
	auth, err := json.Marshal(map[string]string{w.Rack.Host: w.rackPassword})
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(settings, 0o700); err != nil {
		return "", err
	}
	if err := os.WriteFile(filepath.Join(settings, "host"), []byte(w.Rack.Host), 0o600); err != nil {
		return "", err
	}
	return w.folder, os.WriteFile(filepath.Join(settings, "auth"), auth, 0o600)
}

// Clone creates a git clone of the repository in the home, and returns its folder. Without
// git it is an ordinary folder.
func (w *World) Clone(ctx context.Context) (string, error) {
	clone := filepath.Join(w.folder, "web")
	if err := os.MkdirAll(clone, 0o700); err != nil {
		return "", err
	}
	if err := os.WriteFile(filepath.Join(clone, ".travis.yml"), []byte("language: go\ngo: stable\nscript: make test\n"), 0o600); err != nil {
		return "", err
	}
	for _, arguments := range [][]string{{"init", "--quiet"}, {"symbolic-ref", "HEAD", "refs/heads/main"}, {"remote", "add", "origin", "git@github.com:" + repository + ".git"}} {
		command := child.Command(ctx, child.System(nil), "git", arguments...)
		command.Dir = clone
		_ = child.Run(command) // without git the wizard reports that there is no clone
	}
	return clone, nil
}
