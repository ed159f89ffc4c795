package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/charmbracelet/x/ansi"
	"github.com/spf13/cobra"

	"convox-travis/internal/connect"
	"convox-travis/internal/problem"
	"convox-travis/internal/reset"
	"convox-travis/internal/text"
	"convox-travis/travisapi"
)

// result is how a command ended; finish prints it.
type result struct {
	document document          // of --json; nil means the command's empty one
	warnings []connect.Warning // that weren't shown yet
	err      error             // that ended the run
	errs     []error           // of the parts of the run
	leftover error             // what couldn't be cleaned up; it doesn't change the exit code
	stopped  error             // why the run was asked to stop
	code     int               // exitFound, exitPartial or exitRefused, if the errors don't decide
	dryRun   bool
	shown    bool // the wizard's transcript says all of it to people

	text    string   // printed as it is, instead of all below
	lines   []string // for people, on standard output
	diff    string   // the same, byte for byte unless on a terminal
	notes   []string // for people, on standard error
	lasting []string // the same, also with --json, whose document lacks it
}

// failure is the result of a run that has nothing else to report.
func failure(err error) result { return result{err: err} }

// exitCode is exitInterrupted if a signal stopped the run, else the code that was set,
// else that of the most severe error.
func (r result) exitCode() int {
	if errors.Is(r.stopped, errInterrupted) {
		return exitInterrupted
	}
	codes := []int{r.code}
	for _, err := range r.errors() {
		codes = append(codes, exitCode(err))
	}
	for _, code := range []int{exitInterrupted, exitPartial, exitRefused, exitFailed, exitUsage} {
		if r.code == exitDone && slices.Contains(codes, code) {
			return code
		}
	}
	return r.code
}

func (r result) errors() []error { return flatten(append([]error{r.err}, r.errs...)) }

// flatten separates joined errors and drops nil.
func flatten(errs []error) (all []error) {
	for _, err := range errs {
		if joined, is := err.(interface{ Unwrap() []error }); is {
			all = append(all, flatten(joined.Unwrap())...)
		} else if err != nil {
			all = append(all, err)
		}
	}
	return all
}

// word is the "result" of a document.
func (r result) word() string {
	code := r.exitCode()
	if r.dryRun && (code == exitDone || code == exitFound) {
		return "dry-run"
	}
	return results[code]
}

// newCommand makes cmd check its flags and end with the result of run. blank makes the
// document of a run that fails earlier; it is nil for a command without --json.
func (p *program) newCommand(cmd *cobra.Command, blank func() document, check func() error, run func(ctx context.Context, args []string) result) *cobra.Command {
	if p.emptyDocuments == nil {
		p.emptyDocuments = map[*cobra.Command]func() document{}
	}
	p.emptyDocuments[cmd] = blank
	cmd.Flags().SortFlags = false // help lists them in their order
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if check != nil {
			if err := check(); err != nil {
				return err
			}
		}
		ended := run(cmd.Context(), args)
		p.result = &ended
		return nil
	}
	return cmd
}

// finish prints the result of cmd, as text or JSON, and returns the exit code. Nothing
// else prints a result.
func (p *program) finish(cmd *cobra.Command, r result) int {
	p.warn(r.warnings)
	p.reportErrors(r.leftover)
	errs := r.errors()
	if len(errs) == 0 && r.stopped != nil {
		errs = []error{r.stopped}
	}
	switch {
	case !r.shown:
		p.reportErrors(errs...)
	case r.stopped != nil:
		p.reportErrors(r.stopped) // the transcript says what was stopped
	}
	p.printResult(r, p.emptyDocuments[cmd])
	if p.form != jsonDocument {
		for _, note := range r.notes {
			p.say(note)
		}
	}
	for _, line := range r.lasting {
		p.say(line)
	}
	return r.exitCode()
}

func (p *program) printResult(r result, blank func() document) {
	if r.text != "" {
		fmt.Fprint(p.out, r.text) // output.check reports failed writes
		return
	}
	if r.shown && p.form == "" && p.outWidth() != math.MaxInt {
		return
	}
	if p.form == "" || blank == nil {
		for _, line := range r.lines {
			printLine(p.out, line) // output.check reports failed writes
		}
		p.printDiff(r.diff)
		return
	}
	if r.document == nil {
		r.document = blank()
	}
	r.document.end(head{formatVersion, r.word()}, errorOf(r.err))
	items := []any{r.document}
	if p.form == jsonLines {
		items = r.document.items()
	}
	for _, item := range items {
		printJSON(p.out, item)
	}
}

// printLine prints one line without control characters, so that no text from outside
// steers the terminal or starts another line. All such texts are printed here.
func printLine(w io.Writer, line string) { fmt.Fprintln(w, text.Clean(line)) }

// stream prints an item of --json=lines at once.
func (p *program) stream(item any) {
	if p.form == jsonLines {
		printJSON(p.out, item)
	}
}

// note tells people what isn't a result.
func (p *program) note(format string, args ...any) {
	if p.form == "" {
		p.say(fmt.Sprintf(format, args...))
	}
}

func (p *program) say(line string) { printLine(p.err, line) }

func (p *program) warn(warnings []connect.Warning) {
	for _, w := range connect.GroupWarnings(warnings) {
		p.say("warning: " + w.String())
		p.printHints([]string{w.Hint})
	}
}

