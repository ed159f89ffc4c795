//go:build unix

package cli

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"convox-travis/internal/secret/secrettest"
	"convox-travis/internal/terminal"
)

// drivers are the environments in which each of them asks.
var drivers = map[string]map[string]string{
	"full screen": {}, "small, no color": {"NO_COLOR": "1"}, "plain lines": {"ACCESSIBLE": "1"}, "dumb": {"TERM": "dumb"},
}

func TestAPanicAnywhereLeavesTheTerminalAsItWasFound(t *testing.T) {
	t.Parallel()
	for driver, env := range drivers {
		for _, place := range []string{"search", "work", "main", "view"} {
			t.Run(driver+", "+place, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				w.env["TEST_PANIC"], w.env["TEST_TRIGGER"] = place, filepath.Join(t.TempDir(), "trigger")
				for name, value := range env {
					w.env[name] = value
				}
				o := terminal.Options{}
				if driver == "small, no color" {
					o.Width, o.Height = 40, 12
				}
				z := w.open(o)
				z.sees(askKey)
				z.still()
				z.types(halfTyped)
				z.still()
				switch place {
				case "work", "view":
					z.types("\r").sees("hecking")
				case "main":
					z.types("\r")
				}
				if err := os.WriteFile(w.env["TEST_TRIGGER"], nil, 0o600); err != nil {
					t.Fatal(err)
				}
				z.ends(exitFailed, "error: internal error in ", "hint: ")
				if strings.Contains(z.Output(), "goroutine ") || strings.Contains(z.Output(), halfTyped) {
					t.Errorf("it says\n%s", z.Output())
				}
			})
		}
	}
}

// Whatever ends the program, at a secret that is half typed.
func TestASignalLeavesTheTerminalAsItWasFound(t *testing.T) {
	t.Parallel()
	ends := map[string]func(*wizard){"Ctrl-C": func(z *wizard) { z.types(terminal.CtrlC) }, "Ctrl-\\": func(z *wizard) { z.types("\x1c") }}
	// Those that end a process by default on every Unix, but for SIGKILL, which
	// nothing can catch, and SIGPIPE, which is ignored.
	for _, s := range []syscall.Signal{
		syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGILL, syscall.SIGTRAP, syscall.SIGABRT, syscall.SIGBUS, syscall.SIGFPE,
		syscall.SIGUSR1, syscall.SIGSEGV, syscall.SIGUSR2, syscall.SIGALRM, syscall.SIGTERM, syscall.SIGXCPU, syscall.SIGXFSZ,
		syscall.SIGVTALRM, syscall.SIGSYS,
	} {
		ends[s.String()] = func(z *wizard) { z.signals(s) }
	}
	for driver, env := range drivers {
		for how, end := range ends {
			if driver != "full screen" && how != "Ctrl-C" && how != syscall.SIGTERM.String() {
				continue // whatever the driver is, one handler takes all signals
			}
			t.Run(driver+", "+how, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				for name, value := range env {
					w.env[name] = value
				}
				z := w.open(terminal.Options{}, "--console="+w.setting("DEMO_CONSOLE_HOST"))
				z.sees(askKey)
				z.still()
				z.types(secrettest.Canary)
				z.still()
				end(z)
				z.ends(exitInterrupted, "interrupted")
				if strings.Contains(z.Output(), "goroutine") {
					t.Errorf("it says\n%s", z.Output())
				}
			})
		}
	}
}
