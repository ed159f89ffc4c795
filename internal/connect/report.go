package connect

import (
	"fmt"
	"slices"
	"strings"

	"convox-travis/internal/problem"
	"convox-travis/internal/text"
	"convox-travis/internal/travisyml"
	"convox-travis/travisapi"
)

// Result is the result for one variable.
type Result string

// The results. A dry run has the zero Result: nothing was tried.
const (
	Done    Result = "done"
	Failed  Result = "failed"  // it is not written; what was there before is still there, or is named in the error
	Undone  Result = "undone"  // this run created it and rolled it back
	Unknown Result = "unknown" // Travis didn't confirm it, and couldn't be asked again
)

// VariableReport is the result for one variable.
type VariableReport struct {
	Name   string
	Branch string // "" is all branches
	Public bool   // as read back; this program writes private ones
	Action Action
	Result Result
	Lost   bool // it existed before, and Travis deleted it while replacing it

	id string // of one to delete
}

// Outcome describes the result for the variable.
func (v VariableReport) Outcome() string {
	done := map[Action]string{Create: "created", Replace: "replaced", Delete: "deleted", None: "unchanged"}[v.Action]
	switch {
	case v.Lost && v.Result == Failed:
		return "lost: Travis deleted the old value and didn't accept the new one"
	case v.Result == Undone:
		return done + ", then rolled back"
	case v.Result == Unknown:
		return "unknown: Travis didn't confirm it"
	case v.Result == Done, v.Action == None:
		return done
	case v.Result == Failed:
		return "not " + done
	}
	return "would be " + done
}

// RepositoryReport is the result for one repository.
type RepositoryReport struct {
	Target    Target
	ID        int // 0 if the repository wasn't found
	Variables []VariableReport
	Activated bool        // Travis didn't build it before this run
	File      *FileReport // of .travis.yml, if requested
	Skipped   string      // why it was skipped, without Variables; or ""
	Err       error
}

// HasChanges reports whether this run changed something, or may have, and didn't roll it
// back.
func (r RepositoryReport) HasChanges() bool {
	return r.hasChangedVariables() || r.Activated || (r.File != nil && r.File.Written())
}

func (r RepositoryReport) hasChangedVariables() bool {
	return slices.ContainsFunc(r.Variables, func(v VariableReport) bool { return v.Action != None && v.isWritten() })
}

// isWritten reports whether the variable isn't what it was before, or may not be.
func (v VariableReport) isWritten() bool { return v.Result == Done || v.Result == Unknown || v.Lost }

// Outcome describes the result for the variables in one line.
func (r RepositoryReport) Outcome() string {
	if len(r.Variables) == 0 {
		switch {
		case r.Err != nil:
			return "nothing was changed"
		case r.Skipped != "":
			return "skipped: " + r.Skipped
		}
		return "nothing is set"
	}
	outcomes := make([]string, len(r.Variables))
	for i, v := range r.Variables {
		outcomes[i] = v.Outcome()
		if v.Branch != "" {
			outcomes[i] += " for branch " + text.Quote(v.Branch)
		}
	}
	if len(outcomes) == 2 && outcomes[0] == outcomes[1] {
		return "both " + outcomes[0]
	}
	for i, v := range r.Variables {
		outcomes[i] = v.Name + " " + outcomes[i]
	}
	return strings.Join(outcomes, ", ")
}

// Report is the result of a run.
type Report struct {
	Repositories []RepositoryReport
	Warnings     []Warning
	Stopped      error // why the run was stopped early, or nil
}

// HasChanges reports whether anything that the run wrote remains.
func (r Report) HasChanges() bool {
	return slices.ContainsFunc(r.Repositories, RepositoryReport.HasChanges)
}

// OnlyCreates reports whether every repository was read, and nothing that existed was to
// be replaced: all variables are then this run's own. The content of one that wasn't read
// is unknown.
func (r Report) OnlyCreates() bool {
	isReplaced := func(v VariableReport) bool { return v.Action == Replace }
	return len(r.Repositories) > 0 && !slices.ContainsFunc(r.Repositories, func(repository RepositoryReport) bool {
		return len(repository.Variables) == 0 || slices.ContainsFunc(repository.Variables, isReplaced)
	})
}

