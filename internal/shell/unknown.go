package shell

import (
	"iter"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/expand"
	"mvdan.cc/sh/v3/syntax"
)

// A variable that nothing in the job sets may be set outside of it. For everything that
// Bash decides, it is unset. A word that contains it has its name next to its value:
// between these marks are the name as written and the value here. No text contains these
// characters.
const (
	openMark  = "\x0e"
	valueMark = "\x0f"
	endMark   = "\x10"
)

// Unknown returns an unknown value that is written as $NAME.
func Unknown(name, value string) string {
	return openMark + "$" + name + valueMark + value + endMark
}

func plainWords(words ...string) []string {
	if !slices.ContainsFunc(words, isMarked) {
		return words
	}
	seen := make([]string, 0, len(words))
	for _, word := range words {
		if !isDropped(word) {
			seen = append(seen, value(word))
		}
	}
	return seen
}

func isMarked(word string) bool { return strings.Contains(word, openMark) }

// dropMark starts a word that Bash drops: unset variables, not quoted.
const dropMark = "\x11"

func isDropped(word string) bool { return strings.HasPrefix(word, dropMark) }

// value returns a word as Bash reads it.
func value(word string) string { return unmark(word, false) }

// asWritten returns a word with the names of unknown variables.
func asWritten(word string) string { return unmark(word, true) }

func unmark(word string, written bool) string {
	if !isMarked(word) {
		return word
	}
	var b strings.Builder
	for name, value := range parts(word) {
		if name != "" && written {
			value = name
		}
		b.WriteString(value)
	}
	return b.String()
}

// parts returns the parts of a word: the names of the unknown ones, and their values.
func parts(word string) iter.Seq2[string, string] {
	return func(yield func(name, value string) bool) {
		plain, marked, _ := strings.Cut(strings.TrimPrefix(word, dropMark), openMark)
		for yield("", plain) && marked != "" {
			part, rest, _ := strings.Cut(marked, openMark)
			name, value, _ := strings.Cut(part, valueMark)
			if value, plain, _ = strings.Cut(value, endMark); !yield(name, value) {
				return
			}
			marked = rest
		}
	}
}

// maxMarks limits the marks of a word. Beyond that only its value remains.
const maxMarks = 8

func limitMarks(word string) string {
	if strings.Count(word, openMark) > maxMarks {
		return value(word)
	}
	return word
}

func names(word string) (all []string) {
	for name := range parts(word) {
		if name != "" && len(all) <= maxMarks {
			all = append(all, name)
		}
	}
	return all
}

// isUnknown reports whether a variable may be set outside of the job.
func (s *Shell) isUnknown(name string) bool {
	if !syntax.ValidName(name) || strings.HasPrefix(name, "TRAVIS_") || slices.Contains(bashVariables, name) {
		return false
	}
	return !slices.ContainsFunc(s.scopes, func(scope map[string]expand.Variable) bool { _, known := scope[name]; return known })
}

// bashVariables are variables that only Bash sets, some of them at times.
var bashVariables = []string{
	"PWD", "OLDPWD", "REPLY", "MAPFILE", "BASH_REMATCH", "PIPESTATUS", "LINENO",
}

// asBash returns a text to evaluate: unknown variables appear by name.
func asBash(text string) string {
	if !isMarked(text) {
		return text
	}
	var b strings.Builder
	for name, value := range parts(text) {
		if syntax.ValidName(strings.TrimPrefix(name, "$")) {
			value = name
		}
		b.WriteString(value)
	}
	return b.String()
}

func (s *Shell) newCall(program string, args []string) Call {
	call := Call{Args: []string{program}, Line: s.place, Env: s.exportedValue, Dir: s.dir}
	for _, arg := range args {
		s.noteUnknown(names(arg)...)
		call.Args = append(call.Args, asWritten(arg))
	}
	call.Unset = s.unknowns
	return call
}

// tool runs a small program. Its result for marked input or words is marked too.
func (s *Shell) tool(name string, run func(*Shell, []string) int, args []string) int {
	in, to := s.streams[0], s.streams[1]
	var all []string
	for _, arg := range args {
		all = append(all, names(arg)...)
	}
	filters := in != nil && in.content != nil && name != "cat" && name != "tee" && isMarked(string(in.content.data[min(in.place, len(in.content.data)):]))
	if !filters && len(all) == 0 {
		return run(s, args)
	}
	if filters {
		input := string(in.rest())
		all = append(all, names(input)...)
		s.noteUnknown(names(input)...)
		s.streams[0] = &stream{content: &content{data: []byte(value(input))}}
	}
	output := &content{}
	s.streams[1] = &stream{content: output}
	status := run(s, plainWords(args...))
	if filters {
		status = s.decide(status)
	}
	s.streams[0], s.streams[1] = in, to
	text, ended := strings.CutSuffix(value(string(output.data)), "\n")
	s.print(openMark + all[0] + valueMark + text + endMark)
	if ended {
		s.print("\n")
	}
	return status
}

func (s *Shell) noteUnknown(names ...string) {
	for _, name := range names {
		if len(s.unknowns) < maxMarks && !slices.Contains(s.unknowns, name) {
			s.unknowns = append(s.unknowns, name)
		}
	}
}

// Decision is a test of unknown variables.
type Decision struct {
	Names []string // as $NAME
	Line  int
}

const maxDecisions = 8

// decide returns the exit status of a test; a contrary play inverts it.
func (s *Shell) decide(status int) int {
	if len(s.unknowns) > 0 {
		s.Guesses++
	}
	if len(s.unknowns) == 0 || status > 1 || len(s.Decisions) == maxDecisions {
		return status
	}
	s.Decisions = append(s.Decisions, Decision{s.unknowns, s.place})
	s.unknowns = nil
	if s.Contrary != nil && s.Contrary(len(s.Decisions)-1) {
		return 1 - status
	}
	return status
}

func (s *Shell) printUnknown(program string) { s.print(unknownOutput(program)) }

func unknownOutput(program string) string {
	return openMark + "$(" + program + ")" + valueMark + endMark
}
