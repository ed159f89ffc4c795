package field

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"convox-travis/internal/text"
)

// Option is one of a few answers.
type Option struct {
	Label    string
	Note     string // what it means, or ""
	Disabled string // why it cannot be chosen, or ""
}

// Choice is one of a few options. Long lists are for List.
type Choice struct {
	theme         *Theme
	options       []Option
	selected      int
	touched       bool
	problem       string
	width, height int
}

// NewChoice offers options, of which there must be one, with the option of
// number selected preselected; where that cannot be chosen, the first that can.
func NewChoice(theme *Theme, options []Option, selected int) *Choice {
	c := &Choice{theme: theme}
	for _, o := range options {
		c.options = append(c.options, Option{
			Label: text.Clean(o.Label), Note: text.Clean(o.Note),
			Disabled: text.Clean(o.Disabled),
		})
	}
	for i := range c.options {
		if c.can(i) {
			c.selected = i
			break
		}
	}
	c.SetSelected(selected)
	return c
}

// Selected is the number of the option that has the focus.
func (c *Choice) Selected() int { return c.selected }

// SetSelected gives another option the focus, unless it cannot be chosen or a
// person has touched the field.
func (c *Choice) SetSelected(selected int) {
	if !c.touched && c.can(selected) {
		c.selected = selected
	}
}

// Touched reports whether a key did something here.
func (c *Choice) Touched() bool { return c.touched }

func (c *Choice) can(i int) bool {
	return i >= 0 && i < len(c.options) && c.options[i].Disabled == ""
}

// Init implements Field.
func (*Choice) Init() tea.Cmd { return nil }

// Update implements Field.
func (c *Choice) Update(msg tea.Msg) (tea.Cmd, bool) {
	pressed, ok := msg.(tea.KeyPressMsg)
	if !ok || len(c.options) == 0 {
		return nil, false
	}
	switch pressed.Keystroke() {
	case "enter":
		c.touched = true
		if c.can(c.selected) {
			return nil, true
		}
		c.problem = cannot + c.options[c.selected].Disabled
	case "up", "k", "ctrl+p":
		c.move(-1)
	case "down", "j", "ctrl+n":
		c.move(1)
	}
	return nil, false
}

// move goes on at the other end where there is no option left.
func (c *Choice) move(by int) {
	if len(c.options) > 1 {
		c.selected = (c.selected + by + len(c.options)) % len(c.options)
		c.touched, c.problem = true, ""
	}
}

// Resize implements Field.
func (c *Choice) Resize(width, height int) { c.width, c.height = width, height }

// Problem implements Field.
func (c *Choice) Problem() error { return refusal(c.problem) }

// Keys implements Field.
func (c *Choice) Keys() []Key {
	var keys []Key
	if len(c.options) > 1 {
		keys = append(keys, Key{Key: "↑/↓", Does: "move"})
	}
	if c.can(c.selected) {
		keys = append(keys, Key{Key: "enter", Does: "choose"})
	}
	return keys
}

// TakesEscape implements Field.
func (*Choice) TakesEscape() bool { return false }

const cannot = "cannot be chosen: "

// View implements Field. Where there is little room, in which huh would cut the
// options, the notes go first, but for that of the option with the focus, and then
// options: how many is said.
func (c *Choice) View() string {
	if c.width <= 0 || c.height <= 0 || len(c.options) == 0 {
		return ""
	}
	var lines []string
	spare := c.height - c.labelled(c.width)
	switch {
	case c.noted(c.width) <= c.height:
		return c.all()
	case spare >= 0:
		for i := range c.options {
			lines = append(lines, c.label(i)...)
			if i == c.selected {
				lines = append(lines, Clip(c.note(i), spare, c.width)...)
			}
		}
	default:
		lines = c.window()
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
	if c.beside(width) {
		return len(c.options)
	}
	lines := c.labelled(width)
	for _, o := range c.options {
		lines += len(o.note(width))
	}
	return lines
}

// beside reports whether the notes stand in a column of their own, as they do
// where the longest has room.
func (c *Choice) beside(width int) bool {
	widest, longest := c.widest()
	return len(space)+widest+len(space)+longest <= width
}

func (c *Choice) widest() (label, note int) {
	for _, o := range c.options {
		label = max(label, ansi.StringWidth(o.Label))
		note = max(note, ansi.StringWidth(o.said()))
	}
	return label, note
}

// said is the note, or why the option cannot be chosen.
func (o Option) said() string {
	if o.Disabled != "" {
		return cannot + o.Disabled
	}
	return o.Note
}

func (o Option) label(width int) []string { return text.Wrap(o.Label, width-len(space)) }

func (o Option) note(width int) []string {
	if o.said() == "" {
		return nil
	}
	return text.Wrap(o.said(), width-2*len(space))
}

// all are the options with their notes.
func (c *Choice) all() string {
	labels, beside := make([]string, len(c.options)), c.beside(c.width)
	widest, _ := c.widest()
	for i, o := range c.options {
		lines := o.label(c.width)
		for n, line := range lines {
			lines[n] = c.style(i).Render(line)
		}
		if beside && o.said() != "" {
			lines[0] += strings.Repeat(" ", widest-ansi.StringWidth(o.Label)+len(space)) + c.theme.Muted.Render(o.said())
		} else {
			for _, line := range o.note(c.width) {
				lines = append(lines, space+c.theme.Muted.Render(line))
			}
		}
		labels[i] = strings.Join(lines, "\n")
	}
	return huhSelect(c.theme, labels, c.selected, c.width).view()
}

func (c *Choice) style(i int) lipgloss.Style {
	switch {
	case i == c.selected:
		return c.theme.Selected
	case c.options[i].Disabled != "":
		return c.theme.Muted
	}
	return c.theme.Text
}

func (c *Choice) label(i int) []string {
	style, sign := c.style(i), space
	if i == c.selected {
		sign = c.theme.Marker.Render(marker)
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
	return append(Clip(lines, room, c.width), c.theme.Muted.Render(space+More(first, len(c.options)-1-last)))
}

// More says how much stands above and below what is seen.
func More(above, below int) string {
	var more []string
	if above > 0 {
		more = append(more, fmt.Sprintf("%d more above", above))
	}
	if below > 0 {
		more = append(more, fmt.Sprintf("%d more below", below))
	}
	return cut + " " + strings.Join(more, ", ")
}
