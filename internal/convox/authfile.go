package convox

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"convox-travis/internal/secret"
)

// setPassword returns the text of a file auth with the host's password in it.
// What else the text holds stays, byte for byte. The client looks a host up as
// it was once typed, so every spelling is set, and the usual one is added.
func setPassword(text string, host Host, password secret.String) (string, error) {
	if _, err := parseAuth(text); err != nil {
		return "", err
	}
	object := readObject(text)
	if object == nil {
		text = emptyObject
		object = readObject(text)
	}
	value := asJSON(password.Reveal())
	var set strings.Builder
	done := 0
	for _, e := range object.entries {
		if at, err := ParseHost(e.key); err == nil && at == host {
			set.WriteString(text[done:e.from] + value)
			done = e.to
		}
	}
	if !slices.ContainsFunc(object.entries, func(e entry) bool { return e.key == host.String() }) {
		before, after := ",", ""
		if len(object.entries) == 0 {
			before, after = "", "\n"
		}
		set.WriteString(text[done:object.end] + before + "\n  " + asJSON(host.String()) + ": " + value + after)
		done = object.end
	}
	set.WriteString(text[done:])
	if set.Len() > largestFile {
		return "", errOverfull
	}
	return set.String(), nil
}

const emptyObject = "{}\n"

// dropPassword returns the text of a file auth without the host, written as the
// client writes it.
func dropPassword(text string, host Host) (string, error) {
	var entries map[string]json.RawMessage
	if json.Unmarshal([]byte(text), &entries) != nil {
		return "", errAuthFile // the cause can quote the file
	}
	maps.DeleteFunc(entries, func(key string, _ json.RawMessage) bool {
		at, err := ParseHost(key)
		return err == nil && at == host
	})
	written, err := json.MarshalIndent(entries, "", "  ")
	if err != nil {
		return "", errAuthFile
	}
	return string(written), nil
}

// object is where in a text the parts of a JSON object are, in bytes.
type object struct {
	entries []entry
	end     int // of the last entry, or of the opening brace
}

// entry is a key, and where its value is.
type entry struct {
	key      string
	from, to int
}

// readObject reads a text that parseAuth reads; nil is one without an object.
func readObject(text string) *object {
	in := json.NewDecoder(strings.NewReader(text))
	if brace, err := in.Token(); err != nil || brace != json.Delim('{') {
		return nil
	}
	found := &object{end: int(in.InputOffset())}
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

// asJSON writes a text as encoding/json does for the client.
func asJSON(text string) string {
	encoded, err := json.Marshal(text)
	if err != nil {
		panic(err) // a string always encodes
	}
	return string(encoded)
}
