// Package bounded reads small files of other programs, which can be anything: missing, a
// pipe without a writer, or larger than memory.
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
	ErrNotRegular = errors.New("it isn't a regular file")
	ErrTooLarge   = errors.New("it is too large")
)

// File returns the text of a regular file of at most limit bytes. A missing file, or one
// below something that isn't a folder, is fs.ErrNotExist. Anything that isn't a regular
// file is never opened: a pipe without a writer would block.
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
