package field

import (
	"slices"
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
	"charm.land/huh/v2"
	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"convox-travis/internal/text"
	"convox-travis/tui/flow"
)

// Choice is one of a few options. Long lists are for List.
type Choice struct {
	base
	options  []flow.Option
	selected int
}

// NewChoice offers options, at least one. The option with the index selected has
// the focus.
func NewChoice(theme *Theme, options []flow.Option, selected int) *Choice {
	c := &Choice{base: base{theme: theme}, selected: selected}
	for _, o := range options {
		c.options = append(c.options, flow.Option{Label: text.Clean(o.Label), Note: text.Clean(o.Note)})
	}
	return c
}

func (c *Choice) Value() flow.Value { return flow.Value{Index: c.selected} }

// Select moves the focus to another option.
func (c *Choice) Select(selected int) { c.selected = selected }

func (c *Choice) Update(msg tea.Msg) (tea.Cmd, bool) {
	pressed, ok := msg.(tea.KeyPressMsg)
	if !ok {
		return nil, false
	}
	switch pressed.Keystroke() {
	case "enter":
		return nil, true
	case "up", "k", "ctrl+p":
		c.selected = max(c.selected-1, 0)
	case "down", "j", "ctrl+n":
		c.selected = min(c.selected+1, len(c.options)-1)
	case "home":
		c.selected = 0
	case "end":
		c.selected = len(c.options) - 1
	}
	return nil, false
}

func (c *Choice) Keys() []Key {
	keys := []Key{{Key: "enter", Does: "select", Priority: keyAnswers}}
	if len(c.options) > 1 {
		keys = append([]Key{{Key: "↑↓", Does: "move"}}, keys...)
	}
	return keys
}

// View implements Field. In little room the notes go first, except that of the
// option with the focus, then options: it says how many.
func (c *Choice) View() string {
	blocks := c.blocks(c.width, true)
	if height(blocks) > c.height {
		focused := blocks[c.selected]
		blocks = c.blocks(c.width, false)
		if spare := c.height - height(blocks); spare >= 0 {
			label := blocks[c.selected]
			blocks[c.selected] = append(label, Clip(focused[len(label):], spare, c.width)...)
		} else {
			blocks = c.window(blocks)
		}
	}
	return c.fit(slices.Concat(blocks...)...)
}

func (c *Choice) Lines(width int) Lines {
	labels, blocks := c.blocks(width, false), c.blocks(width, true)
	tallest, note := 0, 0
	for i, block := range blocks {
		tallest = max(tallest, len(labels[i]))
		note = max(note, len(block)-len(labels[i]))
	}
	if len(labels) > 1 {
		tallest++ // says how many there are besides
	}
	least, most := height(labels), height(blocks)
	return Lines{Least: min(tallest, least), Enough: min(least+note, most), Most: most}
}

func height(blocks [][]string) int { return len(slices.Concat(blocks...)) }

// blocks are the lines of each option. Notes are in a column, or below the labels where hasNotes.
func (c *Choice) blocks(width int, hasNotes bool) [][]string {
	column, longest := 0, 0
	for _, o := range c.options {
		column = max(column, ansi.StringWidth(o.Label)+len(space))
		longest = max(longest, ansi.StringWidth(o.Note))
	}
	isBeside := len(space)+column+longest <= width
	blocks := make([][]string, len(c.options))
	for i, o := range c.options {
		style, sign := c.theme.Text, space
		if i == c.selected {
			style, sign = c.theme.Selected, c.theme.Selected.Render(marker)
		}
		for _, line := range text.Wrap(o.Label, width-len(space)) {
			blocks[i] = append(blocks[i], sign+style.Render(line))
			sign = space
		}
		switch {
		case o.Note == "":
		case isBeside:
			blocks[i][0] += strings.Repeat(" ", column-ansi.StringWidth(o.Label)) + c.theme.Muted.Render(o.Note)
		case hasNotes:
			blocks[i] = append(blocks[i], Indented(c.theme.Muted, space+space, o.Note, width)...)
		}
	}
	return blocks
}

