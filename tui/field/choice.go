package field

import (
	"al.essio.dev/pkg/shellescape"
	tea "charm.land/bubbletea/v2"
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
			Label: shellescape.StripUnsafe(o.Label), Note: shellescape.StripUnsafe(o.Note),
			Disabled: shellescape.StripUnsafe(o.Disabled),
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
