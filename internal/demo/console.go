package demo

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"os"
	"path/filepath"

	"convox-travis/internal/child"
	"convox-travis/internal/convox"
	"convox-travis/internal/convox/convoxtest"
)

// fillConsole makes two organizations. The deploy key belongs to the first; a person in
// both has their own key.
func (w *World) fillConsole() {
	apps := []convoxtest.App{{Name: "web", Status: "running"}, {Name: "api", Status: "running"}, {Name: "worker", Status: "running"}}
	w.Rack.SetApps(apps...)
	for _, rack := range []convox.Rack{
		{Organization: "acme", Name: rackName, Status: "running", Provider: "aws", Region: homeRegion, Version: "20240301100215"},
		{Organization: "acme", Name: "staging", Status: "running", Provider: "aws", Region: "eu-west-1", Version: "20210203095712"},
		{Organization: "acme", Name: "edge", Status: "updating", Provider: "gcp", Region: "europe-west4", Version: "3.18.2"},
		{Organization: "globex", Name: rackName, Status: "running", Provider: "do", Region: "ams3", Version: "3.18.2"},
	} {
		w.Console.AddRack(rack, apps...)
	}
	w.Console.AddKey(convoxtest.Key{Value: w.deployKey, Organizations: []string{"acme"}})
	w.Console.AddKey(convoxtest.Key{Value: rand.Text(), Person: "ann", Organizations: []string{"acme", "globex"}})
}

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
