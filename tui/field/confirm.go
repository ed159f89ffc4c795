package field

import (
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
	"charm.land/huh/v2"
	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"convox-travis/internal/text"
	"convox-travis/tui/flow"
)

// This package uses what huh draws and edits, without a form around it. Enter never
// reaches huh: it would only ask for the next field in a later message, and keys in
// between would still change the value. The commands of huh, which blink the cursor
// and read the clipboard, are dropped.

// dress gives a widget of huh our theme, and the keys that move inside it but none
// that end it.
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

// Value implements Field.
func (c *Confirm) Value() flow.Value { return flow.Value{Yes: c.value} }

// Update implements Field.
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

// View implements Field.
func (c *Confirm) View() string { return c.fit(c.widget.View()) }

// Lines implements Field.
func (*Confirm) Lines(int) Lines { return Lines{1, 1, 1} }

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
	base
	widget      *huh.Input
	placeholder string
	typed       string // the widget's value
	check       func(string) error
	problem     error
}

// NewText starts with a value, or shows a placeholder where that is "". Enter passes
// the trimmed value to check, which may be nil; its error is the Problem.
func NewText(theme *Theme, placeholder, initial string, check func(string) error) *Text {
	t := &Text{base: base{theme: theme}, placeholder: text.Clean(placeholder), typed: initial, check: check}
	t.makeWidget()
	return t
}

// leastInputWidth is the cells that huh's input needs: in fewer it panics.
const leastInputWidth = 8

// makeWidget makes a widget for the width, with the cursor at the end. One that was
// made for another width would show too much of a long value, or too little.
func (t *Text) makeWidget() {
	t.widget = huh.NewInput().Placeholder(t.placeholder).Prompt(marker)
	t.theme.dress(t.widget)
	t.widget.WithWidth(max(t.width, leastInputWidth))
	t.widget.Value(&t.typed) // after the width: a long value would be invisible before the first key
}

// Value implements Field. It has no white space at its ends.
func (t *Text) Value() flow.Value { return flow.Value{Text: strings.TrimSpace(t.typed)} }

// Update implements Field.
func (t *Text) Update(msg tea.Msg) (tea.Cmd, bool) {
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		t.problem = nil
		if msg.Keystroke() == "enter" {
			if t.check != nil {
				t.problem = t.check(t.Value().Text)
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
	isNew := width != t.width
	t.base.Resize(width, height)
	if isNew {
		t.makeWidget()
	}
}

// View implements Field.
func (t *Text) View() string { return t.fit(strings.Split(t.widget.View(), "\n")...) }

// Lines implements Field.
func (*Text) Lines(int) Lines { return Lines{1, 1, 1} }

// Problem implements Field.
func (t *Text) Problem() error { return t.problem }

// Keys implements Field.
func (*Text) Keys() []Key { return []Key{{Key: "enter", Does: "continue", Priority: keyAnswers}} }

// TakesText implements Field.
func (*Text) TakesText() bool { return true }
