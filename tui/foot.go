package tui

import (
	"cmp"
	"slices"

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
		if m.reading.isFar() {
			keys = append(keys, field.Key{Key: "end", Does: "to the last line", Spare: true})
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
	if !m.ready {
		keys = slices.DeleteFunc(keys, func(k field.Key) bool { return m.answers(k.Key) })
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
	return fill(m.named(keys), m.footHeight())
}

// named are keys with what they do, in as many lines as there are for them. Where
// they are too few, the spare ones are left out.
func (m *model) named(keys []field.Key) []string {
	lines := []string{""}
	for i, k := range keys {
		last := &lines[len(lines)-1]
		part := m.theme.Key.Render(k.Key) + " " + m.theme.KeyDoes.Render(k.Does)
		switch more := *last + m.theme.Line.Render(" · ") + part; {
		case i == 0:
			*last = part
		case ansi.StringWidth(more) <= m.width:
			*last = more
		case len(lines) < m.footHeight():
			lines = append(lines, part)
		case slices.ContainsFunc(keys, isSpare):
			return m.named(slices.DeleteFunc(slices.Clone(keys), isSpare))
		default:
			*last = more
		}
	}
	return lines
}

func isSpare(k field.Key) bool { return k.Spare }
