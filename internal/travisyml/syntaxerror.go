package travisyml

import (
	"regexp"
	"strconv"
)

// SyntaxError means that a text is no .travis.yml. It quotes nothing of the
// file, which can hold secrets, and so has no cause.
type SyntaxError struct {
	// Line is where the parser stopped, counted from 1, or 0 when it did not say.
	Line      int
	noMapping bool
}

// Error is one lower-case line.
func (e *SyntaxError) Error() string {
	at := ""
	if e.Line > 0 {
		at = ", near line " + strconv.Itoa(e.Line)
	}
	if e.noMapping {
		return "read .travis.yml" + at + ": it is not a mapping of keys and values"
	}
	return "read .travis.yml" + at + ": it is not valid YAML"
}

// Code is a word for machines, in snake case.
func (*SyntaxError) Code() string { return "yml_syntax" }

// Hints are things that can be done, best first.
func (*SyntaxError) Hints() []string {
	return []string{"fix the file; https://config.travis-ci.com/explore shows what Travis makes of it"}
}

var parserLine = regexp.MustCompile(`^yaml: line (\d+):`)

// lineOf takes the line, and nothing else, from what the parser says.
func lineOf(err error) int {
	found := parserLine.FindStringSubmatch(err.Error())
	if found == nil {
		return 0
	}
	line, err := strconv.Atoi(found[1])
	if err != nil {
		return 0
	}
	return line
}
