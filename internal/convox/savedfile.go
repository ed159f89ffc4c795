package convox

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"al.essio.dev/pkg/shellescape"

	"convox-travis/internal/transport"
)

// largestFile bounds a file of settings, in bytes.
const largestFile = 1 << 20

// folders are the places of the client's settings, the first first: where
// CONVOX_CONFIG says, and then nowhere else; else the folders of today's client
// and of the second generation's in the person's configuration folder, and the
// one of old clients
// (https://github.com/convox/rack/blob/master/vendor/github.com/convox/stdcli/setting.go).
func folders(env func(string) string, home, goos string) []string {
	if folder := env("CONVOX_CONFIG"); folder != "" {
		return []string{folder}
	}
	var all []string
	if config := configFolder(env, home, goos); config != "" {
		all = append(all, filepath.Join(config, "convox"), filepath.Join(config, "convox2"))
	}
	if home != "" {
		all = append(all, filepath.Join(home, ".convox"))
	}
	return all
}

// configFolder is the person's configuration folder as the library that comes
// with the client knows it (https://github.com/convox/rack/tree/master/vendor/github.com/adrg/xdg):
// XDG_CONFIG_HOME on every system, when it is absolute, else the system's own.
func configFolder(env func(string) string, home, goos string) string {
	if folder := env("XDG_CONFIG_HOME"); filepath.IsAbs(folder) {
		return folder
	}
	if folder := env("LOCALAPPDATA"); goos == "windows" && folder != "" {
		return folder
	}
	switch {
	case home == "":
		return ""
	case goos == "windows":
		return filepath.Join(home, "AppData", "Local")
	case goos == "darwin":
		return filepath.Join(home, "Library", "Preferences")
	}
	return filepath.Join(home, ".config")
}

// readSmallFile returns the text of a file, "" for one that is not there and
// for a folder. It does not open what is no regular file: a pipe without a
// writer would hold it up for good.
func readSmallFile(name string) (string, error) {
	info, err := os.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
		return "", nil
	case err != nil:
		return "", errUnreadable
	case info.IsDir():
		return "", nil
	case !info.Mode().IsRegular():
		return "", errNoFile
	}
	file, err := os.Open(name)
	if err != nil {
		return "", errUnreadable
	}
	defer file.Close() // nothing was written
	text, err := transport.ReadBody(file, largestFile)
	switch {
	case errors.Is(err, transport.ErrTooLarge):
		return "", errLargeFile
	case err != nil:
		return "", errUnreadable
	}
	return string(text), nil
}

// What can be wrong with a file of settings. Nothing of the file is in it.
var (
	errUnreadable = errors.New("it cannot be read")
	errNoFile     = errors.New("it is not a regular file")
	errLargeFile  = errors.New("it is larger than any real one")
	errAuthFile   = errors.New("it is not a JSON object of hosts and passwords")
	errHostFile   = errors.New("what it holds is no host")
)

type problem struct {
	file   string
	reason error
}

// SavedError tells which files of the convox client cannot be used. It quotes
// nothing of them.
type SavedError struct{ problems []problem }

// Error is one lower-case line.
func (e *SavedError) Error() string {
	parts := make([]string, len(e.problems))
	for i, p := range e.problems {
		parts[i] = shellescape.StripUnsafe(p.file) + ": " + p.reason.Error()
	}
	return "read the logins that the convox client saved: " + strings.Join(parts, "; ")
}

// Code is a word for machines, in snake case.
func (*SavedError) Code() string { return "saved_logins" }

// Hints are things that can be done, best first.
func (e *SavedError) Hints() []string {
	return []string{
		"repair or move away " + shellescape.Quote(shellescape.StripUnsafe(e.problems[0].file)) + "; convox login HOST writes it anew",
		"or pipe the password in with --password-stdin",
	}
}
