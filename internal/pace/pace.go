// Package pace keeps calls within a server's limit for any window of time, by waiting
// before a call that would exceed it.
//
// A server counts a call when it arrives, a moment that a client can't know. So a call
// counts while it is in progress and for one window after its answer: however late it
// arrives, the server never counts too many in a window.
//
// Next room: internal/clock, which waits.
package pace

import (
	"context"
	"time"

	"convox-travis/internal/clock"
)

// Limit is how many calls may arrive in any span of Per.
type Limit struct {
	Calls int
	Per   time.Duration
}

// The limits of Travis (https://github.com/travis-ci/travis-api,
// lib/travis/api/attack.rb), minus a reserve for the person's other uses of the token:
// after 50 POSTs within 30 seconds the token is banned for an hour, and after 2,000 calls
// in a minute further ones are rejected.
const (
	TravisPosts  = 48
	TravisWindow = 30 * time.Second
	TravisCalls  = 1900
	TravisMinute = time.Minute
)

// Window lets calls begin within a Limit.
type Window struct {
	// Tell is called before each wait of a second or more, one at a time; it may be nil.
	Tell func(wait time.Duration)

	limit  Limit
	clock  clock.Clock
	shared *file // nil if the window belongs to this process only

	turn chan struct{} // locked by the one caller that may wait for room
	book chan struct{} // locks own and the file
	own  calls         // of this process
}

// NewWindow returns a window without calls.
func NewWindow(limit Limit, c clock.Clock) *Window {
	return &Window{limit: limit, clock: c, turn: make(chan struct{}, 1), book: make(chan struct{}, 1)}
}

// Wait is Begin for calls whose answers aren't reported: they count from when they begin.
func (w *Window) Wait(ctx context.Context) error {
	answered, err := w.Begin(ctx)
	if err == nil {
		answered()
	}
	return err
}

// Begin returns when the next call may begin, and counts it, or when ctx ends, with its
// cause. Call answered once, when the call was answered or canceled. Callers are served
// one at a time.
func (w *Window) Begin(ctx context.Context) (answered func(), err error) {
	select {
	case w.turn <- struct{}{}:
		defer func() { <-w.turn }()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	for {
		mark, wait, err := w.take(ctx)
		switch {
		case err != nil:
			return nil, err
		case wait == 0:
			return func() { w.answered(mark) }, nil
		}
		if w.Tell != nil && wait >= time.Second {
			w.Tell(wait)
		}
		if err := w.clock.Sleep(ctx, wait); err != nil {
			return nil, err
		}
	}
}

// take counts a call and returns its mark, or how long to wait.
func (w *Window) take(ctx context.Context) (mark time.Time, wait time.Duration, err error) {
	select { // its holder may wait for the file
	case w.book <- struct{}{}:
	case <-ctx.Done():
		return mark, 0, context.Cause(ctx)
	}
	defer func() { <-w.book }()
	w.own.dropExpired(w.limit, w.clock.Now())
	if wait := w.own.wait(w.limit, w.clock.Now()); wait > 0 {
		return mark, wait, nil
	}
	if w.shared != nil {
		if mark, wait = w.shared.begin(ctx, w.limit, w.clock); wait > 0 {
			return mark, wait, nil
		}
	}
	if err := context.Cause(ctx); err != nil {
		return mark, 0, err
	}
	if mark.IsZero() {
		mark = markOf(w.clock.Now())
	}
	w.own.add(mark)
	return mark, 0, nil
}

func (w *Window) answered(mark time.Time) {
	w.book <- struct{}{}
	defer func() { <-w.book }()
	w.own.answered(mark, w.clock.Now())
	if w.shared != nil {
		w.shared.answered(mark, w.limit, w.clock)
	}
}
