package travisyml

import "errors"

// ErrNoClone means that a folder is inside no clone.
var ErrNoClone = errors.New("read .travis.yml: not inside a git clone")

// What can be wrong with the file. Nothing of it is in them.
var (
	errUnreadable = errors.New("it cannot be read")
	errLink       = errors.New("it is a link to nothing")
	errChanged    = errors.New("it was changed meanwhile")
)

// FileError means that the file could not be read or written; in the second
// case it is as it was.
type FileError struct {
	what   string // "read" or "write"
	reason error
}

// Error is one lower-case line.
func (e *FileError) Error() string { return e.what + " .travis.yml: " + e.reason.Error() }

// Code is a word for machines, in snake case.
func (e *FileError) Code() string {
	if errors.Is(e.reason, errChanged) {
		return "yml_changed"
	}
	return "yml_file"
}

// Hints are things that can be done, best first.
func (e *FileError) Hints() []string {
	if errors.Is(e.reason, errChanged) {
		return []string{"run this again: it reads the file anew"}
	}
	return []string{"see that .travis.yml is a file you may " + e.what}
}
