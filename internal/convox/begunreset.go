package convox

import (
	"encoding/json"
	"path/filepath"

	"convox-travis/internal/secret"
)

// BegunReset is a reset whose new password is saved, while it is not known that
// the Rack has it.
type BegunReset struct {
	New  secret.String
	Old  secret.String // that was saved before, or empty
	File string        // where both are; clean it before it is shown
}

// The entries that keep what was saved before a reset, and before an earlier one
// that has not ended either. They are no hosts, so neither the client nor
// SavedLogins takes them for one.
func beforeKey(host Host) string  { return host.String() + " (before the reset)" }
func earlierKey(host Host) string { return host.String() + " (before the reset before)" }

func is(key string) func(string) bool { return func(other string) bool { return other == key } }

// BeginReset saves the new password of a Rack as SaveLogin does, and keeps beside
// it what was saved before, until EndReset: the Rack may never get the new one.
func BeginReset(env func(string) string, home, goos string, host Host, password secret.String) (file string, err error) {
	return saveLogin(env, home, goos, host, password, func(text string) (string, error) {
		logins, err := parseAuth(text)
		if err != nil {
			return "", err
		}
		saved, _ := FindSaved(logins, host)
		if old, begun := kept(text, beforeKey(host)); begun {
			// Nobody knows which of the two the Rack has.
			if saved.Password.Equal(password) {
				return text, nil
			}
			if text, err = setEntries(text, is(earlierKey(host)), earlierKey(host), old.Reveal()); err != nil {
				return "", err
			}
		}
		return setEntries(text, is(beforeKey(host)), beforeKey(host), saved.Password.Reveal())
	})
}

// FindBegunReset returns the reset of a Rack that was begun here and has not
// ended.
func FindBegunReset(env func(string) string, home, goos string, host Host) (BegunReset, bool) {
	for _, folder := range folders(env, home, goos) {
		file := filepath.Join(folder, "auth")
		text, err := readSmallFile(file)
		if err != nil {
			continue
		}
		old, begun := kept(text, beforeKey(host))
		logins, _ := parseAuth(text) // kept read it
		if saved, found := FindSaved(logins, host); begun && found {
			return BegunReset{New: saved.Password, Old: old, File: file}, true
		}
	}
	return BegunReset{}, false
}

// EndReset ends a reset that was begun with BeginReset. isSet tells whether the
// Rack has the password: else what was saved before is put back, unless another
// program has logged in meanwhile; that can be the new password of an earlier
// reset, which then has not ended. A reset that was not begun is no error. The
// error is a *SaveError.
func EndReset(env func(string) string, home, goos string, host Host, password secret.String, isSet bool) error {
	begun, found := FindBegunReset(env, home, goos, host)
	if !found {
		return nil
	}
	err := rewrite(begun.File, func(text string) (string, error) { return endReset(text, host, password, isSet) })
	if err != nil {
		return &SaveError{begun.File, err}
	}
	return nil
}

func endReset(text string, host Host, password secret.String, isSet bool) (string, error) {
	old, begun := kept(text, beforeKey(host))
	if !begun {
		return text, nil
	}
	earlier, nested := kept(text, earlierKey(host))
	logins, _ := parseAuth(text) // kept read it
	text, err := dropEntries(text, func(key string) bool { return key == beforeKey(host) || key == earlierKey(host) })
	if err != nil || isSet {
		return text, err
	}
	switch saved, found := FindSaved(logins, host); {
	case !found || !saved.Password.Equal(password):
		return text, nil
	case old.IsEmpty():
		return dropEntries(text, isHost(host))
	}
	if text, err = setEntries(text, isHost(host), host.String(), old.Reveal()); err != nil || !nested {
		return text, err
	}
	return setEntries(text, is(beforeKey(host)), beforeKey(host), earlier.Reveal())
}

// kept returns what an entry of the text of a file auth keeps.
func kept(text, key string) (secret.String, bool) {
	var entries map[string]string
	if json.Unmarshal([]byte(text), &entries) != nil {
		return secret.String{}, false
	}
	value, found := entries[key]
	return secret.New(value), found
}
