package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"

	"al.essio.dev/pkg/shellescape"

	"convox-travis/internal/problem"
	"convox-travis/internal/setup"
)

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

// usageError is a command line that cannot be carried out.
type usageError struct {
	what  string
	hints []string
}

func (e *usageError) Error() string   { return e.what }
func (e *usageError) Hints() []string { return e.hints }
func (e *usageError) Code() string    { return "usage" }

// reportedError ends a run whose errors were shown where they happened.
type reportedError struct{ code int }

func (e *reportedError) Error() string { return "the run did not end well" }

// exit prints the error that ended a run, if it was not shown before, and
// returns the exit code.
func (p *program) exit(err error) int {
	var reported *reportedError
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &reported):
		return reported.code
	}
	printError(p.err, err)
	return exitCode(err)
}

// exitCode is the one place where an error becomes an exit code.
func exitCode(err error) int {
	switch {
	case errors.Is(err, errInterrupted), errors.Is(err, context.Canceled):
		return exitInterrupted
	case setup.IsBegun(err), isHalfWritten(err):
		return exitPartial
	case errors.Is(err, errTimeout):
		return exitFailed
	}
	code := exitFailed
	for ; err != nil; err = errors.Unwrap(err) { // the innermost that has one
		if coded, is := err.(interface{ Code() string }); is {
			code = cmp.Or(exits[coded.Code()], code)
		}
		if e, is := err.(*problem.Error); is {
			code = cmp.Or(exits[e.Code], code)
		}
	}
	return code
}

// reportExit is the exit code of a run over repositories: interrupted, done in
// part, refused, failed, in this order.
func reportExit(report setup.Report) int {
	errs := report.Errs()
	if errors.Is(report.Stopped, errInterrupted) {
		return exitInterrupted
	}
	if len(errs) == 0 {
		return exitDone
	}
	if report.Stands() {
		return exitPartial
	}
	worst := exitUsage
	for _, err := range errs {
		switch exitCode(err) {
		case exitRefused:
			return exitRefused
		case exitUsage:
		default:
			worst = exitFailed
		}
	}
	return worst
}

// printError prints one error and what can be done about it. Whatever came
// from outside is cleaned here, so that it cannot steer the terminal.
func printError(w io.Writer, err error) {
	fmt.Fprintf(w, "error: %s\n", shellescape.StripUnsafe(err.Error()))
	printHints(w, hintsOf(err))
}

// printErrors prints each of errors that were joined, or nothing.
func printErrors(w io.Writer, err error) {
	joined, is := err.(interface{ Unwrap() []error })
	switch {
	case is:
		for _, one := range joined.Unwrap() {
			printErrors(w, one)
		}
	case err != nil:
		printError(w, err)
	}
}

func printHints(w io.Writer, hints []string) {
	for _, hint := range hints {
		if hint != "" {
			fmt.Fprintf(w, "hint: %s\n", shellescape.StripUnsafe(hint))
		}
	}
}

func hintsOf(err error) []string {
	all := hints.Of(err)
	var hinted interface{ Hints() []string }
	if errors.As(err, &hinted) {
		all = append(all, hinted.Hints()...)
	}
	return all
}

// codeOf is an error's name in JSON: that of the outermost problem, unless it says
// only that the run was ended.
func codeOf(err error) string {
	code := ""
	for e := err; e != nil && code == ""; e = errors.Unwrap(e) {
		switch coded := e.(type) {
		case *problem.Error:
			code = coded.Code
		case interface{ Code() string }:
			code = coded.Code()
		}
	}
	if code == "" || code == "canceled" {
		switch {
		case errors.Is(err, errInterrupted), errors.Is(err, context.Canceled):
			return "interrupted"
		case errors.Is(err, errTimeout):
			return "timeout"
		}
	}
	if code != "" {
		return code
	}
	return "failed"
}
