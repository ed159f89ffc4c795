package main

import (
	"cmp"
	"context"
	"errors"

	"convox-travis/internal/problem"
	"convox-travis/internal/reset"
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

// codeUsage is the code of a command line that can't be carried out.
const codeUsage = "usage"

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
	if code != "" {
		return code
	}
	return "failed"
}
