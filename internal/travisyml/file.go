package travisyml

import (
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
	// Root is the top folder of the clone, and Path the file in it. Both can
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
	for {
		if _, err := os.Lstat(filepath.Join(folder, ".git")); err == nil {
			return openAt(folder, filepath.Join(folder, FileName))
		}
		parent := filepath.Dir(folder)
		if parent == folder {
			return File{}, ErrNoClone
		}
		folder = parent
	}
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
	f := File{Root: root, Path: path}
	text, err := bounded.File(f.Path, largestFile)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if _, err := os.Lstat(f.Path); err == nil {
			return File{}, &FileError{"read", f.Path, errLink}
		}
		f.Missing = true
	case errors.Is(err, bounded.ErrTooLarge), errors.Is(err, bounded.ErrNotRegular):
		return File{}, &FileError{"read", f.Path, err}
	case err != nil:
		return File{}, &FileError{"read", path, errUnreadable}
	}
	f.Text = string(text)
	return f, nil
}

// Write puts text in the file, or leaves the file as it was. The text stands in
// the same folder before it takes the old one's place; the mode is kept, and
// where the name is a link the file behind it is written. A file that no longer
// holds Text is left alone. The error is a *FileError.
func (f File) Write(text string) error {
	if len(text) > largestFile {
		return &FileError{"write", f.Path, bounded.ErrTooLarge}
	}
	now, err := openAt(f.Root, f.Path)
	if err != nil {
		return err
	}
	if now.Text != f.Text || now.Missing != f.Missing {
		return &FileError{"write", f.Path, errChanged}
	}
	target, mode := f.Path, fs.FileMode(0o644)
	if !f.Missing {
		if target, err = filepath.EvalSymlinks(f.Path); err != nil {
			return &FileError{"write", f.Path, errLink}
		}
		info, err := os.Stat(target)
		if err != nil {
			return &FileError{"write", f.Path, atomicfile.Reason(err)}
		}
		mode = info.Mode().Perm()
	}
	err = atomicfile.Write(target, text, mode, func() error {
		if now, err := openAt(f.Root, f.Path); err != nil || now.Text != f.Text || now.Missing != f.Missing {
			return errChanged
		}
		return nil
	})
	if err != nil {
		return &FileError{"write", f.Path, err}
	}
	return nil
}
