package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf16"

	"convox-travis/internal/connect"
	"convox-travis/internal/problem"
	"convox-travis/internal/progress"
	"convox-travis/internal/text"
	"convox-travis/internal/travisyml"
	"convox-travis/travisapi"
)

// formatVersion is the "version" of every document. It grows when a field is removed or
// changes its meaning, not when one is added.
const formatVersion = 1

// document is what a command prints with --json.
type document interface {
	// end sets how the run ended.
	end(head, *messageDocument)
	// items are the lines of --json=lines that weren't streamed.
	items() []any
}

// Parts of several documents.
type (
	head struct {
		Version int    `json:"version"`
		Result  string `json:"result"`
	}
	messageDocument struct {
		Code    string `json:"code"`
		Message string `json:"message"`
		Hint    string `json:"hint"` // one per line
	}
)

// list is never null in JSON.
type list[T any] []T

// MarshalJSON implements json.Marshaler.
func (l list[T]) MarshalJSON() ([]byte, error) {
	if l == nil {
		return []byte("[]"), nil
	}
	return encode([]T(l))
}

// itemsOf are the lines of a list.
func itemsOf[T any](all []T) (items []any) {
	for _, item := range all {
		items = append(items, item)
	}
	return items
}

// results maps exit codes to words.
var results = map[int]string{
	exitDone:        "done",
	exitFailed:      "failed",
	exitUsage:       "failed",
	exitPartial:     "partial",
	exitRefused:     "refused",
	exitFound:       "found",
	exitInterrupted: "interrupted",
}

func errorOf(err error) *messageDocument {
	if err == nil {
		return nil
	}
	return &messageDocument{Code: codeOf(err), Message: err.Error(), Hint: strings.Join(hintsOf(err), "\n")}
}

func warningsOf(warnings []connect.Warning) (documents []messageDocument) {
	for _, w := range warnings {
		documents = append(documents, messageDocument{Code: w.Code, Message: w.String(), Hint: w.Hint})
	}
	return documents
}

// printJSON writes a document as one line. It escapes control characters that JSON
// allows, so that they don't steer a terminal.
func printJSON(w io.Writer, document any) {
	text, err := encode(document)
	if err != nil {
		panic(err) // our own documents always encode
	}
	var safe strings.Builder
	for _, r := range string(text) {
		if r == '\n' || unicode.IsPrint(r) {
			safe.WriteRune(r)
			continue
		}
		for _, unit := range utf16.Encode([]rune{r}) {
			fmt.Fprintf(&safe, `\u%04x`, unit)
		}
	}
	_, _ = io.WriteString(w, safe.String()) // output.check reports failed writes
}

func encode(document any) ([]byte, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(document)
	return text.Bytes(), err
}

// jsonForm is the form of JSON that a command line asks for, or "". It works for a
// command line that can't be parsed, too, and for an unknown form.
func jsonForm(args []string) string {
	form := ""
	for _, arg := range args {
		switch {
		case arg == "--":
			return form
		case arg == "--json="+jsonLines:
			form = jsonLines
		case arg == "--json", strings.HasPrefix(arg, "--json="):
			form = jsonDocument
		}
	}
	return form
}

// The documents of apply, remove and the wizard.
type (
	runDocument struct {
		head
		Host         string                   `json:"host"`
		Repositories list[repositoryDocument] `json:"repositories"`
		Warnings     list[messageDocument]    `json:"warnings"`
		Error        *messageDocument         `json:"error"`
		Resume       string                   `json:"resume,omitempty"` // the command that continues an unfinished run

		streamed bool // the repositories were printed as lines
	}
	repositoryDocument struct {
		Slug      string                 `json:"slug"`
		ID        int                    `json:"id"`
		Provider  string                 `json:"provider"`
		Activated bool                   `json:"activated"`
		Skipped   string                 `json:"skipped,omitempty"` // why
		Variables list[variableDocument] `json:"variables"`
		File      *fileDocument          `json:"file"` // .travis.yml, if the wizard changed it
		Error     *messageDocument       `json:"error"`
	}
	fileDocument struct {
		Path      string `json:"path"`
		Step      bool   `json:"step"`      // the deploy step was added
		Encrypted bool   `json:"encrypted"` // the variables were added, encrypted
	}
	variableDocument struct {
		Name   string  `json:"name"`
		Branch *string `json:"branch"` // null means all branches
		Public bool    `json:"public"`
		Action string  `json:"action"`
		Result *string `json:"result"` // null in a dry run
	}
)

