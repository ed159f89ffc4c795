package main

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

	"convox-travis/internal/problem"
	"convox-travis/internal/reset"
	"convox-travis/internal/setup"
	"convox-travis/internal/text"
	"convox-travis/travisapi"
)

// result is how a command ended, as finish prints it.
type result struct {
	document document        // of --json; nil is the command's empty one
	warnings []setup.Warning // that weren't shown before
	err      error           // that ended the run
	errs     []error         // of the parts of the run
	leftover error           // what could not be cleaned up; it doesn't change the exit code
	stopped  error           // what asked the run to stop
	code     int             // set where the errors don't decide it: exitFound, exitPartial, exitRefused
	dryRun   bool
	shown    bool // the wizard's transcript says all of it to people

	text     string   // printed as it is, in the place of all that follows
	lines    []string // for people, on standard output
	diff     string   // the same, kept byte for byte in a pipe
	notes    []string // for people, on standard error
	standing []string // the same with --json too, whose document doesn't have it
}

// failure is the result of a run that ended before there was anything to report.
func failure(err error) result { return result{err: err} }

// exitCode is that of an interruption, else the one that was set, else the most
// severe of the errors.
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

func (r result) errors() []error { return separate(append([]error{r.err}, r.errs...)) }

// separate lists errors, and those that were joined, without nil.
func separate(errs []error) (all []error) {
	for _, err := range errs {
		if joined, is := err.(interface{ Unwrap() []error }); is {
			all = append(all, separate(joined.Unwrap())...)
		} else if err != nil {
			all = append(all, err)
		}
	}
	return all
}

// word is the result's in a document.
func (r result) word() string {
	code := r.exitCode()
	if r.dryRun && (code == exitDone || code == exitFound) {
		return results[dryRun]
	}
	return results[code]
}

// newCommand lets cmd end with the result of run, once check has let its flags pass.
// blank makes the document of a run that ended before run could; nil is that of a
// command without --json.
func (p *program) newCommand(cmd *cobra.Command, blank func() document, check func() error, run func(ctx context.Context, args []string) result) *cobra.Command {
	if p.blanks == nil {
		p.blanks = map[*cobra.Command]func() document{}
	}
	p.blanks[cmd] = blank
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if check != nil {
			if err := check(); err != nil {
				return err
			}
		}
		ended := run(cmd.Context(), args)
		p.ended = &ended
		return nil
	}
	return cmd
}

// finish prints how cmd ended, in the form that was asked for, and returns the exit
// code. Nothing else prints a result.
func (p *program) finish(cmd *cobra.Command, r result) int {
	p.warn(r.warnings)
	p.reportErrors(r.leftover)
	errs := r.errors()
	if len(errs) == 0 && r.stopped != nil {
		errs = []error{r.stopped}
	}
	if !r.shown || r.stopped != nil {
		p.reportErrors(errs...)
	}
	p.printResult(r, p.blanks[cmd])
	if p.form != jsonDocument {
		for _, note := range r.notes {
			p.say(note)
		}
	}
	for _, line := range r.standing {
		p.say(line)
	}
	return r.exitCode()
}

