package field

import (
	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"convox-travis/internal/text"
)

// Confirm is a yes or a no, in words of their own.
type Confirm struct {
	theme         *Theme
	yes, no       string
	value         bool
	width, height int
	widget        huhWidget
}

// NewConfirm offers two answers; initial is which has the focus.
func NewConfirm(theme *Theme, yes, no string, initial bool) *Confirm {
	return &Confirm{theme: theme, yes: text.Clean(yes), no: text.Clean(no), value: initial}
}

// Value reports whether yes has the focus.
func (c *Confirm) Value() bool { return c.value }

// Init implements Field.
func (*Confirm) Init() tea.Cmd { return nil }

// Update implements Field. The letters y and n only move the focus, so that a
// key typed ahead confirms nothing.
func (c *Confirm) Update(msg tea.Msg) (tea.Cmd, bool) {
	pressed, ok := msg.(tea.KeyPressMsg)
	if !ok || c.widget.field == nil {
		return nil, false
	}
	switch pressed.Keystroke() {
	case "enter":
		return nil, true
	case "y":
		c.value = true
	case "n":
		c.value = false
	default:
		c.widget.send(msg)
	}
	return nil, false
}

// View implements Field.
func (c *Confirm) View() string {
	if c.widget.field == nil {
		return ""
	}
	return fit(c.widget.view(), c.width, c.height)
}

// Lines implements Field.
func (*Confirm) Lines(int) Lines { return Lines{1, 1, 1} }

// Resize implements Field.
func (c *Confirm) Resize(width, height int) {
	c.width, c.height = width, height
	c.widget = huhWidget{}
	if width <= 0 || height <= 0 {
		return
	}
	// Each button has a sign and four cells of space, and a gap behind it.
	room := max(width/2-6, 1)
	c.widget = huhConfirm(c.theme, ansi.Truncate(c.yes, room, cut), ansi.Truncate(c.no, room, cut), &c.value, width)
}

// Problem implements Field.
func (*Confirm) Problem() error { return nil }

// Keys implements Field.
func (*Confirm) Keys() []Key {
	return []Key{{Key: "←/→", Does: "move"}, {Key: "y/n", Does: "move there", Spare: true}, {Key: "enter", Does: "choose"}}
}

// TakesEscape implements Field.
func (*Confirm) TakesEscape() bool { return false }
