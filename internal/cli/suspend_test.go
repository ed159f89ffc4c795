//go:build unix

package cli

import (
	"strings"
	"syscall"
	"testing"
	"time"

	"convox-travis/internal/secret/secrettest"
	"convox-travis/internal/terminal"
)

// jobs is a shell that runs the program as a job, says when that was stopped, and at the
// next line continues it, with the terminal as shells have it. It waits before it says
// so: after a typed Ctrl-Z the kernel sends the signal, and then discards output.
const jobs = `set -m
"$@"; code=$?
while [ $code -gt 128 ] && jobs %1 >/dev/null 2>&1; do
	sleep 0.2; printf '\r\n[stopped]'; read -r line
	stty sane
	fg %1 >/dev/null; code=$?
done
exit $code`

// inShell starts the wizard as a shell's job.
func (w *world) inShell(args ...string) *wizard { return w.inScript(jobs, args...) }

func (w *world) inScript(script string, args ...string) *wizard {
	w.Helper()
	program := w.program
	w.program = "/bin/sh"
	defer func() { w.program = program }()
	return w.open(terminal.Options{}, append([]string{"-c", script, "sh", program}, args...)...)
}

// stopped waits until the shell has the terminal.
func (z *wizard) stopped() *wizard { return z.sees("[stopped]") }

// signals sends the job a signal.
func (z *wizard) signals(s syscall.Signal) *wizard {
	z.t.Helper()
	job, err := z.Job()
	if err == nil {
		err = syscall.Kill(-job, s)
	}
	if err != nil {
		z.t.Fatal(err)
	}
	return z
}

// goesOn lets the job go on, and waits until it shows words again, and nothing
// of the shell on a screen of its own.
func (z *wizard) goesOn(words string) *wizard {
	z.t.Helper()
	before := len(z.Output())
	z.types("\n")
	err := z.WaitFor(z.Context(), func(screen string) bool {
		if z.EchoIsOn() {
			return false
		}
		if z.IsAltScreen() {
			return strings.Contains(screen, words) && !strings.Contains(screen, "[stopped]")
		}
		return strings.Contains(z.Output()[before:], words)
	})
	if err != nil {
		z.t.Fatal(err)
	}
	return z
}

const halfTyped = "half-typed"

// stops of a shell's job: by a key, by who can be refused, and by who cannot.
var stops = map[string]func(*wizard){
	"Ctrl-Z":  func(z *wizard) { z.types(terminal.CtrlZ) },
	"SIGTSTP": func(z *wizard) { z.signals(syscall.SIGTSTP) },
	"SIGSTOP": func(z *wizard) { z.signals(syscall.SIGSTOP) },
}

func TestASecretIsNotShownAfterAStop(t *testing.T) {
	t.Parallel()
	for name, stop := range stops {
		t.Run(name+" on the full screen", func(t *testing.T) {
			z := newWorld(t).inClone().inShell().toPassword().types(halfTyped).sees("10 characters")
			stop(z)
			z.stopped().wantShell(name)
			z.goesOn(askPassword).sees("10 characters")
			z.still() // the foot may be the one from before the stop
			z.types(terminal.CtrlU+secrettest.Canary).enter().sees(atReview).write().sees(askTestBuild).enter().sees(atDone).enter().ends(0, "created")
			z.wantUnseen()
		})
		t.Run(name+" in plain lines", func(t *testing.T) {
			w := newWorld(t).inClone()
			w.env["TERM"] = "dumb"
			z := w.inShell()
			z.sees(askWay, "] >").types("1\r").sees(askRack, ">").types("production\r").sees(askSource).types("\r").sees(askPassword)
			z.still()
			if name == "Ctrl-Z" { // else it might be typed after the stop
				z.types(halfTyped)
			}
			stop(z)
			z.stopped()
			z.goesOn("\r\n> ").types(secrettest.Canary + "\r").sees("write? yes, no, d")
			z.still()
			z.types("yes\r").sees(askTestBuild).types("\r").ends(0, "created")
			z.wantUnseen()
		})
	}
}

// wantShell holds the terminal against what a shell needs after Ctrl-Z on the full
// screen. What another process stops can't leave it first, and shells set the echo.
func (z *wizard) wantShell(way string) {
	z.t.Helper()
	if left := z.Leftovers(); way == "Ctrl-Z" && (len(left) > 0 || z.IsAltScreen()) {
		z.t.Errorf("the shell has to live with %v, the alternate screen: %t", left, z.IsAltScreen())
	}
}

func (z *wizard) wantUnseen() {
	z.t.Helper()
	if strings.Contains(z.Frames(), halfTyped) {
		z.t.Error("what was typed before the stop is shown")
	}
	z.wantRackPair()
}

func TestAShownSecretIsHiddenByAStop(t *testing.T) {
	t.Parallel()
	z := newWorld(t).inClone().inShell().toPassword().types(halfTyped).sees("10 characters").types(terminal.CtrlR).sees(halfTyped)
	z.types(terminal.CtrlZ).stopped().goesOn(askPassword)
	if screen := z.quiet(); strings.Contains(screen, halfTyped) {
		t.Errorf("it is shown:\n%s", screen)
	}
	z.types(terminal.CtrlC).ends(130, "nothing was written")
}

func TestKeysForTheShellChangeNothing(t *testing.T) {
	t.Parallel()
	z := newWorld(t).inClone().saved().inShell().toReview()
	before := z.reads().still()
	z.types(terminal.CtrlZ).stopped().types("\nd\n\r").sees(atReview).answerable()
	if after := z.still(); after != before {
		t.Errorf("the review was\n%s\nand is\n%s", before, after)
	}
	z.wantNoWrite()
	z.types(terminal.CtrlC).ends(130, "nothing was written")
}

func TestCtrlZStopsNoWrite(t *testing.T) {
	t.Parallel()
	w := newWorld(t).inClone().saved()
	z := w.inShell().toReview()
	w.Travis.Faults.SetLatency(700 * time.Millisecond)
	z.write().sees("CONVOX_HOST").types(terminal.CtrlZ)
	z.sees(askTestBuild).enter().sees(atDone).enter().ends(0, "created")
	z.wantRackPair()
}

// Nobody could let it go on.
func TestWithoutJobControlNothingIsStopped(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(*world) *wizard{
		"the first process of a terminal": func(w *world) *wizard { return w.open(terminal.Options{}) },
		"ssh -t HOST 'cd CLONE; program'": func(w *world) *wizard { return w.inScript(`"$@"; exit $?`) },
	} {
		t.Run(name, func(t *testing.T) {
			z := open(newWorld(t).inClone()).toPassword()
			z.types(terminal.CtrlZ + secrettest.Canary).enter().sees(atReview).write().sees(askTestBuild).enter().sees(atDone).enter().ends(0)
			z.wantRackPair()
		})
	}
}
