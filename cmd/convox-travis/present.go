package main

import (
	"errors"
	"fmt"
	"strings"

	"al.essio.dev/pkg/shellescape"

	"convox-travis/internal/setup"
)

// presenter tells a run over repositories: results to standard output, as
// lines for a person or as JSON; everything else to standard error.
type presenter struct {
	*program
	json    string
	dryRun  bool
	command string
	targets []setup.Target
	host    string
	told    bool // whether warnings were shown already
}

func (p *program) presenter(o *options, command string) *presenter {
	return &presenter{program: p, json: o.json, dryRun: o.dryRun, command: command}
}

// plan shows what a person should know before anything is written.
func (s *presenter) plan(plan setup.Plan) {
	if s.json == "" && !plan.Unchecked {
		s.note("%s accepted the credential", plan.Login.Host)
	}
	s.warn(plan.AllWarnings())
	s.told = true
}

func (s *presenter) warn(warnings []setup.Warning) {
	for _, w := range warnings {
		fmt.Fprintf(s.err, "warning: %s\n", shellescape.StripUnsafe(w.Message))
		printHints(s.err, []string{w.Hint})
	}
}

// note tells a person something that is no result.
func (s *presenter) note(format string, args ...any) {
	if s.json == "" {
		fmt.Fprintln(s.err, shellescape.StripUnsafe(fmt.Sprintf(format, args...)))
	}
}

// event shows progress to someone who is looking, and gives a repository's end
// to a script that asked for them as they come.
func (s *presenter) event(e setup.Event) {
	switch {
	case e.Step == setup.StepFinished && s.json == jsonLines:
		s.print(repositoryOf(*e.Report))
	case s.json != "" || !s.shown:
	case e.Step == setup.StepLookUp:
		s.note("%s: no clear answer about %s; looking it up", e.Target, e.Name)
	case e.Step == setup.StepUndo:
		s.note("%s: taking %s away again", e.Target, e.Name)
	}
}

// fail ends a run before there is anything to report of the repositories.
func (s *presenter) fail(err error) error {
	code := exitCode(err)
	report := setup.Report{}
	for _, target := range s.targets {
		report.Repositories = append(report.Repositories, setup.RepositoryReport{Target: target, Err: err})
	}
	printError(s.err, err)
	if code == exitInterrupted {
		s.note("nothing was written")
	}
	s.tell(report, code, err)
	return &reportedError{code: code}
}

// report tells how a run ended.
func (s *presenter) report(report setup.Report) error {
	code := reportExit(report)
	if !s.told {
		s.warn(report.Warnings)
	}
	var last string
	for _, err := range report.Errs() {
		if text := err.Error(); text != last { // one cause, such as a ban, is told once
			printError(s.err, err)
			last = text
		}
	}
	s.tell(report, code, nil)
	if s.json == "" && code == exitDone && !s.dryRun && s.command == "apply" {
		s.note("undo: convox-travis remove%s", s.removeFlags(report))
	}
	if code == exitDone {
		return nil
	}
	return &reportedError{code: code}
}

func (s *presenter) removeFlags(report setup.Report) string {
	var flags strings.Builder
	for _, r := range report.Repositories {
		flags.WriteString(" --repo " + shellescape.Quote(r.Target.Slug))
	}
	if len(report.Repositories) > 0 {
		r := report.Repositories[0]
		if r.Target.Provider != "github" {
			flags.WriteString(" --provider " + string(r.Target.Provider))
		}
		if len(r.Variables) > 0 && r.Variables[0].Branch != "" {
			flags.WriteString(" --branch " + shellescape.Quote(r.Variables[0].Branch))
		}
	}
	return flags.String()
}

func (s *presenter) tell(report setup.Report, code int, err error) {
	switch s.json {
	case jsonLines:
		if s.dryRun || err != nil {
			for _, r := range report.Repositories {
				s.print(repositoryOf(r))
			}
		}
	case jsonDocument:
		document := runDocument{
			Version: formatVersion, Result: results[code], Host: s.host,
			Repositories: []repositoryDocument{}, Warnings: warningsOf(report.Warnings), Error: errorOf(err),
		}
		if s.dryRun && code == exitDone {
			document.Result = "dry-run"
		}
		for _, r := range report.Repositories {
			document.Repositories = append(document.Repositories, repositoryOf(r))
		}
		s.print(document)
	default:
		if err == nil {
			s.lines(report)
		}
	}
}

func (s *presenter) print(document any) {
	if err := printJSON(s.out, document); err != nil {
		printError(s.err, errors.New("the result cannot be written to standard output"))
	}
}

// lines tells the result to a person.
func (s *presenter) lines(report setup.Report) {
	for _, r := range report.Repositories {
		if len(r.Variables) == 0 {
			if r.Err == nil {
				fmt.Fprintf(s.out, "%s\n  nothing is set\n", r.Target)
			}
			continue
		}
		fmt.Fprintln(s.out, shellescape.StripUnsafe(r.Target.String()))
		for _, v := range r.Variables {
			line := fmt.Sprintf("  %-15s  %s", v.Name, outcome(v))
			if v.Branch != "" {
				line += "  branch " + v.Branch
			}
			fmt.Fprintln(s.out, shellescape.StripUnsafe(line))
		}
	}
}

func outcome(v setup.VariableReport) string {
	done := map[setup.Action]string{
		setup.Create: "created", setup.Replace: "replaced", setup.Delete: "deleted", setup.None: "left as it is",
	}[v.Action]
	switch v.Result {
	case setup.Done:
		return done
	case setup.Failed:
		return "not " + strings.Replace(done, "left as it is", "changed", 1)
	case setup.Undone:
		return done + ", and taken away again"
	case setup.Unknown:
		return "unknown: Travis did not say"
	}
	return "would be " + done
}

// removal lists, before it is asked about, what would be deleted.
func (s *presenter) removal(removal setup.Removal) {
	for _, r := range removal.Repositories {
		for _, v := range r.Variables {
			where := "all branches"
			if v.Branch != "" {
				where = "branch " + v.Branch
			}
			fmt.Fprintln(s.err, shellescape.StripUnsafe(fmt.Sprintf("%s  %s  %s", r.Target, v.Name, where)))
		}
	}
}
