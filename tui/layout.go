package tui

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"convox-travis/internal/crash"
	"convox-travis/internal/text"
	"convox-travis/tui/field"
	"convox-travis/tui/flow"
)

// The rail has a column of its own from railFrom cells on.
const (
	railFrom  = 70
	railWidth = 28
	margin    = 2
	space     = "  "
)

// View implements tea.Model.
func (m *model) View() tea.View {
	defer crash.Catch()
	screen := m.screen()
	m.draw(screen)
	view := tea.NewView(screen)
	view.AltScreen = true
	view.ReportFocus = true // a secret that is shown is hidden when nobody looks
	view.WindowTitle = "convox-travis"
	return view
}

// screen is exactly as high as the terminal, and nowhere wider.
func (m *model) screen() string {
	height := max(m.height, 3) - 1 - m.footHeight()
	body := fill(m.main(), height)
	if m.width >= railFrom {
		rail := fill(m.rail(), height)
		for i := range body {
			line := ansi.Truncate(rail[i], railWidth, "…")
			body[i] = line + strings.Repeat(" ", railWidth-ansi.StringWidth(line)) + m.theme.Line.Render("│") + " " + body[i]
		}
	}
	lines := append([]string{m.head()}, body...)
	lines = append(lines, m.foot()...)
	for i, line := range lines {
		lines[i] = ansi.Truncate(line, m.width, "…")
	}
	return strings.Join(lines, "\n")
}

// fill cuts or extends lines to a height.
func fill(lines []string, height int) []string {
	for len(lines) < height {
		lines = append(lines, "")
	}
	return lines[:height]
}

func (m *model) head() string {
	head := m.theme.Title.Render("convox-travis")
	if m.terminal.Demo {
		head += m.theme.Muted.Render("  demo: a world on this machine, nothing outside it is touched")
	}
	if _, name := m.flow.Step(); m.width < railFrom {
		return m.theme.Selected.Render("› "+name) + m.theme.Muted.Render("  convox-travis")
	}
	return head
}

// rail shows the steps with their answers.
func (m *model) rail() []string {
	lines := []string{""}
	for _, item := range m.flow.Rail() {
		sign, style := "  ", m.theme.Muted
		switch item.State {
		case flow.Here:
			sign, style = "› ", m.theme.Selected
		case flow.Behind:
			sign, style = "✓ ", m.theme.Text
		}
		lines = append(lines, style.Render(sign+item.Name))
		if item.Answer != "" && item.State != flow.Ahead {
			answer := text.Clean(item.Answer)
			lines = append(lines, m.theme.Muted.Render("  "+ansi.Truncate(answer, railWidth-margin-1, "…")))
		}
	}
	return lines
}

// room is the width of what is right of the rail.
func (m *model) room() int {
	if m.width >= railFrom {
		return m.width - railWidth - margin
	}
	return m.width
}

// holdTime is how long the review stays while the plan of a switch is made. Most
// plans take less, and the screen doesn't flicker.
const holdTime = 300 * time.Millisecond

// main is the question, or what is being done.
func (m *model) main() []string {
	switch {
	case m.busy != "" && m.held != nil && time.Since(m.since) < holdTime:
		return m.held
	case m.busy != "":
		return m.doing()
	}
	if m.field == nil && m.reading == nil {
		return nil
	}
	a := m.arrange()
	lines := a.above
	if m.reading != nil {
		lines = append(lines, m.reading.view(m.theme)...)
	}
	if m.reading != nil && m.field != nil {
		lines = append(lines, blank(apart(a.field))...)
	}
	if m.field != nil {
		lines = append(lines, strings.Split(m.field.View(), "\n")...)
	}
	if len(a.below) == 0 {
		return append(lines, m.detail(m.body()-len(lines))...)
	}
	return append(lines, a.below...)
}

// detail is what was not found, and all of the row under the cursor in two lines
// at the most: what there is room for.
func (m *model) detail(room int) []string {
	list, is := m.field.(*field.List)
	if !is {
		return nil
	}
	var lines []string
	if q := m.question; q.More != "" && !q.Growing {
		more := field.Indented(m.theme.Warn, "! ", q.More, m.room())
		if len(more) < room {
			lines = append(lines, "")
		}
		lines = append(lines, field.Clip(more, room-len(lines), m.room())...)
	}
	row, there := list.Row()
	if !there || room-len(lines) < 2 {
		return lines
	}
	var parts []string
	for _, part := range append([]string{row.Cells[0], cmp.Or(row.Disabled, row.Note)}, row.Cells[1:]...) {
		if part != "" {
			parts = append(parts, part)
		}
	}
	all := field.Wrapped(m.theme.Muted, strings.Join(parts, space), m.room())
	return append(append(lines, ""), field.Clip(all, min(2, room-len(lines)-1), m.room())...)
}

var spinner = []string{"⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"}

// doing is what is being done and since when, with what was told of it.
func (m *model) doing() []string {
	words := m.busy
	if m.stopping {
		words = "stopping; Ctrl-C again leaves at once"
	}
	if elapsed := time.Since(m.since).Truncate(time.Second); elapsed >= time.Second {
		words = fmt.Sprintf("%v  %s", elapsed, words)
	}
	lines := append([]string{""}, field.Indented(m.theme.Text, spinner[m.frame%len(spinner)]+" ", words, m.room())...)
	if wait := m.flow.Wait().Text(time.Now()); wait != "" {
		lines = append(lines, field.Indented(m.theme.Muted, space, wait, m.room())...)
	}
	lines = append(lines, "")
	if m.progress.Words != "" {
		lines = append(append(lines, m.howFar()...), "")
	}
	var told []string
	for _, l := range m.told {
		told = append(told, toned(m.theme, l, m.room())...)
	}
	return append(lines, told[max(0, len(told)-max(0, m.height-1-m.footHeight()-len(lines))):]...) // the newest
}

// longestBar is in cells.
const longestBar = 24

// howFar is a bar, where it is known how far the work is, and what is being
// waited for.
func (m *model) howFar() []string {
	p := m.progress
	words := field.Indented(m.theme.Text, space, p.Text(time.Now()), m.room())
	if p.Of < 1 {
		return words
	}
	cells := min(longestBar, max(m.room()-16, 4))
	full, empty := p.Bar(cells)
	bar := space + m.theme.Selected.Render(strings.Repeat("█", full)) + m.theme.Line.Render(strings.Repeat("░", empty)) + fmt.Sprintf(" %d of %d", p.Done, p.Of)
	return append([]string{bar}, words...)
}

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
			keys = append(keys, field.Key{Key: "end", Does: "to the last line", Priority: -1})
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
		part := m.theme.Title.Render(k.Key) + " " + m.theme.Muted.Render(text.Clean(k.Does))
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

func isSpare(k field.Key) bool { return k.Priority < 0 }
