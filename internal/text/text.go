// Package text formats texts for a person's terminal: without control sequences, wrapped
// between words, with the right plural.
//
// Next room: internal/progress, which counts and waits.
package text

import (
	"fmt"
	"strconv"
	"strings"

	"al.essio.dev/pkg/shellescape"
	"github.com/charmbracelet/x/ansi"
)

// Clean returns one line without what a terminal interprets or a reader can't see: escape
// sequences, line breaks, direction marks. Only a command's writer and the wizard's
// renderers call it, for everything that they show.
func Clean(line string) string { return shellescape.StripUnsafe(line) }

// Quote returns a text from outside as one word of a command to copy.
func Quote(word string) string { return shellescape.Quote(Clean(word)) }

// QuoteList quotes each word, and joins them.
func QuoteList(words []string) string { return strings.Join(quoteAll(words), ", ") }

// Command returns words from outside as a command to copy.
func Command(words ...string) string { return strings.Join(quoteAll(words), " ") }

func quoteAll(words []string) []string {
	quoted := make([]string, len(words))
	for i, word := range words {
		quoted[i] = Quote(word)
	}
	return quoted
}

// List joins the first of several words, and says how many more there are.
func List(words []string) string {
	const few = 4
	if len(words) > few {
		return fmt.Sprintf("%s and %d more", strings.Join(words[:few], ", "), len(words)-few)
	}
	return strings.Join(words, ", ")
}

// leastWidth is the width of lines if there is no room at all.
const leastWidth = 8

// Wrap cuts a text into lines of at most so many cells, at least one, between words
// only: a flag or a host isn't broken at its dashes, so that it can be copied. A word
// longer than a line is cut near the line's end, after a dot, slash or hyphen. The text's own line breaks stay, each
// line keeps its indent, and one that fits keeps all its blanks.
func Wrap(text string, width int) []string { return wrap(text, max(width, leastWidth), true) }

// WrapWhole is Wrap for words to copy: one that is longer than a line gets its own line.
func WrapWhole(text string, width int) []string { return wrap(text, max(width, leastWidth), false) }

func wrap(text string, width int, cuts bool) []string {
	var lines []string
	for line := range strings.SplitSeq(text, "\n") {
		lines = append(lines, wrapLine(line, width, cuts)...)
	}
	return lines
}

func wrapLine(text string, width int, cuts bool) []string {
	if ansi.StringWidth(text) <= width {
		return []string{text} // its columns stay
	}
	words := strings.TrimLeft(text, " ")
	indent := text[:min(len(text)-len(words), width/2)]
	var lines []string
	line := ""
	for _, word := range strings.Fields(words) {
		if line != "" && ansi.StringWidth(line)+1+ansi.StringWidth(word) <= width {
			line += " " + word
			continue
		}
		if line != "" {
			lines = append(lines, line)
		}
		if cuts {
			parts := cutWord(word, width-len(indent))
			for _, part := range parts[:len(parts)-1] {
				lines = append(lines, indent+part)
			}
			word = parts[len(parts)-1]
		}
		line = indent + word
	}
	return append(lines, line)
}

// cutWord cuts a word into parts that fit, after a dot, slash or hyphen if there is
// one. One of many lines, which no person reads, is cut anywhere.
func cutWord(word string, width int) (parts []string) {
	if len(word) > 32*width {
		return strings.Split(ansi.Hardwrap(word, width, true), "\n")
	}
	for {
		cut := ansi.Truncate(word, width, "")
		if cut == "" || len(cut) == len(word) {
			return append(parts, word)
		}
		if end := strings.LastIndexAny(cut, "./-") + 1; end > len(cut)/2 {
			cut = cut[:end]
		}
		parts, word = append(parts, cut), word[len(cut):]
	}
}

// Capitalize makes the first letter of a text, if it is one of ASCII, a capital.
func Capitalize(text string) string {
	if text == "" {
		return ""
	}
	return strings.ToUpper(text[:1]) + text[1:]
}

// Count is a number with a noun, such as "1 repository" and "2 repositories".
func Count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return Grouped(n) + " " + Plural(noun)
}

// Grouped writes a number with commas between its thousands.
func Grouped(n int) string {
	digits := strconv.Itoa(n)
	for i := len(digits) - 3; i > 0 && digits[i-1] != '-'; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// Plural is the plural of a regular noun.
func Plural(noun string) string {
	stem, ends := strings.CutSuffix(noun, "y")
	if ends && !strings.ContainsAny(stem[max(0, len(stem)-1):], "aeiou") {
		return stem + "ies"
	}
	return noun + "s"
}
