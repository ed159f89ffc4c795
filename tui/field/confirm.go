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

// This package uses what huh draws and edits, without a form around it:
//   - Enter never reaches huh. It would only ask for the next field in a later
//     message, and keys in between would still change the value.
//   - A widget that was small doesn't grow again, so each size gets a new widget,
//     which starts with the value.
//   - huh's commands, which blink the cursor and read the clipboard, are dropped.

// huhStyles is our theme for huh. huh asks for its styles several times a key, so
// they are made once.
func huhStyles(t *Theme) *huh.Styles {
	button := lipgloss.NewStyle().Padding(0, 1).MarginRight(2)
	styles := huh.FieldStyles{
		FocusedButton: button.Inherit(t.Selected).Reverse(true).SetString(Focus),
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

// dress gives a widget our theme, and the keys that move inside it but none that end
// it or go back.
func (t *Theme) dress(widget huh.Field, width int) {
	toggle := key.NewBinding(key.WithKeys("left", "right", "h", "l", "tab"))
	widget.WithTheme(huh.ThemeFunc(func(bool) *huh.Styles { return t.huh }))
	widget.WithKeyMap(&huh.KeyMap{Confirm: huh.ConfirmKeyMap{Toggle: toggle}})
	widget.WithWidth(max(width, leastHuhWidth))
	widget.Focus()
}

// drawn is a field that huh draws.
type drawn struct {
	base
	widget huh.Field // changes itself; nil without a size
}

// View implements Field.
func (d *drawn) View() string {
	if d.widget == nil {
		return ""
	}
	return d.fit(strings.Split(d.widget.View(), "\n")...)
}

// Lines implements Field.
func (*drawn) Lines(int) Lines { return Lines{1, 1, 1} }

// Confirm is yes or no, in words of its own.
type Confirm struct {
	drawn
	yes, no string
	atOnce  bool
	value   bool
}

// NewConfirm offers two answers; initial has the focus. Where atOnce, y and n give
// the answer, else they only move the focus, so that a key typed ahead does no harm.
func NewConfirm(theme *Theme, yes, no string, initial, atOnce bool) *Confirm {
	return &Confirm{drawn: drawn{base: base{theme: theme}}, yes: text.Clean(yes), no: text.Clean(no), value: initial, atOnce: atOnce}
}

// Value reports whether yes has the focus.
func (c *Confirm) Value() bool { return c.value }

// Update implements Field.
func (c *Confirm) Update(msg tea.Msg) (tea.Cmd, bool) {
	pressed, ok := msg.(tea.KeyPressMsg)
	if !ok || c.widget == nil {
		return nil, false
	}
	switch stroke := pressed.Keystroke(); stroke {
	case "enter":
		return nil, true
	case "y", "n":
		c.value = stroke == "y"
		return nil, c.atOnce
	default:
		c.widget.Update(msg)
	}
	return nil, false
}

// Resize implements Field.
func (c *Confirm) Resize(width, height int) {
	c.base.Resize(width, height)
	c.widget = nil
	if width <= 0 || height <= 0 {
		return
	}
	// Each button has a sign and three cells of space, and a gap behind it.
	yes, no := c.yes, c.no
	if room := width - 2*6; ansi.StringWidth(yes)+ansi.StringWidth(no) > room {
		yes, no = ansi.Truncate(yes, max(room/2, 1), Ellipsis), ansi.Truncate(no, max(room/2, 1), Ellipsis)
	}
	widget := huh.NewConfirm().Affirmative(yes).Negative(no)
	c.theme.dress(widget.WithButtonAlignment(lipgloss.Left).Value(&c.value), width)
	c.widget = widget
}

// Keys implements Field.
func (c *Confirm) Keys() []Key {
	keys := []Key{{Key: "←→", Does: "move"}}
	if c.atOnce {
		keys = append(keys, Key{Key: "y/n", Does: "answer", Priority: keyAnswers - 1})
	} else {
		keys = append(keys, Key{Key: "y/n", Does: "move to yes or no", Priority: OnlyHelp})
	}
	return append(keys, Key{Key: "enter", Does: "select", Priority: keyAnswers})
}

// Text is one line that is typed or pasted and isn't secret.
type Text struct {
	drawn
	placeholder string
	typed       string
	check       func(string) error
	problem     error
}

// NewText starts with a value, or shows a placeholder where that is "". Enter passes
// the trimmed value to check, which may be nil; its error is the Problem.
func NewText(theme *Theme, placeholder, initial string, check func(string) error) *Text {
	return &Text{drawn: drawn{base: base{theme: theme}}, placeholder: text.Clean(placeholder), typed: initial, check: check}
}

// Value is what was typed, without white space at its ends.
func (t *Text) Value() string { return strings.TrimSpace(t.typed) }

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
	case tea.PasteMsg: // huh turns line endings into spaces
		t.problem = nil
		t.widget.Update(msg)
	}
	return nil, false
}

// Resize implements Field. A new width moves the cursor to the end.
func (t *Text) Resize(width, height int) {
	same := width == t.width && height > 0 && t.widget != nil
	t.base.Resize(width, height)
	if same {
		return
	}
	t.widget = nil
	if width <= 0 || height <= 0 {
		return
	}
	widget := huh.NewInput().Placeholder(t.placeholder).Prompt(marker)
	t.theme.dress(widget, width)
	t.widget = widget.Value(&t.typed) // after the width: a long value would be invisible before the first key
}

// Problem implements Field.
func (t *Text) Problem() error { return t.problem }

// Keys implements Field.
func (*Text) Keys() []Key { return []Key{{Key: "enter", Does: "continue", Priority: keyAnswers}} }

// TakesText implements Field.
func (*Text) TakesText() bool { return true }
