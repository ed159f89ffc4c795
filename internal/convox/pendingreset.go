package convox

import (
	"encoding/json"
	"maps"
	"path/filepath"
	"slices"

	"convox-travis/internal/secret"
)

// PendingReset is a reset whose new password is saved, while it is not known that
// the Rack has it.
type PendingReset struct {
	New  secret.String
	Olds []secret.String // that were saved before, and may hold still
	File string          // where they are; clean it before it is shown
}

// round is a reset that was begun, as it is kept beside the password that it
// saved. Another one may be begun before it has ended: the Rack has the password
// of either, and nobody knows which.
type round struct {
	New string
	Was map[string]string // the host's entries before, by key, in JSON
}

// roundsKey is the entry that keeps the rounds of a host, the first one first. It
// is no host, so neither the client nor SavedLogins takes it for one.
func roundsKey(host Host) string { return host.String() + " (before the reset)" }

func isRounds(host Host) func(string) bool {
	return func(key string) bool { return key == roundsKey(host) }
}

// BeginReset saves the new password of a Rack as Save does, and keeps beside
// it what was saved before, until EndReset: the Rack may never get the new one.
// To begin the same one again does no harm.
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

// FindReset returns the reset of a Rack that was begun here, has not ended,
// and whose password is still the one that is saved.
func (l Logins) FindReset(host Host) (PendingReset, bool) {
	var begun PendingReset
	for _, folder := range l.folders() {
		file := filepath.Join(folder, "auth")
		text, _ := readSmallFile(file) // what cannot be read holds none
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

// oldPasswords lists what each round saved, then what was saved before it, the newest round
// first. Entries that a round found side by side have no order in time: they come
// by their keys.
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

// EndReset ends a reset. isSet tells whether the Rack has the password: then no
// other one can hold, and all that was kept is dropped. Else what was saved before
// the reset of this password is put back, entry for entry, unless another program
// has logged in meanwhile. A reset that was not begun here is no error. The error
// has CodeSaveLogin.
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

// undoLastRound undoes the last round, where it is that of a password.
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

// readRounds returns what the text of a file auth keeps of a host's resets.
func readRounds(text string, host Host) []round {
	var entries map[string]string
	var rounds []round
	if json.Unmarshal([]byte(text), &entries) != nil || json.Unmarshal([]byte(entries[roundsKey(host)]), &rounds) != nil {
		return nil
	}
	return rounds
}

// writeRounds returns the text with these rounds in it, or without the entry.
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
