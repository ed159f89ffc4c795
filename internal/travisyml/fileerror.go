package travisyml

import (
	"errors"
	"path/filepath"

	"convox-travis/internal/atomicfile"
	"convox-travis/internal/bounded"
	"convox-travis/internal/text"
)

// ErrNoClone means that a folder is inside no clone.
var ErrNoClone = errors.New("read .travis.yml: not inside a git clone")

// What can be wrong with the file. Nothing of it is in them.
var (
	errUnreadable = errors.New("it cannot be read")
	errMissing    = errors.New("there is no such file")
	errLink       = errors.New("it is a link to nothing")
	errChanged    = errors.New("it was changed meanwhile")
)

// FileError means that the file could not be read or written; in the second
// case it is as it was.
type FileError struct {
	what   string // "read" or "write"
	path   string
	reason error
}

// Error is one lower-case line.
func (e *FileError) Error() string { return e.what + " " + e.name() + ": " + e.reason.Error() }

// name is the file's, as short as it is clear.
func (e *FileError) name() string {
	if filepath.Base(e.path) == FileName {
		return FileName
	}
	return e.path
}

// Code is a word for machines, in snake case.
func (e *FileError) Code() string {
	if errors.Is(e.reason, errChanged) {
		return "yml_changed"
	}
	return "yml_file"
}

// Hints are things that can be done, best first.
func (e *FileError) Hints() []string {
	var outside *outsideError
	switch {
	case errors.As(e.reason, &outside):
		return []string{"replace the link by a file of the clone: Travis reads no other"}
	case errors.Is(e.reason, atomicfile.ErrBusy):
		return []string{"run this again when no other run writes " + e.name()}
	case errors.Is(e.reason, errChanged):
		return []string{"run this again: it reads the file again"}
	case errors.Is(e.reason, bounded.ErrTooLarge), errors.Is(e.reason, bounded.ErrNotRegular):
		return []string{"is it the right one? --file PATH names another"}
	case errors.Is(e.reason, errMissing):
		return []string{"name the file with --file PATH"}
	case errors.Is(e.reason, atomicfile.ErrNoFolder):
		return []string{"make the folder " + text.Quote(filepath.Dir(e.path)) + " first"}
	case errors.Is(e.reason, atomicfile.ErrFull):
		return []string{"make room on the disk"}
	}
	return []string{"see that " + e.name() + " is a file you may " + e.what}
}
