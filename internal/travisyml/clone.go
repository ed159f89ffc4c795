package travisyml

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"convox-travis/internal/bounded"
)

// topOf finds the top of the clone that a folder is in, by its name: where .git
// is, which in a work tree or a submodule is a file.
func topOf(folder string) (string, bool) {
	for {
		if _, err := os.Lstat(filepath.Join(folder, ".git")); err == nil {
			return folder, true
		}
		parent := filepath.Dir(folder)
		if parent == folder {
			return "", false
		}
		folder = parent
	}
}

// followLinks returns the file that path, which need not exist, leads to. From
// a clone no link may lead out of it, nor into a clone inside it: neither git nor
// Travis would follow. A path on which no link changes anything stays as it is.
func followLinks(path string) (string, error) {
	folder, err := filepath.EvalSymlinks(filepath.Dir(path))
	if err != nil {
		return path, nil // reading or writing it reports the folder
	}
	target, err := filepath.EvalSymlinks(path)
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Lstat(path); err == nil {
			return "", errLink
		}
		target, err = filepath.Join(folder, filepath.Base(path)), nil
	}
	if err != nil {
		return "", errUnreadable
	}
	top, inClone := topOf(filepath.Dir(path))
	if !inClone {
		if target == filepath.Join(folder, filepath.Base(path)) {
			return path, nil
		}
		return target, nil
	}
	realTop, err := filepath.EvalSymlinks(top)
	if err != nil {
		return "", errUnreadable
	}
	if topOfTarget, _ := topOf(filepath.Dir(target)); topOfTarget != realTop {
		return "", &outsideError{target}
	}
	if within, err := filepath.Rel(top, path); err == nil && filepath.Join(realTop, within) == target {
		return path, nil
	}
	return target, nil
}

// outsideError means that a link leads out of the clone.
type outsideError struct{ target string }

func (e *outsideError) Error() string {
	return fmt.Sprintf("it is a link to %s, which is not a file of this clone", e.target)
}

const longestGitFile = 8 << 10 // bytes

// gitFolder lists the folder in which git keeps what it knows of the clone of a
// file: .git, or the one that a file .git names
// (https://git-scm.com/docs/gitrepository-layout). Outside a clone there is none.
func gitFolder(path string) []string {
	top, found := topOf(filepath.Dir(path))
	if !found {
		return nil
	}
	folder := filepath.Join(top, ".git")
	if text, err := bounded.File(folder, longestGitFile); err == nil {
		name, isGit := strings.CutPrefix(strings.TrimRight(string(text), "\r\n"), "gitdir: ")
		if !isGit {
			return nil
		}
		if folder = name; !filepath.IsAbs(name) {
			folder = filepath.Join(top, name)
		}
	}
	return []string{folder}
}
