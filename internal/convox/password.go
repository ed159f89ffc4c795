package convox

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"convox-travis/internal/secret"
)

// longestPassword is in bytes. A Rack's password has at most 50 characters; a
// key of Console has more.
const longestPassword = 4096

// PasswordError says why a text can be no password or deploy key, or cannot be
// carried by Travis. It names the kind of what is wrong, never the value, its
// length or a place in it.
type PasswordError struct {
	reason string
	hints  []string
	isNew  bool // of a Rack, which no key of Console can be
}

// Error is one lower-case line.
func (e *PasswordError) Error() string {
	if e.isNew {
		return "the new password " + e.reason
	}
	return "the password or deploy key " + e.reason
}

// Code is a word for machines, in snake case.
func (*PasswordError) Code() string { return "bad_password" }

// Hints are things that can be done, best first.
func (e *PasswordError) Hints() []string { return slices.Clone(e.hints) }

const oneLine = "give the password or deploy key alone, on one line, without anything before or after it"

// CheckPassword refuses, with a *PasswordError, what cannot be meant, and what
// a Travis variable cannot carry: a build reads it as a line of Bash
// (https://docs.travis-ci.com/user/environment-variables/). It does not refuse
// what the convox client cannot send: the login check explains that better.
func CheckPassword(password secret.String) error {
	value := password.Reveal()
	switch {
	case value == "":
		return &PasswordError{reason: "is empty", hints: []string{oneLine}}
	case len(value) > longestPassword:
		return &PasswordError{reason: "is longer than any real one", hints: []string{oneLine}}
	case !utf8.ValidString(value):
		return &PasswordError{reason: "is not UTF-8 text", hints: []string{"check the encoding of the file that it comes from"}}
	case strings.ContainsAny(value, "\r\n"):
		return &PasswordError{reason: "has a line ending that is not its last character", hints: []string{oneLine}}
	case strings.Contains(value, "\x00"):
		return &PasswordError{reason: "has a NUL character", hints: []string{"check the encoding of the file that it comes from"}}
	case strings.Contains(value, "\t"):
		return &PasswordError{reason: "has a tab", hints: []string{oneLine}}
	case strings.ContainsFunc(value, unicode.IsControl):
		return &PasswordError{reason: "has a control character", hints: []string{oneLine}}
	case strings.TrimSpace(value) != value:
		return &PasswordError{reason: "has white space before or after it", hints: []string{oneLine, "a Rack's password that really has it needs a reset: the convox client cannot send it"}}
	}
	return nil
}

// CutLineEnding cuts one line ending, \n or \r\n, from the end of a piped text.
func CutLineEnding(text string) string {
	cut, found := strings.CutSuffix(text, "\n")
	if !found {
		return text
	}
	return strings.TrimSuffix(cut, "\r")
}
