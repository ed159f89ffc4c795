package connect

import (
	"fmt"
	"strings"

	"convox-travis/internal/text"
)

// longestCommand is how many repositories a command line may name.
const longestCommand = 20

// Cleanup is how to remove what a run wrote.
type Cleanup struct {
	IsUndo  bool   // no value was replaced, so everything is then as it was before
	Command string // deletes the variables; "" where none were written
	Note    string // what the command needs, does and can't restore, or ""
	File    string // what to do about .travis.yml; "" where it is unchanged
}

// Cleanup returns how to remove what was written. Its command leads to the
// Travis at endpoint, "" for the usual one.
func (r Report) Cleanup(endpoint string) Cleanup {
	var targets []Target
	var cleanup Cleanup
	var branch string
	replaced := map[string]bool{}
	for _, repository := range r.Repositories {
		if repository.hasChangedVariables() {
			targets, branch = append(targets, repository.Target), repository.Variables[0].Branch
		}
		for _, v := range repository.Variables {
			if v.Action == Replace && v.isWritten() {
				replaced[v.Name] = true
			}
		}
		if repository.File != nil && repository.File.Written() {
			cleanup.File = repository.File.cleanup()
		}
	}
	cleanup.IsUndo = len(replaced) == 0
	if len(targets) == 0 {
		return cleanup
	}
	words := []string{"convox-travis", "remove"}
	var notes []string
	if len(targets) > longestCommand {
		words, notes = append(words, "--repos-from", "FILE"), []string{fmt.Sprintf("list the %d repositories in FILE, one a line", len(targets))}
	} else {
		for _, target := range targets {
			words = append(words, "--repo", target.Address())
		}
	}
	if branch != "" {
		words = append(words, "--branch", branch)
	}
	if endpoint != "" {
		words = append(words, "--travis-endpoint", endpoint)
	}
	cleanup.Command = text.Command(words...)
	if !cleanup.IsUndo {
		what := "values"
		switch {
		case len(targets) > 1 || len(replaced) > 1:
		case replaced[HostName]:
			what = "host"
		default:
			what = "password"
		}
		notes = append(notes, "deletes both variables", "the replaced "+what+" can't be restored")
	}
	cleanup.Note = strings.Join(notes, "; ")
	return cleanup
}
