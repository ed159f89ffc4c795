package main

import (
	"errors"
	"fmt"
	"os"
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
	o    *ymlOptions
	file travisyml.File
}

// fail ends a run that adds nothing. Lines that a person has to paste are its
// result.
func (s *ymlPresenter) fail(err error) error {
	code := exitCode(err)
	document := ymlDocument{Result: results[code], Error: errorOf(err)}
	printError(s.err, err)
	if refusal, is := errors.AsType[*travisyml.Refusal](err); is {
		document.Lines = refusal.Lines
		for _, line := range refusal.Lines {
			s.result(line + "\n")
		}
	}
	s.print(document)
	return &reportedError{code: code}
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

// change shows what is added, or that nothing has to be.
func (s *ymlPresenter) change(change setup.FileChange) error {
	document := ymlDocument{
		Result: results[exitDone], Found: change.Found, Changed: change.Changed(), Written: s.o.write && change.Changed(), Diff: change.Diff(),
	}
	code := exitDone
	switch {
	case !change.Changed():
		s.note("nothing to add: it deploys already, %s", shellescape.StripUnsafe(change.Found))
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