func (d *runDocument) end(h head, err *messageDocument) { d.head, d.Error = h, err }

func (d *runDocument) items() []any {
	if d.streamed {
		return nil
	}
	return itemsOf(d.Repositories)
}

func repositoryOf(r connect.RepositoryReport) repositoryDocument {
	document := repositoryDocument{
		Slug: r.Target.Slug, ID: r.ID, Provider: string(r.Target.Provider),
		Activated: r.Activated, Skipped: r.Skipped, Error: errorOf(r.Err),
	}
	if r.File != nil {
		document.File = &fileDocument{r.File.Path, r.File.Step, r.File.Encrypted}
	}
	for _, v := range r.Variables {
		variable := variableDocument{Name: v.Name, Public: v.Public, Action: string(v.Action)}
		if v.Branch != "" {
			variable.Branch = &v.Branch
		}
		if v.Result != "" {
			result := string(v.Result)
			variable.Result = &result
		}
		document.Variables = append(document.Variables, variable)
	}
	return document
}

// reporter shows the progress of a run over repositories, and makes its result.
type reporter struct {
	*program
	options    *options
	command    string
	targets    []connect.Target
	host       string
	isRotation bool // only existing variables are replaced
	warned     bool // the warnings were shown
	streamed   bool // --json=lines prints each repository when it's done
	tally      *progress.Tally
}

func (p *program) reporter(o *options, command string) *reporter {
	return &reporter{program: p, options: o, command: command}
}

// plan shows what to know before anything is written.
func (s *reporter) plan(plan connect.Plan) {
	if !plan.Unchecked {
		s.note("%s accepted the credential", plan.Login.Host)
	}
	s.warn(plan.AllWarnings())
	s.warned = true
}

// event shows progress on a terminal, and streams repositories that are done.
func (s *reporter) event(e connect.Event) {
	if e.Step == connect.StepFinished {
		if s.tally != nil {
			s.tally.Count(e.Report.Err)
			s.status.progress(s.tally.Progress())
		}
		s.stream(repositoryOf(*e.Report))
	}
	switch {
	case !s.errIsTerminal:
	case e.Step == connect.StepLookUp:
		s.note("%s: no clear answer for %s; looking it up", e.Target, e.Name)
	case e.Step == connect.StepUndo:
		s.note("%s: rolling back %s", e.Target, e.Name)
	}
}

// fail is the result of a run that ended before it worked on repositories.
func (s *reporter) fail(err error, warnings ...connect.Warning) result {
	report := connect.Report{Warnings: warnings}
	for _, target := range s.targets {
		report.Repositories = append(report.Repositories, connect.RepositoryReport{Target: target, Err: connect.NotStarted(target, err)})
	}
	again := s.resume(report, []error{err})
	r := result{document: s.document(report, again), err: err, warnings: warnings}
	switch {
	case r.exitCode() != exitInterrupted:
	case s.command == "remove":
		r.notes = append(r.notes, "nothing was deleted")
	default: // the wizard may have saved a password, or started a reset
		r.notes = append(r.notes, "nothing was written to Travis")
	}
	r.notes = append(r.notes, again.notes...)
	return r
}

// report is the result of a run that worked on repositories.
func (s *reporter) report(report connect.Report) result {
	s.status.progress(progress.Progress{})
	again := s.resume(report, report.Errs())
	d := s.document(report, again)
	d.streamed = s.streamed
	r := result{document: d, errs: report.Errs(), stopped: report.Stopped, dryRun: s.options.dryRun, lines: repositoryLines(report)}
	if !s.warned {
		r.warnings = report.Warnings
	}
	if len(r.errs) > 0 && report.HasChanges() {
		r.code = exitPartial
	}
	if r.dryRun {
		return r
	}
	if n := len(report.Repositories); n > 1 {
		done, skipped, failed, left := report.Count()
		words := fmt.Sprintf("%d done", done)
		if s.options.onlyExisting {
			words = fmt.Sprintf("%d replaced, %d skipped", done, skipped)
		}
		r.notes = append(r.notes, fmt.Sprintf("%s: %s, %d failed, %d not started", text.Count(n, "repository"), words, failed, left))
	}
	r.notes = append(r.notes, again.notes...)
	if s.command == "apply" {
		r.notes = append(r.notes, cleanupNotes(report.Cleanup(s.options.repeatedFlags().Endpoint))...)
	}
	return r
}

