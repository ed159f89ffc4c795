//go:build unix

package cli

import (
	"regexp"
	"strings"
	"testing"

	"convox-travis/internal/terminal"
)

// steady fails the test when anything hostile reached the terminal; what is left
// of it has to have been shown.
func (z *wizard) steady() {
	z.t.Helper()
	for _, part := range []string{"\x1b[31;45mA", "\x1b]52", "\x1b]0;", "\u009b", "\u202e", "\u2066", "\u2028", "\u200b", "\u200d", "\ufeff"} {
		if strings.Contains(z.Output(), part) {
			z.t.Errorf("%q reached the terminal", part)
		}
	}
}

func TestNothingFromOutsideSteersAFrame(t *testing.T) {
	t.Parallel()
	for _, size := range [][2]int{{120, 40}, {40, 12}} {
		w := newWorld(t).inClone().saved().besieged()
		w.writeYML(hostileFile[:strings.Index(hostileFile, "after_success")])
		z := w.open(terminal.Options{Width: size[0], Height: size[1]})
		z.sees(askWay)
		z.still()
		z.enter().sees(askRack).types("evil").sees("› evil")
		z.quiet() // it cannot be chosen
		z.types(strings.Repeat(terminal.Backspace, 4) + "production").sees("› production").enter().sees(askSource).enter().sees("another host")
		z.still()
		z.types(terminal.Escape).sees("Which branches get").types(terminal.Escape).sees("Which repository?").types("45mA").sees("› [ ] acme/[31")
		z.still()
		z.types(terminal.CtrlC).ends(130, "nothing was written")
		z.steady()
	}
}

func TestNothingFromOutsideSteersTheQuestionsAboutSeveral(t *testing.T) {
	t.Parallel()
	w := newWorld(t).saved().besieged()
	z := w.open(terminal.Options{Width: 120, Height: 40}, "--rack", "production", "--saved")
	z.sees(askRepository, "ctrl+a mark all").types(terminal.CtrlA).sees(" marked").enter().sees("Travis can't find")
	z.types(terminal.Down).types(terminal.Down).sees("› Leave acme/").enter().sees(askInactive).enter().sees("another host")
	z.types(terminal.Down).types(terminal.Down).sees("› Yes, send it").write().sees(atReview)
	for regexp.MustCompile(`↓ \d`).MatchString(z.still()) {
		z.types(terminal.PageDown)
	}
	z.types(terminal.CtrlC).ends(130, "nothing was written")
	z.steady()
	if !strings.Contains(z.Frames(), innocent) {
		t.Error("nothing hostile was shown")
	}
}

func TestNothingFromOutsideSteersTheReview(t *testing.T) {
	t.Parallel()
	w := newWorld(t).inClone().saved().besieged()
	w.writeYML(hostileFile[:strings.Index(hostileFile, "after_success")])
	z := w.open(terminal.Options{Width: 120, Height: 40}, "--rack", "production", "--saved", "--allow-mixed")
	z.sees(atReview).answerable()
	z.types("d").still() // with a branch like that there is no step to switch
	if strings.Contains(z.Frames(), "step: o") {
		t.Error("a step can be switched on")
	}
	z.write().sees(askTestBuild).enter().sees(atDone)
	z.still()
	z.enter().ends(0, "created")
	z.steady()
	if !strings.Contains(z.Frames(), innocent) {
		t.Error("nothing hostile was shown")
	}
}

// A program gets a diff as it is; a terminal gets nothing of the file that steers.
func TestNothingOfAFileSteersTheTerminalThatADiffIsShownOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t).inClone()
	w.writeYML(hostileFile[:strings.Index(hostileFile, "after_success")])
	args := []string{"yml", "--rack", "production", "--branch", "main", "--app", "web"}
	e := w.onTerminal("", "", args...)
	w.want(e, 0, "+++ b/.travis.yml", innocent)
	for _, part := range []string{"\x1b[31;45mA", "\x1b]52", "\a", "\u202e", "\u2066", "\u200b"} {
		if strings.Contains(e.out, part) {
			t.Errorf("%q reached the terminal", part)
		}
	}
}

func TestNothingOfAConsoleSteersAFrame(t *testing.T) {
	t.Parallel()
	w := newWorld(t).inClone().besieged()
	z := w.open(terminal.Options{}, "--console="+w.setting("DEMO_CONSOLE_HOST"))
	z.sees(askKey).types(w.setting("DEMO_DEPLOY_KEY")).enter().sees(askDeploy, innocent)
	z.still()
	z.types(terminal.CtrlC).ends(130, "nothing was written")
	z.steady()
}
