package main

import (
	"errors"
	"fmt"

	"convox-travis/internal/problem"
	"convox-travis/internal/setup"
	"convox-travis/travisapi"
)

// errors tells what went wrong. What is the same for every repository is told once,
// with how many it is about.
func (s *presenter) errors(errs []error) {
	about := map[string]int{}
	for _, err := range errs {
		if isTold(err) == once {
			about[causeOf(err)]++
		}
	}
	told := map[string]bool{}
	for _, err := range errs {
		cause := causeOf(err)
		switch isTold(err) {
		case each:
			printError(s.err, err)
		case once:
			if !told[cause] {
				printError(s.err, &severally{error: err, words: sameFor(err, about[cause]-1)})
			}
		case asRest:
			continue
		}
		told[cause] = true
	}
	s.unbegun(errs, told)
}

// unbegun tells of the repositories that were not begun, unless what kept them is
// told already.
func (s *presenter) unbegun(errs []error, told map[string]bool) {
	rest, first, order := map[string]int{}, map[string]error{}, []string(nil)
	for _, err := range errs {
		cause := causeOf(err)
		if isTold(err) != asRest || told[cause] {
			continue
		}
		if rest[cause]++; rest[cause] == 1 {
			first[cause], order = err, append(order, cause)
		}
	}
	for _, cause := range order {
		err := first[cause]
		if n := rest[cause]; n > 1 {
			err = &severally{error: err, words: fmt.Sprintf("%s: nothing was written: %v", repositoriesOf(n), errors.Unwrap(err))}
		}
		printError(s.err, err)
	}
}

// telling is how an error of a repository is told among those of others.
type telling int

const (
	each   telling = iota // by itself
	once                  // for all that it is about
	asRest                // as one of those that were not begun
)

func isTold(err error) telling {
	if codeOf(err) == setup.CodeNotBegun {
		return asRest
	}
	switch codeOf(err) {
	case travisapi.CodeBanned, travisapi.CodeUnknownToken, travisapi.CodeLoginRequired, travisapi.CodeThrottled:
		return once
	}
	return each
}

// causeOf is the code of what ended the work on a repository, be it another's
// error or a stop.
func causeOf(err error) string {
	if stopped := problem.Of(err); stopped != nil && stopped.Cause != nil && isCutShort(err) {
		return codeOf(stopped.Cause)
	}
	return codeOf(err)
}

// severally is an error in words for several repositories.
type severally struct {
	error
	words string
}

func (e *severally) Error() string   { return e.words }
func (e *severally) Hints() []string { return hintsOf(e.error) }

func sameFor(err error, others int) string {
	if others == 0 {
		return err.Error()
	}
	return fmt.Sprintf("%v; the same for %s more", err, repositoriesOf(others))
}