// window is the options around the one with the focus that fit, and how many don't.
func (c *Choice) window(blocks [][]string) [][]string {
	room := c.height - 1
	if room <= 0 {
		return [][]string{Clip(blocks[c.selected], c.height, c.width)}
	}
	first, last := c.selected, c.selected+1
	for first > 0 && height(blocks[first-1:last]) <= room {
		first--
	}
	for last < len(blocks) && height(blocks[first:last+1]) <= room {
		last++
	}
	lines := Clip(slices.Concat(blocks[first:last]...), room, c.width)
	return [][]string{lines, {c.theme.Muted.Render(space + More(first, len(blocks)-last))}}
}

// This package uses what huh draws and edits, without a form around it. Enter never
// reaches huh: it would only ask for the next field in a later message, and keys in
// between would still change the value. The commands of huh, which blink the cursor
// and read the clipboard, are dropped.

// dress gives a widget of huh our theme, and the keys that move inside it.
func (t *Theme) dress(widget huh.Field) {
	widget.WithTheme(huh.ThemeFunc(func(bool) *huh.Styles {
		button := lipgloss.NewStyle().Padding(0, 1).MarginRight(len(space))
		return &huh.Styles{Focused: huh.FieldStyles{
			FocusedButton: button.Inherit(t.Selected).Reverse(true).SetString(Focus),
			BlurredButton: button.SetString(" "),
			TextInput:     huh.TextInputStyles{Prompt: t.Selected, Text: t.Text, Placeholder: t.Muted},
		}}
	}))
	toggle := key.NewBinding(key.WithKeys("left", "right", "h", "l", "tab"))
	widget.WithKeyMap(&huh.KeyMap{Confirm: huh.ConfirmKeyMap{Toggle: toggle}})
	widget.Focus()
}

// Confirm is yes or no, in words of its own.
type Confirm struct {
	base
	widget  *huh.Confirm
	yes, no string
	atOnce  bool
	value   bool // the widget's
}

// NewConfirm offers two answers; initial has the focus. Where atOnce, y and n give
// the answer, else they only move the focus, so that a key typed ahead does no harm.
func NewConfirm(theme *Theme, yes, no string, initial, atOnce bool) *Confirm {
	c := &Confirm{base: base{theme: theme}, yes: text.Clean(yes), no: text.Clean(no), value: initial, atOnce: atOnce}
	c.widget = huh.NewConfirm().WithButtonAlignment(lipgloss.Left).Value(&c.value)
	theme.dress(c.widget)
	return c
}

func (c *Confirm) Value() flow.Value { return flow.Value{Yes: c.value} }

func (c *Confirm) Update(msg tea.Msg) (tea.Cmd, bool) {
	pressed, ok := msg.(tea.KeyPressMsg)
	if !ok {
		return nil, false
	}
	switch stroke := pressed.Keystroke(); stroke {
	case "enter":
		return nil, true
	case "y", "n":
		c.value = stroke == "y"
		return nil, c.atOnce
	}
	c.widget.Update(msg)
	return nil, false
}

// Resize implements Field. What the words have no room for is cut: each button has a
// sign and three cells of space, and a gap behind it.
func (c *Confirm) Resize(width, height int) {
	c.base.Resize(width, height)
	yes, no := c.yes, c.no
	if room := width - 2*6; ansi.StringWidth(yes)+ansi.StringWidth(no) > room {
		yes, no = ansi.Truncate(yes, max(room/2, 1), Ellipsis), ansi.Truncate(no, max(room/2, 1), Ellipsis)
	}
	c.widget.Affirmative(yes).Negative(no)
}

func (c *Confirm) View() string { return c.fit(c.widget.View()) }

func (c *Confirm) Keys() []Key {
	keys := []Key{{Key: "←→", Does: "move"}}
	if c.atOnce {
		keys = append(keys, Key{Key: "y/n", Does: "answer", Priority: keyAnswers - 1})
	} else {
		keys = append(keys, Key{Key: "y/n", Does: "move to yes or no", Priority: OnlyHelp})
	}
	return append(keys, Key{Key: "enter", Does: "select", Priority: keyAnswers})
}
