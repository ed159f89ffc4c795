// Package pace keeps calls under a server's limit of so many in any window of
// time, by waiting before the call that would be one too many.
package pace

import (
	"context"
	"time"

	"convox-travis/internal/clock"
)

// Travis bans a token for an hour at 50 POSTs inside 30 seconds
// (https://github.com/travis-ci/travis-api, lib/travis/api/attack.rb). Two are
// left to whatever else the person does with the token.
const (
	TravisPosts  = 48
	TravisWindow = 30 * time.Second
)

// Window lets at most Limit calls begin in any span of Per.
type Window struct {
	limit int
	per   time.Duration
	clock clock.Clock

	turn  chan struct{} // held by the one caller that may be waiting for room
	begun []time.Time   // the last calls, at most limit, oldest first; guarded by turn
}

// NewWindow returns a window in which nothing has begun yet.
func NewWindow(limit int, per time.Duration, c clock.Clock) *Window {
	return &Window{limit: limit, per: per, clock: c, turn: make(chan struct{}, 1)}
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
	if err := w.clock.Sleep(ctx, w.pause()); err != nil {
		return err
	}
	if len(w.begun) == w.limit {
		w.begun = w.begun[1:]
	}
	w.begun = append(w.begun, w.clock.Now())
	return nil
}

// pause is how long the next call has to wait: until the oldest of the last
// limit calls is out of the window.
func (w *Window) pause() time.Duration {
	if len(w.begun) < w.limit {
		return 0
	}
	return w.per - w.clock.Now().Sub(w.begun[0]) + time.Millisecond
}
