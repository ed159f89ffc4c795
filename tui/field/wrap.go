package field

import (
	"strings"

	"al.essio.dev/pkg/shellescape"
	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"convox-travis/internal/text"
)

// Wrapped is a text in lines of a width, each styled by itself.
func Wrapped(style lipgloss.Style, words string, width int) []string {
	return Indented(style, "", words, width)
}

// Indented is Wrapped behind a sign, below which the other lines begin.
// What came from outside in it is cleaned.
func Indented(style lipgloss.Style, sign, words string, width int) []string {
	lines := text.Wrap(shellescape.StripUnsafe(words), width-ansi.StringWidth(sign))
	for i, line := range lines {
		if i > 0 {
			sign = strings.Repeat(" ", ansi.StringWidth(sign))
		}
		lines[i] = style.Render(sign + line)
	}
	return lines
}

// Clip is the first lines of a text, so many of them. The mark of what is left
// out is a word of its own, so that it is never read as part of an address.
func Clip(lines []string, count, width int) []string {
	if len(lines) <= count {
		return lines
	}
	if count <= 0 {
		return nil
	}
	clipped := append([]string(nil), lines[:count]...)
	last := clipped[count-1]
	for cells := ansi.StringWidth(last); cells > 0 && cells+len(" ")+ansi.StringWidth(cut) > width; cells = ansi.StringWidth(last) {
		seen := strings.TrimRight(ansi.Strip(last), " ")
		words := strings.TrimRight(seen[:strings.LastIndex(seen, " ")+1], " ")
		last = ansi.Truncate(last, ansi.StringWidth(words), "")
	}
	if ansi.StringWidth(last) == 0 {
		clipped[count-1] = cut
	} else {
		clipped[count-1] = last + " " + cut
	}
	return clipped
}