// printDiff prints a diff that can be applied; on a terminal, in color.
func (p *program) printDiff(diff string) {
	isTerminal := p.outWidth() != math.MaxInt
	for line := range strings.Lines(diff) {
		if isTerminal {
			cells := strings.Split(strings.TrimRight(line, "\r\n"), "\t") // tabs are harmless
			for i := range cells {
				cells[i] = text.Clean(cells[i])
			}
			line = p.colorLine(strings.Join(cells, "\t")) + "\n"
		}
		fmt.Fprint(p.out, line)
	}
}

// colorLine returns a line of a diff, in its color if colors are shown.
func (p *program) colorLine(line string) string {
	if !p.colors || line == "" {
		return line
	}
	style := ansi.Style{}
	switch {
	case strings.HasPrefix(line, "+++"), strings.HasPrefix(line, "---"):
		style = style.Bold()
	case line[0] == '+':
		style = style.ForegroundColor(ansi.Green)
	case line[0] == '-':
		style = style.ForegroundColor(ansi.Red)
	case line[0] == '@':
		style = style.ForegroundColor(ansi.Cyan)
	}
	return style.Styled(line)
}

// reportErrors prints errors. An error that many repositories share is printed once,
// with their number.
func (p *program) reportErrors(errs ...error) {
	type kind struct{ code, cause string }
	times := map[kind]int{}
	var tried, notStarted []error
	for _, err := range flatten(errs) {
		times[kind{codeOf(err), causeCode(err)}]++
		if codeOf(err) == connect.CodeNotStarted {
			notStarted = append(notStarted, err)
		} else {
			tried = append(tried, err)
		}
	}
	reported := map[string]bool{}
	for _, err := range append(tried, notStarted...) {
		words, code, cause := err.Error(), codeOf(err), causeCode(err)
		n, isShared := times[kind{code, cause}], true
		switch code {
		case connect.CodeNotStarted:
			if n > 1 {
				words = fmt.Sprintf("%s: nothing was written: %v", text.Count(n, "repository"), errors.Unwrap(err))
			}
		case travisapi.CodeBanned, travisapi.CodeUnknownToken, travisapi.CodeLoginRequired, travisapi.CodeThrottled:
			if n > 1 {
				words += "; the same for " + strings.Replace(text.Count(n-1, "repository"), " ", " more ", 1)
			}
		default:
			isShared = false
		}
		if !isShared || !reported[cause] {
			p.say("error: " + words)
			p.printHints(hintsOf(err))
		}
		reported[cause] = true
	}
}

func (p *program) printHints(hints []string) {
	for _, hint := range hints {
		if hint != "" {
			p.say("hint: " + hint)
		}
	}
}

// causeCode is the code of what ended the work on a repository: another repository's
// error, or a stop.
func causeCode(err error) string {
	if cause := errors.Unwrap(err); cause != nil && isCutShort(err) {
		return codeOf(cause)
	}
	return codeOf(err)
}

// output is standard output. It remembers failed writes.
type output struct {
	to     io.Writer
	status *status // its line is cleared first
	failed bool
	shut   atomic.Bool
}

// Write implements io.Writer.
func (o *output) Write(p []byte) (int, error) {
	if o.shut.Load() {
		return len(p), nil // the end of the run was reported
	}
	o.status.clear()
	n, err := o.to.Write(p)
	o.failed = o.failed || err != nil
	return n, err
}

var errOutput = errors.New("can't write the result to standard output")

// check reports that a result was lost. The run fails then, because a script would take
// an empty result for success.
func (o *output) check(p *program, code int) int {
	if !o.failed {
		return code
	}
	p.reportErrors(errOutput)
	if code == exitDone {
		return exitFailed
	}
	return code
}

// The exit codes.
const (
	exitDone        = 0
	exitFailed      = 1
	exitUsage       = 2
	exitPartial     = 3
	exitRefused     = 4
	exitFound       = 5 // check, or yml --check, found something
	exitInterrupted = 130
)

// usageError is the error of an invalid command line.
func usageError(what string, hints ...string) *problem.Error {
	return &problem.Error{Code: "usage", Reason: what, Hints: hints}
}

// invalidValue is usageError for a value that another package refuses.
func invalidValue(from string, err error) *problem.Error {
	return usageError(from+": "+err.Error(), hintsOf(err)...)
}

// exitCode turns an error into an exit code. Nothing else does.
func exitCode(err error) int {
	switch {
	case errors.Is(err, errInterrupted), errors.Is(err, context.Canceled):
		return exitInterrupted
	case reset.IsUnfinished(err):
		return exitPartial
	case errors.Is(err, errTimeout):
		return exitFailed
	}
	code := exitFailed
	for e := range problem.Chain(err) { // the innermost wins
		code = cmp.Or(exits[e.Code], code)
	}
	return code
}

func hintsOf(err error) []string { return hints.Of(err) }

// codeOf is an error's code in JSON: the outermost problem's, or why the run was
// stopped.
func codeOf(err error) string {
	code := problem.Code(err)
	if code == "" || code == "canceled" {
		switch {
		case errors.Is(err, errInterrupted), errors.Is(err, context.Canceled):
			return "interrupted"
		case errors.Is(err, errTimeout):
			return "timeout"
		}
	}
	if code == "" {
		return "failed"
	}
	return code
}
