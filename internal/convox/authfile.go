package convox

import (
	"encoding/json"
	"slices"
	"strings"

	"convox-travis/internal/secret"
)

// setPassword returns the text of an auth file with the host's password. The CLI looks a
// host up as it was typed, so every spelling is set, and the usual one is added.
func setPassword(text string, host Host, password secret.String) (string, error) {
	return setEntries(text, isHost(host), host.String(), asJSON(password.Reveal()))
}

// isHost returns a function that matches every spelling of a host.
func isHost(host Host) func(string) bool {
	return func(key string) bool {
		at, err := ParseHost(key)
		return err == nil && at == host
	}
}

// setEntries returns the text of an auth file with a JSON value in each matching entry
// and in the entry key, which is added if missing. Everything else stays, byte for byte.
func setEntries(text string, matches func(string) bool, key, value string) (string, error) {
	object, err := readAuth(text)
	if err != nil {
		return "", err
	}
	if object == nil {
		text = emptyObject
		object = readObject(text)
	}
	var set strings.Builder
	done := 0
	for _, e := range object.entries {
		if matches(e.key) {
			set.WriteString(text[done:e.from] + value)
			done = e.to
		}
	}
	if !slices.ContainsFunc(object.entries, func(e entry) bool { return e.key == key }) {
		before, after := ",", ""
		if len(object.entries) == 0 {
			before, after = "", "\n"
		}
		set.WriteString(text[done:object.end] + before + "\n  " + asJSON(key) + ": " + value + after)
		done = object.end
	}
	set.WriteString(text[done:])
	if set.Len() > largestFile {
		return "", errOverfull
	}
	return set.String(), nil
}

// dropEntries returns the text of an auth file without the matching entries. Everything
// else stays, byte for byte.
func dropEntries(text string, matches func(string) bool) (string, error) {
	for {
		object, err := readAuth(text)
		if err != nil || object == nil {
			return text, err
		}
		i := slices.IndexFunc(object.entries, func(e entry) bool { return matches(e.key) })
		if i < 0 {
			return text, nil
		}
		from, to := object.begin, object.entries[i].to
		switch {
		case i > 0:
			from = object.entries[i-1].to
		case len(object.entries) > 1:
			to += strings.Index(text[to:], ",") + 1
		}
		text = text[:from] + text[to:]
	}
}

const emptyObject = "{}\n"

// object has the byte positions of a JSON object's parts in a text.
type object struct {
	entries []entry
	begin   int // after the opening brace
	end     int // of the last entry, or begin
}

// entry is a key and the position of its value.
type entry struct {
	key      string
	from, to int
}

// readAuth reads the text of an auth file; nil is a text without an object.
func readAuth(text string) (*object, error) {
	if _, err := parseAuth(text); err != nil {
		return nil, err
	}
	return readObject(text), nil
}

// readObject reads a text that parseAuth accepts; nil is a text without an object.
func readObject(text string) *object {
	in := json.NewDecoder(strings.NewReader(text))
	if brace, err := in.Token(); err != nil || brace != json.Delim('{') {
		return nil
	}
	found := &object{begin: int(in.InputOffset())}
	found.end = found.begin
	for in.More() {
		key, err := in.Token()
		if err != nil {
			return nil
		}
		var value json.RawMessage
		if in.Decode(&value) != nil {
			return nil
		}
		found.end = int(in.InputOffset())
		found.entries = append(found.entries, entry{key.(string), found.end - len(value), found.end})
	}
	return found
}

// asJSON encodes a text as encoding/json does for the CLI.
func asJSON(text string) string {
	encoded, err := json.Marshal(text)
	if err != nil {
		panic(err) // a string always encodes
	}
	return string(encoded)
}
