package tui

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"convox-travis/internal/text"
	"convox-travis/tui/field"
	"convox-travis/tui/flow"
)

// switchWords say how a switch is set.
func switchWords(s flow.Switch) string {
	if s.On {
		return s.Label + ": on"
	}
	return s.Label + ": off"
}

// footer names the keys that do something now, as many as fit.
func (m *model) footer() string {
	keys := slices.DeleteFunc(m.keys(), func(k field.Key) bool { return k.Priority == field.OnlyHelp })
	line := func() string {
		var parts []string
		for _, k := range keys {
			parts = append(parts, m.theme.Title.Render(k.Key)+" "+m.theme.Muted.Render(text.Clean(k.Does)))
		}
		return " " + m.theme.Muted.Render(field.Corner) + " " + strings.Join(parts, m.theme.Muted.Render(" · "))
	}
	for len(keys) > 1 && ansi.StringWidth(line()) > min(m.width, widest) {
		least := 0
		for i, k := range keys {
			if k.Priority <= keys[least].Priority {
				least = i
			}
		}
		keys = slices.Delete(keys, least, least+1)
	}
	return line()
}

// keys are those that do something now, the most important first.
func (m *model) keys() []field.Key {
	if m.help != nil {
		return append(m.help.keys(), field.Key{Key: "esc", Does: "close", Priority: 3})
	}
	var keys []field.Key
	switch {
	case m.busy != "":
	case m.reading != nil && !m.reading.ended:
		keys = append(m.reading.keys(), field.Key{Key: "enter", Does: "next page", Priority: 2})
	case m.field != nil:
		keys = m.field.Keys()
		if m.reading != nil {
			keys = append(keys, m.reading.keys()...)
		}
	case m.question.Yes != "":
		keys = append([]field.Key{{Key: "enter", Does: m.question.Yes, Priority: 2}}, m.reading.keys()...)
	}
	if m.busy == "" {
		for _, s := range m.question.Switches {
			keys = append(keys, field.Key{Key: s.Key, Does: switchWords(s)})
		}
		if m.question.Copy != "" {
			keys = append(keys, field.Key{Key: "c", Does: cmp.Or(m.copied, "copy the next command"), Priority: 1})
		}
	}
	if !m.ready {
		keys = slices.DeleteFunc(keys, func(k field.Key) bool { return m.answers(k.Key) })
	}
	switch {
	case m.stopping:
		return append(keys, field.Key{Key: "ctrl+c", Does: "quit at once"})
	case m.busy != "" && m.work != nil && m.work.Writes:
		return append(keys, field.Key{Key: "ctrl+c", Does: cmp.Or(m.work.Stops, "cancel and roll back")})
	case m.busy != "":
		return append(keys, field.Key{Key: "ctrl+c", Does: "quit"})
	case m.question.Kind == flow.Ending:
		return keys
	case m.flow.CanGoBack() && (m.field == nil || !m.field.TakesEscape()):
		keys = append(keys, field.Key{Key: "esc", Does: "back"})
	case m.flow.CanGoBack():
		keys = append(keys, field.Key{Key: "shift+tab", Does: "back", Priority: field.OnlyHelp})
	}
	return append(keys, field.Key{Key: m.helpKey(), Does: "help", Priority: 3}, field.Key{Key: "ctrl+c", Does: "quit", Priority: -1})
}

// helpKey is the key of the page with all keys: where a text is typed that began
// already, or that this page was opened for, a "?" is a part of it.
func (m *model) helpKey() string {
	if m.field == nil || !m.field.TakesText() {
		return "?"
	}
	v := m.field.Value()
	if m.helped || m.field.TakesEscape() || v.Text != "" || !v.Secret.IsEmpty() {
		return "f1"
	}
	return "?"
}

// opensHelp reports whether a key opens the page with all keys.
func (m *model) opensHelp(stroke string) bool {
	return m.busy == "" && m.question.Kind != flow.Ending && (stroke == "f1" || stroke == m.helpKey())
}

