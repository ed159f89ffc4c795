package tui

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

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
	named := func(k field.Key) string {
		return m.theme.Title.Render(k.Key) + " " + m.theme.Muted.Render(text.Clean(k.Does))
	}
	line := func() string {
		var parts []string
		for _, k := range keys {
			parts = append(parts, named(k))
		}
		return " " + m.theme.Line.Render(field.Corner) + " " + strings.Join(parts, m.theme.Muted.Render(" · "))
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
