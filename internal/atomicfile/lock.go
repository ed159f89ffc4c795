package atomicfile

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/gofrs/flock"
)

const (
	// patience is how long Lock waits. Writing a small file takes far less.
	patience = 10 * time.Second
	pause    = 5 * time.Millisecond // between two attempts
)

// Held is a file that only this process of this program may read and replace, until
// Release or the end of the process.
type Held struct {
	target string
	folder string // of the lock
	lock   *flock.Flock

	// Volatile is set for a file that a machine may lose when it stops: waiting for the
	// disk takes longer than all the rest.
	Volatile bool
}

// Lock waits until no other process holds the file target, which must not be a link and
// need not exist. It waits at most 10 seconds, or until ctx ends, and then returns
// ErrBusy. It removes what a killed process left.
//
// The lock, and later the new text, are in the first writable folder of folders, or else
// in the file's own. All processes must pass the same folders. All other errors are those
// of this package.
func Lock(ctx context.Context, target string, folders ...string) (*Held, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	folders = append(folders, filepath.Dir(target))
	var err error
	for _, folder := range folders {
		h := &Held{target: target, folder: folder}
		if err = h.acquire(ctx); err == nil {
			for _, folder := range folders {
				_ = os.Remove(temporaryName(folder, target))
			}
			return h, nil
		}
		if err == ErrBusy {
			return nil, err
		}
	}
	return nil, Reason(err)
}

// acquire takes the lock. Lock files are removed on release, so one that is no longer at
// its path locks nothing.
func (h *Held) acquire(ctx context.Context) error {
	name := lockName(h.folder, h.target)
	for {
		h.lock = flock.New(name)
		held, err := h.lock.TryLock()
		switch {
		case errors.Is(err, errors.ErrUnsupported), errors.Is(err, syscall.ENOLCK):
			return nil // a file system without locks
		case err != nil:
			return err
		case held && isCurrent(h.lock):
			return nil
		}
		_ = h.lock.Close()
		select {
		case <-ctx.Done():
			return ErrBusy
		case <-time.After(pause):
		}
	}
}

func isCurrent(lock *flock.Flock) bool {
	locked, err := lock.Stat()
	if err != nil {
		return false
	}
	current, err := os.Stat(lock.Path())
	return err == nil && os.SameFile(locked, current)
}

// Release lets other processes write the file.
func (h *Held) Release() {
	// Removed before the unlock, or this could remove another process's lock. Windows
	// can't remove an open file, so there this fails while another process waits.
	_ = os.Remove(h.lock.Path())
	_ = h.lock.Close()
	if runtime.GOOS == "windows" {
		_ = os.Remove(h.lock.Path())
	}
}

// Clean removes what a killed process left of the file, unless another process is writing
// it. The folders are those of Lock.
func Clean(target string, folders ...string) {
	for _, folder := range append(folders, filepath.Dir(target)) {
		for _, name := range []string{temporaryName(folder, target), lockName(folder, target)} {
			if _, err := os.Lstat(name); err != nil {
				continue
			}
			once, cancel := context.WithCancel(context.Background())
			cancel()
			if h, err := Lock(once, target, folders...); err == nil {
				h.Release()
			}
			return
		}
	}
}

func temporaryName(folder, target string) string { return hiddenName(folder, target, "new") }

func lockName(folder, target string) string { return hiddenName(folder, target, "lock") }

func hiddenName(folder, target, what string) string {
	return filepath.Join(folder, ".convox-travis."+strings.TrimPrefix(filepath.Base(target), ".")+"."+what)
}
