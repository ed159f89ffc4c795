package gitrepo

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// parseRemotes reads the answer of git remote --verbose, where the settings
// that rewrite addresses (url.*.insteadOf) have been applied. config has the
// addresses as they are written: one that is another repository of a known
// service goes first. first is the name of the remote that goes first.
//
// A branch can also follow a bare address, without a remote. That is mostly
// somebody else's fork, checked out to review it, so it is no candidate.
func parseRemotes(text, first string, config map[string]string) []Remote {
	addresses := make(map[string]string)
	for entry := range strings.Lines(text) {
		name, rest, _ := strings.Cut(entry, "\t")
		// After the mark, a partial clone has its filter.
		end := strings.LastIndex(rest, " (fetch)")
		if _, known := addresses[name]; end >= 0 && !known {
			addresses[name] = rest[:end]
		}
	}
	rank := func(name string) int {
		return slices.Index([]string{first, "origin", name}, name)
	}
	names := slices.SortedFunc(maps.Keys(addresses), func(a, b string) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a, b))
	})
	var remotes []Remote
	for _, name := range names {
		remote, err := ParseRemote(addresses[name])
		if err != nil {
			continue
		}
		if isPlain(name, "._-/") {
			remote.Name = name
		}
		if written, err := ParseRemote(config["remote."+name+".url"]); err == nil && written.Provider != "" && written.key() != remote.key() {
			written.Name, remote.Setting = remote.Name, insteadOf
			remotes = append(remotes, written)
		}
		remotes = append(remotes, remote)
	}
	return remotes
}

// parseSettings reads the answer of git config --null: names and values. The
// last value of a name counts, but of a remote's addresses the first.
func parseSettings(text string) map[string]string {
	settings := make(map[string]string)
	for entry := range strings.SplitSeq(text, "\x00") {
		name, value, _ := strings.Cut(entry, "\n")
		if _, known := settings[name]; known && strings.HasPrefix(name, "remote.") {
			continue
		}
		settings[name] = value
	}
	return settings
}
