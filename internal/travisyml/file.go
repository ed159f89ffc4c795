package travisyml

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"convox-travis/internal/atomicfile"
	"convox-travis/internal/bounded"
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
// submodule is a file. Errors: ErrNoClone, or a *FileError.
func Open(folder string) (File, error) {
	folder, err := filepath.Abs(folder)
	if err != nil {
		return File{}, &FileError{"read", FileName, errUnreadable}
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
		return File{}, &FileError{"read", path, errUnreadable}
	}
	return openAt(filepath.Dir(path), path)
}

func openAt(root, path string) (File, error) {
	target, err := followLinks(path)
	if err != nil {
		return File{}, &FileError{"read", path, err}
	}
	f := File{Root: root, Path: target}
	text, err := bounded.File(target, largestFile)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		f.Missing = true
	case errors.Is(err, bounded.ErrTooLarge), errors.Is(err, bounded.ErrNotRegular):
		return File{}, &FileError{"read", path, err}
	case err != nil:
		return File{}, &FileError{"read", path, errUnreadable}
	}
	f.Text = string(text)
	return f, nil
}

// CheckExists returns a *FileError when the file isn't there.
func (f File) CheckExists() error {
	if f.Missing {
		return &FileError{"read", f.Path, errMissing}
	}
	return nil
}

// Write puts text in the file, or leaves the file as it was. Its mode is kept. A
// file that no longer holds Text is left alone. Until the text takes the file's
// place it is in git's own folder, where no commit picks it up; without a clone it
// is beside the file. The error is a *FileError.
func (f File) Write(text string) error {
	if len(text) > largestFile {
		return &FileError{"write", f.Path, bounded.ErrTooLarge}
	}
	held, err := atomicfile.Lock(context.Background(), f.Path, gitFolder(f.Path)...)
	if err != nil {
		return &FileError{"write", f.Path, err}
	}
	defer held.Release()
	if err := f.isUnchanged(); err != nil {
		return err
	}
	mode := fs.FileMode(0o644)
	if !f.Missing {
		info, err := os.Stat(f.Path)
		if err != nil {
			return &FileError{"write", f.Path, atomicfile.Reason(err)}
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
		return &FileError{"write", f.Path, err}
	}
	return nil
}

func (f File) isUnchanged() error {
	now, err := openAt(f.Root, f.Path)
	if err == nil && now != f {
		err = &FileError{"write", f.Path, errChanged}
	}
	return err
}
