package build

import (
	"regexp"
	"slices"
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
	for _, match := range []string{misspelled[key], closest(s.known, key)} {
		if name, known := s.resolve(match); known && match != "elm_test" {
			return name
		}
	}
	return key
}

// misspelled are keys that Travis repairs although they differ a lot from the right ones
// (travis-yml, var/keys.dict).
var misspelled = map[string]string{
	"after_deployment": "after_deploy", "after_successsudo": "after_success", "after_test": "after_script",
	"allow_failures__php": "allow_failures", "before_archive": "before_cache", "before_deployment": "before_deploy",
	"before_setup": "before_script", "branchesonly": "branches", "deploybefore_script": "before_script", "distro": "dist",
	"diydeploy": "deploy", "jruby_before_script": "before_script", "known_failures": "allow_failures", "langlanguage": "language",
	"notifications.irc": "notifications", "qqsudo": "sudo",
	"r_apt_packages": "apt_packages", "r_binary_pacakges": "r_binary_packages", "r_check_arg": "r_check_args",
	"warning_are_errors": "warnings_are_errors", "warnings_as_errors": "warnings_are_errors",
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
// fewest edits, fewer than half of the shorter one's length and fewer than four; for
// short texts also one with the same letters (travis-yml,
// lib/travis/yml/doc/helper/match.rb).
func closest(known []string, text string) string {
	const mostEdits, longestKey = 4, 64
	if len(text) < 3 || len(text) > longestKey {
		return ""
	}
	var found []string
	fewest := mostEdits
	for _, other := range known {
		if diff := len(other) - len(text); diff > fewest || -diff > fewest {
			continue
		}
		edits := distance(other, text)
		if edits >= mostEdits || 2*edits >= min(len(other), len(text)) || edits > fewest {
			continue
		}
		if edits < fewest {
			found, fewest = nil, edits
		}
		found = append(found, other)
	}
	if len(found) == 0 && len(text) < 6 {
		for _, other := range known {
			if sortedLetters(other) == sortedLetters(text) {
				return other
			}
		}
	}
	if len(found) == 0 {
		return ""
	}
	// If several are equally close, the one that shares the most letters, then the
	// longest.
	return slices.MaxFunc(found, func(a, b string) int {
		if shared := sharedLetters(a, text) - sharedLetters(b, text); shared != 0 {
			return shared
		}
		return len(a) - len(b)
	})
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

func sortedLetters(text string) string {
	letters := []byte(text)
	slices.Sort(letters)
	return string(letters)
}

func sharedLetters(a, b string) (count int) {
	for i := range len(a) {
		if strings.IndexByte(a[:i], a[i]) < 0 && strings.IndexByte(b, a[i]) >= 0 {
			count++
		}
	}
	return count
}
