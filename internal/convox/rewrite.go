package convox

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"convox-travis/internal/atomicfile"
)

// rewriteTries is how often a file may change under rewrite.
const rewriteTries = 8

// rewrite replaces a small file by what change makes of its text, "" where there
// is none; or leaves it as it was, with one of the errors of this package. Other
// processes of this program wait. The client knows no lock: when it wrote
// meanwhile, change is asked again, so what it added is kept, but for the moment
// between the last look and the rename.
func rewrite(file string, change func(old string) (string, error)) error {
	folder := filepath.Dir(file)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return atomicfile.Reason(err)
	}
	target, err := behindLinks(file)
	if err != nil {
		return err
	}
	held, err := atomicfile.Lock(context.Background(), target, folder)
	if err != nil {
		return err
	}
	defer held.Release()
	for range rewriteTries {
		old, err := readSmallFile(target)
		if err != nil {
			return err
		}
		text, err := change(old)
		if err != nil {
			return err
		}
		if done, err := replace(held, target, old, text); done || err != nil {
			return err
		}
	}
	return atomicfile.ErrBusy
}

// cleanUp removes what a killed process left of a file, which can hold passwords.
func cleanUp(file string) {
	if target, err := behindLinks(file); err == nil {
		atomicfile.Clean(target, filepath.Dir(file))
	}
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
func replace(held *atomicfile.Held, target, old, text string) (done bool, err error) {
	mode := fs.FileMode(0o600)
	if info, err := os.Stat(target); err == nil {
		mode &= info.Mode()
	}
	err = held.Write(text, mode, func() error {
		now, err := readSmallFile(target)
		if err == nil && now != old {
			return errOldText
		}
		return err
	})
	if err == errOldText {
		return false, nil
	}
	return err == nil, err
}

var errOldText = errors.New("another program wrote to it meanwhile")
