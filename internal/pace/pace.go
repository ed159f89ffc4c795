// Package pace keeps calls under a server's limit of so many in any window of
// time, by waiting before the call that would be one too many.
//
// Next room: internal/clock, by which it waits.
package pace

import (
	"context"
	"time"

	"convox-travis/internal/clock"
)

// Limit is how many calls may begin in any span of Per.
type Limit struct {
	Calls int
	Per   time.Duration
}

// The limits of Travis (https://github.com/travis-ci/travis-api,
// lib/travis/api/attack.rb), less what is left to whatever else the person does
// with the token: at 50 POSTs inside 30 seconds it is banned for an hour, and
// after 2,000 calls in a minute the others are refused.
const (
	TravisPosts  = 48
	TravisWindow = 30 * time.Second
	TravisCalls  = 1900
	TravisMinute = time.Minute
)

// Window lets calls begin within a Limit.
type Window struct {
	// Tell is told of each wait of a second or more, one at a time, before it
	// begins; it may be nil.
	Tell func(wait time.Duration)

	limit  Limit
	clock  clock.Clock
	shared *file // nil where the window is this process's own

	turn  chan struct{} // held by the one caller that may be waiting for room
	begun []time.Time   // this process's last calls, at most as many as may be, oldest first; guarded by turn
}

// NewWindow returns a window in which nothing has begun yet.
func NewWindow(limit Limit, c clock.Clock) *Window {
	return &Window{limit: limit, clock: c, turn: make(chan struct{}, 1)}
}

// Wait returns when the next call may begin, and counts it, or when ctx ends,
// with its cause. Callers are let through one after the other.
func (w *Window) Wait(ctx context.Context) error {
	select {
	case w.turn <- struct{}{}:
		defer func() { <-w.turn }()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	for {
		wait, err := w.take(ctx)
		if err != nil || wait == 0 {
			return err
		}
		if w.Tell != nil && wait >= time.Second {
			w.Tell(wait)
		}
		if err := w.clock.Sleep(ctx, wait); err != nil {
			return err
		}
	}
}

// take counts a call, or returns how long there is no room for it.
func (w *Window) take(ctx context.Context) (wait time.Duration, err error) {
	now := w.clock.Now()
	if wait := w.limit.wait(w.begun, now); wait > 0 {
		return wait, nil
	}
	if w.shared != nil {
		if wait := w.shared.take(ctx, w.limit, w.clock); wait > 0 {
			return wait, nil
		}
	}
	if err := context.Cause(ctx); err != nil {
		return 0, err
	}
	if len(w.begun) == w.limit.Calls {
		w.begun = w.begun[1:]
	}
	w.begun = append(w.begun, w.clock.Now())
	return 0, nil
}

// wait is how long the next call has to wait, after those that begun lists,
// oldest first: until the oldest of the last ones is out of the window.
func (l Limit) wait(begun []time.Time, now time.Time) time.Duration {
	if len(begun) < l.Calls {
		return 0
	}
	return max(0, l.Per-now.Sub(begun[len(begun)-l.Calls])+time.Millisecond)
}
