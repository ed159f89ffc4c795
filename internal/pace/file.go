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

// answered records that a call was answered.
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
	what(held)
}

// read returns the calls that still count. A time further in the future than any mark was
// written before the clock was set back: it counts as answered now, and toCome reports
// that the list must be saved.
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

// write replaces the list. If that fails, other processes don't see this one's call; this
// process still follows its own window.
func write(held *atomicfile.Held, counted calls) {
	text, err := json.Marshal(counted)
	if err == nil {
		_ = held.Write(string(text), 0o600, func() error { return nil })
	}
}
