package convox

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"convox-travis/internal/problem"
	"convox-travis/internal/secret"
)

// longestPassword is in bytes. A Rack's password has at most 50 characters; a
// key of Console has more.
const longestPassword = 4096

// badNew is a new password that no Rack can have.
func badNew(why string, hints ...string) *problem.Error {
	return &problem.Error{Code: CodePassword, Reason: "the new password " + why, Hints: hints, Detail: Detail{New: true}}
}

const oneLine = "give the password or deploy key alone, on one line, without anything before or after it"

// CheckPassword refuses, with CodePassword, what cannot be meant, and what
// a Travis variable cannot carry: a build reads it as a line of Bash
// (https://docs.travis-ci.com/user/environment-variables/). It does not refuse
// what the convox client cannot send: the login check explains that better.
func CheckPassword(password secret.String) error {
	if why, hints := refusal(password); why != "" {
		return &problem.Error{Code: CodePassword, Reason: "the password or deploy key " + why, Hints: hints}
	}
	return nil
}

// refusal says what is wrong with a password, and what can be done; "" is nothing. It
// names the kind of what is wrong, never the value, its length or a place in it.
func refusal(password secret.String) (why string, hints []string) {
	value := password.Reveal()
	switch {
	case value == "":
		return "is empty", []string{oneLine}
	case len(value) > longestPassword:
		return "is longer than any real one", []string{oneLine}
	case !utf8.ValidString(value):
		return "is not UTF-8 text", []string{"check the encoding of the file that it comes from"}
	case strings.ContainsAny(value, "\r\n"):
		return "has a line ending that is not its last character", []string{oneLine}
	case strings.Contains(value, "\x00"):
		return "has a NUL character", []string{"check the encoding of the file that it comes from"}
	case strings.Contains(value, "\t"):
		return "has a tab", []string{oneLine}
	case strings.ContainsFunc(value, unicode.IsControl):
		return "has a control character", []string{oneLine}
	case strings.TrimSpace(value) != value:
		return "has white space before or after it", []string{oneLine, "reset a Rack's password that really has it: the convox client cannot send it"}
	}
	return "", nil
}

// CutLineEnding cuts one line ending, \n or \r\n, from the end of a piped text.
func CutLineEnding(text string) string {
	cut, found := strings.CutSuffix(text, "\n")
	if !found {
		return text
	}
	return strings.TrimSuffix(cut, "\r")
}
