package convox

import (
	"encoding/json"
	"path/filepath"
	"slices"

	"convox-travis/internal/secret"
)

// PendingReset is a reset whose new password is saved, but which the Rack may not have.
type PendingReset struct {
	New          secret.String
	OldPasswords []secret.String // saved before, and may still work
	File         string          // the file that has them; clean it before showing it
}

// pendingKey is the entry that stores the passwords of a host's resets that haven't
// ended, oldest first: the one that was saved before, "" if none was, then that of each
// reset. A reset can start before another one ends: the Rack then has any of them. The
// key isn't a host, so neither the CLI nor SavedLogins reads it as one.
func pendingKey(host Host) string { return host.String() + " (before the reset)" }

// BeginReset saves the new password of a Rack like Save, and also stores what was saved
// before, until EndReset: the Rack may never get the new one. It is safe to begin the
// same reset twice.
func (l Logins) BeginReset(host Host, password secret.String) (file string, err error) {
	return l.save(host, password, func(entries map[string]string) {
		saved, _ := FindSaved(savedPasswords(entries), host)
		pending := readPending(entries, host)
		for _, next := range []string{saved.Password.Reveal(), password.Reveal()} {
			if n := len(pending); n == 0 || pending[n-1] != next {
				pending = append(pending, next)
			}
		}
		writePending(entries, host, pending)
	})
}

// FindReset returns the Rack's reset that was started here, hasn't ended, and whose
// password is still the saved one.
func (l Logins) FindReset(host Host) (PendingReset, bool) {
	var begun PendingReset
	for _, folder := range l.folders() {
		file := filepath.Join(folder, "auth")
		entries, _ := readAuth(file) // an unreadable file has none
		saved, found := FindSaved(savedPasswords(entries), host)
		pending := readPending(entries, host)
		if n := len(pending); begun.File == "" && found && n > 0 && pending[n-1] == saved.Password.Reveal() {
			begun.New, begun.File = saved.Password, file
		} else if found {
			begun.OldPasswords = append(begun.OldPasswords, saved.Password)
		}
		for _, password := range slices.Backward(pending) {
			if password != "" {
				begun.OldPasswords = append(begun.OldPasswords, secret.New(password))
			}
		}
	}
	begun.OldPasswords = slices.DeleteFunc(begun.OldPasswords, begun.New.Equal)
	return begun, begun.File != ""
}

// EndReset ends a reset. isSet reports whether the Rack has the password: then no other
// one can work, and everything stored for the reset is dropped. Otherwise what was saved
// before is restored, unless another program has logged in since. It's not an error if no
// such reset was started here. The error has CodeSaveLogin.
func (l Logins) EndReset(host Host, password secret.String, isSet bool) error {
	for _, folder := range l.folders() {
		file := filepath.Join(folder, "auth")
		if entries, err := readAuth(file); err != nil || len(readPending(entries, host)) == 0 {
			continue
		}
		err := rewrite(file, func(entries map[string]string) {
			if isSet {
				writePending(entries, host, nil)
				return
			}
			undoLastReset(entries, host, password)
		})
		if err != nil {
			return notSaved(file, err)
		}
	}
	return nil
}

func undoLastReset(entries map[string]string, host Host, password secret.String) {
	pending := readPending(entries, host)
	last := len(pending) - 1
	if last < 1 || pending[last] != password.Reveal() {
		return
	}
	if saved, _ := FindSaved(savedPasswords(entries), host); saved.Password.Equal(password) {
		if before := pending[last-1]; before != "" {
			setPassword(entries, host, secret.New(before))
		} else {
			dropPassword(entries, host)
		}
	}
	writePending(entries, host, pending[:last])
}

func readPending(entries map[string]string, host Host) []string {
	var pending []string
	_ = json.Unmarshal([]byte(entries[pendingKey(host)]), &pending) // mostly there is none
	return pending
}

// writePending stores the passwords, or drops the entry if no reset is left.
func writePending(entries map[string]string, host Host, pending []string) {
	delete(entries, pendingKey(host))
	if len(pending) > 1 {
		text, _ := json.Marshal(pending) // texts always encode
		entries[pendingKey(host)] = string(text)
	}
}
