package convox

import (
	"encoding/json"
	"maps"
	"path/filepath"
	"slices"

	"convox-travis/internal/secret"
)

// PendingReset is a reset whose new password is saved, but which the Rack may not have.
type PendingReset struct {
	New  secret.String
	Olds []secret.String // saved before, and may still work
	File string          // the file that has them; clean it before showing it
}

// round is a reset that was started, stored next to the password that it saved. Another
// one can start before it ends: the Rack then has either password.
type round struct {
	New string
	Was map[string]string // the host's entries before, by key, in JSON
}

// roundsKey is the entry that stores the rounds of a host, oldest first. It isn't a host,
// so neither the CLI nor SavedLogins reads it as one.
func roundsKey(host Host) string { return host.String() + " (before the reset)" }

func isRounds(host Host) func(string) bool {
	return func(key string) bool { return key == roundsKey(host) }
}

// BeginReset saves the new password of a Rack like Save, and also stores what was saved
// before, until EndReset: the Rack may never get the new one. It is safe to begin the
// same reset twice.
func (l Logins) BeginReset(host Host, password secret.String) (file string, err error) {
	return l.save(host, password, func(text string) (string, error) {
		rounds := readRounds(text, host)
		if n := len(rounds); n > 0 && rounds[n-1].New == password.Reveal() {
			return text, nil
		}
		object, err := readAuth(text)
		if err != nil {
			return "", err
		}
		next := round{New: password.Reveal(), Was: map[string]string{}}
		if object != nil {
			for _, e := range object.entries {
				if isHost(host)(e.key) {
					next.Was[e.key] = text[e.from:e.to]
				}
			}
		}
		return writeRounds(text, host, append(rounds, next))
	})
}

// FindReset returns the Rack's reset that was started here, hasn't ended, and whose
// password is still the saved one.
func (l Logins) FindReset(host Host) (PendingReset, bool) {
	var begun PendingReset
	for _, folder := range l.folders() {
		file := filepath.Join(folder, "auth")
		text, _ := readSmallFile(file) // an unreadable file has none
		logins, _ := parseAuth(text)
		saved, found := FindSaved(logins, host)
		rounds := readRounds(text, host)
		if n := len(rounds); begun.File == "" && found && n > 0 && rounds[n-1].New == saved.Password.Reveal() {
			begun.New, begun.File = saved.Password, file
		} else if found {
			begun.Olds = append(begun.Olds, saved.Password)
		}
		begun.Olds = append(begun.Olds, oldPasswords(rounds)...)
	}
	begun.Olds = slices.DeleteFunc(begun.Olds, begun.New.Equal)
	return begun, begun.File != ""
}

// oldPasswords lists what each round saved, then what was saved before it, newest round
// first. Entries that a round found together have no order in time, so they are sorted by
// key.
func oldPasswords(rounds []round) []secret.String {
	var all []secret.String
	for _, r := range slices.Backward(rounds) {
		all = append(all, secret.New(r.New))
		for _, key := range slices.Sorted(maps.Keys(r.Was)) {
			var text string
			if json.Unmarshal([]byte(r.Was[key]), &text) == nil && text != "" {
				all = append(all, secret.New(text))
			}
		}
	}
	return all
}

// EndReset ends a reset. isSet reports whether the Rack has the password: then no other
// one can work, and everything stored for the reset is dropped. Otherwise what was saved
// before is restored, entry by entry, unless another program has logged in since. It's
// not an error if no such reset was started here. The error has CodeSaveLogin.
func (l Logins) EndReset(host Host, password secret.String, isSet bool) error {
	for _, folder := range l.folders() {
		file := filepath.Join(folder, "auth")
		if text, err := readSmallFile(file); err != nil || len(readRounds(text, host)) == 0 {
			continue
		}
		err := rewrite(file, func(text string) (string, error) {
			if isSet {
				return dropEntries(text, isRounds(host))
			}
			return undoLastRound(text, host, password)
		})
		if err != nil {
			return notSaved(file, err)
		}
	}
	return nil
}

// undoLastRound undoes the last round if it is that of a password.
func undoLastRound(text string, host Host, password secret.String) (string, error) {
	rounds := readRounds(text, host)
	last := len(rounds) - 1
	if last < 0 || rounds[last].New != password.Reveal() {
		return text, nil
	}
	logins, err := parseAuth(text)
	if err != nil {
		return "", err
	}
	if saved, found := FindSaved(logins, host); found && saved.Password.Equal(password) {
		was := rounds[last].Was
		added := func(key string) bool {
			_, before := was[key]
			return isHost(host)(key) && !before
		}
		if text, err = dropEntries(text, added); err != nil {
			return "", err
		}
		for _, key := range slices.Sorted(maps.Keys(was)) {
			if text, err = setEntries(text, func(other string) bool { return other == key }, key, was[key]); err != nil {
				return "", err
			}
		}
	}
	return writeRounds(text, host, rounds[:last])
}

// readRounds returns what an auth file stores about a host's resets.
func readRounds(text string, host Host) []round {
	var entries map[string]string
	var rounds []round
	if json.Unmarshal([]byte(text), &entries) != nil || json.Unmarshal([]byte(entries[roundsKey(host)]), &rounds) != nil {
		return nil
	}
	return rounds
}

// writeRounds returns the text with these rounds, or without the entry if there are none.
func writeRounds(text string, host Host, rounds []round) (string, error) {
	if len(rounds) == 0 {
		return dropEntries(text, isRounds(host))
	}
	encoded, err := json.Marshal(rounds)
	if err != nil {
		return "", errAuthFile // the cause can quote it
	}
	return setEntries(text, isRounds(host), roundsKey(host), asJSON(string(encoded)))
}
