// Package pace keeps calls under a server's limit of so many in any window of
// time, by waiting before the call that would be one too many.
//
// A server counts a call when it arrives, and nobody here knows when that is. So
// a call counts for as long as it is under way, and from its answer on for one
// window more: however late one is, no window of the server's has too many.
//
// Next room: internal/clock, by which it waits.
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

	turn chan struct{} // held by the one caller that may be waiting for room
	book chan struct{} // held by whoever is at own, or at the file
	own  calls         // of this process
}

// NewWindow returns a window in which nothing has begun yet.
func NewWindow(limit Limit, c clock.Clock) *Window {
	return &Window{limit: limit, clock: c, turn: make(chan struct{}, 1), book: make(chan struct{}, 1)}
}

// Wait is Begin for calls of which nobody says when they were answered: they
// count from when they begin.
func (w *Window) Wait(ctx context.Context) error {
	answered, err := w.Begin(ctx)
	if err == nil {
		answered()
	}
	return err
}

// Begin returns when the next call may begin, and counts it, or when ctx ends,
// with its cause. answered is to be called once, when the call has its answer or
// was given up. Callers are let through one after the other.
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

// take counts a call, and returns the mark by which it is known, or how long
// there is no room for it.
func (w *Window) take(ctx context.Context) (mark time.Time, wait time.Duration, err error) {
	select { // whoever has it may wait for the file
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
