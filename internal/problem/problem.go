// Package problem is the program's one error type: what was attempted, on what, why it
// failed, and a code for it. Packages that talk to the outside make Errors from facts.
// What a person can do in terms of the program (its flags, commands and screens) is in
// two tables from codes to hints, one for the commands and one for the wizard.
//
// Next room: internal/text, which formats errors for people.
package problem

import (
	"errors"
	"slices"
)

// Error is a failure. It quotes no server's answer and no secret.
type Error struct {
	Code   string // for machines, in snake case; docs/troubleshooting.md explains each
	Action string // what was attempted, such as "log in to"; "" if Reason says it
	Object string // on what, such as a host; "" if Action says it
	Reason string // why it failed; "" means the text of Cause
	// Hints are what can be done outside of this program, best first: other programs'
	// commands, addresses, settings of the service.
	Hints  []string
	Cause  error // nil if it must not be shown
	Detail any   // further data, in a type of the package that made the Error
}

// Error is one line, "ACTION OBJECT: REASON".
func (e *Error) Error() string {
	text, why := e.Attempted(), e.Reason
	if why == "" && e.Cause != nil {
		why = e.Cause.Error()
	}
	switch {
	case text == "":
		return why
	case why == "":
		return text
	}
	return text + ": " + why
}

// Attempted is what failed, and on what.
func (e *Error) Attempted() string {
	if e.Action == "" || e.Object == "" {
		return e.Action + e.Object
	}
	return e.Action + " " + e.Object
}

// Unwrap returns the cause, or nil.
func (e *Error) Unwrap() error { return e.Cause }

// Of returns the first Error in err's chain, or nil.
func Of(err error) *Error {
	e, _ := errors.AsType[*Error](err)
	return e
}

// Code returns the code of the first Error in err's chain, or "".
func Code(err error) string {
	if e := Of(err); e != nil {
		return e.Code
	}
	return ""
}

// Has reports whether an Error in err's chain has one of the codes.
func Has(err error, codes ...string) bool {
	for e := range Chain(err) {
		if slices.Contains(codes, e.Code) {
			return true
		}
	}
	return false
}

// Detail returns the first detail of type T in err's chain.
func Detail[T any](err error) (T, bool) {
	for e := range Chain(err) {
		if detail, is := e.Detail.(T); is {
			return detail, true
		}
	}
	var none T
	return none, false
}

// Chain yields the Errors in err's chain, outermost first.
func Chain(err error) func(yield func(*Error) bool) {
	return func(yield func(*Error) bool) { each(err, yield) }
}

func each(err error, yield func(*Error) bool) bool {
	switch wrapped := err.(type) {
	case *Error:
		if !yield(wrapped) {
			return false
		}
		return each(wrapped.Cause, yield)
	case interface{ Unwrap() []error }:
		for _, one := range wrapped.Unwrap() {
			if !each(one, yield) {
				return false
			}
		}
	case interface{ Unwrap() error }:
		return each(wrapped.Unwrap(), yield)
	}
	return true
}

// Hints maps each code to what a person can do about it in terms of the program. A row is
// nil if the Error's own hints are enough.
type Hints map[string]func(*Error) []string

// Say is a row that doesn't depend on the Error.
func Say(hints ...string) func(*Error) []string {
	return func(*Error) []string { return hints }
}

// Of lists what a person can do about err, best first: for each Error in its chain its
// own hints, which are the most specific, then those of its row, without duplicates.
func (h Hints) Of(err error) []string {
	var all []string
	for e := range Chain(err) {
		hints := e.Hints
		if row := h[e.Code]; row != nil {
			hints = slices.Concat(hints, row(e))
		}
		for _, hint := range hints {
			if !slices.Contains(all, hint) {
				all = append(all, hint)
			}
		}
	}
	return all
}
