// Package atomicfile puts a new text in the place of a file's, whole or not at
// all: no reader finds half of it, and a machine that stops in the middle leaves
// the one or the other.
//
// Next room: internal/secret, the ground of the house.
package atomicfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// Why a file cannot be written. None quotes a name: the cause would be about the
// temporary file.
var (
	ErrDenied     = errors.New("its folder may not be written")
	ErrReadOnly   = errors.New("it is on a disk that is read-only")
	ErrFull       = errors.New("the disk is full")
	ErrNoFolder   = errors.New("its folder is not there")
	ErrUnwritable = errors.New("it cannot be written")
)

// Write replaces the file target, which may not be a link, by one that holds
// text and has the given mode. The text stands in the same folder before it takes
// the old one's place; meanwhile only the file's owner may read it. still is asked
// at the last moment, and its error leaves everything as it was. The other errors
// are those of this package.
func Write(target, text string, mode fs.FileMode, still func() error) (err error) {
	folder := filepath.Dir(target)
	temporary, err := os.CreateTemp(folder, ".new-*") // 0600
	if err != nil {
		return Reason(err)
	}
	defer func() {
		if err != nil {
			_ = os.Remove(temporary.Name()) // the reason that is told matters more
		}
	}()
	_, err = temporary.WriteString(text)
	// The rename must not come before the text, should the machine stop here.
	err = errors.Join(err, temporary.Sync(), temporary.Close(), os.Chmod(temporary.Name(), mode))
	if err != nil {
		return Reason(err)
	}
	if err := still(); err != nil {
		return err
	}
	if err := os.Rename(temporary.Name(), target); err != nil {
		return Reason(err)
	}
	syncFolder(folder)
	return nil
}

// syncFolder makes a rename last, on systems where that can be asked for.
func syncFolder(name string) {
	folder, err := os.Open(name)
	if err != nil {
		return
	}
	_ = folder.Sync() // some systems cannot; the file itself is whole
	_ = folder.Close()
}

// Reason is the one of this package's errors that err comes to.
func Reason(err error) error {
	switch {
	case errors.Is(err, fs.ErrPermission):
		return ErrDenied
	case errors.Is(err, syscall.EROFS):
		return ErrReadOnly
	case errors.Is(err, fs.ErrNotExist):
		return ErrNoFolder
	case errors.Is(err, syscall.ENOSPC):
		return ErrFull
	}
	return ErrUnwritable
}
