package pace

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/gofrs/flock"

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

const (
	// How long a process waits between two tries for the lock, and in all before
	// it goes on without: it is held for as long as writing a small file takes.
	lockPause    = 5 * time.Millisecond
	lockPatience = 5 * time.Second

	largestFile = 64 << 10 // in bytes; 48 times take 2,000
)

// take counts a call in the file, or returns how long there is no room for it.
// What cannot be read or written holds nothing up.
func (f *file) take(ctx context.Context, limit Limit, c clock.Clock) (wait time.Duration) {
	lock := flock.New(f.path + ".lock")
	waiting, cancel := context.WithTimeout(ctx, lockPatience)
	defer cancel()
	if _, err := lock.TryLockContext(waiting, lockPause); err != nil {
		return 0
	}
	defer lock.Unlock() // the process's end would do as well
	now := c.Now()
	begun, toCome := f.read(limit, now)
	if wait = limit.wait(begun, now); wait == 0 {
		begun = append(begun, now)
	}
	if wait == 0 || toCome {
		f.write(begun)
	}
	return wait
}

// read returns the calls that still count, oldest first. Those of a time to come
// were counted before the clock was set back, nobody knows how long ago: they
// count as begun now, and toCome says that this is to be kept.
func (f *file) read(limit Limit, now time.Time) (begun []time.Time, toCome bool) {
	text, err := bounded.File(f.path, largestFile)
	if err != nil || json.Unmarshal(text, &begun) != nil {
		return nil, false
	}
	for i, at := range begun {
		if at.After(now) {
			begun[i], toCome = now, true
		}
	}
	begun = slices.DeleteFunc(begun, func(at time.Time) bool { return now.Sub(at) > limit.Per })
	slices.SortFunc(begun, time.Time.Compare)
	return begun, toCome
}

// write replaces the list. Where that fails, the other processes do not know of
// this one's call; it keeps to its own window all the same.
func (f *file) write(begun []time.Time) {
	text, err := json.Marshal(begun)
	if err == nil {
		_ = atomicfile.Write(f.path, string(text), 0o600, func() error { return nil })
	}
}
