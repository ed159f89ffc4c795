package field

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"
	"charm.land/huh/v2"
	"github.com/charmbracelet/x/ansi"

	"convox-travis/internal/secret"
	"convox-travis/internal/text"
	"convox-travis/tui/flow"
)

// Text is one line that is typed or pasted and isn't secret.
type Text struct {
	base
	widget      *huh.Input
	placeholder string
	typed       string // the widget's value
	check       func(string) error
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

func (t *Text) View() string { return t.fit(strings.Split(t.widget.View(), "\n")...) }

func (*Text) Keys() []Key { return []Key{{Key: "enter", Does: "continue", Priority: keyAnswers}} }

func (*Text) TakesText() bool { return true }

const longestSecret = 64 << 10

// Secret is one line that is typed or pasted hidden. Its value is shown only after
// its owner asks, until Enter or when the terminal loses the focus.
// The cursor is always at the end.
type Secret struct {
	base
	value secret.String
	shown bool
}

// NewSecret starts with a value, which may be empty.
func NewSecret(theme *Theme, initial secret.String) *Secret {
	return &Secret{base: base{theme: theme}, value: initial}
}

// Value implements Field. It is what was typed and pasted, white space included.
func (s *Secret) Value() flow.Value { return flow.Value{Secret: s.value} }

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
	s.problem = nil
	switch key.Keystroke() {
	case "enter":
		s.shown = false
		if s.value.IsEmpty() {
			s.problem = errors.New("type or paste a value first")
			return false
		}
		return true
	case "ctrl+r":
		// People press tab by habit, and a browser keeps ctrl+t for itself.
		s.shown = !s.shown && !s.value.IsEmpty()
	case "ctrl+u":
		s.value, s.shown = secret.String{}, false
	case "backspace", "ctrl+h":
		value := s.value.Reveal()
		_, size := utf8.DecodeLastRuneInString(value)
		s.value = secret.New(value[:len(value)-size])
		s.shown = s.shown && !s.value.IsEmpty()
	default:
		s.add(key.Text)
	}
	return false
}

// paste takes one line, without its ending. It takes none of several, because then
// the value would not be what was pasted.
func (s *Secret) paste(text string) {
	s.problem = nil
	text = strings.TrimSuffix(strings.TrimSuffix(text, "\n"), "\r") // terminals send "\r" for "\n"
	if strings.ContainsAny(text, "\r\n") {
		s.problem = errors.New("ignored a paste of several lines: paste the value alone")
		return
	}
	s.add(text)
}

func (s *Secret) add(text string) {
	value := s.value.Reveal()
	if len(value)+len(text) > longestSecret {
		s.problem = fmt.Errorf("ignored: the value would be longer than %d KiB", longestSecret>>10)
		return
	}
	if text != "" {
		s.value = secret.New(value + text)
	}
}

func (s *Secret) View() string {
	room := max(s.width-len(space)-1, 1) // between the marker and the cursor
	length := utf8.RuneCountInString(s.value.Reveal())
	shown := strings.Repeat(Bullet, min(length, room+1)) // one too many is cut like any other text
	if s.shown {
		shown = printable(s.value.Reveal())
	}
	note := "Type or paste it. It stays hidden."
	if length > 0 {
		note = text.Count(length, "character")
	}
	return s.fit(
		s.theme.Selected.Render(marker)+s.theme.Text.Render(cutStart(shown, room))+s.theme.Cursor.Render(" "),
		s.theme.Muted.Render(space+note))
}

func (*Secret) Lines(int) Lines { return Lines{1, 1, 2} }

func (s *Secret) Keys() []Key {
	if s.value.IsEmpty() {
		return nil
	}
	return []Key{
		{Key: "enter", Does: "continue", Priority: keyAnswers},
		{Key: "ctrl+r", Does: showOrHide(!s.shown)},
		{Key: "ctrl+u", Does: "clear"},
	}
}

