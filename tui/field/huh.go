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

// huhWidget is one field of huh. Of huh this package uses what draws and what
// edits, without a form around it:
//   - Enter never reaches huh. It would only ask for the next field in a later
//     message, and keys in between would still change the value.
//   - A widget that was made small does not grow again, so each size gets a new
//     widget, with the value it is to begin with.
//   - huh's commands, which blink the cursor and read the clipboard, are dropped.
type huhWidget struct{ field huh.Field }

// send gives huh a key or a paste.
func (w huhWidget) send(msg tea.Msg) {
	w.field.Update(msg) // a pointer inside: it changes itself
}

func (w huhWidget) view() string { return w.field.View() }

// huhTheme is ours in huh's terms. huh asks for its styles several times a key,
// so they are made once.
type huhTheme struct{ styles *huh.Styles }

func newHuhTheme(t *Theme) huhTheme {
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
	return huhTheme{&huh.Styles{Focused: styles, Blurred: styles}}
}

func huhConfirm(t *Theme, yes, no string, value *bool, width int) huhWidget {
	field := huh.NewConfirm().Affirmative(yes).Negative(no).WithButtonAlignment(lipgloss.Left)
	t.dress(field.Value(value), width)
	return huhWidget{field}
}

func huhInput(t *Theme, placeholder string, value *string, width int) huhWidget {
	field := huh.NewInput().Placeholder(placeholder).Prompt(marker)
	t.dress(field, width)
	field.Value(value) // after the width: a long value would not be seen before the first key
	return huhWidget{field}
}

// leastHuhWidth is the cells that huh needs: its input panics in fewer.
const leastHuhWidth = 8

func (t *Theme) dress(field huh.Field, width int) {
	field.WithTheme(huh.ThemeFunc(func(bool) *huh.Styles { return t.huh.styles }))
	field.WithKeyMap(huhKeys())
	field.WithWidth(max(width, leastHuhWidth))
	field.Focus()
}

// huhKeys is what moves inside a field. What ends one or goes back is left out.
func huhKeys() *huh.KeyMap {
	toggle := key.NewBinding(key.WithKeys("left", "right", "h", "l", "tab"))
	return &huh.KeyMap{Confirm: huh.ConfirmKeyMap{Toggle: toggle}}
}

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

// Text is one line that is typed or pasted, and is no secret.
type Text struct {
	theme         *Theme
	placeholder   string
	typed         string
	check         func(string) error
	problem       error
	width, height int
	widget        huhWidget
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
	if t.widget.field == nil {
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
		t.widget.send(msg)
	case tea.PasteMsg: // of line endings huh makes spaces
		t.problem = nil
		t.widget.send(msg)
	}
	return nil, false
}

// View implements Field.
func (t *Text) View() string {
	if t.widget.field == nil {
		return ""
	}
	return fit(t.widget.view(), t.width, t.height)
}

// Lines implements Field.
func (*Text) Lines(int) Lines { return Lines{1, 1, 1} }

// Resize implements Field. With another width the cursor goes to the end.
func (t *Text) Resize(width, height int) {
	same := width == t.width && height > 0 && t.widget.field != nil
	t.width, t.height = width, height
	if same {
		return
	}
	t.widget = huhWidget{}
	if width <= 0 || height <= 0 {
		return
	}
	t.widget = huhInput(t.theme, t.placeholder, &t.typed, width)
}

// Problem implements Field.
func (t *Text) Problem() error { return t.problem }

// Keys implements Field.
func (*Text) Keys() []Key { return []Key{{Key: "enter", Does: "go on"}} }

// TakesEscape implements Field.
func (*Text) TakesEscape() bool { return false }
