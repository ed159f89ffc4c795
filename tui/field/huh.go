package field

import (
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
	"charm.land/huh/v2"
	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"convox-travis/internal/text"
)

// Of huh this package uses what draws and what edits, without a form around it:
//   - Enter never reaches huh. It would only ask for the next field in a later
//     message, and keys in between would still change the value.
//   - A widget that was made small does not grow again, so each size gets a new
//     widget, with the value it is to begin with.
//   - huh's commands, which blink the cursor and read the clipboard, are dropped.

// huhStyles is our theme in huh's terms. huh asks for its styles several times a
// key, so they are made once.
func huhStyles(t *Theme) *huh.Styles {
	button := lipgloss.NewStyle().Padding(0, 1).MarginRight(2)
	styles := huh.FieldStyles{
		FocusedButton: button.Inherit(t.Selected).Reverse(true).SetString("›"),
		BlurredButton: button.SetString(" "),
		TextInput: huh.TextInputStyles{
			Placeholder: t.Muted,
			Prompt:      t.Selected,
			Text:        t.Text,
		},
	}
	return &huh.Styles{Focused: styles, Blurred: styles}
}

// leastHuhWidth is the cells that huh needs: its input panics in fewer.
const leastHuhWidth = 8

// dress gives a field our theme, and the keys that move inside it. What ends one or
// goes back is left out.
func (t *Theme) dress(field huh.Field, width int) {
	toggle := key.NewBinding(key.WithKeys("left", "right", "h", "l", "tab"))
	field.WithTheme(huh.ThemeFunc(func(bool) *huh.Styles { return t.huh }))
	field.WithKeyMap(&huh.KeyMap{Confirm: huh.ConfirmKeyMap{Toggle: toggle}})
	field.WithWidth(max(width, leastHuhWidth))
	field.Focus()
}

// Confirm is a yes or a no, in words of their own.
type Confirm struct {
	theme         *Theme
	yes, no       string
	value         bool
	width, height int
	widget        huh.Field // changes itself
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
	if !ok || c.widget == nil {
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
		c.widget.Update(msg)
	}
	return nil, false
}

// View implements Field.
func (c *Confirm) View() string {
	if c.widget == nil {
		return ""
	}
	return fit(c.widget.View(), c.width, c.height)
}

// Lines implements Field.
func (*Confirm) Lines(int) Lines { return Lines{1, 1, 1} }

// Resize implements Field.
func (c *Confirm) Resize(width, height int) {
	c.width, c.height = width, height
	c.widget = nil
	if width <= 0 || height <= 0 {
		return
	}
	// Each button has a sign and four cells of space, and a gap behind it.
	room := max(width/2-6, 1)
	widget := huh.NewConfirm().Affirmative(ansi.Truncate(c.yes, room, cut)).Negative(ansi.Truncate(c.no, room, cut))
	c.theme.dress(widget.WithButtonAlignment(lipgloss.Left).Value(&c.value), width)
	c.widget = widget
}

// Problem implements Field.
func (*Confirm) Problem() error { return nil }

// Keys implements Field.
func (*Confirm) Keys() []Key {
	return []Key{{Key: "←/→", Does: "move"}, {Key: "y/n", Does: "move there", Spare: true}, {Key: "enter", Does: "choose"}}
}

// TakesEscape implements Field.
func (*Confirm) TakesEscape() bool { return false }

// Text is one line that is typed or pasted, and is no secret.
type Text struct {
	theme         *Theme
	placeholder   string
	typed         string
	check         func(string) error
	problem       error
	width, height int
	widget        huh.Field // changes itself
}

// NewText begins with a value, or shows a placeholder where that is "". Enter
// hands the trimmed value to check, which may be nil; its error is the Problem.
func NewText(theme *Theme, placeholder, initial string, check func(string) error) *Text {
	return &Text{theme: theme, placeholder: text.Clean(placeholder), typed: initial, check: check}
}

// Value is what was typed, without white space at its ends.
func (t *Text) Value() string { return strings.TrimSpace(t.typed) }

// Init implements Field.
func (*Text) Init() tea.Cmd { return nil }

// Update implements Field.
func (t *Text) Update(msg tea.Msg) (tea.Cmd, bool) {
	if t.widget == nil {
		return nil, false
	}
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		t.problem = nil
		if msg.Keystroke() == "enter" {
			if t.check != nil {
				t.problem = t.check(t.Value())
			}
			return nil, t.problem == nil
		}
		t.widget.Update(msg)
	case tea.PasteMsg: // of line endings huh makes spaces
		t.problem = nil
		t.widget.Update(msg)
	}
	return nil, false
}

// View implements Field.
func (t *Text) View() string {
	if t.widget == nil {
		return ""
	}
	return fit(t.widget.View(), t.width, t.height)
}

// Lines implements Field.
func (*Text) Lines(int) Lines { return Lines{1, 1, 1} }

// Resize implements Field. With another width the cursor goes to the end.
func (t *Text) Resize(width, height int) {
	same := width == t.width && height > 0 && t.widget != nil
	t.width, t.height = width, height
	if same {
		return
	}
	t.widget = nil
	if width <= 0 || height <= 0 {
		return
	}
	widget := huh.NewInput().Placeholder(t.placeholder).Prompt(marker)
	t.theme.dress(widget, width)
	t.widget = widget.Value(&t.typed) // after the width: a long value would not be seen before the first key
}

// Problem implements Field.
func (t *Text) Problem() error { return t.problem }

// Keys implements Field.
func (*Text) Keys() []Key { return []Key{{Key: "enter", Does: "go on"}} }

// TakesEscape implements Field.
func (*Text) TakesEscape() bool { return false }
