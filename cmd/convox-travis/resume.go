package main

import (
	"fmt"
	"slices"

	"convox-travis/internal/problem"
	"convox-travis/internal/setup"
	"convox-travis/travisapi"
)

// resume is how a run that ended early goes on.
type resume struct {
	command string // "" where running it again would change nothing
	file    string // what the word FILE in it stands for, or ""
	after   string // the time before which Travis refuses everything, or ""
}

// resume works out how a run goes on that ended with errs: by the same command,
// which ends in the same state. Where it is known that nothing is replaced it can
// leave alone what is done.
func (s *presenter) resume(report setup.Report, errs []error) resume {
	var r resume
	for _, err := range errs {
		if until := travisapi.RefusedUntil(err); !until.IsZero() {
			r.after = until.Format("15:04")
		}
	}
	several := len(report.Repositories) > 1
	if r.after == "" && !(several && slices.ContainsFunc(errs, worthAgain)) {
		return r // what can be done is told with the error
	}
	if s.askedAboutSeveral() {
		r.command = s.wizardAgain(report)
		return r
	}
	skip := s.command == "apply" && several && report.OnlyCreates() && !s.options.skipExisting
	r.command, r.file = s.sameAgain(skip)
	return r
}

// worthAgain reports whether a repository that ended with err may end well the
// next time, with nothing mended in between.
func worthAgain(err error) bool {
	if isCutShort(err) {
		return true
	}
	failure := travisapi.FailureOf(err)
	_, worth := failure.Retryable()
	return worth || failure.GaveUp
}

// isCutShort reports whether the end of the run ended the work on a repository, or
// kept it from starting.
func isCutShort(err error) bool {
	code := problem.Code(err)
	return code == setup.CodeNotBegun || code == setup.CodeStopped
}

// goOn tells how far a run over several repositories came, and how it goes on.
func (s *presenter) goOn(report setup.Report, r resume) {
	if len(report.Repositories) > 1 {
		done, failed, left := report.Count()
		s.note("%s: %d done, %d failed, %d not begun", repositoriesOf(len(report.Repositories)), done, failed, left)
	}
	if r.command != "" {
		s.tellOnTheSide(r.words())
	}
}

// words say how it goes on.
func (r resume) words() string {
	words := "to go on"
	if r.after != "" {
		words += " after " + r.after
	}
	if r.file != "" {
		words += ", with " + r.file + " for FILE"
	}
	return fmt.Sprintf("%s: %s", words, r.command)
}
