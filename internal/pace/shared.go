package pace

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/gofrs/flock"

	"convox-travis/internal/clock"
)

// Shared is a Window that all processes of this machine share which name the
// same file. The file holds the times of the last calls and nothing else. Where
// it cannot be used, each process keeps to a window of its own.
type Shared struct {
	own   *Window
	limit int
	per   time.Duration
	clock clock.Clock
	path  string // "" is none
}

// NewShared returns a window that is shared through a file called name in
// folder, which is made when it is not there; "" shares nothing.
func NewShared(folder, name string, limit int, per time.Duration, c clock.Clock) *Shared {
	s := &Shared{own: NewWindow(limit, per, c), limit: limit, per: per, clock: c}
	if folder != "" && os.MkdirAll(folder, 0o700) == nil {
		s.path = filepath.Join(folder, name)
	}
	return s
}

// How long a process waits between two tries for the lock, and in all before it
// takes the file for unusable: it is held for as long as a small file takes.
const (
	lockPause    = 5 * time.Millisecond
	lockPatience = 5 * time.Second
)

// Wait returns when the next call may begin, and counts it, or when ctx ends,
// with its cause.
func (s *Shared) Wait(ctx context.Context) error {
	// Its own window as well: whatever happens to the file, this process does
	// not make a call too many.
	if err := s.own.Wait(ctx); err != nil {
		return err
	}
	for {
		pause, err := s.take(ctx)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil || pause == 0 {
			return nil
		}
		if err := s.clock.Sleep(ctx, pause); err != nil {
			return err
		}
	}
}

// take counts a call in the file, or returns how long there is no room for it.
func (s *Shared) take(ctx context.Context) (pause time.Duration, err error) {
	if s.path == "" {
		return 0, nil
	}
	lock := flock.New(s.path + ".lock")
	waiting, cancel := context.WithTimeout(ctx, lockPatience)
	defer cancel()
	if _, err := lock.TryLockContext(waiting, lockPause); err != nil {
		return 0, err
	}
	defer lock.Unlock() // the process's end would do as well
	now := s.clock.Now()
	begun := s.read(now)
	if len(begun) >= s.limit {
		return s.per - now.Sub(begun[len(begun)-s.limit]) + time.Millisecond, nil
	}
	text, err := json.Marshal(append(begun, now))
	if err != nil {
		return 0, err
	}
	return 0, os.WriteFile(s.path, text, 0o600)
}

// read returns the calls that still count, oldest first. A file that cannot be
// read has none, and times to come are a clock's that was set.
func (s *Shared) read(now time.Time) []time.Time {
	var begun []time.Time
	text, err := os.ReadFile(s.path)
	if err != nil || json.Unmarshal(text, &begun) != nil {
		return nil
	}
	begun = slices.DeleteFunc(begun, func(at time.Time) bool { return now.Sub(at) >= s.per || at.After(now.Add(time.Second)) })
	slices.SortFunc(begun, time.Time.Compare)
	return begun
}
