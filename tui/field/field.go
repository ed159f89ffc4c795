// Package field holds the theme of the wizard and the fields in which its
// questions are answered. A field knows nothing of the question, of the other
// fields and of what happens with its value.
//
// Confirmations and texts are drawn by huh (https://pkg.go.dev/charm.land/huh/v2),
// behind huh.go. Choices, lists and secrets are our own: huh cuts the options of a
// choice in too little room, draws every option of a list for every key, and lets
// keys that are pressed behind Enter into a secret.
//
// Next room: tui/flow, which says what the questions are.
package field

import (
	"errors"
	"strings"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"convox-travis/internal/text"
)

// Field is one question's answer on the screen. It is changed by its methods,
// and used from one goroutine. It starts no timers and reads nothing.
type Field interface {
	// Init is called each time the field comes on the screen.
	Init() tea.Cmd

	// Update takes a message. It reports done when Enter was pressed and the
	// value may be taken: at once, before another message is given to it.
	// Ctrl-C, and esc unless TakesEscape, are left to the owner.
	Update(msg tea.Msg) (cmd tea.Cmd, done bool)

	// View is at most as many lines, and each of them at most as many cells, as
	// Resize was given last. Before the first Resize it is empty. It changes nothing.
	View() string

	// Lines tells how many lines of a width there should be.
	Lines(width int) Lines

	// Resize says how many cells and lines there are.
	Resize(width, height int)

	// Problem is what is wrong with the answer, with hints where it has Hints,
	// until the next key; nil where nothing is. The owner shows it.
	Problem() error

	// Keys are those that do something now, the most important first.
	Keys() []Key

	// TakesEscape reports whether esc does something here now, so that it does
	// not go back.
	TakesEscape() bool
}

// Lines is how many lines a field cannot do with less than, how many show what
// has to be known of it, and how many it has a use for.
type Lines struct{ Least, Enough, Most int }

// Key is a key, or a few of one kind, and what it does.
type Key struct {
	Key, Does string
	Spare     bool // named only where there is room for all keys
}

const (
	marker = "› " // before what has the focus, and as wide as what stands there elsewhere
	space  = "  "
	cut    = "…" // where text goes on
)

// refusal is why a field does not take what it was given, or nil.
func refusal(words string) error {
	if words == "" {
		return nil
	}
	return errors.New(words)
}

// fit cuts a view to a size.
func fit(view string, width, height int) string {
	if width <= 0 || height <= 0 {
		return ""
	}
	lines := strings.Split(view, "\n")
	lines = lines[:min(len(lines), height)]
	for i, line := range lines {
		lines[i] = ansi.Truncate(line, width, cut)
	}
	return strings.Join(lines, "\n")
}

// end is as much of a text's end as fits, with a mark where more stands before it.
func end(text string, cells int) string {
	over := ansi.StringWidth(text) - cells
	if over <= 0 {
		return text
	}
	return ansi.TruncateLeft(text, over+ansi.StringWidth(cut), cut)
}

// Wrapped is a text in lines of a width, each styled by itself.
func Wrapped(style lipgloss.Style, words string, width int) []string {
	return Indented(style, "", words, width)
}

// Indented is Wrapped behind a sign, below which the other lines begin.
// What came from outside in it is cleaned.
func Indented(style lipgloss.Style, sign, words string, width int) []string {
	lines := text.Wrap(text.Clean(words), width-ansi.StringWidth(sign))
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
