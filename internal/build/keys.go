package build

import (
	"regexp"
	"strings"
)

var (
	upperRun   = regexp.MustCompile(`([A-Z]+)([A-Z][a-z])`)
	lowerUpper = regexp.MustCompile(`([a-z\d])([A-Z])`)
	notInKey   = regexp.MustCompile(`[^\w.]`)
	outerLines = regexp.MustCompile(`^__+|_+$`)
)

// fixKey returns the key that Travis reads in place of a section's key, or the key itself
// if it isn't recognized (travis-yml, lib/travis/yml/doc/change/key.rb).
func (s *section) fixKey(key string) string {
	if name, known := s.resolve(key); known {
		return name
	}
	if name, known := s.resolve(strings.ReplaceAll(key, "-", "_")); known {
		return name
	}
	for _, change := range []func(string) string{strings.TrimSpace, underscore, cleanKey} {
		if name, known := s.resolve(change(key)); known {
			return name
		}
	}
	if isKeyElsewhere(key) {
		return key
	}
	if name, known := s.resolve(closest(s.known, key)); known {
		return name
	}
	return key
}

// resolve finds a key, also by an alias.
func (s *section) resolve(key string) (string, bool) {
	if _, known := s.keys[key]; known {
		return key, true
	}
	name, known := s.aliases[key]
	return name, known
}

func underscore(key string) string {
	key = upperRun.ReplaceAllString(key, "${1}_$2")
	key = lowerUpper.ReplaceAllString(key, "${1}_$2")
	return strings.ToLower(strings.ReplaceAll(key, "-", "_"))
}

func cleanKey(key string) string {
	key = strings.NewReplacer("-", "_", " ", "_").Replace(key)
	key = notInKey.ReplaceAllString(key, "")
	key = outerLines.ReplaceAllString(key, "")
	return strings.ReplaceAll(key, "__", "_")
}

// closest returns the valid text that a text was meant to be, or "": the one with the
// fewest edits, fewer than half of the shorter one's length and fewer than four; of equals
// the longest (travis-yml, lib/travis/yml/doc/helper/match.rb).
func closest(known []string, text string) string {
	const mostEdits, longestKey = 4, 64
	found, fewest := "", mostEdits
	if len(text) < 3 || len(text) > longestKey {
		return ""
	}
	for _, other := range known {
		shorter, longer := min(len(other), len(text)), max(len(other), len(text))
		if longer-shorter > fewest {
			continue
		}
		edits := distance(other, text)
		if 2*edits < shorter && (edits < fewest || edits == fewest && edits < mostEdits && len(other) > len(found)) {
			found, fewest = other, edits
		}
	}
	return found
}

// distance is the number of letters to insert, delete or replace.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := before
			if a[i] != b[j] {
				cost++
			}
			before = row[j+1]
			row[j+1] = min(cost, row[j]+1, before+1)
		}
	}
	return row[len(b)]
}
