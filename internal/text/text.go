// Package text formats texts for a person's terminal: without control sequences, wrapped
// between words, with the right plural.
//
// Next room: internal/progress, which counts and waits.
package text

import (
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

// Command returns words from outside as a command to copy.
func Command(words ...string) string {
	quoted := make([]string, len(words))
	for i, word := range words {
		quoted[i] = Quote(word)
	}
	return strings.Join(quoted, " ")
}

// leastWidth is the width of lines if there is no room at all.
const leastWidth = 8

// Wrap cuts a text into lines of at most the given cells, at least one, only between
// words: a flag or a host must stay in one piece to be copied. A word longer than a line
// is cut near the end of the line, after a dot, slash or hyphen if there is one. The text's own line breaks stay, and so do leading
// blanks of a line, including after the sign of a diff, and all blanks of a line that
// fits.
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
	rest := strings.TrimLeft(text, " +-")
	line := strings.TrimSuffix(text, rest)
	begin := continuationPrefix(line)
	var lines []string
	fresh := true
	for _, word := range strings.Fields(rest) {
		if !fresh && ansi.StringWidth(line)+1+ansi.StringWidth(word) > width {
			lines, line, fresh = append(lines, line), begin, true
		}
		if !fresh {
			line += " "
		}
		line, fresh = line+word, false
		if cuts {
			cut := cutWord(line, begin, width)
			lines, line = append(lines, cut[:len(cut)-1]...), cut[len(cut)-1]
		}
	}
	return append(lines, line)
}

// cutWord cuts a line whose last word may be too long.
func cutWord(line, begin string, width int) []string {
	var lines []string
	prefix := ""
	for {
		head := line[:min(len(line), 32*width)] // enough, whatever the length of the word
		cut := ansi.Truncate(head, width-ansi.StringWidth(prefix), "")
		if len(cut) == len(line) || cut == "" {
			return append(lines, prefix+line)
		}
		if end := strings.LastIndexAny(cut, "./-") + 1; end > len(cut)/2 {
			cut = cut[:end]
		}
		lines, line, prefix = append(lines, prefix+cut), line[len(cut):], begin
	}
}

// continuationPrefix is the start of a wrapped line's continuation: added lines of a diff
// have their sign on each one, or they would seem to exist already. It is short so
// that an address fits.
func continuationPrefix(before string) string {
	if !strings.HasPrefix(before, "+") {
		return ""
	}
	return "+… "
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
