package convox

import (
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
	var (
		places []savedPlace
		faults []fault
	)
	isRack := func(host Host) bool { return host.IsRack() || slices.Contains(racks, host) }
	for _, folder := range folders(env, home, goos) {
		place, wrong := readPlace(folder, isRack)
		places = append(places, place)
		faults = append(faults, wrong...)
	}
	logins := merge(places, isRack)
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

type savedPlace struct {
	logins  []SavedLogin // by host
	inUse   Host         // of the file host
	console Host         // of the file console
}

// readPlace reads a folder. If its file console can't be read, one of its logins may be a
// person's own key: then it returns only Racks' hosts, with an error.
func readPlace(folder string, isRack func(Host) bool) (savedPlace, []fault) {
	var (
		place  savedPlace
		faults []fault
		err    error
	)
	if place.console, err = readHost(filepath.Join(folder, "console")); err != nil {
		faults = append(faults, fault{filepath.Join(folder, "console"), err})
	}
	// A broken file host only loses the default.
	place.inUse, _ = readHost(filepath.Join(folder, "host"))

	auth := filepath.Join(folder, "auth")
	cleanUp(auth)
	text, err := readSmallFile(auth)
	var entries map[string]string
	if err == nil {
		entries, err = readAuth(text)
	}
	if err != nil {
		return place, append(faults, fault{auth, err})
	}
	place.logins = savedPasswords(entries)
	if len(faults) > 0 {
		place.logins = slices.DeleteFunc(place.logins, func(login SavedLogin) bool { return !isRack(login.Host) })
	}
	for i := range place.logins {
		place.logins[i].File = auth
	}
	return place, faults
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

// merge combines the places. A Console counts as one in all of them, and the first place
// with a default host wins.
func merge(places []savedPlace, isRack func(Host) bool) []SavedLogin {
	passed := map[Host]bool{} // to skip: Consoles, and hosts that were added already
	var inUse Host
	for _, place := range places {
		passed[place.console] = !isRack(place.console) // the zero Host belongs to nobody
		if inUse.IsZero() {
			inUse = place.inUse
		}
	}
	passed[Host{name: HostedConsole}] = true
	var logins []SavedLogin
	for _, place := range places {
		for _, login := range place.logins {
			if passed[login.Host] {
				continue
			}
			passed[login.Host] = true
			login.InUse = login.Host == inUse
			logins = append(logins, login)
		}
	}
	return logins
}
