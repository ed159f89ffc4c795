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

// usageError is that of a command line that can't be carried out.
func usageError(what string, hints ...string) *problem.Error {
	return &problem.Error{Code: "usage", Reason: what, Hints: hints}
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
