package travisyml

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"al.essio.dev/pkg/shellescape"

	"convox-travis/internal/atomicfile"
	"convox-travis/internal/bounded"
	"convox-travis/internal/problem"
)

// FileName is the file's name, in the top folder of a repository.
const FileName = ".travis.yml"

const largestFile = 1 << 20 // bytes; the largest real ones have some 60,000

// File is the .travis.yml of a clone, as it was when it was opened.
type File struct {
	// Root is the top folder of the clone. Path is the file that is read and
	// written: where .travis.yml is a link, the file that it leads to. Both can
	// hold any character: clean them before they are shown.
	Root string
	Path string
	// Text is what the file holds, "" when it is not there.
	Text string
	// Missing is whether it is not there.
	Missing bool
}

// Open finds the .travis.yml of the clone that a folder is in; "" is the
// current one. The top of a clone is where .git is, which in a work tree or a
// submodule is a file. Errors: ErrNoClone, or one with CodeFile.
func Open(folder string) (File, error) {
	folder, err := filepath.Abs(folder)
	if err != nil {
		return File{}, fileError("read", FileName, errUnreadable)
	}
	root, found := topOf(folder)
	if !found {
		return File{}, ErrNoClone
	}
	return openAt(root, filepath.Join(root, FileName))
}

// OpenFile opens a file of another name or place. Its folder counts as the top of
// the clone.
func OpenFile(path string) (File, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return File{}, fileError("read", path, errUnreadable)
	}
	return openAt(filepath.Dir(path), path)
}

func openAt(root, path string) (File, error) {
	target, err := followLinks(path)
	if err != nil {
		return File{}, fileError("read", path, err)
	}
	f := File{Root: root, Path: target}
	text, err := bounded.File(target, largestFile)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		f.Missing = true
	case errors.Is(err, bounded.ErrTooLarge), errors.Is(err, bounded.ErrNotRegular):
		return File{}, fileError("read", path, err)
	case err != nil:
		return File{}, fileError("read", path, errUnreadable)
	}
	f.Text = string(text)
	return f, nil
}

// CheckExists returns an error when the file isn't there.
func (f File) CheckExists() error {
	if f.Missing {
		return fileError("read", f.Path, errMissing)
	}
	return nil
}

// Write puts text in the file, or leaves the file as it was. Its mode is kept. A
// file that no longer holds Text is left alone. Until the text takes the file's
// place it is in git's own folder, where no commit picks it up; without a clone it
// is beside the file. The error has CodeFile or
// CodeChanged, and the file is as it was.
func (f File) Write(text string) error {
	if len(text) > largestFile {
		return fileError("write", f.Path, bounded.ErrTooLarge)
	}
	held, err := atomicfile.Lock(context.Background(), f.Path, gitFolder(f.Path)...)
	if err != nil {
		return fileError("write", f.Path, err)
	}
	defer held.Release()
	if err := f.isUnchanged(); err != nil {
		return err
	}
	mode := fs.FileMode(0o644)
	if !f.Missing {
		info, err := os.Stat(f.Path)
		if err != nil {
			return fileError("write", f.Path, atomicfile.Reason(err))
		}
		mode = info.Mode().Perm()
	}
	err = held.Write(text, mode, func() error {
		if f.isUnchanged() != nil {
			return errChanged
		}
		return nil
	})
	if err != nil {
		return fileError("write", f.Path, err)
	}
	return nil
}

func (f File) isUnchanged() error {
	now, err := openAt(f.Root, f.Path)
	if err == nil && now != f {
		err = fileError("write", f.Path, errChanged)
	}
	return err
}

// ErrNoClone means that a folder is inside no clone.
var ErrNoClone = errors.New("read .travis.yml: not inside a git clone")

// The codes of Errors about the file.
const (
	CodeFile    = "yml_file"    // it could not be read or written
	CodeChanged = "yml_changed" // it was changed since it was opened
)

// What can be wrong with the file. Nothing of it is in them.
var (
	errUnreadable = errors.New("it cannot be read")
	errMissing    = errors.New("there is no such file")
	errLink       = errors.New("it is a link to nothing")
	errOutside    = errors.New("which is not a file of this clone")
	errChanged    = errors.New("it was changed meanwhile")
)

// fileError has no hints where another file is what helps.
func fileError(what, path string, reason error) error {
	name := FileName // as short as it is clear
	if filepath.Base(path) != FileName {
		name = shellescape.StripUnsafe(path)
	}
	e := &problem.Error{Code: CodeFile, Action: what, Object: name, Cause: reason}
	hint := "check that " + name + " is a file you may " + what
	switch {
	case errors.Is(reason, bounded.ErrTooLarge), errors.Is(reason, bounded.ErrNotRegular), errors.Is(reason, errMissing):
		return e
	case errors.Is(reason, errOutside):
		hint = "replace the link by a file of the clone: Travis reads no other"
	case errors.Is(reason, atomicfile.ErrBusy):
		hint = "run this again when no other run writes " + name
	case errors.Is(reason, errChanged):
		e.Code, hint = CodeChanged, "run this again: it reads the file again"
	case errors.Is(reason, atomicfile.ErrNoFolder):
		hint = "make the folder " + shellescape.Quote(shellescape.StripUnsafe(filepath.Dir(path))) + " first"
	case errors.Is(reason, atomicfile.ErrFull):
		hint = "make room on the disk"
	}
	e.Hints = []string{hint}
	return e
}
