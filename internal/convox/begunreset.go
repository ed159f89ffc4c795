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

// beforeKey is the entry that keeps what was saved before a reset. It is no host,
// so neither the client nor SavedLogins takes it for one.
func beforeKey(host Host) string { return host.String() + " (before the reset)" }

func isBefore(host Host) func(string) bool {
	return func(key string) bool { return key == beforeKey(host) }
}

// BeginReset saves the new password of a Rack as SaveLogin does, and keeps beside
// it what was saved before, until EndReset: the Rack may never get the new one.
func BeginReset(env func(string) string, home, goos string, host Host, password secret.String) (file string, err error) {
	return saveLogin(env, home, goos, host, password, func(text string) (string, error) {
		if _, begun := before(text, host); begun {
			return text, nil // of an earlier try, whose new password was never the Rack's for certain
		}
		logins, err := parseAuth(text)
		if err != nil {
			return "", err
		}
		saved, _ := FindSaved(logins, host)
		return setEntries(text, isBefore(host), beforeKey(host), saved.Password.Reveal())
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
		old, begun := before(text, host)
		logins, _ := parseAuth(text) // before read it
		if saved, found := FindSaved(logins, host); begun && found {
			return BegunReset{New: saved.Password, Old: old, File: file}, true
		}
	}
	return BegunReset{}, false
}

// EndReset ends a reset that was begun with BeginReset. isSet tells whether the
// Rack has the password: else what was saved before is put back, unless another
// program has logged in meanwhile. A reset that was not begun is no error. The
// error is a *SaveError.
func EndReset(env func(string) string, home, goos string, host Host, password secret.String, isSet bool) error {
	begun, found := FindBegunReset(env, home, goos, host)
	if !found {
		return nil
	}
	err := rewrite(begun.File, func(text string) (string, error) {
		old, still := before(text, host)
		if !still {
			return text, nil
		}
		text, err := dropEntries(text, isBefore(host))
		if err != nil || isSet {
			return text, err
		}
		logins, _ := parseAuth(text) // dropEntries read it
		switch saved, found := FindSaved(logins, host); {
		case !found || !saved.Password.Equal(password):
			return text, nil
		case old.IsEmpty():
			return dropEntries(text, isHost(host))
		}
		return setEntries(text, isHost(host), host.String(), old.Reveal())
	})
	if err != nil {
		return &SaveError{begun.File, err}
	}
	return nil
}

// before returns what the text of a file auth keeps of the time before a reset.
func before(text string, host Host) (secret.String, bool) {
	var entries map[string]string
	if json.Unmarshal([]byte(text), &entries) != nil {
		return secret.String{}, false
	}
	old, begun := entries[beforeKey(host)]
	return secret.New(old), begun
}
