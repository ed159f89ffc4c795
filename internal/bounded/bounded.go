// Package bounded reads small files of other programs, which may be anything:
// missing, a pipe that nobody writes to, or larger than memory.
//
// Next room: internal/atomicfile, which writes them.
package bounded

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"syscall"
)

// Reasons why File refuses a file.
var (
	ErrNotRegular = errors.New("it is not a regular file")
	ErrTooLarge   = errors.New("it is larger than any real one")
)

// File returns the text of a regular file of at most limit bytes. One that is
// not there, and one below something that is no folder, is fs.ErrNotExist. What
// is no regular file is not opened: a pipe without a writer would hold it up.
func File(name string, limit int64) ([]byte, error) {
	info, err := os.Stat(name)
	switch {
	case errors.Is(err, syscall.ENOTDIR):
		return nil, fs.ErrNotExist
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, ErrNotRegular
	}
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close() // nothing was written
	text, err := io.ReadAll(io.LimitReader(file, limit+1))
	if err == nil && int64(len(text)) > limit {
		err = ErrTooLarge
	}
	return text, err
}
