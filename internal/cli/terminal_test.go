//go:build unix

package cli

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/creack/pty"

	"convox-travis/internal/secret/secrettest"
)

// ctrlC stands for a typed Ctrl-C in onTerminal.
const ctrlC = "\x03"

// onTerminal runs the program on a terminal that answers no questions. keys are
// typed once what prompt says is on it. Ctrl-C is sent as the signal it becomes:
// when it is typed, the kernel sends the signal first and then discards what the
// terminal hasn't shown yet, the program's last words among it.
func (w *world) onTerminal(prompt, keys string, args ...string) ending {
	w.Helper()
	cmd, _, _ := w.start(w.Context(), "", args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = nil, nil, nil
	terminal, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 24, Cols: w.columns})
	if err != nil {
		w.Fatal(err)
	}
	defer terminal.Close()
	var screen bytes.Buffer
	for buffer := make([]byte, 4096); ; {
		n, err := terminal.Read(buffer)
		screen.Write(buffer[:n])
		if keys != "" && strings.Contains(screen.String(), prompt) {
			var err error
			if keys == ctrlC {
				err = cmd.Process.Signal(os.Interrupt)
			} else {
				_, err = io.WriteString(terminal, keys)
			}
			if err != nil {
				w.Fatal(err)
			}
			keys = ""
		}
		if err != nil { // io.EOF, or EIO where the terminal is gone
			break
		}
	}
	failure := cmd.Wait()
	var exit *exec.ExitError
	if failure != nil && !errors.As(failure, &exit) {
		w.Fatal(failure)
	}
	secrettest.Absent(w, "the terminal", screen.String(), w.secrets...)
	return ending{code: cmd.ProcessState.ExitCode(), out: strings.ReplaceAll(screen.String(), "\r\n", "\n")}
}

func TestATerminalIsNeitherAskedNorSteered(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, args := range []string{"--version", "--help", "apply --help", "nonsense", "apply --console x"} {
		e := w.onTerminal("", "", strings.Fields(args)...)
		if strings.Contains(e.out, "\x1b") || e.out == "" {
			t.Errorf("%s: %q", args, e.out)
		}
	}
}

func TestASecretIsNotReadFromATerminal(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	e := w.onTerminal("", "", "apply", "--host", w.setting("DEMO_RACK_HOST"), "--repo", w.setting("DEMO_REPO"), "--password-stdin")
	w.want(e, 2, "hint: run convox-travis apply --password-stdin < FILE")
}

func TestRemoveAsksOnATerminal(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	before := w.pair("acme/admin")
	w.want(w.onTerminal("[y/N] ", "n\r", "remove", "--repo", "acme/admin"), 2, "acme/admin  CONVOX_PASSWORD  all branches", "nothing was deleted")
	w.want(w.onTerminal("[y/N] ", ctrlC, "remove", "--repo", "acme/admin"), 130, "nothing was deleted")
	if after := w.pair("acme/admin"); after != before {
		t.Errorf("%s became %s", before, after)
	}
	w.want(w.onTerminal("[y/N] ", "y\r", "remove", "--repo", "acme/admin"), 0, "deleted")
	w.want(w.onTerminal("", "", "remove", "--repo", "acme/worker", "--yes"), 0, "deleted")
}

func TestNamesFromOutsideDoNotSteerTheTerminal(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.env["AWS_PROFILE"] = "x\x1b[2J"
	e := w.run("", "racks")
	w.want(e, 2)
	for _, args := range [][]string{{"racks", "--region", "x\x1b[2J"}, {"apply", "--rack", "x\x1b[2J", "--repo", "a/b", "--password-stdin"}, {"apply", "--repos-from", "/x\x1b[2J"}, {"apply", "--x\x1b[2J"}} {
		if e := w.run(w.password(), args...); strings.Contains(e.err+e.out, "\x1b") || e.code == 0 {
			t.Errorf("%q: %q", args, e.err)
		}
	}
}

func TestVersionAndCompletionsAreTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.want(w.run("", "--version"), 0, "convox-travis ")
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		if e := w.run("", "completion", shell); e.code != 0 || !strings.Contains(e.out, "convox-travis") || e.err != "" {
			t.Errorf("%s: exit %d, %q", shell, e.code, e.err)
		}
	}
}

