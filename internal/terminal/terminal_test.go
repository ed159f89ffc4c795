//go:build unix

package terminal_test

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"convox-travis/internal/terminal"
)

// run starts a shell script in a terminal that is closed with the test.
func run(t *testing.T, o terminal.Options, script string) *terminal.Terminal {
	t.Helper()
	return start(t, o, exec.Command("sh", "-c", script))
}

func start(t *testing.T, o terminal.Options, command *exec.Cmd) *terminal.Terminal {
	t.Helper()
	got, err := terminal.Start(command, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(got.Close)
	return got
}

func await(t *testing.T, on *terminal.Terminal, texts ...string) {
	t.Helper()
	if err := on.WaitText(t.Context(), texts...); err != nil {
		t.Fatal(err)
	}
}

// finish waits for a program that shall end with 0.
func finish(t *testing.T, on *terminal.Terminal) {
	t.Helper()
	if code, err := on.Wait(t.Context()); code != 0 || err != nil {
		t.Fatalf("ended with %d, %v", code, err)
	}
}

func TestWhatIsTypedIsEchoedAndRead(t *testing.T) {
	on := start(t, terminal.Options{}, exec.Command("cat"))
	on.Type("hello" + terminal.Enter)
	await(t, on, "hello\nhello")
	on.Type("wolrd" + terminal.Backspace + terminal.Backspace + terminal.Backspace + "rld" + terminal.Enter + terminal.CtrlD)
	finish(t, on)
	if want := "hello\nhello\nworld\nworld"; on.Screen() != want {
		t.Errorf("the screen is\n%s", on.Screen())
	}
}

func TestTheProgramLearnsTheSize(t *testing.T) {
	on := run(t, terminal.Options{}, "trap 'stty size' WINCH; stty size; while :; do sleep 0.02; done")
	await(t, on, "24 80")
	for _, size := range [][2]int{{200, 60}, {40, 12}} {
		if err := on.Resize(size[0], size[1]); err != nil {
			t.Fatal(err)
		}
		await(t, on, fmt.Sprintf("%d %d", size[1], size[0]))
	}
	on = run(t, terminal.Options{Width: 7, Height: 3}, "stty size; printf 1234567890")
	finish(t, on)
	if want := "3 7\n1234567\n890"; on.Screen() != want {
		t.Errorf("the screen is\n%s", on.Screen())
	}
}

func TestASizeThatNoTerminalHasIsRefused(t *testing.T) {
	if _, err := terminal.Start(exec.Command("cat"), terminal.Options{Width: -1}); err == nil {
		t.Error("a terminal was made")
	}
	on := start(t, terminal.Options{}, exec.Command("cat"))
	if err := on.Resize(80, 70000); err == nil {
		t.Error("a terminal was resized")
	}
}

func TestAProgramThatIsNotThereIsAnError(t *testing.T) {
	if _, err := terminal.Start(exec.Command("./no-such-program"), terminal.Options{}); err == nil {
		t.Error("it was started")
	}
}

func TestTheTerminalIsNamedUnlessTheProgramsVariablesDo(t *testing.T) {
	t.Setenv("TERM", "dumb")
	for _, c := range []struct {
		environment []string
		want        string
	}{
		{nil, "xterm-256color truecolor"},
		{[]string{"PATH=" + os.Getenv("PATH")}, "xterm-256color truecolor"},
		{[]string{"TERM=vt100"}, "vt100"},
	} {
		command := exec.Command("/bin/sh", "-c", "echo $TERM $COLORTERM")
		command.Env = c.environment
		on := start(t, terminal.Options{}, command)
		finish(t, on)
		if on.Screen() != c.want {
			t.Errorf("with %d variables: %s", len(c.environment), on.Screen())
		}
	}
}

func TestAPipeForInputLeavesTheTerminalTheControllingOne(t *testing.T) {
	command := exec.Command("sh", "-c", "cat; stty size </dev/tty")
	command.Stdin = strings.NewReader("piped\n")
	on := start(t, terminal.Options{}, command)
	finish(t, on)
	if want := "piped\n24 80"; on.Screen() != want {
		t.Errorf("the screen is\n%s", on.Screen())
	}
}

func TestKeysForAProgramThatDoesNotReadHoldNobodyUp(t *testing.T) {
	on := run(t, terminal.Options{}, "stty raw -echo; printf ready; exec sleep 600")
	await(t, on, "ready")
	on.Type(strings.Repeat("x", 1<<20))
	if on.Screen() != "ready" {
		t.Errorf("the screen is\n%s", on.Screen())
	}
	on.Close()
}

func TestCloseKillsWhatStillRuns(t *testing.T) {
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = reader.Close() })
	command := exec.Command("sh", "-c", "trap '' HUP INT TERM; sleep 600 & printf ready; wait; sleep 600")
	command.ExtraFiles = []*os.File{writer} // open while anything of it runs
	on := start(t, terminal.Options{}, command)
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	await(t, on, "ready")
	on.Close()
	on.Close() // again is nothing
	if err := reader.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := reader.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("something still runs: %v", err)
	}
	if on.Screen() != "ready" {
		t.Error("the screen cannot be read after Close")
	}
}

func TestCloseDoesNotWaitForAnotherGroup(t *testing.T) {
	on := run(t, terminal.Options{}, "set -m; trap '' HUP; sleep 3 & printf left; exit 0")
	await(t, on, "left")
	closed := make(chan struct{})
	go func() {
		on.Close()
		close(closed)
	}()
	select {
	case <-closed:
	case <-time.After(2 * time.Second):
		t.Error("it waits for a process that keeps the terminal open")
	}
}

func TestCloseLeavesNoGoroutine(t *testing.T) {
	before := runtime.NumGoroutine()
	for _, script := range []string{"exit 0", "exec sleep 600", "stty raw; printf '\\033[c'; exec sleep 600"} {
		on, err := terminal.Start(exec.Command("sh", "-c", script), terminal.Options{})
		if err != nil {
			t.Fatal(err)
		}
		on.Type("x")
		on.Close()
	}
	// One that has done its last work may need a moment to be gone.
	for deadline := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d goroutines became %d", before, runtime.NumGoroutine())
		}
	}
}

func TestItCanBeReadWhileItIsWritten(t *testing.T) {
	on := run(t, terminal.Options{}, "i=0; while [ $i -lt 300 ]; do printf '\\033[3%dm%d \\033[6n' $((i % 8)) $i; i=$((i+1)); done; stty -echo; printf done")
	for !strings.Contains(on.Screen(), "done") {
		_ = on.Frame()
		_ = on.Leftovers()
		_ = on.Frames()
		if err := on.WaitFor(t.Context(), func(string) bool { return true }); err != nil {
			t.Fatal(err)
		}
	}
	finish(t, on)
}
