package convox

import (
	"encoding/json"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"convox-travis/internal/secret"
)

// SavedLogin is a Rack's login that the convox client has saved.
type SavedLogin struct {
	Host     Host
	Password secret.String
	File     string // where it was read; clean it before it is shown
	InUse    bool   // the client uses this host when it is told nothing else
}

// SavedLogins reads what the convox client has saved, from every place where
// one of its generations keeps it. The places come in the order of their
// precedence, and each host once, from the first that has it. Logins of a
// Console are left out: they are a person's own key, never a deploy key. A file
// console names what its client logged in to last, which can be a Rack: one of
// racks, or a host in a Rack's shape, is one whatever that file says; another one
// that it names counts as a Console. racks are hosts known to be Racks', such as
// those that their stacks name.
//
// What a killed Save left in a place is removed.
//
// env is os.Getenv, home the person's home folder ("" leaves out what is in
// it), goos runtime.GOOS. What cannot be read is told by CodeSavedLogins, beside
// the logins from all other places; what is not there is no error.
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

// savedPlace is what one folder of settings holds.
type savedPlace struct {
	logins  []SavedLogin // by host
	inUse   Host         // of the file host
	console Host         // of the file console
}

// readPlace reads a folder. When its file console can't be read, one of its
// logins may be a person's own key: those of other hosts than Racks' are left
// out, with an error.
func readPlace(folder string, isRack func(Host) bool) (savedPlace, []fault) {
	var (
		place  savedPlace
		faults []fault
		err    error
	)
	if place.console, err = readHost(filepath.Join(folder, "console")); err != nil {
		faults = append(faults, fault{filepath.Join(folder, "console"), err})
	}
	// A broken file host loses the default and nothing else.
	place.inUse, _ = readHost(filepath.Join(folder, "host"))

	auth := filepath.Join(folder, "auth")
	cleanUp(auth)
	text, err := readSmallFile(auth)
	if err == nil {
		place.logins, err = parseAuth(text)
	}
	if err != nil {
		return place, append(faults, fault{auth, err})
	}
	if len(faults) > 0 {
		place.logins = slices.DeleteFunc(place.logins, func(login SavedLogin) bool { return !isRack(login.Host) })
	}
	for i := range place.logins {
		place.logins[i].File = auth
	}
	return place, faults
}

// readHost reads a file that holds a host, or nothing.
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

// parseAuth reads a file auth, a JSON object {"HOST": "PASSWORD"}. What is no
// host or has no password is passed over.
func parseAuth(text string) ([]SavedLogin, error) {
	if strings.TrimSpace(text) == "" {
		return nil, nil // the client takes an empty file for an empty object
	}
	var passwords map[string]string
	if json.Unmarshal([]byte(text), &passwords) != nil {
		return nil, errAuthFile // the cause can quote the file
	}
	var logins []SavedLogin
	for _, key := range slices.Sorted(maps.Keys(passwords)) {
		host, err := ParseHost(key)
		if err != nil || passwords[key] == "" {
			continue
		}
		logins = append(logins, SavedLogin{Host: host, Password: secret.New(passwords[key])})
	}
	return logins, nil
}

// merge puts the places together. A Console is one in all of them, and the
// first place that has a host in use decides.
func merge(places []savedPlace, isRack func(Host) bool) []SavedLogin {
	passed := map[Host]bool{} // over: Consoles, and hosts that are there already
	var inUse Host
	for _, place := range places {
		passed[place.console] = !isRack(place.console) // the zero Host is nobody's
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
