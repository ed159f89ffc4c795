package convox

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"convox-travis/internal/bounded"
	"convox-travis/internal/problem"
	"convox-travis/internal/text"
)

// largestFile bounds a file of settings, in bytes.
const largestFile = 1 << 20

// folders are the places of the client's settings, the first first: where
// CONVOX_CONFIG says, and then nowhere else; else the folders of the second
// generation, the only one that can use a Rack directly, and of the third in the
// person's configuration folder, and the one of old clients
// (https://github.com/convox/rack/blob/master/vendor/github.com/convox/stdcli/setting.go).
func folders(env func(string) string, home, goos string) []string {
	if folder := env("CONVOX_CONFIG"); folder != "" {
		return []string{folder}
	}
	var all []string
	if config := configFolder(env, home, goos); config != "" {
		all = append(all, filepath.Join(config, "convox2"), filepath.Join(config, "convox"))
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
// for a folder.
func readSmallFile(name string) (string, error) {
	text, err := bounded.File(name, largestFile)
	switch {
	case err == nil:
		return string(text), nil
	case errors.Is(err, fs.ErrNotExist), isFolder(name):
		return "", nil
	case errors.Is(err, bounded.ErrTooLarge), errors.Is(err, bounded.ErrNotRegular):
		return "", err
	}
	return "", errUnreadable
}

func isFolder(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.IsDir()
}

// What can be wrong with a file of settings. Nothing of the file is in it.
var (
	errUnreadable = errors.New("it cannot be read")
	errAuthFile   = errors.New("it is not a JSON object of hosts and passwords")
	errHostFile   = errors.New("what it holds is no host")
)

// fault is a file of the convox client that can't be used.
type fault struct {
	file   string
	reason error
}

// unreadable tells which files can't be used. It quotes nothing of them.
func unreadable(faults []fault) *problem.Error {
	parts := make([]string, len(faults))
	for i, f := range faults {
		parts[i] = f.file + ": " + f.reason.Error()
	}
	return &problem.Error{
		Code: CodeSavedLogins, Action: "read the logins that the convox client saved", Reason: strings.Join(parts, "; "),
		Hints: []string{"repair or move away " + text.Quote(faults[0].file) + "; convox login HOST writes a new one"},
	}
}
