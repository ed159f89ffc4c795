package main

import (
	"fmt"
	"strings"

	"al.essio.dev/pkg/shellescape"
	"github.com/charmbracelet/x/ansi"

	"convox-travis/internal/progress"
	"convox-travis/internal/setup"
	"convox-travis/internal/travisyml"
	"convox-travis/tui/flow"
)

// presenter tells a run over repositories: results to standard output, as
// lines for a person or as JSON; everything else to standard error.
type presenter struct {
	*program
	options *options
	json    string
	dryRun  bool
	command string
	targets []setup.Target
	host    string
	told    bool // whether warnings were shown already
	tally   *progress.Tally
	wizard  *flow.Flow // that asked; nil where nothing did
}

func (p *program) presenter(o *options, command string) *presenter {
	return &presenter{program: p, options: o, json: o.json, dryRun: o.dryRun, command: command}
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
	for _, w := range setup.Grouped(warnings) {
		fmt.Fprintf(s.err, "warning: %s\n", shellescape.StripUnsafe(w.String()))
		printHints(s.err, []string{w.Hint})
	}
}

// note tells a person something that is no result.
func (s *presenter) note(format string, args ...any) {
	if s.json == "" {
		fmt.Fprintln(s.err, shellescape.StripUnsafe(fmt.Sprintf(format, args...)))
	}
}

// tellOnTheSide tells a person what the one document has too, and lines have not.
func (s *presenter) tellOnTheSide(words string) {
	if s.json != jsonDocument {
		fmt.Fprintln(s.err, shellescape.StripUnsafe(words))
	}
}

// event shows progress to someone who is looking, and gives a repository's end
// to a script that asked for them as they come.
func (s *presenter) event(e setup.Event) {
	if e.Step == setup.StepFinished && s.tally != nil {
		s.tally.Count(e.Report.Err)
		s.status.progress(s.tally.Progress())
	}
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
func (s *presenter) fail(err error, warnings ...setup.Warning) error {
	code := exitCode(err)
	report := setup.Report{Warnings: warnings}
	s.warn(warnings)
	for _, target := range s.targets {
		report.Repositories = append(report.Repositories, setup.RepositoryReport{Target: target, Err: setup.NotBegun(target, err)})
	}
	printError(s.err, err)
	if code == exitInterrupted {
		s.note("%s", s.untouched())
	}
	again := s.resume(report, []error{err})
	s.goOn(setup.Report{}, again)
	s.tell(report, code, err, again.command)
	return &reportedError{code: code}
}

// untouched says what a run has left as it was. The wizard can have saved a
// password here, or begun a reset, and tells of those by itself.
func (s *presenter) untouched() string {
	if s.command == "remove" {
		return "nothing was deleted"
	}
	return "nothing was written to Travis"
}

// report tells how a run ended.
func (s *presenter) report(report setup.Report) error {
	s.status.progress(progress.Progress{})
	code := reportExit(report)
	if !s.told {
		s.warn(report.Warnings)
	}
	s.errors(report.Errs())
	if report.Stopped != nil && len(report.Errs()) == 0 {
		printError(s.err, report.Stopped)
	}
	again := s.resume(report, report.Errs())
	s.tell(report, code, nil, again.command)
	if !s.dryRun {
		s.goOn(report, again)
	}
	told := code == exitDone || report.Stopped != nil || s.askedAboutSeveral()
	if s.json == "" && told && !s.dryRun && s.command == "apply" {
		s.undo(report)
	}
	if code == exitDone {
		return nil
	}
	return &reportedError{code: code}
}

// undo tells how what was written is taken away again.
func (s *presenter) undo(report setup.Report) {
	for _, command := range report.Undo(s.options.givenFlags()) {
		s.note("undo: %s", command)
	}
}

func (s *presenter) tell(report setup.Report, code int, err error, resume string) {
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
			Resume: resume,
		}
		if s.dryRun && code == exitDone {
			document.Result = "dry-run"
		}
		for _, r := range report.Repositories {
			document.Repositories = append(document.Repositories, repositoryOf(r))
		}
		s.print(document)
	case "":
		switch {
		case err != nil:
		case len(report.Repositories) > 1:
			s.table(report)
		default:
			s.lines(report)
		}
	}
}

// table tells a person how it ended, a line for each repository.
func (s *presenter) table(report setup.Report) {
	names, column := make([]string, len(report.Repositories)), 0
	for i, r := range report.Repositories {
		names[i] = shellescape.StripUnsafe(r.Target.String())
		if n := ansi.StringWidth(names[i]); n <= longestRepoCell {
			column = max(column, n)
		}
	}
	for i, r := range report.Repositories {
		outcome := r.Outcome()
		if r.Activated {
			outcome = "activated, " + outcome
		}
		pad := strings.Repeat(" ", max(0, column-ansi.StringWidth(names[i])))
		fmt.Fprintln(s.out, names[i]+pad+gap+shellescape.StripUnsafe(outcome))
	}
}

func (s *presenter) print(document any) {
	_ = printJSON(s.out, document) // what cannot be written is told at the end
}

// lines tells the result to a person.
func (s *presenter) lines(report setup.Report) {
	for _, r := range report.Repositories {
		if len(r.Variables) == 0 && r.File == nil {
			if r.Err == nil {
				fmt.Fprintf(s.out, "%s\n  nothing is set\n", shellescape.StripUnsafe(r.Target.String()))
			}
			continue
		}
		fmt.Fprintln(s.out, shellescape.StripUnsafe(r.Target.String()))
		if r.Activated {
			fmt.Fprintln(s.out, "  activated on Travis")
		}
		for _, v := range r.Variables {
			line := fmt.Sprintf("  %-15s  %s", v.Name, v.Outcome())
			if v.Branch != "" {
				line += "  branch " + v.Branch
			}
			fmt.Fprintln(s.out, shellescape.StripUnsafe(line))
		}
		if r.File != nil {
			fmt.Fprintf(s.out, "  %-15s  %s\n", travisyml.FileName, r.File.Outcome())
		}
	}
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
