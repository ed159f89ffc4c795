package convox

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"convox-travis/internal/atomicfile"
	"convox-travis/internal/bounded"
	"convox-travis/internal/problem"
	"convox-travis/internal/secret"
	"convox-travis/internal/text"
)

const largestFile = 1 << 20

// folders are the places of the CLI's settings, in order: only CONVOX_CONFIG if it is
// set; otherwise the folders of the second generation, the only one that can use a Rack
// directly, of the third in the person's configuration folder, and of old CLIs
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

// configFolder is the person's configuration folder as the CLI's library finds it
// (https://github.com/convox/rack/tree/master/vendor/github.com/adrg/xdg):
// XDG_CONFIG_HOME on every system, if it is absolute, otherwise the system's own.
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

// readSmallFile returns the text of a file, "" for a missing one and for a folder.
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

// What can be wrong with a settings file. None quotes the file.
var (
	errUnreadable = errors.New("it can't be read")
	errAuthFile   = errors.New("it isn't a JSON object of hosts and passwords")
	errHostFile   = errors.New("its content isn't a host")
)

type fault struct {
	file   string
	reason error
}

func unreadable(faults []fault) *problem.Error {
	parts := make([]string, len(faults))
	for i, f := range faults {
		parts[i] = f.file + ": " + f.reason.Error()
	}
	return &problem.Error{
		Code: CodeSavedLogins, Action: "read the logins that the convox CLI saved", Reason: strings.Join(parts, "; "),
		Hints: []string{"repair or move " + text.Quote(faults[0].file) + "; convox login HOST writes a new one"},
	}
}

// Logins is where the convox CLI saves one person's logins.
type Logins struct {
	env        func(string) string
	home, goos string
}

// NewLogins has the same parameters as SavedLogins.
func NewLogins(env func(string) string, home, goos string) Logins { return Logins{env, home, goos} }

func (l Logins) folders() []string { return folders(l.env, l.home, l.goos) }

// Save saves a Rack's password where SavedLogins finds it, and so does the CLI's second
// generation, the only one that can use a Rack directly. It returns the file.
//
// The folder is CONVOX_CONFIG, or convox2; if it is missing, it is created for its owner
// only. In the auth file the host's entry is set, in every spelling that it has there,
// and no other one changes. Its mode becomes 0600, or stays if it is stricter. The file
// is replaced as a whole, also behind a link, and read back. Other processes of this
// program wait.
//
// Convox's own Console is rejected: what the CLI saves for it is a person's own key. The
// error has CodePassword, CodeHost or CodeSaveLogin, and the file is then unchanged,
// unless another program wrote to it at the same time.
func (l Logins) Save(host Host, password secret.String) (file string, err error) {
	return l.save(host, password, func(map[string]string) {})
}

// save saves a password beside what more there is to be changed.
func (l Logins) save(host Host, password secret.String, more func(entries map[string]string)) (file string, err error) {
	if host.IsZero() {
		return "", badHost("it is empty")
	}
	if err := CheckPassword(password); err != nil {
		return "", err
	}
	places := l.folders()
	switch {
	case len(places) == 0:
		return "", notSaved("", errNoFolder)
	case host.IsHostedConsole():
		return "", notSaved("", errConsole)
	}
	file = filepath.Join(places[0], "auth")
	err = rewrite(file, func(entries map[string]string) {
		more(entries)
		setPassword(entries, host, password)
	})
	if err != nil {
		return "", notSaved(file, err)
	}
	entries, _ := readAuth(file)
	if saved, found := FindSaved(savedPasswords(entries), host); !found || !saved.Password.Equal(password) {
		return "", notSaved(file, errWrittenOver)
	}
	return file, nil
}

// Reasons why a login isn't saved, besides what is wrong with a file.
var (
	errNoFolder    = errors.New("there is no folder for it: neither a home folder nor CONVOX_CONFIG")
	errConsole     = errors.New("this host is a Console, and what the convox CLI saves for it is a person's own key")
	errLink        = errors.New("the link doesn't lead to a file")
	errOverfull    = errors.New("it would be too large")
	errWrittenOver = errors.New("the password is missing after it was saved: another program wrote to the file at the same time")
)

const rewriteTries = 8

// rewrite replaces an auth file with what change makes of its entries, which are none for
// a missing file; or leaves it unchanged and returns an error of this package. Other
// processes of this program wait. The CLI doesn't lock: if it wrote in the meantime,
// change is called again, so nothing of it is lost, except in the moment between the last
// check and the rename.
func rewrite(file string, change func(entries map[string]string)) error {
	folder := filepath.Dir(file)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return atomicfile.Reason(err)
	}
	target, err := resolveLinks(file)
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
		entries, err := parseAuth(old)
		if err != nil {
			return err
		}
		change(entries)
		text, err := writeAuth(entries)
		if err != nil {
			return err
		}
		mode := fs.FileMode(0o600)
		if info, err := os.Stat(target); err == nil {
			mode &= info.Mode()
		}
		err = held.Write(text, mode, func() error {
			if now, err := readSmallFile(target); err != nil || now == old {
				return err
			}
			return errOldText
		})
		if err != errOldText {
			return err
		}
	}
	return atomicfile.ErrBusy
}

var errOldText = errors.New("another program wrote to it at the same time")

// cleanUp removes what a killed process left of a file, which can contain passwords.
func cleanUp(file string) {
	if target, err := resolveLinks(file); err == nil {
		atomicfile.Clean(target, filepath.Dir(file))
	}
}

func resolveLinks(name string) (string, error) {
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

// readAuth reads an auth file, a JSON object {"HOST": "PASSWORD"}. The CLI takes an empty
// file as an empty object.
func readAuth(file string) (map[string]string, error) {
	text, err := readSmallFile(file)
	if err != nil {
		return nil, err
	}
	return parseAuth(text)
}

func parseAuth(text string) (map[string]string, error) {
	entries := map[string]string{}
	if strings.TrimSpace(text) == "" {
		return entries, nil
	}
	if json.Unmarshal([]byte(text), &entries) != nil {
		return nil, errAuthFile // the cause can quote the file
	}
	if entries == nil { // the text is null
		entries = map[string]string{}
	}
	return entries, nil
}

func writeAuth(entries map[string]string) (string, error) {
	text, err := json.MarshalIndent(entries, "", "  ")
	switch {
	case err != nil:
		return "", errAuthFile // the cause can quote an entry
	case len(text) > largestFile:
		return "", errOverfull
	}
	return string(text) + "\n", nil
}

// setPassword sets a host's password. The CLI looks a host up as it was typed, so every
// spelling is set, and the usual one is added.
func setPassword(entries map[string]string, host Host, password secret.String) {
	for key := range entries {
		if isHost(key, host) {
			entries[key] = password.Reveal()
		}
	}
	entries[host.String()] = password.Reveal()
}

func dropPassword(entries map[string]string, host Host) {
	maps.DeleteFunc(entries, func(key, _ string) bool { return isHost(key, host) })
}

func isHost(key string, host Host) bool {
	at, err := ParseHost(key)
	return err == nil && at == host
}

// savedPasswords lists the logins of an auth file, by key. It skips entries without a
// host or password.
func savedPasswords(entries map[string]string) []SavedLogin {
	var logins []SavedLogin
	for _, key := range slices.Sorted(maps.Keys(entries)) {
		if host, err := ParseHost(key); err == nil && entries[key] != "" {
			logins = append(logins, SavedLogin{Host: host, Password: secret.New(entries[key])})
		}
	}
	return logins
}
