package field

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"

	"convox-travis/internal/secret"
)

// longestSecret is the most bytes that a Secret holds.
const longestSecret = 64 << 10

// Secret is one line that is typed or pasted unseen. Its value is shown only
// after its owner has asked, until Enter, the next Init, or the terminal's loss
// of the focus. The cursor is always at the end.
type Secret struct {
	theme         *Theme
	value         secret.String
	shown         bool
	problem       string
	width, height int
}

// NewSecret begins with a value, which may be empty.
func NewSecret(theme *Theme, initial secret.String) *Secret {
	return &Secret{theme: theme, value: initial}
}

// Value is what was typed and pasted, white space included.
func (s *Secret) Value() secret.String { return s.value }

// Init implements Field.
func (s *Secret) Init() tea.Cmd {
	s.shown, s.problem = false, ""
	return nil
}

// Update implements Field.
func (s *Secret) Update(msg tea.Msg) (tea.Cmd, bool) {
	switch msg := msg.(type) {
	case tea.BlurMsg:
		s.shown = false
	case tea.PasteMsg:
		s.paste(msg.Content)
	case tea.KeyPressMsg:
		return nil, s.press(msg)
	}
	return nil, false
}

func (s *Secret) press(key tea.KeyPressMsg) (done bool) {
	s.problem = ""
	switch key.Keystroke() {
	case "enter":
		s.shown = false
		if s.value.IsEmpty() {
			s.problem = "nothing was typed or pasted yet"
			return false
		}
		return true
	case "ctrl+r":
		// Tab is pressed by habit, and a browser keeps ctrl+t for itself.
		s.shown = !s.shown && !s.value.IsEmpty()
	case "ctrl+u":
		s.value, s.shown = secret.String{}, false
	case "backspace", "ctrl+h":
		value := s.value.Reveal()
		_, size := utf8.DecodeLastRuneInString(value)
		s.value = secret.New(value[:len(value)-size])
		s.shown = s.shown && !s.value.IsEmpty()
	default:
		s.add(key.Text, "typed")
	}
	return false
}

// paste takes one line. What was copied with its line's end is taken without it;
// of more lines none is, since then what is pasted would not be what is sent.
func (s *Secret) paste(text string) {
	s.problem = ""
	for _, ending := range []string{"\r\n", "\n", "\r"} { // terminals send "\r" for "\n"
		if line, found := strings.CutSuffix(text, ending); found {
			text = line
			break
		}
	}
	if strings.ContainsAny(text, "\r\n") {
		s.problem = "more than one line was pasted: nothing of it was taken"
		return
	}
	s.add(text, "pasted")
}

func (s *Secret) add(text, how string) {
	value := s.value.Reveal()
	if len(value)+len(text) > longestSecret {
		s.problem = fmt.Sprintf("more than %d KiB: what was %s last was not taken", longestSecret>>10, how)
		return
	}
	if text != "" {
		s.value = secret.New(value + text)
	}
}

// View implements Field.
func (s *Secret) View() string {
	if s.width <= 0 {
		return ""
	}
	room := max(s.width-len(space)-1, 1) // between the marker and the cursor
	length := utf8.RuneCountInString(s.value.Reveal())
	line := s.theme.Selected.Render(marker) + s.theme.Text.Render(s.visible(length, room)) + s.theme.Cursor.Render(" ")
	return fit(line+"\n"+s.theme.Muted.Render(space+characters(length)), s.width, s.height)
}

// visible is what may be seen of the value, in as many cells as there are.
func (s *Secret) visible(length, room int) string {
	if !s.shown {
		// One more than there is room for is cut like any other text.
		return end(strings.Repeat("•", min(length, room+1)), room)
	}
	shown := strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return utf8.RuneError
		}
		return r
	}, s.value.Reveal())
	return end(shown, room)
}

func characters(length int) string {
	switch length {
	case 0:
		return "type or paste it: it will not be shown"
	case 1:
		return "1 character"
	default:
		return grouped(length) + " characters"
	}
}

// Lines implements Field.
func (*Secret) Lines(int) Lines { return Lines{1, 1, 2} }

// Resize implements Field.
func (s *Secret) Resize(width, height int) { s.width, s.height = width, height }

// Problem implements Field.
func (s *Secret) Problem() error { return refusal(s.problem) }

// Keys implements Field.
func (s *Secret) Keys() []Key {
	if s.value.IsEmpty() {
		return nil
	}
	show := "show"
	if s.shown {
		show = "hide"
	}
	return []Key{{Key: "enter", Does: "go on"}, {Key: "ctrl+r", Does: show}, {Key: "ctrl+u", Does: "empty"}}
}

// TakesEscape implements Field.
func (*Secret) TakesEscape() bool { return false }
