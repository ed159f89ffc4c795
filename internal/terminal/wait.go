//go:build unix

package terminal

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"
	"time"
)

var (
	errPatience = errors.New("waited too long")
	errEnded    = errors.New("the program has ended")
)

// WaitFor waits until until returns true for the screen, as Screen returns it, and calls
// it after each change. The error shows the screen, and comes at once if the program has
// ended.
func (t *Terminal) WaitFor(ctx context.Context, until func(screen string) bool) error {
	ctx, cancel := t.patient(ctx)
	defer cancel()
	for {
		// Before reading the screen, so that no change is missed.
		changed, ended := t.next(), isClosed(t.drained)
		screen := t.Screen()
		switch {
		case until(screen):
			return nil
		case ended:
			return t.missed(errEnded, screen)
		}
		select {
		case <-changed:
		case <-t.drained:
		case <-ctx.Done():
			return t.missed(context.Cause(ctx), screen)
		}
	}
}

// WaitText waits until all texts are on the screen at once.
func (t *Terminal) WaitText(ctx context.Context, texts ...string) error {
	err := t.WaitFor(ctx, func(screen string) bool {
		for _, text := range texts {
			if !strings.Contains(screen, text) {
				return false
			}
		}
		return true
	})
	if err != nil {
		return fmt.Errorf("%q: %w", texts, err)
	}
	return nil
}

// WaitStill waits until nothing was written for some time, or the program has ended, so
// that the last frame is complete.
func (t *Terminal) WaitStill(ctx context.Context, quiet time.Duration) error {
	ctx, cancel := t.patient(ctx)
	defer cancel()
	for {
		changed := t.next()
		timer := time.NewTimer(quiet)
		select {
		case <-changed:
			timer.Stop()
		case <-timer.C:
			return nil
		case <-t.drained:
			timer.Stop()
			return nil
		case <-ctx.Done():
			timer.Stop()
			return t.missed(context.Cause(ctx), t.Screen())
		}
	}
}

// Wait waits until the program has ended and all of its output has been shown, and
// returns its exit code. For a program killed by a signal, that is 128 plus the signal's
// number, as in shells, together with an error, which distinguishes it from a program
// that exited with that code.
func (t *Terminal) Wait(ctx context.Context) (exitCode int, err error) {
	ctx, cancel := t.patient(ctx)
	defer cancel()
	select {
	case <-t.exited:
	case <-ctx.Done():
		return -1, fmt.Errorf("wait for the program's end: %w; the screen is:\n%s", context.Cause(ctx), t.Screen())
	}
	select {
	case <-t.drained:
	case <-ctx.Done():
		return -1, fmt.Errorf("wait for the end of output: %w; another process has the terminal open", context.Cause(ctx))
	}
	state := t.command.ProcessState
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal()), fmt.Errorf("the program was killed: %s", status.Signal())
	}
	return state.ExitCode(), nil
}

func (t *Terminal) patient(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, t.patience, errPatience)
}

// next is closed at the next change.
func (t *Terminal) next() <-chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.changed
}

func (t *Terminal) missed(cause error, screen string) error {
	return fmt.Errorf("wait for the screen: %w; it is:\n%s", cause, screen)
}
