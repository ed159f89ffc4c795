package tui

import (
	"cmp"

	"github.com/charmbracelet/x/ansi"

	"convox-travis/tui/field"
	"convox-travis/tui/flow"
)

// turned says how a switch stands.
func turned(s flow.Switch) string {
	if s.On {
		return s.Label + ": on"
	}
	return s.Label + ": off"
}

// footHeight is how many lines the keys have.
func (m *model) footHeight() int {
	if m.width < 80 && m.height >= 12 {
		return 2
	}
	return 1
}

// foot lists the keys that do something now.
func (m *model) foot() []string {
	var keys []field.Key
	switch {
	case m.busy != "":
	case m.reading != nil && !m.reading.ended:
		keys = m.reading.keys()
		if m.reading.isFar() && len(m.question.Switches) == 0 { // else there is no room
			keys = append(keys, field.Key{Key: "end", Does: "to the end"})
		}
		keys = append(keys, field.Key{Key: "enter", Does: "read on"})
	case m.field != nil:
		keys = m.field.Keys()
	case m.reading != nil:
		keys = append(m.reading.keys(), field.Key{Key: "enter", Does: m.question.Yes})
	}
	if m.busy == "" {
		for _, s := range m.question.Switches {
			keys = append(keys, field.Key{Key: s.Key, Does: turned(s)})
		}
	}
	if m.busy == "" && m.question.Kind != flow.Ending && m.flow.CanGoBack() && (m.field == nil || !m.field.TakesEscape()) {
		keys = append(keys, field.Key{Key: "esc", Does: "back"})
	}
	switch {
	case m.stopping:
		keys = append(keys, field.Key{Key: "ctrl+c", Does: "leave at once"})
	case m.busy != "" && m.work != nil && m.work.Writes:
		keys = append(keys, field.Key{Key: "ctrl+c", Does: cmp.Or(m.work.Stops, "stop, and take away what was created")})
	case m.busy != "", m.question.Kind != flow.Ending:
		keys = append(keys, field.Key{Key: "ctrl+c", Does: "leave"})
	}
	parts := make([]string, len(keys))
	for i, k := range keys {
		parts[i] = m.theme.Key.Render(k.Key) + " " + m.theme.KeyDoes.Render(k.Does)
	}
	lines := []string{""}
	for i, part := range parts {
		last := &lines[len(lines)-1]
		switch more := *last + m.theme.Line.Render(" · ") + part; {
		case i == 0:
			*last = part
		case ansi.StringWidth(more) <= m.width || len(lines) == m.footHeight():
			*last = more
		default:
			lines = append(lines, part)
		}
	}
	return fill(lines, m.footHeight())
}
