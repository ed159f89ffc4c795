//go:build unix

package terminal_test

import (
	"slices"
	"strings"
	"testing"

	"convox-travis/internal/secret/secrettest"
	"convox-travis/internal/terminal"
)

func TestWhatWasShownForAMomentIsFound(t *testing.T) {
	const half = len(secrettest.Canary) / 2
	for name, script := range map[string]string{
		"at once":          "printf %s '" + secrettest.Canary + "'; printf '\\033[2J\\033[H'",
		"in two goes":      "printf '\\033[1;" + "13H%s' '" + secrettest.Canary[half:] + "'; printf '\\033[1;1H%s' '" + secrettest.Canary[:half] + "'; read x; printf '\\033[2J\\033[H'",
		"on another page":  "printf '\\033[?1049h%s\\033[?1049l' '" + secrettest.Canary + "'",
		"scrolled away":    "echo '" + secrettest.Canary + "'; i=0; while [ $i -lt 50 ]; do echo; i=$((i+1)); done; printf '\\033[2J\\033[H'",
		"as the window's":  "printf '\\033]2;%s\\007' '" + secrettest.Canary + "'",
		"echoed by itself": "read x; printf '\\033[2J\\033[H'",
	} {
		on := run(t, terminal.Options{}, script)
		switch name {
		case "in two goes":
			await(t, on, secrettest.Canary)
			if strings.Contains(on.Output(), secrettest.Canary) {
				t.Errorf("%s: the test is none", name)
			}
			on.Type(terminal.Enter)
		case "echoed by itself":
			on.Type(secrettest.Canary + terminal.Enter)
		}
		finish(t, on)
		if strings.Contains(on.Screen(), secrettest.Canary) {
			t.Errorf("%s: it is still on the screen", name)
		}
		if !strings.Contains(on.Frames(), secrettest.Canary) {
			t.Errorf("%s: it was not found", name)
		}
	}
}

func TestWhatIsNotShownIsNotFound(t *testing.T) {
	on := run(t, terminal.Options{}, "stty -echo; printf ready; read x; printf read")
	await(t, on, "ready")
	on.Type(secrettest.Canary + terminal.Enter)
	finish(t, on)
	secrettest.Absent(t, "the frames", on.Frames())
}

func TestEveryScreenIsKeptOnce(t *testing.T) {
	on := run(t, terminal.Options{}, "stty -echo; printf one; read x; printf '\\a'; printf ' two'; read x; printf '\\rONE'")
	await(t, on, "one")
	on.Type(terminal.Enter)
	await(t, on, "one two")
	on.Type(terminal.Enter)
	finish(t, on)
	if got := on.Screens(); !slices.Equal(got, []string{"one", "one two", "ONE two"}) {
		t.Errorf("got %q", got)
	}
}

func TestTheAlternateScreenIsRead(t *testing.T) {
	on := run(t, terminal.Options{}, "stty -echo; printf before; printf '\\033[?1049h\\033[HFULL'; read x; printf '\\033[?1049l'; printf ' after'")
	await(t, on, "FULL")
	if on.Screen() != "FULL" || !on.IsAltScreen() {
		t.Errorf("the screen is\n%s", on.Screen())
	}
	on.Type(terminal.Enter)
	finish(t, on)
	if !strings.HasPrefix(on.Screen(), "before") || strings.Contains(on.Screen(), "FULL") || on.IsAltScreen() {
		t.Errorf("the screen is\n%s", on.Screen())
	}
}

func TestBlanksAtTheEndsAreCutAndWideCharactersAreWhole(t *testing.T) {
	on := run(t, terminal.Options{Width: 20, Height: 6}, `printf '  a  \n\n日本 é|✓  \n   \n'`)
	finish(t, on)
	if want := "  a\n\n日本 é|✓"; on.Screen() != want {
		t.Errorf("the screen is %q", on.Screen())
	}
}