// Count counts the repositories: those that succeeded, those that were skipped, those
// that failed, and those in which nothing was tried because the run ended before.
func (r Report) Count() (done, skipped, failed, left int) {
	for _, repository := range r.Repositories {
		switch {
		case repository.Skipped != "":
			skipped++
		case repository.Err == nil:
			done++
		case problem.Code(repository.Err) == CodeNotStarted:
			left++
		default:
			failed++
		}
	}
	return done, skipped, failed, left
}

// Errs lists the errors of the repositories.
func (r Report) Errs() []error {
	var errs []error
	for _, repository := range r.Repositories {
		if repository.Err != nil {
			errs = append(errs, repository.Err)
		}
	}
	return errs
}

// Intent is the report of a plan that wasn't carried out.
func (p Plan) Intent() Report {
	report := Report{Warnings: p.AllWarnings()}
	for _, repository := range p.Repositories {
		report.Repositories = append(report.Repositories, repository.intent(p.Branch))
	}
	return report
}

func (p RepositoryPlan) intent(branch string) RepositoryReport {
	report := RepositoryReport{Target: p.Target, ID: p.Repository.ID, Skipped: p.Skipped, Err: p.Err}
	if p.Skipped != "" || p.before == nil && p.Err != nil {
		return report // in the second case nothing could be read, so nothing was decided
	}
	for _, change := range []Change{p.Host, p.Password} {
		v := VariableReport{Name: change.Name, Branch: branch, Action: change.Action}
		v.Public = change.Action == None && change.public // otherwise it becomes private
		report.Variables = append(report.Variables, v)
	}
	return report
}

// AllWarnings lists the warnings of the plan and of its repositories.
func (p Plan) AllWarnings() []Warning {
	warnings := p.Warnings[:len(p.Warnings):len(p.Warnings)]
	for _, repository := range p.Repositories {
		warnings = append(warnings, repository.Warnings...)
	}
	return warnings
}

// Step is an event of a run that is worth showing.
type Step string

// The steps.
const (
	StepBegin    Step = "begin"
	StepActivate Step = "activate" // the repository is being activated
	StepWrite    Step = "write"    // a variable is being written
	StepWritten  Step = "written"  // Travis accepted it
	StepLookUp   Step = "look up"  // Travis didn't confirm it, so it is looked up
	StepUndo     Step = "undo"     // it is being rolled back
	StepDelete   Step = "delete"   // it is being deleted
	StepVerify   Step = "verify"   // names, branches and privacy are being read back
	StepFinished Step = "finished" // the repository is done, successfully or not
)

// Event is a step of a run.
type Event struct {
	Target Target
	Step   Step
	Name   string            // of the variable, if it is about one
	Report *RepositoryReport // with StepFinished
}

// stopsEverything reports whether Travis rejects everyone.
func stopsEverything(err error) bool {
	return travisapi.Failed(err, travisapi.CodeBanned, travisapi.CodeUnknownToken, travisapi.CodeLoginRequired)
}

// EndsRun reports whether nothing more is started after err: Travis rejects everyone,
// accepts no calls for longer than this program waits, or has failed too often.
func EndsRun(err error) bool {
	return stopsEverything(err) || !travisapi.RefusedUntil(err).IsZero() || gaveUp(err)
}

// FileReport is the result for .travis.yml.
type FileReport struct {
	Path      string // clean it before showing it
	Missing   bool   // there was no such file
	Found     string // where it already deployed, or ""
	Step      bool   // the deploy step was added
	Encrypted bool   // the encrypted variables were added, or ours were replaced
	Planned   bool   // nothing was tried: a dry run
	Err       error  // why the file is unchanged, or nil
	// ToPaste is what could not be added, for a person to write into the file.
	ToPaste []*travisyml.Refusal
}

// Written reports whether the file was changed.
func (r FileReport) Written() bool { return r.Err == nil && !r.Planned && (r.Step || r.Encrypted) }

// cleanup is how to remove the addition.
func (r FileReport) cleanup() string {
	if r.Missing {
		return "delete .travis.yml: the file is new"
	}
	return "delete the lines of .travis.yml that git diff shows as added"
}

// Outcome describes the result for the file.
func (r FileReport) Outcome() string {
	added := " added"
	if r.Planned {
		added = " would be added"
	}
	switch {
	case r.Err != nil:
		return "unchanged"
	case r.Step && r.Encrypted:
		return "deploy step and encrypted variables" + added
	case r.Step:
		return "deploy step" + added
	case r.Encrypted:
		return "encrypted variables" + added
	case r.Found != "":
		return "unchanged: it already deploys"
	}
	return "unchanged"
}

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