func TestSomeoneWhoLooksSeesHowFarItIs(t *testing.T) {
	t.Parallel()
	w, names := services(t, 40)
	args := append([]string{"apply", "--host", w.setting("DEMO_RACK_HOST")}, reposOf(names[:10])...)
	e := w.onTerminal("", "", args...)
	w.want(e, 0, "reading settings: 10 of 10", "[------------------------]  0 done, 0 failed, 10 left", "\r\x1b[K", "both created")
	w.env["TERM"] = "dumb"
	w.Travis.Faults.SetLatency(600 * time.Millisecond) // of what changes often nothing is said for two seconds
	e = w.onTerminal("", "", args...)
	if !regexp.MustCompile(`\n[1-9] done, 0 failed, [1-9] left`).MatchString(e.out) || strings.Contains(e.out, "\x1b") || strings.Contains(e.out, "[#") {
		t.Errorf("exit %d: %q", e.code, e.out)
	}
}

func TestWhatIsTriedAgainIsShownOnATerminalAlone(t *testing.T) {
	t.Parallel()
	w, names := services(t, 40)
	args := []string{"apply", "--host", w.setting("DEMO_RACK_HOST"), "--repo", names[0]}
	w.slow()
	w.want(w.onTerminal("", "", args...), 0, "retrying in 1 s (attempt 2): ")
	w.slow()
	if e := w.run("", args...); e.code != 0 || strings.Contains(e.err+e.out, "retrying") {
		t.Errorf("exit %d, %s", e.code, e.err)
	}
}

func TestAWaitForATurnIsShown(t *testing.T) {
	w, thirty := hasty(t, true)
	args := append([]string{"apply", "--host", w.setting("DEMO_RACK_HOST")}, reposOf(thirty[:8])...)
	w.want(w.onTerminal("", "", args...), 0, "waiting 2 s: Travis allows 10 writes in 2 seconds")
}

// A terminal's lines are not overrun, but for a command, which is to be copied; in
// a pipe no line is broken.
func TestCheckFitsTheTerminalAndBreaksNoCommand(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	args := []string{"check", "--owner", "acme", "--all", "--active"}
	e := w.onTerminal("", "", args...)
	w.want(e, 5)
	_, table, _ := strings.Cut(e.out, ansi.EraseLineRight+"SEVERITY")
	for line := range strings.Lines(table) {
		if width := ansi.StringWidth(strings.TrimRight(line, "\n")); width > 80 && !strings.HasPrefix(strings.TrimLeft(line, " "), "convox-travis ") {
			t.Errorf("a line of %d: %s", width, line)
		}
	}
	piped := w.run("", args...)
	w.want(piped, 5)
	if len(strings.Split(piped.out, "\n")) >= len(strings.Split(e.out, "\n")) {
		t.Errorf("lines are broken in a pipe:\n%s", piped.out)
	}
}

// Each value stays whole, and no line but that of a host is overrun; in a pipe there
// is the table.
func TestRacksFitTheTerminalAndBreakNoHost(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hosts := strings.Fields(w.setting("DEMO_RACK_HOST") + " internal-backoffice-i-1650000000.us-west-2.elb.amazonaws.com staging-1612345678.eu-west-1.elb.amazonaws.com")
	for _, columns := range []uint16{40, 80, 160, 200} {
		w.columns = columns
		e := w.onTerminal("", "", "racks")
		w.want(e, 0, append(hosts, "production", "UPDATE_ROLLBACK_FAILED", "203.0.113.7/32")...)
		if table := strings.Contains(e.out, "REGION "); table != (columns == 200) {
			t.Errorf("on %d columns it is\n%s", columns, e.out)
		}
		racks, _, _ := strings.Cut(e.out, "9 Racks among")
		for line := range strings.Lines(racks) {
			if width := ansi.StringWidth(strings.TrimRight(line, "\n")); width >= int(columns) && len(strings.Fields(line)) > 1 {
				t.Errorf("a line of %d on %d: %s", width, columns, line)
			}
		}
	}
	piped := w.run("", "racks")
	w.want(piped, 0, "NAME ")
	if n := strings.Count(piped.out, "\n"); n != 10 {
		t.Errorf("%d lines in a pipe:\n%s", n, piped.out)
	}
}
