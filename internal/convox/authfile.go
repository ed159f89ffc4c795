package convox

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"convox-travis/internal/secret"
)

// readAuth reads the text of an auth file, a JSON object {"HOST": "PASSWORD"}. The CLI
// takes an empty file as an empty object.
func readAuth(text string) (map[string]string, error) {
	entries := map[string]string{}
	if strings.TrimSpace(text) == "" {
		return entries, nil
	}
	if json.Unmarshal([]byte(text), &entries) != nil {
		return nil, errAuthFile // the cause can quote the file
	}
	if entries == nil { // the text is null
		entries = map[string]string{}
	}
	return entries, nil
}

// writeAuth returns the text of an auth file, as the CLI writes it.
func writeAuth(entries map[string]string) (string, error) {
	text, err := json.MarshalIndent(entries, "", "  ")
	switch {
	case err != nil:
		return "", errAuthFile // the cause can quote an entry
	case len(text) > largestFile:
		return "", errOverfull
	}
	return string(text) + "\n", nil
}

// setPassword sets a host's password. The CLI looks a host up as it was typed, so every
// spelling is set, and the usual one is added.
func setPassword(entries map[string]string, host Host, password secret.String) {
	for key := range entries {
		if isHost(key, host) {
			entries[key] = password.Reveal()
		}
	}
	entries[host.String()] = password.Reveal()
}

func dropPassword(entries map[string]string, host Host) {
	maps.DeleteFunc(entries, func(key, _ string) bool { return isHost(key, host) })
}

// isHost reports whether a key is a spelling of a host.
func isHost(key string, host Host) bool {
	at, err := ParseHost(key)
	return err == nil && at == host
}

// savedPasswords lists the logins of an auth file, by key. It skips entries without a
// host or password.
func savedPasswords(entries map[string]string) []SavedLogin {
	var logins []SavedLogin
	for _, key := range slices.Sorted(maps.Keys(entries)) {
		if host, err := ParseHost(key); err == nil && entries[key] != "" {
			logins = append(logins, SavedLogin{Host: host, Password: secret.New(entries[key])})
		}
	}
	return logins
}
