package field

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"convox-travis/internal/text"
)

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
