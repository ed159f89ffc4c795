// Package field holds the theme of the wizard and the fields that answer its
// questions. A field doesn't know the other fields, or what happens with its value.
//
// Confirmations and texts are drawn by huh (https://pkg.go.dev/charm.land/huh/v2).
// Choices, lists and secrets are our own. In little room huh cuts a choice in the
// middle of an option and doesn't say that there are more; it draws every option of
// a list for every key; and it lets keys pressed after Enter into a secret.
//
// Next room: tui/flow, which says what the questions are.
package field

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"convox-travis/internal/text"
	"convox-travis/tui/flow"
)

// Field is the answer to one question on the screen. It changes only in its methods
// and is used from one goroutine. It starts no timers and reads nothing.
type Field interface {
	// Update takes a message. It reports done when the answer was given: the owner
	// takes the value at once, before the field gets another message. Ctrl-C, and
	// esc unless TakesEscape, are the owner's.
	Update(msg tea.Msg) (cmd tea.Cmd, done bool)

	// Value is the answer as it is now.
	Value() flow.Value

	// View has at most the lines and cells of the last Resize. Before the first one
	// it is empty. It changes nothing.
	View() string

	// Lines reports how many lines the field should have at a width.
	Lines(width int) Lines

	// Resize sets how many cells and lines there are.
	Resize(width, height int)

	// Problem is what is wrong with the answer, with hints where the error has some,
	// until the next key; nil if nothing is. The owner shows it.
	Problem() error

	// Keys are the keys that do something now, in the order to show them.
	Keys() []Key

	// TakesEscape reports whether esc does something here now instead of going back.
	TakesEscape() bool

	// TakesText reports whether a letter or a "?" is a part of the answer now.
	TakesText() bool
}

// Lines is how many lines a field needs at least, how many show what has to be
// known, and how many it can use.
type Lines struct{ Least, Enough, Most int }

// Key is a key, or a few of one kind, and what it does.
type Key struct {
	Key, Does string
	// Priority says which keys stay where there is no room for all of them: those
	// with the lowest go first, and among equals the last one.
	Priority int
}

const (
	OnlyHelp   = -2 // is named only on the help page
	keyLater   = -1 // is found without being named
	keyNormal  = 0
	keyAnswers = 2
)

const (
	marker = Focus + " " // before what has the focus
	space  = "  "        // in its place elsewhere, and between columns
)

type base struct {
	theme         *Theme
	width, height int
	problem       error // with the answer
}

func (b *base) Resize(width, height int) { b.width, b.height = width, height }

func (*base) Lines(int) Lines { return Lines{1, 1, 1} }

func (b *base) Problem() error { return b.problem }

func (*base) TakesEscape() bool { return false }

func (*base) TakesText() bool { return false }

func (b *base) fit(lines ...string) string {
	if b.width <= 0 || b.height <= 0 {
		return ""
	}
	lines = lines[:min(len(lines), b.height)]
	for i, line := range lines {
		lines[i] = ansi.Truncate(line, b.width, Ellipsis)
	}
	return strings.Join(lines, "\n")
}

// printable replaces what a terminal would obey.
func printable(value string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return utf8.RuneError
		}
		return r
	}, value)
}

// cutStart cuts a text at its start to fit the cells.
func cutStart(text string, cells int) string {
	over := ansi.StringWidth(text) - cells
	if over <= 0 {
		return text
	}
	cut := ansi.TruncateLeft(text, over+1, Ellipsis)
	if ansi.StringWidth(cut) > cells { // half of a wide letter
		cut = ansi.TruncateLeft(text, over+2, Ellipsis)
	}
	return cut
}

// cutMiddle cuts a text in the middle to fit the cells, so that both ends stay.
func cutMiddle(text string, cells int) string {
	if ansi.StringWidth(text) <= cells {
		return text
	}
	start := ansi.Truncate(text, cells/2, "")
	return start + cutStart(text, cells-ansi.StringWidth(start))
}

// Indented wraps a text in lines of a width, each styled by itself, with a sign before the first
// one and the others aligned with it. It cleans the text of what a terminal obeys.
func Indented(style lipgloss.Style, sign, words string, width int) []string {
	words = text.Clean(words)
	lines := text.Wrap(words, width-ansi.StringWidth(sign))
	for i, line := range lines {
		if i > 0 {
			sign = strings.Repeat(" ", ansi.StringWidth(sign))
		}
		lines[i] = Link(style.Render(sign+line), words)
	}
	return lines
}

var address = regexp.MustCompile(`https?://[^\s\x1b\x07]+[^\s\x1b\x07.,;:)]`)

// Link makes the addresses links that are whole on a line of a text
// (https://gist.github.com/egmontkob/eb114294efbcd5adb1944c9f3cb5feda).
func Link(line, words string) string {
	if !strings.Contains(words, "://") {
		return line // there can be thousands of lines
	}
	whole := address.FindAllString(words, -1)
	return address.ReplaceAllStringFunc(line, func(found string) string {
		if !slices.Contains(whole, found) {
			return found
		}
		return ansi.SetHyperlink(found) + found + ansi.ResetHyperlink()
	})
}

// Clip returns the first lines of a text. Where some are left out it ends in an
// ellipsis, which is a word of its own so that nobody reads it as part of an address.
func Clip(lines []string, count, width int) []string {
	if len(lines) <= count {
		return lines
	}
	if count <= 0 {
		return nil
	}
	clipped := append([]string(nil), lines[:count]...)
	last := clipped[count-1]
	for cells := ansi.StringWidth(last); cells > 0 && cells+2 > width; cells = ansi.StringWidth(last) {
		seen := strings.TrimRight(ansi.Strip(last), " ")
		words := strings.TrimRight(seen[:strings.LastIndex(seen, " ")+1], " ")
		last = ansi.Truncate(last, ansi.StringWidth(words), "")
	}
	if ansi.StringWidth(last) == 0 {
		clipped[count-1] = Ellipsis
	} else {
		clipped[count-1] = last + " " + Ellipsis
	}
	return clipped
}

// More says how much there is above and below what is on the screen.
func More(above, below int) string {
	var more []string
	if above > 0 {
		more = append(more, Up+" "+text.Grouped(above)+" more")
	}
	if below > 0 {
		more = append(more, Down+" "+text.Grouped(below)+" more")
	}
	return strings.Join(more, " · ")
}
