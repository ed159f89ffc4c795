package pace

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

// NewShared returns a window that all processes of this machine share which
// name the same file, called name in folder, which is made when it is not there.
// Where the file cannot be used, each process keeps to a window of its own, as it
// does for the folder "".
func NewShared(folder, name string, limit Limit, c clock.Clock) *Window {
	w := NewWindow(limit, c)
	if folder != "" && os.MkdirAll(folder, 0o700) == nil {
		w.shared = &file{path: filepath.Join(folder, name)}
	}
	return w
}

// file holds the times of the last calls, and nothing else. It is written whole,
// so that a process that is killed leaves the one list or the other, and under a
// lock that ends with its process.
type file struct{ path string }

const largestFile = 64 << 10 // in bytes; 48 times take 2,000

// begin counts a call in the file, and returns the mark by which it is known, or
// how long there is no room for it. What cannot be read or written holds nothing
// up; there is no mark then.
func (f *file) begin(ctx context.Context, limit Limit, c clock.Clock) (mark time.Time, wait time.Duration) {
	f.locked(ctx, func(held *atomicfile.Held) {
		now := c.Now()
		counted, toCome := f.read(limit, now)
		if wait = counted.wait(limit, now); wait == 0 {
			mark = markOf(now)
			counted.add(mark)
		}
		if wait == 0 || toCome {
			write(held, counted)
		}
	})
	return mark, wait
}

// answered notes when a call was answered.
func (f *file) answered(mark time.Time, limit Limit, c clock.Clock) {
	f.locked(context.Background(), func(held *atomicfile.Held) {
		now := c.Now()
		counted, _ := f.read(limit, now)
		counted.answered(mark, now)
		write(held, counted)
	})
}

// locked calls what with the file held, where that can be had.
func (f *file) locked(ctx context.Context, what func(*atomicfile.Held)) {
	held, err := atomicfile.Lock(ctx, f.path)
	if err != nil {
		return
	}
	defer held.Release()
	what(held)
}

// read returns the calls that still count. What lies further ahead than any mark
// was written before the clock was set back, nobody knows how long ago: that
// counts as answered now, and toCome says that this is to be kept.
func (f *file) read(limit Limit, now time.Time) (counted calls, toCome bool) {
	text, err := bounded.File(f.path, largestFile)
	if err != nil || json.Unmarshal(text, &counted) != nil {
		return nil, false
	}
	for i, at := range counted {
		if at.After(markOf(now)) {
			counted[i], toCome = now, true
		}
	}
	counted.dropExpired(limit, now)
	slices.SortFunc(counted, time.Time.Compare)
	return counted, toCome
}

// write replaces the list. Where that fails, the other processes do not know of
// this one's call; it keeps to its own window all the same.
func write(held *atomicfile.Held, counted calls) {
	text, err := json.Marshal(counted)
	if err == nil {
		_ = held.Write(string(text), 0o600, func() error { return nil })
	}
}
