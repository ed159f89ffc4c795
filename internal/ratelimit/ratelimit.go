// Package ratelimit keeps calls within a server's limit for any window of time, by waiting
// before a call that would exceed it.
//
// A server counts a call when it arrives, a moment that a client can't know. So a call
// counts while it is in progress and for one window after its answer: however late it
// arrives, the server never counts too many in a window.
//
// Next room: internal/clock, which waits.
package ratelimit

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"time"

	"convox-travis/internal/atomicfile"
	"convox-travis/internal/bounded"
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

	turn  chan struct{} // locked by the one caller that may wait for room
	lock  chan struct{} // locks local and the file
	local calls         // of this process
}

// NewWindow returns a window without calls.
func NewWindow(limit Limit, c clock.Clock) *Window {
	return &Window{limit: limit, clock: c, turn: make(chan struct{}, 1), lock: make(chan struct{}, 1)}
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
	case w.lock <- struct{}{}:
	case <-ctx.Done():
		return mark, 0, context.Cause(ctx)
	}
	defer func() { <-w.lock }()
	w.local.dropExpired(w.limit, w.clock.Now())
	if wait := w.local.wait(w.limit, w.clock.Now()); wait > 0 {
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
	w.local.add(mark)
	return mark, 0, nil
}

func (w *Window) answered(mark time.Time) {
	w.lock <- struct{}{}
	defer func() { <-w.lock }()
	w.local.answered(mark, w.clock.Now())
	if w.shared != nil {
		w.shared.answered(mark, w.limit, w.clock)
	}
}

// calls are the times at which the last calls were answered, oldest first. Each counts
// for one window from then. A call in progress has a mark instead: a unique time in the
// future.
type calls []time.Time

const (
	// longestCall is how far in the future a mark is: if the process is killed, the call
	// counts as answered after that. It is longer than any call's deadline.
	longestCall = 20 * time.Second
	// recheckPause is how long a caller waits when the time is unknown because calls are in
	// progress.
	recheckPause = 500 * time.Millisecond
)

func markOf(now time.Time) time.Time { return now.Add(longestCall).Round(0) }

func (c *calls) add(at time.Time) {
	*c = append(*c, at)
	slices.SortFunc(*c, time.Time.Compare)
}

func (c *calls) answered(mark, now time.Time) {
	if i := slices.IndexFunc(*c, mark.Equal); i >= 0 {
		*c = slices.Delete(*c, i, i+1)
	}
	c.add(now.Round(0))
}

func (c *calls) dropExpired(limit Limit, now time.Time) {
	*c = slices.DeleteFunc(*c, func(at time.Time) bool { return now.Sub(at) > limit.Per })
}

// wait is how long the next call must wait: until the oldest of the last ones leaves the
// window.
func (c calls) wait(limit Limit, now time.Time) time.Duration {
	if len(c) < limit.Calls {
		return 0
	}
	since := now.Sub(c[len(c)-limit.Calls])
	if since < 0 {
		return recheckPause
	}
	return max(0, limit.Per-since+time.Millisecond)
}

// NewShared returns a window shared by all processes of this machine that use the same
// file, name in folder, which is created if missing. If the file can't be used, or folder
// is "", each process has its own window.
func NewShared(folder, name string, limit Limit, c clock.Clock) *Window {
	w := NewWindow(limit, c)
	if folder != "" && os.MkdirAll(folder, 0o700) == nil {
		w.shared = &file{path: filepath.Join(folder, name)}
	}
	return w
}

// file stores only the times of the last calls. It is replaced as a whole, so that a
// killed process leaves the old or the new list, and under a lock that ends with its
// process.
type file struct{ path string }

const largestFile = 64 << 10 // in bytes; 48 times take 2,000

// begin counts a call in the file and returns its mark, or how long to wait. A file that
// can't be read or written delays nothing; then there is no mark.
func (f *file) begin(ctx context.Context, limit Limit, c clock.Clock) (mark time.Time, wait time.Duration) {
	f.locked(ctx, func(held *atomicfile.Held) {
		now := c.Now()
		counted, isAhead := f.read(limit, now)
		if wait = counted.wait(limit, now); wait == 0 {
			mark = markOf(now)
			counted.add(mark)
		}
		if wait == 0 || isAhead {
			write(held, counted)
		}
	})
	return mark, wait
}

func (f *file) answered(mark time.Time, limit Limit, c clock.Clock) {
	f.locked(context.Background(), func(held *atomicfile.Held) {
		now := c.Now()
		counted, _ := f.read(limit, now)
		counted.answered(mark, now)
		write(held, counted)
	})
}

// locked calls what with the file locked, if possible.
func (f *file) locked(ctx context.Context, what func(*atomicfile.Held)) {
	held, err := atomicfile.Lock(ctx, f.path)
	if err != nil {
		return
	}
	defer held.Release()
	held.Volatile = true // after a restart of the machine no call counts any more
	what(held)
}

// read returns the calls that still count. A time further in the future than any mark was
// written before the clock was set back: it counts as answered now, and isAhead reports
// that the list must be saved.
func (f *file) read(limit Limit, now time.Time) (counted calls, isAhead bool) {
	text, err := bounded.File(f.path, largestFile)
	if err != nil || json.Unmarshal(text, &counted) != nil {
		return nil, false
	}
	for i, at := range counted {
		if at.After(markOf(now)) {
			counted[i], isAhead = now, true
		}
	}
	counted.dropExpired(limit, now)
	slices.SortFunc(counted, time.Time.Compare)
	return counted, isAhead
}

// write replaces the list. If that fails, other processes don't see this one's call; this
// process still follows its own window.
func write(held *atomicfile.Held, counted calls) {
	text, err := json.Marshal(counted)
	if err == nil {
		_ = held.Write(string(text), 0o600, func() error { return nil })
	}
}
