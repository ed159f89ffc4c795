package field

import (
	"strings"

	"al.essio.dev/pkg/shellescape"
	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"
)

// Wrap cuts a text into lines of at most so many cells, between words alone: a
// flag or a host must not be torn at its dashes, so that it can be copied. A
// word that is longer than a line is cut where the line ends. The blanks that a
// text begins with stay, also behind the sign of a diff, and all of them where it
// needs no cut.
func Wrap(text string, width int) []string {
	width = max(width, 8)
	if ansi.StringWidth(text) <= width {
		return []string{text} // its columns stay
	}
	rest := strings.TrimLeft(text, " +-")
	line := strings.TrimSuffix(text, rest)
	begin := goesOn(line)
	var lines []string
	fresh := true
	for _, word := range strings.Fields(rest) {
		if !fresh && ansi.StringWidth(line)+1+ansi.StringWidth(word) > width {
			lines, line, fresh = append(lines, line), begin, true
		}
		if !fresh {
			line += " "
		}
		cut := strings.Split(ansi.Hardwrap(line+word, width, true), "\n")
		if begin != "" && len(cut) > 1 {
			rest := ansi.Hardwrap(strings.Join(cut[1:], ""), width-ansi.StringWidth(begin), true)
			cut = strings.Split(cut[0]+"\n"+begin+strings.ReplaceAll(rest, "\n", "\n"+begin), "\n")
		}
		lines, line, fresh = append(lines, cut[:len(cut)-1]...), cut[len(cut)-1], false
	}
	return append(lines, line)
}

// goesOn is what the other lines of a text begin with: what a diff adds has its
// sign on each line, or it would seem to be there already. It is short, so that an
// address has room.
func goesOn(before string) string {
	if !strings.HasPrefix(before, "+") {
		return ""
	}
	return "+" + cut + " "
}

// Wrapped is a text in lines of a width, each styled by itself.
func Wrapped(style lipgloss.Style, text string, width int) []string {
	return Indented(style, "", text, width)
}

// Indented is Wrapped behind a sign, below which the other lines begin.
// What came from outside in it is cleaned.
func Indented(style lipgloss.Style, sign, text string, width int) []string {
	lines := Wrap(shellescape.StripUnsafe(text), width-ansi.StringWidth(sign))
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
		text := strings.TrimRight(ansi.Strip(last), " ")
		words := strings.TrimRight(text[:strings.LastIndex(text, " ")+1], " ")
		last = ansi.Truncate(last, ansi.StringWidth(words), "")
	}
	if ansi.StringWidth(last) == 0 {
		clipped[count-1] = cut
	} else {
		clipped[count-1] = last + " " + cut
	}
	return clipped
}
