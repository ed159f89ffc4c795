package field

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"convox-travis/internal/text"
)

// Option is one of a few answers.
type Option struct {
	Label string
	Note  string // what it means, or ""
}

// Choice is one of a few options. Long lists are for List.
type Choice struct {
	theme         *Theme
	options       []Option
	selected      int
	width, height int
}

// NewChoice offers options, of which there must be one; the option of number
// selected has the focus.
func NewChoice(theme *Theme, options []Option, selected int) *Choice {
	c := &Choice{theme: theme, selected: selected}
	for _, o := range options {
		c.options = append(c.options, Option{Label: text.Clean(o.Label), Note: text.Clean(o.Note)})
	}
	return c
}

// Selected is the number of the option that has the focus.
func (c *Choice) Selected() int { return c.selected }

// SetSelected gives another option the focus.
func (c *Choice) SetSelected(selected int) { c.selected = selected }

// Init implements Field.
func (*Choice) Init() tea.Cmd { return nil }

// Update implements Field.
func (c *Choice) Update(msg tea.Msg) (tea.Cmd, bool) {
	pressed, ok := msg.(tea.KeyPressMsg)
	if !ok {
		return nil, false
	}
	switch pressed.Keystroke() {
	case "enter":
		return nil, true
	case "up", "k", "ctrl+p":
		c.move(-1)
	case "down", "j", "ctrl+n":
		c.move(1)
	}
	return nil, false
}

// move continues at the other end where there is no option left.
func (c *Choice) move(by int) {
	c.selected = (c.selected + by + len(c.options)) % len(c.options)
}

// Resize implements Field.
func (c *Choice) Resize(width, height int) { c.width, c.height = width, height }

// Problem implements Field.
func (*Choice) Problem() error { return nil }

// Keys implements Field.
func (c *Choice) Keys() []Key {
	keys := []Key{{Key: "enter", Does: "choose"}}
	if len(c.options) > 1 {
		keys = append([]Key{{Key: "↑/↓", Does: "move"}}, keys...)
	}
	return keys
}

// TakesEscape implements Field.
func (*Choice) TakesEscape() bool { return false }

// View implements Field. Where there is little room, the notes go first, but for
// that of the option with the focus, and then options: how many is said.
func (c *Choice) View() string {
	if c.width <= 0 || c.height <= 0 {
		return ""
	}
	spare := c.height - c.labelled(c.width)
	if spare < 0 {
		return fit(strings.Join(c.window(), "\n"), c.width, c.height)
	}
	var lines []string
	isAll := c.noted(c.width) <= c.height
	column, isBeside := c.column(c.width)
	for i, o := range c.options {
		label, note := c.label(i), c.note(i)
		switch {
		case isBeside && o.Note != "":
			label[0] += strings.Repeat(" ", column-ansi.StringWidth(o.Label)) + c.theme.Muted.Render(o.Note)
			note = nil
		case isAll:
		case i == c.selected:
			note = Clip(note, spare, c.width)
		default:
			note = nil
		}
		lines = append(append(lines, label...), note...)
	}
	return fit(strings.Join(lines, "\n"), c.width, c.height)
}

// Lines implements Field.
func (c *Choice) Lines(width int) Lines {
	tallest, note := 0, 0
	for _, o := range c.options {
		tallest = max(tallest, len(o.label(width)))
		note = max(note, len(o.note(width)))
	}
	if len(c.options) > 1 {
		tallest++ // says how many there are besides
	}
	labels, most := c.labelled(width), c.noted(width)
	return Lines{Least: min(tallest, labels), Enough: min(labels+note, most), Most: most}
}

// labelled is how many lines the options take without their notes.
func (c *Choice) labelled(width int) int {
	lines := 0
	for _, o := range c.options {
		lines += len(o.label(width))
	}
	return lines
}

// noted is how many they take with them.
func (c *Choice) noted(width int) int {
	lines := c.labelled(width)
	if _, isBeside := c.column(width); !isBeside {
		for _, o := range c.options {
			lines += len(o.note(width))
		}
	}
	return lines
}

// column is where a column of notes beside the labels begins, and whether the
// longest note has room there.
func (c *Choice) column(width int) (from int, fits bool) {
	longest := 0
	for _, o := range c.options {
		from = max(from, ansi.StringWidth(o.Label)+len(space))
		longest = max(longest, ansi.StringWidth(o.Note))
	}
	return from, len(space)+from+longest <= width
}

func (o Option) label(width int) []string { return text.Wrap(o.Label, width-len(space)) }

func (o Option) note(width int) []string {
	if o.Note == "" {
		return nil
	}
	return text.Wrap(o.Note, width-2*len(space))
}

func (c *Choice) label(i int) []string {
	style, sign := c.theme.Text, space
	if i == c.selected {
		style, sign = c.theme.Selected, c.theme.Selected.Render(marker)
	}
	lines := c.options[i].label(c.width)
	for n, line := range lines {
		lines[n] = sign + style.Render(line)
		sign = space
	}
	return lines
}

func (c *Choice) note(i int) []string {
	lines := c.options[i].note(c.width)
	for n, line := range lines {
		lines[n] = space + space + c.theme.Muted.Render(line)
	}
	return lines
}

// window is those options around the one with the focus that have room, and how
// many have none.
func (c *Choice) window() []string {
	room := c.height - 1
	if room == 0 {
		return Clip(c.label(c.selected), 1, c.width)
	}
	lines := c.label(c.selected)
	first, last := c.selected, c.selected
	for ; first > 0 && len(lines)+len(c.label(first-1)) <= room; first-- {
		lines = append(c.label(first-1), lines...)
	}
	for ; last+1 < len(c.options) && len(lines)+len(c.label(last+1)) <= room; last++ {
		lines = append(lines, c.label(last+1)...)
	}
	return append(Clip(lines, room, c.width), c.theme.Muted.Render(space+More(c.theme, first, len(c.options)-1-last)))
}

// More says how much stands above and below what is seen.
func More(theme *Theme, above, below int) string {
	var more []string
	if above > 0 {
		more = append(more, fmt.Sprintf("%s %d more", theme.Glyphs.Up, above))
	}
	if below > 0 {
		more = append(more, fmt.Sprintf("%s %d more", theme.Glyphs.Down, below))
	}
	return "  " + strings.Join(more, "  ")
}
