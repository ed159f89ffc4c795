package convox

import (
	"cmp"
	"path/filepath"
	"slices"
	"strings"

	"convox-travis/internal/secret"
)

// SavedLogin is a Rack's login that the convox CLI has saved.
type SavedLogin struct {
	Host     Host
	Password secret.String
	File     string // where it was found; clean it before showing it
	InUse    bool   // the CLI's default host
}

// SavedLogins reads what the convox CLI has saved, from every place where one of its
// generations stores it. Places are in order of precedence, and each host appears once,
// from the first place that has it. Console logins are left out: they are a person's own
// keys, never deploy keys. A file console names the last login of its CLI, which can be a
// Rack: a host in racks or in a Rack's shape is a Rack whatever that file says; any other
// host that it names counts as a Console. racks are hosts of known Racks, such as those
// that stacks name.
//
// It removes what a killed Save left in a place.
//
// env is os.Getenv, home the person's home folder ("" skips it), goos runtime.GOOS.
// CodeSavedLogins reports what can't be read, together with the logins from all other
// places; missing files aren't an error.
func SavedLogins(env func(string) string, home, goos string, racks ...Host) ([]SavedLogin, error) {
	isRack := func(host Host) bool { return host.IsRack() || slices.Contains(racks, host) }
	skipped := map[Host]bool{{name: HostedConsole}: true} // Consoles, and hosts that were added already
	var inUse Host
	var logins []SavedLogin
	var faults []fault
	for _, folder := range folders(env, home, goos) {
		file := filepath.Join(folder, "console")
		console, unknown := readHost(file)
		if unknown != nil {
			faults = append(faults, fault{file, unknown})
		}
		skipped[console] = !isRack(console)                // the zero Host belongs to nobody
		host, _ := readHost(filepath.Join(folder, "host")) // a broken file only loses the default
		inUse = cmp.Or(inUse, host)

		file = filepath.Join(folder, "auth")
		cleanUp(file)
		entries, err := readAuth(file)
		if err != nil {
			faults = append(faults, fault{file, err})
		}
		for _, login := range savedPasswords(entries) {
			// With an unknown Console, a login that isn't a Rack's may be a person's own key.
			if unknown == nil || isRack(login.Host) {
				login.File = file
				logins = append(logins, login)
			}
		}
	}
	logins = slices.DeleteFunc(logins, func(login SavedLogin) bool {
		isSkipped := skipped[login.Host]
		skipped[login.Host] = true
		return isSkipped
	})
	for i := range logins {
		logins[i].InUse = logins[i].Host == inUse
	}
	if len(faults) > 0 {
		return logins, unreadable(faults)
	}
	return logins, nil
}

// FindSaved returns the login for host.
func FindSaved(logins []SavedLogin, host Host) (SavedLogin, bool) {
	i := slices.IndexFunc(logins, func(login SavedLogin) bool { return login.Host == host })
	if i < 0 {
		return SavedLogin{}, false
	}
	return logins[i], true
}

func readHost(file string) (Host, error) {
	text, err := readSmallFile(file)
	if err != nil || strings.TrimSpace(text) == "" {
		return Host{}, err
	}
	host, err := ParseHost(text)
	if err != nil {
		return Host{}, errHostFile
	}
	return host, nil
}
