package travisyml

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"convox-travis/internal/atomicfile"
	"convox-travis/internal/bounded"
	"convox-travis/internal/problem"
	"convox-travis/internal/text"
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
		name = path
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
		hint = "make the folder " + text.Quote(filepath.Dir(path)) + " first"
	case errors.Is(reason, atomicfile.ErrFull):
		hint = "make room on the disk"
	}
	e.Hints = []string{hint}
	return e
}

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
		return "", fmt.Errorf("it is a link to %s, %w", target, errOutside)
	}
	if within, err := filepath.Rel(top, path); err == nil && filepath.Join(realTop, within) == target {
		return path, nil
	}
	return target, nil
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

const longestApp = 1 << 10 // bytes of .convox/app

var notInApps = regexp.MustCompile(`[^a-z0-9]+`)

// AppName is the app that the clone's repository is most likely: what .convox/app
// in the top folder says, which "convox deploy" takes too
// (https://docs.convox.com/reference/cli/deploy/), else the name in the
// repository's slug, which may be "", else that of the folder, which anyone can
// give it; made into a name that an app can have. It is "" when nothing is left of
// it.
func (f File) AppName(slug string) string {
	if name := f.ConvoxApp(); name != "" {
		return name
	}
	for _, name := range []string{slug[strings.LastIndexByte(slug, '/')+1:], filepath.Base(f.Root)} {
		if name = strings.Trim(notInApps.ReplaceAllString(strings.ToLower(name), "-"), "-"); name != "" {
			return name
		}
	}
	return ""
}

// ConvoxApp is the app that .convox/app in the top folder names, or "".
func (f File) ConvoxApp() string { return f.convoxApp("") }

// AppIn is the app that "convox deploy" takes in a folder below the top one: what
// its .convox/app says, else the folder's name.
func (f File) AppIn(folder string) string {
	if filepath.IsLocal(folder) {
		if name := f.convoxApp(folder); name != "" {
			return name
		}
	}
	return path.Base(folder)
}

func (f File) convoxApp(folder string) string {
	text, err := bounded.File(filepath.Join(f.Root, folder, ".convox", "app"), longestApp)
	if name := strings.TrimSpace(string(text)); err == nil && appPattern.MatchString(name) {
		return name
	}
	return ""
}