// openHelp shows the longer explanation and every key of the screen.
func (m *model) openHelp() {
	var lines []flow.Line
	for _, paragraph := range append(slices.Clone(m.question.Reason), m.question.Help...) {
		lines = append(lines, flow.Line{Text: paragraph}, flow.Line{})
	}
	lines = append(lines, flow.Line{Tone: flow.Heading, Text: "Keys"})
	for _, k := range append(m.keys(), field.Key{Key: "ctrl+z", Does: "pause; fg in the shell continues"}) {
		if k.Does != "help" {
			lines = append(lines, flow.Line{Tone: flow.Named, Text: fmt.Sprintf("%-9s  %s", k.Key, k.Does)})
		}
	}
	m.help, m.helped = &reading{theme: m.theme, lines: lines}, true
	m.give(tea.BlurMsg{}) // hides a secret
	m.resize()
}

func (m *model) pressHelp(stroke string) {
	switch stroke {
	case "esc", "?", "f1", "enter", "q":
		m.help = nil
		m.moved++ // the question is looked at again before it is answered
		m.give(tea.FocusMsg{})
		m.resize()
	default:
		m.help.press(stroke)
	}
}

// A key answers only what was on the screen when it was pressed. What moves, types
// or goes back always works.

// appearance is what a person has to look at again: a question, the end of what is
// to be read, other lines of it, another row under the cursor that nobody moved
// there, the screen after a pause.
type appearance struct {
	asked, moved int // are counted
	ended        bool
}

// picture is what an answer is given to.
type picture struct {
	appearance
	ready bool // the foot names the keys that answer
	focus any  // the option, the button or the row
	top   int  // the first line of what is read
}

// lookedMsg says that there was time to look at an appearance.
type lookedMsg appearance

// lookTime is how long after an appearance a key can still be meant for what was
// there before: the second press of an impatient person, or one under way.
const lookTime = 500 * time.Millisecond

// noteAppearance notices what appeared. Where an answer writes, saves or reveals something,
// and where the cursor was moved, no key answers before there was time to look.
func (m *model) noteAppearance() tea.Cmd {
	now := appearance{asked: m.asked, moved: m.moved, ended: m.reading != nil && m.reading.ended}
	if now == m.appeared {
		return nil
	}
	m.ready = now.moved == m.appeared.moved && !m.isCareful()
	m.appeared = now
	if m.ready {
		return nil
	}
	return tea.Tick(lookTime, func(time.Time) tea.Msg { return lookedMsg(now) })
}

// isCareful reports whether an answer can do what another one doesn't undo.
func (m *model) isCareful() bool {
	switch m.question.Kind {
	case flow.Review, flow.Confirm, flow.Shown:
		return true
	}
	return m.question.Guarded
}

func (m *model) picture() picture {
	p := picture{appearance: m.appeared, ready: m.ready}
	switch f := m.field.(type) {
	case *field.Choice:
		p.focus = f.Value().Index
	case *field.Confirm:
		p.focus = f.Value().Yes
	case *field.List:
		p.focus, _ = f.Selected()
	}
	if m.reading != nil {
		p.top = m.reading.top
	}
	return p
}

// draw notes what the next write to the terminal shows, if there is one: a screen
// that is on the terminal already isn't written again.
func (m *model) draw(screen string) {
	writes := m.terminal.Out.writes.Load()
	if writes != m.writes {
		m.writes, m.written = writes, m.next
	}
	if p := m.picture(); p != m.drawn {
		m.drawn, m.drawnAt = p, writes
	}
	m.next = screen
}

// isSeen reports whether what an answer is given to is on the screen, all of it where
// the answer can do harm.
func (m *model) isSeen() bool {
	return m.step != "" && m.ready && !m.suspended && !(m.isCut && m.isCareful()) && (m.terminal.Out.writes.Load() != m.drawnAt || m.next == m.written)
}

// answers reports whether a key is a part of an answer.
func (m *model) answers(stroke string) bool {
	confirms := m.question.Kind == flow.Confirm && !m.question.Guarded && (stroke == "y" || stroke == "n")
	return stroke == "enter" || confirms || m.isSwitch(stroke) || m.question.Several && (stroke == "space" || stroke == "ctrl+a")
}
