package travisyml

import (
	"fmt"
	"slices"
	"strings"

	"convox-travis/internal/build"
)

// Environment is an existing deployment of a file, and the builds that run it.
type Environment struct {
	Line  int    // counted from 1
	Phase string // such as "deploy" or "script"
	From  string // a branch, or "tags", "pull requests" or "branches such as feature/x"
	App   string // as the command names it, or ""
	Rack  string // as the command names it, or ""
	Waits bool   // for the rollout: with --wait
}

// At says where the deployment is, such as "after_success, line 12".
func (e Environment) At() string { return fmt.Sprintf("%s, line %d", e.Phase, e.Line) }

// IsBranch reports whether From is a branch.
func (e Environment) IsBranch() bool {
	return e.From != otherBranches && e.From != fromTags && e.From != fromPulls
}

// String is such as "develop deploys api to acme/staging (line 6)".
func (e Environment) String() string {
	verb := "deploys"
	if !e.IsBranch() {
		verb = "deploy"
	}
	words := []string{e.From, verb}
	if e.App != "" {
		words = append(words, e.App)
	}
	if e.Rack != "" {
		words = append(words, "to", e.Rack)
	}
	return fmt.Sprintf("%s (line %d)", strings.Join(words, " "), e.Line)
}

const (
	otherBranches = "branches such as feature/x"
	fromTags      = "tags"
	fromPulls     = "pull requests"
)

// Note is worth knowing about a change.
type Note struct {
	Code    string
	Message string // a sentence without its period
}

// The codes of notes.
const (
	CodeNewFile   = "yml_new"       // the file is new, and runs no tests
	CodeNoTests   = "yml_no_tests"  // the file got a script that does nothing
	CodeStepRuns  = "yml_step_runs" // a deploy step that never ran runs now
	CodeUndecided = "yml_undecided" // what a step deploys is unknown
	CodeUnplayed  = "yml_unplayed"  // what a job does is unknown
)

// environments returns the target's deployments by a push to the branch, and all others.
// One that an obstacle keeps from running isn't the target's.
func (a *addition) environments(blocked *Refusal, job int) (found, others []Environment) {
	for i, outcome := range a.outcomes {
		stages := build.StagesOf(outcome.Build.Jobs)
		for n, played := range outcome.Played {
			for _, call := range played.Calls {
				if !call.Deploys || call.OnFailure {
					continue
				}
				one := Environment{Line: call.Line, Phase: call.Phase, From: fromOf(i, outcome.Event), App: a.appOf(call), Rack: call.Rack, Waits: slices.Contains(call.Args, "--wait")}
				isTarget := a.isDeployOf(call) && (i == 0 || i >= 4 && i < kinds)
				switch {
				case i == 0 && isTarget && (blocked == nil || job != n && stages[job] >= stages[n]):
					found = append(found, one)
				case !isTarget:
					others = append(others, one)
				}
			}
		}
	}
	return found, mergeEnvironments(others)
}

// appOf returns the app of a call if the call, or its folder, names it.
func (a *addition) appOf(call build.Call) string {
	if call.Folder == "" {
		return call.App
	}
	return a.target.AppOf(call)
}

func fromOf(kind int, event build.Event) string {
	switch {
	case kind == 1:
		return otherBranches
	case event.Type == build.PullRequest:
		return fromPulls
	case event.Tag != "":
		return fromTags
	}
	return event.Branch
}

// mergeEnvironments drops duplicates, and branches if all branches deploy.
func mergeEnvironments(all []Environment) []Environment {
	var kept []Environment
	for _, one := range all {
		every := one
		every.From = otherBranches
		if slices.Contains(kept, one) || one.From != fromPulls && slices.Contains(all, every) && one != every {
			continue
		}
		kept = append(kept, one)
	}
	return kept
}

// unknowns are notes on what the play of a push can't show.
func (a *addition) unknowns() []Note {
	var notes []Note
	add := func(code, message string) {
		if note := (Note{code, message}); !slices.Contains(notes, note) {
			notes = append(notes, note)
		}
	}
	for _, played := range a.push().Played {
		for _, call := range played.Calls {
			if call.Deploys && a.target.Fit(call) == build.Undecided {
				add(CodeUndecided, fmt.Sprintf("line %d deploys too, to an unknown app or Rack, so it doesn't count as this deploy", call.Line))
			}
		}
		if played.Unplayed != nil {
			add(CodeUnplayed, fmt.Sprintf("line %d can't be played: %s; what its job deploys is unknown", played.Unplayed.Line, played.Unplayed.What))
		}
	}
	return notes
}
