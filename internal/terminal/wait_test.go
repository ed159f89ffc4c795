//go:build unix

package terminal_test

import (
	"context"
	"errors"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"convox-travis/internal/terminal"
)

func TestHowAProgramEndsIsTold(t *testing.T) {
	for script, want := range map[string]struct {
		code   int
		killed bool
	}{
		"exit 0":               {0, false},
		"exit 3":               {3, false},
		"exit 130":             {130, false},
		"kill -INT $$":         {130, true},
		"kill -KILL $$":        {137, true},
		"trap '' INT; exit 12": {12, false},
	} {
		code, err := run(t, terminal.Options{}, script).Wait(t.Context())
		if code != want.code || (err != nil) != want.killed {
			t.Errorf("%s: ended with %d, %v", script, code, err)
		}
	}
}

func TestCtrlCAndSignalsReachTheProgram(t *testing.T) {
	on := run(t, terminal.Options{}, "trap 'exit 130' INT; printf ready; while :; do sleep 0.02; done")
	await(t, on, "ready")
	on.Type(terminal.CtrlC)
	if code, err := on.Wait(t.Context()); code != 130 || err != nil {
		t.Errorf("after Ctrl-C: ended with %d, %v", code, err)
	}
	command := exec.Command("sh", "-c", "trap 'exit 7' TERM; printf ready; while :; do sleep 0.02; done")
	on = start(t, terminal.Options{}, command)
	await(t, on, "ready")
	if err := command.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if code, err := on.Wait(t.Context()); code != 7 || err != nil {
		t.Errorf("after a signal: ended with %d, %v", code, err)
	}
}

func TestWaitHasSeenAllOutput(t *testing.T) {
	const size = 300_000
	on := run(t, terminal.Options{}, "head -c 300000 /dev/zero | tr '\\0' x; printf last")
	finish(t, on)
	if got := on.Output(); len(got) != size+len("last") || !strings.HasSuffix(on.Screen(), "last") {
		t.Errorf("%d bytes came, of %d", len(got), size+len("last"))
	}
}

func TestAWaitInVainShowsTheScreen(t *testing.T) {
	on := run(t, terminal.Options{Patience: 100 * time.Millisecond}, "echo something else; exec sleep 600")
	err := on.WaitText(t.Context(), "else", "what never comes")
	if err == nil || !strings.Contains(err.Error(), "something else") || !strings.Contains(err.Error(), "what never comes") {
		t.Errorf("got %v", err)
	}
	if _, err := on.Wait(t.Context()); err == nil || !strings.Contains(err.Error(), "something else") {
		t.Errorf("got %v", err)
	}
	cause := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(cause)
	if err := on.WaitText(ctx, "what never comes"); !errors.Is(err, cause) {
		t.Errorf("got %v", err)
	}
}

func TestAWaitEndsWithTheProgram(t *testing.T) {
	on := run(t, terminal.Options{Patience: time.Hour}, "read line; echo goodbye")
	failed := make(chan error)
	go func() { failed <- on.WaitText(t.Context(), "what never comes") }()
	on.Type(terminal.Enter)
	if err := <-failed; err == nil || !strings.Contains(err.Error(), "goodbye") {
		t.Errorf("got %v", err)
	}
	if err := on.WaitText(t.Context(), "goodbye"); err != nil {
		t.Errorf("what stays on the screen is not found: %v", err)
	}
}

func TestWaitingForStillnessOutlastsTheOutput(t *testing.T) {
	on := run(t, terminal.Options{}, "for i in 1 2 3 4 5; do printf $i; sleep 0.05; done; exec sleep 600")
	await(t, on, "1")
	if err := on.WaitStill(t.Context(), 400*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	if on.Screen() != "12345" {
		t.Errorf("the screen is\n%s", on.Screen())
	}
	on = run(t, terminal.Options{Patience: 300 * time.Millisecond}, "while :; do printf x; sleep 0.02; done")
	if err := on.WaitStill(t.Context(), 200*time.Millisecond); err == nil {
		t.Error("a program that goes on writing was called still")
	}
}

func TestAProgramThatLeavesAnotherBehindIsFound(t *testing.T) {
	on := run(t, terminal.Options{Patience: 300 * time.Millisecond}, "trap '' HUP; sleep 600 & exit 0")
	if _, err := on.Wait(t.Context()); err == nil || !strings.Contains(err.Error(), "another process") {
		t.Errorf("got %v", err)
	}
}
