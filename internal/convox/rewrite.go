package convox

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"convox-travis/internal/atomicfile"
)

// rewriteTries is how often a file may change under rewrite.
const rewriteTries = 8

// rewrite replaces a small file by what change makes of its text, "" where there
// is none; or leaves it as it was, with one of the errors of this package. The
// new text stands in the same folder before it takes the old one's place, so no
// reader finds half of it. When another program wrote meanwhile, change is asked
// again: what that one added is kept. The client knows no lock, so a moment
// remains, between the last look and the rename.
func rewrite(file string, change func(old string) (string, error)) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return atomicfile.Reason(err)
	}
	target, err := behindLinks(file)
	if err != nil {
		return err
	}
	for range rewriteTries {
		old, err := readSmallFile(target)
		if err != nil {
			return err
		}
		text, err := change(old)
		if err != nil {
			return err
		}
		if done, err := replace(target, old, text); done || err != nil {
			return err
		}
	}
	return errBusy
}

// behindLinks returns the file that a name leads to, which need not be there.
func behindLinks(name string) (string, error) {
	info, err := os.Lstat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist), err == nil && info.Mode()&fs.ModeSymlink == 0:
		return name, nil
	case err != nil:
		return "", atomicfile.Reason(err)
	}
	target, err := filepath.EvalSymlinks(name)
	if err != nil {
		return "", errLink // the cause quotes names
	}
	return target, nil
}

// replace puts text in the place of old, unless the file no longer holds old.
func replace(target, old, text string) (done bool, err error) {
	mode := fs.FileMode(0o600)
	if info, err := os.Stat(target); err == nil {
		mode &= info.Mode()
	}
	err = atomicfile.Write(target, text, mode, func() error {
		now, err := readSmallFile(target)
		if err == nil && now != old {
			return errBusy
		}
		return err
	})
	if err == errBusy {
		return false, nil
	}
	return err == nil, err
}
