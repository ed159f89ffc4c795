package field

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"convox-travis/internal/secret"
)

// Shown is a secret that its owner asked to see, to be written down. Its last
// characters may have to be typed, as proof that it was: then it is hidden. So
// it is while the terminal has lost the focus.
type Shown struct {
	theme  *Theme
	secret secret.String
	typing *Text // nil where nothing has to be typed
	hidden bool
	copied bool
	width  int
	height int
}

// NewShown shows a secret. Of its last tail characters, all of a shorter one,
// Enter hands check what was typed; with 0 Enter alone goes on.
func NewShown(theme *Theme, shown secret.String, tail int, check func(string) error) *Shown {
	s := &Shown{theme: theme, secret: shown}
	if tail > 0 {
		s.typing = NewText(theme, fmt.Sprintf("its last %d characters", min(tail, utf8.RuneCountInString(shown.Reveal()))), "", check)
	}
	return s
}

// Value is what was typed.
func (s *Shown) Value() string {
	if s.typing == nil {
		return ""
	}
	return s.typing.Value()
}

// Init implements Field.
func (s *Shown) Init() tea.Cmd {
	s.hidden, s.copied = false, false
	return nil
}

// Update implements Field.
func (s *Shown) Update(msg tea.Msg) (tea.Cmd, bool) {
	switch msg := msg.(type) {
	case tea.BlurMsg:
		s.hidden = true
	case tea.FocusMsg:
		s.hidden = s.Value() != ""
	case tea.KeyPressMsg:
		switch msg.Keystroke() {
		case "ctrl+y":
			s.copied = true
			return tea.SetClipboard(s.secret.Reveal()), false
		case "ctrl+r":
			s.hidden = !s.hidden
			return nil, false
		case "enter":
			if s.typing == nil {
				return nil, true
			}
		}
	}
	if s.typing == nil {
		return nil, false
	}
	before := s.typing.Value()
	cmd, done := s.typing.Update(msg)
	s.hidden = s.hidden || s.typing.Value() != before
	return cmd, done
}

// View implements Field. What is typed stands before the note of the copy, which
// may be cut.
func (s *Shown) View() string {
	if s.width <= 0 || s.height <= 0 {
		return ""
	}
	lines := s.lines(s.width)
	if s.typing != nil {
		if s.height > len(lines)+1 {
			lines = append(lines, "")
		}
		lines = append(lines[:min(len(lines), s.height-1)], s.typing.View())
	}
	if s.copied {
		lines = append(lines, Clip(s.note(s.width), s.height-len(lines), s.width)...)
	}
	return fit(strings.Join(lines, "\n"), s.width, s.height)
}

func (s *Shown) note(width int) []string {
	return Wrapped(s.theme.Muted, "The terminal was told to copy it: paste it somewhere, and look. Many do not, and do not say so.", width)
}

// lines are the secret's, broken where they are full.
func (s *Shown) lines(width int) []string {
	text := strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return utf8.RuneError
		}
		return r
	}, s.secret.Reveal())
	if s.hidden {
		text = strings.Repeat("•", utf8.RuneCountInString(text))
	}
	var lines []string
	for _, line := range strings.Split(ansi.Hardwrap(text, max(width-2*len(space), 1), true), "\n") {
		lines = append(lines, space+s.theme.Title.Render(line))
	}
	return lines
}

// Lines implements Field.
func (s *Shown) Lines(width int) Lines {
	least := len(s.lines(width))
	most := least
	if s.typing != nil {
		least, most = least+1, most+2
	}
	return Lines{least, least, most + len(s.note(width))}
}

// Resize implements Field.
func (s *Shown) Resize(width, height int) {
	s.width, s.height = width, height
	if s.typing != nil {
		s.typing.Resize(width, 1)
	}
}

// Problem implements Field.
func (s *Shown) Problem() error {
	if s.typing == nil {
		return nil
	}
	return s.typing.Problem()
}

// Keys implements Field.
func (s *Shown) Keys() []Key {
	show := "hide"
	if s.hidden {
		show = "show"
	}
	return []Key{{Key: "enter", Does: "go on"}, {Key: "ctrl+y", Does: "copy"}, {Key: "ctrl+r", Does: show}}
}

// TakesEscape implements Field.
func (*Shown) TakesEscape() bool { return false }
