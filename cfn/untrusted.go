package cfn

import (
	"strings"
	"unicode/utf8"

	"convox-travis/internal/text"
)

const (
	longestText  = 4096 // bytes of anything kept of a stack: no parameter is longer
	longestShown = 128  // characters of a text from outside inside one of ours: no stack's name is longer
	mostListed   = 20
)

// bounded cuts a text from outside to what is kept of it.
func bounded(text string) string {
	if len(text) <= longestText {
		return text
	}
	return strings.ToValidUTF8(text[:longestText], "")
}

// shown makes a text from outside fit for an error.
func shown(text string) string {
	text = bounded(text)
	if utf8.RuneCountInString(text) > longestShown {
		text = string([]rune(text)[:longestShown]) + "…"
	}
	return text
}

// quoted makes a text from outside fit for a command to paste.
func quoted(word string) string { return text.Quote(shown(word)) }

// listed shows the first of many names.
func listed(names []string) string {
	var all []string
	for i, name := range names {
		if i == mostListed {
			all = append(all, "…")
			break
		}
		all = append(all, shown(name))
	}
	return strings.Join(all, ", ")
}
