package transport

import (
	"context"
	"sync/atomic"
	"time"

	"convox-travis/internal/crash"
)

type endingKey struct{}

// ending is what calls know of how their run ends.
type ending struct {
	hard  context.Context
	wrote atomic.Bool
}

// WithEnding returns hard for the calls of a run: when hard ends, so does
// everything that was made of it, also what After keeps.
func WithEnding(hard context.Context) context.Context {
	return context.WithValue(hard, endingKey{}, &ending{hard: hard})
}

// After returns a context for what a write still needs when ctx has ended: its
// look-up and its undo. It ends after d, and with the context of WithEnding.
func After(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	own, cancel := context.WithTimeout(context.WithoutCancel(ctx), d)
	e, limited := ctx.Value(endingKey{}).(*ending)
	if !limited {
		return own, cancel
	}
	detach := context.AfterFunc(e.hard, cancel)
	return own, func() {
		detach()
		cancel()
	}
}

// Linger returns a context for a write: one that is under way when ctx ends may
// take d more. It ends with the context of WithEnding.
func Linger(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	own, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	hard := context.Background()
	if e, limited := ctx.Value(endingKey{}).(*ending); limited {
		hard = e.hard
	}
	detachHard := context.AfterFunc(hard, func() {
		defer crash.Catch()
		cancel(context.Cause(hard))
	})
	detach := context.AfterFunc(ctx, func() {
		defer crash.Catch()
		time.AfterFunc(d, func() {
			defer crash.Catch()
			cancel(context.Cause(ctx))
		})
	})
	return own, func() {
		detachHard()
		detach()
		cancel(context.Canceled)
	}
}

// NoteWrite notes that something outside may be different from now on: a run
// that is asked to stop has something to end, and to report.
func NoteWrite(ctx context.Context) {
	if e, is := ctx.Value(endingKey{}).(*ending); is {
		e.wrote.Store(true)
	}
}

// Wrote reports whether a write was noted in the run of ctx.
func Wrote(ctx context.Context) bool {
	e, is := ctx.Value(endingKey{}).(*ending)
	return is && e.wrote.Load()
}
