package field

import (
	"strings"

	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"convox-travis/internal/text"
	"convox-travis/tui/flow"
)

// Confirm is yes or no, in words of its own.
type Confirm struct {
	base
	yes, no string
	atOnce  bool
	value   bool
}

// NewConfirm offers two answers; initial has the focus. Where atOnce, y and n give
// the answer, else they only move the focus, so that a key typed ahead does no harm.
func NewConfirm(theme *Theme, yes, no string, initial, atOnce bool) *Confirm {
	return &Confirm{base: base{theme: theme}, yes: text.Clean(yes), no: text.Clean(no), value: initial, atOnce: atOnce}
}

// Value implements Field.
func (c *Confirm) Value() flow.Value { return flow.Value{Yes: c.value} }

// Update implements Field.
func (c *Confirm) Update(msg tea.Msg) (tea.Cmd, bool) {
	pressed, _ := msg.(tea.KeyPressMsg)
	switch stroke := pressed.Keystroke(); stroke {
	case "enter":
		return nil, true
	case "y", "n":
		c.value = stroke == "y"
		return nil, c.atOnce
	case "left", "right", "h", "l", "tab":
		c.value = !c.value
	}
	return nil, false
}

// View implements Field.
func (c *Confirm) View() string {
	yes, no := c.yes, c.no
	// Each button has a sign and three cells of space, and a gap behind it.
	if room := c.width - 2*6; ansi.StringWidth(yes)+ansi.StringWidth(no) > room {
		yes, no = ansi.Truncate(yes, max(room/2, 1), Ellipsis), ansi.Truncate(no, max(room/2, 1), Ellipsis)
	}
	button := func(label string, isFocused bool) string {
		if isFocused {
			return c.theme.Selected.Reverse(true).Padding(0, 1).Render(marker + label)
		}
		return lipgloss.NewStyle().Padding(0, 1).Render(space + label)
	}
	return c.fit(button(yes, c.value) + space + button(no, !c.value))
}

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
	input   textinput.Model
	check   func(string) error
	problem error
}

// NewText starts with a value, or shows a placeholder where that is "". Enter passes
// the trimmed value to check, which may be nil; its error is the Problem.
func NewText(theme *Theme, placeholder, initial string, check func(string) error) *Text {
	input := textinput.New()
	input.Prompt, input.Placeholder = marker, text.Clean(placeholder)
	input.Focus()
	input.SetValue(initial)
	return &Text{base: base{theme: theme}, input: input, check: check}
}

// Value implements Field. It has no white space at its ends.
func (t *Text) Value() flow.Value { return flow.Value{Text: strings.TrimSpace(t.input.Value())} }

// Update implements Field. The commands of the input, which blink the cursor and
// read the clipboard, are dropped.
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
		t.input, _ = t.input.Update(msg)
	case tea.PasteMsg: // the input turns line endings into spaces
		t.problem = nil
		t.input, _ = t.input.Update(msg)
	}
	return nil, false
}

// Resize implements Field. A new width moves the cursor to the end.
func (t *Text) Resize(width, height int) {
	if width != t.width {
		t.input.SetWidth(max(width-len(space)-1, 1))
		t.input.SetValue(t.input.Value()) // which part of it is on the screen depends on the width
		t.input.CursorEnd()
	}
	t.base.Resize(width, height)
}

// View implements Field.
func (t *Text) View() string {
	styles := t.input.Styles()
	styles.Focused = textinput.StyleState{Prompt: t.theme.Selected, Text: t.theme.Text, Placeholder: t.theme.Muted}
	styles.Cursor.Color = lipgloss.NoColor{}
	input := t.input
	input.SetStyles(styles)
	return t.fit(input.View())
}

// Lines implements Field.
func (*Text) Lines(int) Lines { return Lines{1, 1, 1} }

// Problem implements Field.
func (t *Text) Problem() error { return t.problem }

// Keys implements Field.
func (*Text) Keys() []Key { return []Key{{Key: "enter", Does: "continue", Priority: keyAnswers}} }

// TakesText implements Field.
func (*Text) TakesText() bool { return true }