func (p *program) printResult(r result, blank func() document) {
	if r.text != "" {
		fmt.Fprint(p.out, r.text) // output.check reports what can't be written
		return
	}
	if r.shown && p.form == "" && p.outWidth() != math.MaxInt {
		return
	}
	if p.form == "" || blank == nil {
		for _, line := range r.lines {
			printLine(p.out, line) // output.check reports what can't be written
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
		_ = printJSON(p.out, item) // output.check reports what can't be written
	}
}

// printLine prints one line, cleaned: whatever is in it, it steers no terminal and
// begins no other line. Nothing but this prints texts from outside for people.
func printLine(w io.Writer, line string) { fmt.Fprintln(w, text.Clean(line)) }

// stream prints an item of --json=lines as it comes.
func (p *program) stream(item any) {
	if p.form == jsonLines {
		_ = printJSON(p.out, item) // output.check reports what can't be written
	}
}

// note tells people something that is no result.
func (p *program) note(format string, args ...any) {
	if p.form == "" {
		p.say(fmt.Sprintf(format, args...))
	}
}

func (p *program) say(line string) { printLine(p.err, line) }

func (p *program) warn(warnings []setup.Warning) {
	for _, w := range setup.Grouped(warnings) {
		p.say("warning: " + w.String())
		p.printHints([]string{w.Hint})
	}
}

// printDiff prints a diff so that it can be applied; on a terminal in its colors.
func (p *program) printDiff(diff string) {
	isTerminal := p.outWidth() != math.MaxInt
	for line := range strings.Lines(diff) {
		if isTerminal {
			cells := strings.Split(strings.TrimRight(line, "\r\n"), "\t") // a tab does no harm
			for i := range cells {
				cells[i] = text.Clean(cells[i])
			}
			line = p.colored(strings.Join(cells, "\t")) + "\n"
		}
		fmt.Fprint(p.out, line)
	}
}

// colored is a line of a diff in its color, where colors are shown.
func (p *program) colored(line string) string {
	if !p.colours || line == "" {
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

// reportErrors prints errors. What is the same for many repositories is printed once,
// with their number.
func (p *program) reportErrors(errs ...error) {
	errs = separate(errs)
	same, notBegun := map[string]int{}, map[string]int{} // by the code of the cause
	for _, err := range errs {
		switch code := codeOf(err); code {
		case setup.CodeNotBegun:
			notBegun[causeCode(err)]++
		case travisapi.CodeBanned, travisapi.CodeUnknownToken, travisapi.CodeLoginRequired, travisapi.CodeThrottled:
			same[code]++
		}
	}
	reported := map[string]bool{}
	for _, err := range errs {
		code, words := codeOf(err), err.Error()
		if code == setup.CodeNotBegun || same[code] > 0 && reported[code] {
			continue
		}
		if n := same[code]; n > 1 {
			words += "; the same for " + strings.Replace(text.Count(n-1, "repository"), " ", " more ", 1)
		}
		p.printError(words, hintsOf(err))
		reported[causeCode(err)] = true
	}
	for _, err := range errs {
		cause, words := causeCode(err), err.Error()
		if codeOf(err) != setup.CodeNotBegun || reported[cause] {
			continue
		}
		if n := notBegun[cause]; n > 1 {
			words = fmt.Sprintf("%s: nothing was written: %v", text.Count(n, "repository"), errors.Unwrap(err))
		}
		p.printError(words, hintsOf(err))
		reported[cause] = true
	}
}

func (p *program) printError(words string, hints []string) {
	p.say("error: " + words)
	p.printHints(hints)
}

func (p *program) printHints(hints []string) {
	for _, hint := range hints {
		if hint != "" {
			p.say("hint: " + hint)
		}
	}
}

// causeCode is the code of what ended the work on a repository: another's error, or a
// stop.
func causeCode(err error) string {
	if cause := errors.Unwrap(err); cause != nil && isCutShort(err) {
		return codeOf(cause)
	}
	return codeOf(err)
}

// output remembers that something could not be written.
type output struct {
	to     io.Writer
	status *status // whose line gives way
	failed bool
	shut   atomic.Bool
}

// Write implements io.Writer.
func (o *output) Write(p []byte) (int, error) {
	if o.shut.Load() {
		return len(p), nil // the run is over, and its end reported
	}
	o.status.clear()
	n, err := o.to.Write(p)
	o.failed = o.failed || err != nil
	return n, err
}

var errOutput = errors.New("the result cannot be written to standard output")

// check tells that a result was lost. A run that went well has failed then: a script
// would take nothing for success.
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

// usageError is that of a command line that can't be carried out.
func usageError(what string, hints ...string) *problem.Error {
	return &problem.Error{Code: "usage", Reason: what, Hints: hints}
}

// wrongAnswer is usageError for an answer that another package refuses.
func wrongAnswer(from string, err error) *problem.Error {
	return usageError(from+": "+err.Error(), hintsOf(err)...)
}

// exitCode is the one place where an error becomes an exit code.
func exitCode(err error) int {
	switch {
	case errors.Is(err, errInterrupted), errors.Is(err, context.Canceled):
		return exitInterrupted
	case reset.IsBegun(err):
		return exitPartial
	case errors.Is(err, errTimeout):
		return exitFailed
	}
	code := exitFailed
	for e := range problem.Chain(err) { // the innermost that has one
		code = cmp.Or(exits[e.Code], code)
	}
	return code
}

func hintsOf(err error) []string { return hints.Of(err) }

// codeOf is an error's name in JSON: that of the outermost problem, unless it says
// only that the run was ended.
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