func showOrHide(shows bool) string {
	if shows {
		return "show"
	}
	return "hide"
}

func (*Secret) TakesText() bool { return true }

// Shown is a secret that its owner asked to see, to write it down. Its last characters
// may have to be typed to verify that: meanwhile it is hidden, and so it is while the
// terminal doesn't have the focus.
type Shown struct {
	base
	secret secret.String
	typing *Text
	asks   bool // whether something has to be typed
	hidden bool // by its owner
	isAway bool // nobody looks
	copied bool
}

// NewShown shows a secret. Enter passes check what was typed as the last tail
// characters of it, or all of a shorter one; with 0, Enter alone continues.
func NewShown(theme *Theme, shown secret.String, tail int, check func(string) error) *Shown {
	placeholder := fmt.Sprintf("its last %d characters", min(tail, utf8.RuneCountInString(shown.Reveal())))
	return &Shown{base: base{theme: theme}, secret: shown, typing: NewText(theme, placeholder, "", check), asks: tail > 0}
}

// Value implements Field. It is what was typed.
func (s *Shown) Value() flow.Value { return s.typing.Value() }

func (s *Shown) Update(msg tea.Msg) (tea.Cmd, bool) {
	switch msg := msg.(type) {
	case tea.BlurMsg:
		s.isAway = true
	case tea.FocusMsg:
		s.isAway = false
	case tea.KeyPressMsg:
		switch msg.Keystroke() {
		case "ctrl+y":
			s.copied = true
			return tea.SetClipboard(s.secret.Reveal()), false
		case "ctrl+r":
			s.hidden = !s.hidden
			return nil, false
		case "enter":
			if !s.asks {
				return nil, true
			}
		}
	}
	if !s.asks {
		return nil, false
	}
	before := s.Value().Text
	cmd, done := s.typing.Update(msg)
	s.hidden = s.hidden || s.Value().Text != before
	return cmd, done
}

// View implements Field. What is typed comes before the note about the copy, which
// may be cut.
func (s *Shown) View() string {
	if s.width <= 0 || s.height <= 0 {
		return ""
	}
	lines := s.lines(s.width)
	if s.asks {
		if s.height > len(lines)+1 {
			lines = append(lines, "")
		}
		lines = append(lines[:min(len(lines), s.height-1)], s.typing.View())
	}
	if s.copied {
		lines = append(lines, Clip(s.note(s.width), s.height-len(lines), s.width)...)
	}
	return s.fit(lines...)
}

func (s *Shown) note(width int) []string {
	return Indented(s.theme.Muted, "", "Sent to the clipboard. Not every terminal supports that: paste it somewhere to check.", width)
}

// lines are the secret, broken where a line is full.
func (s *Shown) lines(width int) []string {
	text := printable(s.secret.Reveal())
	if s.hidden || s.isAway {
		text = strings.Repeat(Bullet, utf8.RuneCountInString(text))
	}
	var lines []string
	for line := range strings.SplitSeq(ansi.Hardwrap(text, max(width-2*len(space), 1), true), "\n") {
		lines = append(lines, space+s.theme.Title.Render(line))
	}
	return lines
}

func (s *Shown) Lines(width int) Lines {
	least := len(s.lines(width))
	most := least
	if s.asks {
		least, most = least+1, most+2
	}
	enough := least
	if s.copied {
		enough += len(s.note(width))
	}
	return Lines{least, enough, most + len(s.note(width))}
}

func (s *Shown) Resize(width, height int) {
	s.base.Resize(width, height)
	s.typing.Resize(width, 1)
}

func (s *Shown) Problem() error { return s.typing.Problem() }

func (s *Shown) Keys() []Key {
	return []Key{
		{Key: "enter", Does: "continue", Priority: keyAnswers},
		{Key: "ctrl+y", Does: "copy"},
		{Key: "ctrl+r", Does: showOrHide(s.hidden)},
	}
}

func (s *Shown) TakesText() bool { return s.asks }
