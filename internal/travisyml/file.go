package travisyml

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"convox-travis/internal/atomicfile"
	"convox-travis/internal/bounded"
	"convox-travis/internal/problem"
	"convox-travis/internal/text"
)

// FileName is the file's name, in the top folder of a repository.
const FileName = ".travis.yml"

const largestFile = 1 << 20 // bytes; the largest real ones have some 60,000

// File is the .travis.yml of a clone, as of when it was opened.
type File struct {
	// Root is the top folder of the clone. Path is the file that is read and written: if
	// .travis.yml is a link, the file it leads to. Both can contain any character: clean
	// them before showing them.
	Root string
	Path string
	// Text is the file's content, "" if it is missing.
	Text string
	// Missing is whether it doesn't exist.
	Missing bool
}

// Open finds the .travis.yml of the clone that a folder is in; "" is the current folder.
// The top of a clone has .git, which is a file in a work tree or a submodule. Errors:
// ErrNoClone, or one with CodeFile.
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

// OpenFile opens a file with another name or place. Its folder counts as the top of the
// clone.
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

// CheckExists returns an error if the file doesn't exist.
func (f File) CheckExists() error {
	if f.Missing {
		return fileError("read", f.Path, errMissing)
	}
	return nil
}

// Write replaces the file's text, or leaves the file unchanged. It preserves the mode. It
// doesn't write a file that no longer has Text. Until it replaces the file, the new text
// is in git's own folder, where no commit picks it up; without a clone it is next to the
// file. The error has CodeFile or CodeChanged, and the file is then unchanged.
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

// ErrNoClone means that a folder isn't in a clone.
var ErrNoClone = errors.New("read .travis.yml: not inside a git clone")

// The codes of Errors about the file.
const (
	CodeFile    = "yml_file"    // it couldn't be read or written
	CodeChanged = "yml_changed" // it changed since it was opened
)

// What can be wrong with the file. None quotes it.
var (
	errUnreadable = errors.New("it can't be read")
	errMissing    = errors.New("the file doesn't exist")
	errLink       = errors.New("it is a link to nothing")
	errOutside    = errors.New("which isn't a file of this clone")
	errChanged    = errors.New("it changed in the meantime")
)

// fileError has no hints if another file is the solution.
func fileError(what, path string, reason error) error {
	name := FileName // the shortest clear one
	if filepath.Base(path) != FileName {
		name = path
	}
	e := &problem.Error{Code: CodeFile, Action: what, Object: name, Cause: reason}
	hint := "check that " + name + " is a file that you may " + what
	switch {
	case errors.Is(reason, bounded.ErrTooLarge), errors.Is(reason, bounded.ErrNotRegular), errors.Is(reason, errMissing):
		return e
	case errors.Is(reason, errOutside):
		hint = "replace the link with a file of the clone: Travis doesn't follow it"
	case errors.Is(reason, atomicfile.ErrBusy):
		hint = "run this again when no other run writes " + name
	case errors.Is(reason, errChanged):
		e.Code, hint = CodeChanged, "run this again: it then reads the file again"
	case errors.Is(reason, atomicfile.ErrNoFolder):
		hint = "create the folder " + text.Quote(filepath.Dir(path)) + " first"
	case errors.Is(reason, atomicfile.ErrFull):
		hint = "free some disk space"
	}
	e.Hints = []string{hint}
	return e
}

// topOf finds the top of the clone that a folder is in, by its name: it has .git, which
// is a file in a work tree or a submodule.
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

// followLinks returns the file that path, which need not exist, leads to. From a clone no
// link may lead out of it, nor into a clone inside it: neither git nor Travis would
// follow it. A path that no link changes is returned as it is.
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

// gitFolder lists the folder in which git stores its data about a file's clone: .git, or
// the one that a file .git names (https://git-scm.com/docs/gitrepository-layout). Outside
// a clone it lists none.
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

// AppName is the app that the clone's repository most likely is: what .convox/app in the
// top folder says, which "convox deploy" uses too
// (https://docs.convox.com/reference/cli/deploy/); otherwise the name in the repository's
// slug, which may be ""; otherwise that of the folder, which anyone can choose; converted
// to a valid app name. It is "" if nothing is left of it.
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

// ConvoxApp is the app in .convox/app of the top folder, or "".
func (f File) ConvoxApp() string { return f.convoxApp("") }

// AppIn is the app that "convox deploy" uses in a subfolder: that in its .convox/app,
// otherwise the folder's name.
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

// The manifests that an app has without --manifest: that of its Rack's generation
// (https://docs.convox.com/configuration/convox-yml/), and that of apps from before it.
const (
	DefaultManifest = "convox.yml"
	OldManifest     = "docker-compose.yml"
)

// IsInClone reports whether the file is in a clone, which then has the manifests too.
func (f File) IsInClone() bool {
	_, found := topOf(f.Root)
	return found
}

// HasManifest reports whether the clone has a file, by its path from the top folder.
func (f File) HasManifest(manifest string) bool {
	info, err := os.Stat(f.manifest(manifest))
	return err == nil && info.Mode().IsRegular()
}

// Services lists the services of a manifest; none if it can't be read.
func (f File) Services(manifest string) []string {
	text, err := bounded.File(f.manifest(manifest), largestFile)
	var content struct{ Services map[string]yaml.Node }
	if err != nil || yaml.Unmarshal(text, &content) != nil {
		return nil
	}
	return slices.Sorted(maps.Keys(content.Services))
}

func (f File) manifest(path string) string { return filepath.Join(f.Root, filepath.FromSlash(path)) }
