package travisyml

import (
	"strings"
	"unicode/utf8"
)

const byteOrderMark = "\ufeff"

// splitLines cuts a text after each line break of YAML 1.1
// (https://yaml.org/spec/1.1/#id871856), so that lines have the same numbers as in the
// parser. A line includes its break; the last one may have none.
func splitLines(text string) []string {
	var lines []string
	start := 0
	for i := 0; i < len(text); {
		size := breakAt(text[i:])
		if size == 0 {
			_, width := utf8.DecodeRuneInString(text[i:])
			i += width
			continue
		}
		i += size
		lines = append(lines, text[start:i])
		start = i
	}
	if start < len(text) {
		lines = append(lines, text[start:])
	}
	return lines
}

// breakAt returns the length of the line break at the beginning of text, or 0.
func breakAt(text string) int {
	for _, brk := range []string{"\r\n", "\n", "\r", "\u0085", "\u2028", "\u2029"} {
		if strings.HasPrefix(text, brk) {
			return len(brk)
		}
	}
	return 0
}

// cutBreak returns a line without its break.
func cutBreak(line string) string {
	return strings.TrimRight(line, "\r\n\u0085\u2028\u2029")
}

func hasBreak(line string) bool { return len(cutBreak(line)) < len(line) }

// lineEnding is the line ending of the file's first line.
func lineEnding(lines []string) string {
	if len(lines) > 0 {
		switch first := lines[0]; {
		case strings.HasSuffix(first, "\r\n"):
			return "\r\n"
		case strings.HasSuffix(first, "\r"):
			return "\r"
		}
	}
	return "\n"
}

// isMarker reports whether a line is a document mark: "---" or "...".
func isMarker(line, mark string) bool {
	rest, found := strings.CutPrefix(cutBreak(line), mark)
	return found && (rest == "" || rest[0] == ' ' || rest[0] == '\t')
}

func isBlank(line string) bool { return strings.TrimSpace(line) == "" }

func isComment(line string) bool {
	return strings.HasPrefix(strings.TrimLeft(line, " \t"), "#")
}

// indentOf counts the spaces at the start of a line.
func indentOf(line string) int {
	return len(line) - len(strings.TrimLeft(line, " "))
}

// indented puts spaces before each line that isn't empty.
func indented(lines []string, spaces int) []string {
	moved := make([]string, len(lines))
	for i, line := range lines {
		if line != "" {
			line = strings.Repeat(" ", spaces) + line
		}
		moved[i] = line
	}
	return moved
}

// asItem makes an item of a list from lines.
func asItem(lines []string) []string {
	item := indented(lines, 2)
	item[0] = "- " + lines[0]
	return item
}
