package main

import (
	"slices"
	"strings"

	"convox-travis/internal/problem"
	"convox-travis/internal/setup"
	"convox-travis/internal/text"
	"convox-travis/travisapi"
)

// resume is how a run that ended early is continued: by the same command, which ends
// in the same state.
type resume struct {
	command string // as it was typed; "" where running it again changes nothing
	hint    string // the same for a person, or ""
}

// resume works out how a run that ended with errs is continued. Where nothing was to
// be replaced, what is done can be skipped.
func (s *presenter) resume(report setup.Report, errs []error) resume {
	after := ""
	for _, err := range errs {
		if until := travisapi.RefusedUntil(err); !until.IsZero() {
			after = " after " + until.Format("15:04")
		}
	}
	several := len(report.Repositories) > 1
	if after == "" && !(several && slices.ContainsFunc(errs, worthAgain)) {
		return resume{} // the error says what can be done
	}
	var r resume
	line := append([]string{"convox-travis"}, s.args...)
	if several {
		r.hint = "run the same command again" + after
		if s.command == "apply" && report.OnlyCreates() && !s.options.skipExisting {
			line, r.hint = append(line, "--skip-existing"), r.hint+", with --skip-existing"
		}
	}
	mayHoldToken := func(repo string) bool { return strings.ContainsAny(repo, "@?#") }
	if !slices.ContainsFunc(s.options.repos, mayHoldToken) {
		r.command = text.Command(line...)
	}
	return r
}

// worthAgain reports whether a repository that ended with err may end well the next
// time, with nothing fixed in between.
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

// notes say how it is continued.
func (r resume) notes() []string {
	if r.hint == "" {
		return nil
	}
	return []string{"hint: " + r.hint}
}
