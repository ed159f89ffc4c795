//go:build unix

package terminal_test

import (
	"slices"
	"strings"
	"testing"

	"convox-travis/internal/terminal"
)

func TestAPasteIsBracketedWhereTheProgramAsked(t *testing.T) {
	for begin, want := range map[string]string{
		"":                      "two^Mlines^Mand^Mmore|",
		"printf '\\033[?2004h'": "^[[200~two^Mlines^Mand^Mmore^[[201~|",
		"printf '\\033[?2004h\\033[?2004l\\033[m'": "two^Mlines^Mand^Mmore|",
	} {
		on := run(t, terminal.Options{}, begin+"\nstty raw -echo; printf 'ready '; exec cat -v")
		await(t, on, "ready")
		on.Paste("two\nlines\r\nand\rmore")
		on.Type("|")
		await(t, on, "|")
		if got := strings.TrimPrefix(on.Screen(), "ready "); got != want {
			t.Errorf("after %q: got %s", begin, got)
		}
	}
}

// questions asks what kind of terminal it is, for its background, and for a
// mode, and shows the answers that come within 300 ms.
const questions = `stty raw -echo min 0 time 3; printf '\033[c\033]11;?\007\033[?2004$p<'; cat -v; printf '>'`

func TestQuestionsAreAnswered(t *testing.T) {
	for _, c := range []struct {
		options terminal.Options
		colour  string
	}{
		{terminal.Options{}, "rgb:1212/1616/1c1c"},
		{terminal.Options{Light: true}, "rgb:ffff/ffff/ffff"},
	} {
		on := run(t, c.options, questions)
		finish(t, on)
		for _, want := range []string{"^[[?62;", "^[]11;" + c.colour, "^[[?2004;2$y"} {
			if !strings.Contains(on.Screen(), want) {
				t.Errorf("%s did not come:\n%s", want, on.Screen())
			}
		}
	}
}

func TestASilentTerminalAnswersNothing(t *testing.T) {
	on := run(t, terminal.Options{Silent: true}, questions)
	finish(t, on)
	if on.Screen() != "<>" {
		t.Errorf("the screen is\n%s", on.Screen())
	}
}

func TestWhatAProgramLeavesBehindIsNamed(t *testing.T) {
	for script, want := range map[string][]string{
		"":                                            nil,
		"stty -echo":                                  {"echo off"},
		"stty raw -echo":                              {"Enter is not mapped", "echo off", "line editing off", "output is raw", "signal keys off"},
		"printf '\\033[?25l'":                         {"cursor hidden"},
		"printf '\\033[?2004h'":                       {"bracketed paste"},
		"printf '\\033[?1049h'":                       {"alternate screen"},
		"printf '\\033[?1002;1006h'":                  {"mode 1002", "mode 1006"},
		"printf '\\033[?7l'":                          {"mode 7"},
		"printf '\\033[>1u'":                          {"keyboard enhancements"},
		"printf '\\033[=1;1u'":                        {"keyboard enhancements"},
		"printf '\\033[>4;2m'":                        {"modified keys"},
		"printf '\\033[?25l\\033c'":                   nil,
		"printf '\\033[>1u\\033[<u'":                  nil,
		"printf '\\033[>4;2m\\033[>4m'":               nil,
		"printf '\\033[?1049h\\033[?25l\\033[?1049l'": {"cursor hidden"},
		"stty -echo; printf '\\033[?25l\\033[?2004h\\033[?25h\\033[?2004l'; stty echo": nil,
	} {
		on := run(t, terminal.Options{}, script)
		finish(t, on)
		if got := on.Leftovers(); !slices.Equal(got, want) {
			t.Errorf("%q: got %q", script, got)
		}
		if on.EchoIsOn() == slices.Contains(want, "echo off") ||
			on.PasteIsBracketed() != slices.Contains(want, "bracketed paste") {
			t.Errorf("%q: echo %t, brackets %t", script, on.EchoIsOn(), on.PasteIsBracketed())
		}
	}
}