// cleanupNotes say how to remove what was written. It is an undo only where nothing
// was replaced.
func cleanupNotes(cleanup connect.Cleanup) (notes []string) {
	label := "remove: "
	if cleanup.IsUndo {
		label = "undo: "
	}
	if cleanup.Command != "" {
		notes = append(notes, label+cleanup.Command)
		if cleanup.Note != "" {
			notes = append(notes, "  ("+cleanup.Note+")")
		}
	}
	if cleanup.File != "" {
		notes = append(notes, label+cleanup.File)
	}
	return notes
}

func (s *reporter) document(report connect.Report, again resume) *runDocument {
	d := &runDocument{Host: s.host, Warnings: warningsOf(report.Warnings), Resume: again.command}
	for _, r := range report.Repositories {
		d.Repositories = append(d.Repositories, repositoryOf(r))
	}
	return d
}

// repositoryLines list each variable of one repository, or one line for each of several.
func repositoryLines(report connect.Report) (lines []string) {
	if len(report.Repositories) > 1 {
		return repositoryTable(report)
	}
	for _, r := range report.Repositories {
		if len(r.Variables) == 0 && r.File == nil {
			if r.Err == nil {
				lines = append(lines, r.Target.String(), "  "+r.Outcome())
			}
			continue
		}
		lines = append(lines, r.Target.String())
		if r.Activated {
			lines = append(lines, "  activated on Travis")
		}
		for _, v := range r.Variables {
			line := fmt.Sprintf("  %-15s  %s", v.Name, v.Outcome())
			if v.Branch != "" {
				line += "  branch " + v.Branch
			}
			lines = append(lines, line)
		}
		if r.File != nil {
			lines = append(lines, fmt.Sprintf("  %-15s  %s", travisyml.FileName, r.File.Outcome()))
		}
	}
	return lines
}

func repositoryTable(report connect.Report) []string {
	var rows [][]string
	for _, r := range report.Repositories {
		outcome := r.Outcome()
		if r.Activated {
			outcome = "activated, " + outcome
		}
		rows = append(rows, []string{r.Target.String(), outcome})
	}
	return alignColumns(rows)
}

// resume is how an unfinished run is continued: with the same command, which skips or
// repeats what is done.
type resume struct {
	command string   // as it was typed; "" if running it again doesn't help
	notes   []string // the same for people
}

// resume finds out how a run that ended with errs is continued. If nothing was to be
// replaced, finished repositories are skipped.
func (s *reporter) resume(report connect.Report, errs []error) resume {
	after := ""
	for _, err := range errs {
		if until := travisapi.RefusedUntil(err); !until.IsZero() {
			after = " after " + until.Format("15:04")
		}
	}
	several := len(report.Repositories) > 1
	if after == "" && !(several && slices.ContainsFunc(errs, canRetry)) {
		return resume{} // the error says what to do
	}
	var r resume
	line := append([]string{"convox-travis"}, s.args...)
	if several {
		hint, flag := "hint: run the same command again"+after, ""
		switch {
		case s.isRotation && !s.options.onlyExisting:
			flag = "--only-existing"
		case s.command == "apply" && report.OnlyCreates() && !s.options.skipExisting:
			flag = "--skip-existing"
		}
		if flag != "" {
			line, hint = append(line, flag), hint+", with "+flag
		}
		r.notes = []string{hint}
	}
	mayHoldToken := func(repo string) bool { return strings.ContainsAny(repo, "@?#") }
	if !slices.ContainsFunc(s.options.repos, mayHoldToken) {
		r.command = text.Command(line...)
	}
	return r
}

// canRetry reports whether a repository that failed with err may succeed the next time,
// without a fix.
func canRetry(err error) bool {
	if isCutShort(err) {
		return true
	}
	failure := travisapi.FailureOf(err)
	_, worth := failure.Retryable()
	return worth || failure.GaveUp
}

// isCutShort reports whether the run ended before or during the work on a repository.
func isCutShort(err error) bool {
	code := problem.Code(err)
	return code == connect.CodeNotStarted || code == connect.CodeStopped
}
