// Package atomicfile replaces files that several processes of this program may write at
// the same time. A file is read, changed and replaced under a lock, and a reader sees
// either the old text or the new one, never half of it.
//
// Next room: internal/problem, the type of every error.
package atomicfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// Reasons why a file can't be written. None quotes a name: the cause would name the
// temporary file.
var (
	ErrDenied     = errors.New("its folder isn't writable")
	ErrReadOnly   = errors.New("it is on a disk that is read-only")
	ErrFull       = errors.New("the disk is full")
	ErrNoFolder   = errors.New("its folder doesn't exist")
	ErrUnwritable = errors.New("it can't be written")
	ErrBusy       = errors.New("another run keeps writing to it")
)

// Write replaces the file with one that holds text and has the given mode. The text first
// goes to a temporary file that only its owner can read, in the lock's folder, or next to
// the file where a rename can't cross from there. still is called right before the
// rename, and its error leaves everything unchanged. All other errors are those of this
// package.
func (h *Held) Write(text string, mode fs.FileMode, still func() error) error {
	ownFolder := filepath.Dir(h.target)
	err := h.writeFrom(h.folder, text, mode, still)
	if err == errCannotRename && h.folder != ownFolder {
		err = h.writeFrom(ownFolder, text, mode, still)
	}
	if err == errCannotRename {
		return ErrUnwritable
	}
	return err
}

var errCannotRename = errors.New("the temporary file can't be renamed")

func (h *Held) writeFrom(folder, text string, mode fs.FileMode, still func() error) error {
	name := temporaryName(folder, h.target)
	_ = os.Remove(name) // a killed process may have left it; creating it reports any real problem
	temporary, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return Reason(err)
	}
	defer os.Remove(name) // already renamed, unless something failed
	_, err = temporary.WriteString(text)
	if !h.Volatile { // the rename must not come before the text if the machine stops here
		err = errors.Join(err, temporary.Sync())
	}
	err = errors.Join(err, temporary.Close(), os.Chmod(name, mode))
	if err != nil {
		return Reason(err)
	}
	if err := still(); err != nil {
		return err
	}
	switch err := os.Rename(name, h.target); Reason(err) {
	case nil:
		if !h.Volatile {
			syncFolder(filepath.Dir(h.target))
		}
		return nil
	case ErrUnwritable: // for example another file system
		return errCannotRename
	default:
		return Reason(err)
	}
}

// syncFolder makes a rename durable, on systems that can.
func syncFolder(name string) {
	folder, err := os.Open(name)
	if err != nil {
		return
	}
	_ = folder.Sync() // some systems can't; the file itself is complete
	_ = folder.Close()
}

// Reason returns this package's error that describes err.
func Reason(err error) error {
	switch {
	case err == nil:
		return nil
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
