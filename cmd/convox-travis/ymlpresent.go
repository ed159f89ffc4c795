package main

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"al.essio.dev/pkg/shellescape"
	"github.com/charmbracelet/x/ansi"
	"golang.org/x/term"

	"convox-travis/internal/setup"
	"convox-travis/internal/travisyml"
)

// ymlPresenter tells what yml would add, or has: the diff to standard output,
// everything else to standard error.
type ymlPresenter struct {
	*program
	o       *ymlOptions
	file    travisyml.File
	console bool // builds log in to a Console
}

// fail ends a run that adds nothing.
func (s *ymlPresenter) fail(err error) error {
	code := exitCode(err)
	printError(s.err, err)
	s.print(ymlDocument{Result: results[code], Error: errorOf(err)})
	return &reportedError{code: code}
}

// leave ends a run that leaves the file alone, where err is a refusal. The lines
// that a person has to paste are its result, unless it was only asked whether
// something is to be added.
func (s *ymlPresenter) leave(change setup.FileChange, err error) error {
	if len(change.ToPaste) == 0 {
		return s.fail(err)
	}
	code := exitCode(err)
	document := ymlDocument{Result: results[code], Error: errorOf(err), Warnings: warningsOf(slices.Concat(change.Warnings, change.Notes))}
	show := s.result
	if s.o.onlyCheck {
		code, document.Result = exitFound, "dry-run"
		show = func(line string) { fmt.Fprint(s.err, harmlessLine(strings.TrimRight(line, "\n"))+"\n") }
	}
	for _, refusal := range change.ToPaste {
		printError(s.err, refusal.Problem())
		document.Lines = append(document.Lines, refusal.Lines...)
		for _, line := range refusal.Lines {
			show(line + "\n")
		}
	}
	s.warn(change)
	s.print(document)
	return &reportedError{code: code}
}

// warn says what the step does beside deploying, and what was not looked at.
func (s *ymlPresenter) warn(change setup.FileChange) {
	if s.o.json != "" {
		return
	}
	for _, w := range change.Warnings {
		s.note("warning: %s", shellescape.StripUnsafe(w.Message))
		printHints(s.err, []string{w.Hint})
	}
	for _, n := range change.Notes {
		s.note("note: %s", shellescape.StripUnsafe(n.Message))
	}
}

// result is a line of the result. A program gets it as it is, so that a diff can
// be applied; a terminal nothing that steers it.
func (s *ymlPresenter) result(line string) {
	switch {
	case s.o.json != "":
	case s.toTerminal():
		text := strings.TrimRight(line, "\r\n")
		fmt.Fprint(s.out, s.coloured(harmlessLine(text)), "\n")
	default:
		fmt.Fprint(s.out, line)
	}
}

// harmlessLine is a line for a terminal. Of what is not to be printed a tab alone
// does no harm.
func harmlessLine(line string) string {
	parts := strings.Split(line, "\t")
	for i := range parts {
		parts[i] = shellescape.StripUnsafe(parts[i])
	}
	return strings.Join(parts, "\t")
}

func (s *ymlPresenter) toTerminal() bool {
	to, is := s.out.(*output)
	if !is {
		return false
	}
	file, is := to.to.(*os.File)
	return is && term.IsTerminal(int(file.Fd()))
}

// found ends a --check of a file that deploys already.
func (s *ymlPresenter) found(change setup.FileChange, builds setup.Builds) error {
	change.New, change.Found = change.File.Text, builds.Found()
	change.Warnings = builds.Warnings(!s.console, func(line int) int { return line })
	change.Notes = slices.DeleteFunc(change.Notes, func(n setup.Warning) bool { return n.Code != setup.CodeEnvironment })
	change.Builds = builds
	return s.change(change)
}

// change shows what is added, or that nothing has to be.
func (s *ymlPresenter) change(change setup.FileChange) error {
	document := ymlDocument{
		Result: results[exitDone], Found: change.Found, Changed: change.Changed(), Written: s.o.write && change.Changed(), Diff: change.Diff(),
		Warnings: warningsOf(slices.Concat(change.Warnings, change.Notes)),
	}
	s.warn(change)
	code := exitDone
	switch {
	case !change.Changed():
		s.note("nothing to add: it deploys already, %s", shellescape.StripUnsafe(change.Found))
	case s.o.write && s.file.Missing:
		s.note("written: %s, a new file", shellescape.StripUnsafe(s.file.Path))
		s.note("next: git add %s, and commit it yourself", shellescape.Quote(shellescape.StripUnsafe(s.file.Path)))
	case s.o.write:
		s.note("written: %s", shellescape.StripUnsafe(s.file.Path))
		s.note("next: git add %s, and commit it yourself", shellescape.Quote(shellescape.StripUnsafe(s.file.Path)))
	case s.o.onlyCheck:
		code = exitFound
		document.Result = "dry-run"
		s.note("something is missing; the same with --write in place of --check adds it")
	default:
		document.Result = "dry-run"
		s.note("nothing is written; --write writes it")
	}
	if sentence := change.Sentence(); sentence != "" {
		s.note("%s", shellescape.StripUnsafe(sentence))
	}
	for line := range strings.Lines(document.Diff) {
		s.result(line)
	}
	s.print(document)
	if code == exitDone {
		return nil
	}
	return &reportedError{code: code}
}

// coloured is a line of a diff in its colour, where colours are shown.
func (s *ymlPresenter) coloured(line string) string {
	if !s.colours || line == "" {
		return line
	}
	style := ansi.Style{}
	switch {
	case strings.HasPrefix(line, "+++"), strings.HasPrefix(line, "---"):
		style = style.Bold()
	case line[0] == '+':
		style = style.ForegroundColor(ansi.Green)
	case line[0] == '-':
		style = style.ForegroundColor(ansi.Red)
	case line[0] == '@':
		style = style.ForegroundColor(ansi.Cyan)
	}
	return style.Styled(line)
}
