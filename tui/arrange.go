package tui

import (
	"math"
	"strings"

	"convox-travis/tui/field"
	"convox-travis/tui/flow"
)

// arrangement is how the lines of the screen are divided.
type arrangement struct {
	above []string // the title and the reasons
	field int      // the lines of the field, and of what is to be read
	below []string // the problem
}

// body is how many lines there are between the head and the foot.
func (m *model) body() int { return max(m.height, 3) - 1 - m.footHeight() }

// arrange gives each part its lines. Where there are few, first comes what the
// answer cannot be given without, then what is wrong and the best that can be
// done about it, then the reasons, those first that are to be copied, and last
// what only looks better. It does not depend on rows that are still to come, so
// that nothing moves when they do.
func (m *model) arrange() arrangement {
	left := lines(m.body())
	room, need := m.room(), m.need()
	title := part{lines: field.Wrapped(m.theme.Title, m.question.Title, room)}
	wrong, reasons := m.wrong(), m.reasons()
	endless := need.Most == math.MaxInt

	given := left.take(need.Least)
	left.give(&title, 1)
	if len(wrong) > 0 {
		left.give(&wrong[0], math.MaxInt)
	}
	given += left.take(need.Enough - need.Least)
	if len(wrong) > 1 {
		left.give(&wrong[1], math.MaxInt)
	}
	left.give(&title, math.MaxInt)
	reserved := 0
	if _, list := m.field.(*field.List); list && m.height >= 10 {
		reserved = left.take(rowDetail - long(wrong)) // where a problem stands too
	}
	for i := range reasons {
		if r := &reasons[i]; r.brief && len(r.lines) <= int(left) {
			left.give(r, math.MaxInt)
		}
	}
	for i := range wrong {
		left.give(&wrong[i], math.MaxInt)
	}
	for i := range reasons {
		if r := &reasons[i]; !r.brief {
			left.give(r, math.MaxInt)
		}
	}
	if !endless {
		given += left.take(need.Most - need.Enough)
	}
	var between, before, top int
	if !endless || m.height >= 12 {
		between = left.take(1)
	}
	if len(wrong) > 0 && reserved == 0 && (!endless || m.height >= 12) {
		before = left.take(1)
	}
	if m.height >= 16 {
		top = left.take(1)
	}
	if endless {
		given += left.take(math.MaxInt)
	}

	above := append(blank(top), seen(room, title)...)
	above = append(append(above, seen(room, reasons...)...), blank(between)...)
	var below []string
	if len(wrong) > 0 {
		below = append(blank(min(before+reserved, 1)), seen(room, wrong...)...)
	}
	return arrangement{above, given, below}
}

// part is a text in lines, and how many of these are seen.
type part struct {
	lines []string
	brief bool // an address, or not longer than a line
	shown int
}

// long is how many lines of the parts are seen.
func long(parts []part) int {
	lines := 0
	for _, p := range parts {
		lines += p.shown
	}
	return lines
}

func seen(room int, parts ...part) []string {
	var lines []string
	for _, p := range parts {
		lines = append(lines, field.Clip(p.lines, p.shown, room)...)
	}
	return lines
}

// lines are those that are not given away yet.
type lines int

// take gives as many of them as there are.
func (l *lines) take(count int) int {
	count = max(0, min(count, int(*l)))
	*l -= lines(count)
	return count
}

// give lets a part show more of its lines, count at the most.
func (l *lines) give(p *part, count int) {
	p.shown += l.take(min(count, len(p.lines)-p.shown))
}

// rowDetail is how many lines are kept for the row under the cursor of a list.
const rowDetail = 3

func blank(lines int) []string { return make([]string, lines) }

// need is how many lines the answer needs, with what is to be read before it.
func (m *model) need() field.Lines {
	need := field.Lines{}
	if m.field != nil {
		need = m.field.Lines(m.room())
	}
	if m.reading != nil {
		need.Least, need.Enough, need.Most = need.Least+2, need.Enough+4, math.MaxInt
	}
	return need
}

// wrong is the problem with the last answer, and each thing that can be done about
// it. Every problem looks like this, the field's and that of what was done.
func (m *model) wrong() []part {
	problem := m.problem
	if problem == nil && m.field != nil {
		if err := m.field.Problem(); err != nil {
			problem = flow.ProblemOf(err)
		}
	}
	if problem == nil {
		return nil
	}
	wrong := []part{{lines: field.Indented(m.theme.Error, "✗ ", problem.Message, m.room())}}
	for _, hint := range problem.Do {
		// Its other lines do not begin below it: "hint:" is too wide for that.
		lines := field.Wrapped(m.theme.Muted, "hint: "+hint, m.room()-2*len(space))
		for i := range lines {
			lines[i] = strings.Repeat(space, min(i, 1)+1) + lines[i]
		}
		wrong = append(wrong, part{lines: lines})
	}
	return wrong
}

// reasons are those that stand under the title. Those of a Confirm have to be
// read, and scroll; to those of a list its rows are preferred.
func (m *model) reasons() []part {
	if m.question.Kind == flow.Confirm || m.question.Kind == flow.Pick && m.height < 16 {
		return nil
	}
	var reasons []part
	for _, text := range m.question.Reason {
		lines := field.Wrapped(m.theme.Muted, text, m.room())
		reasons = append(reasons, part{lines: lines, brief: len(lines) == 1 || !strings.Contains(text, " ")})
	}
	return reasons
}

// resize gives the field the room that it has.
func (m *model) resize() {
	given := m.arrange().field
	switch {
	case m.reading != nil && m.field != nil:
		m.field.Resize(m.room(), 1)
		m.reading.resize(m.room(), max(1, given-1-apart(given)))
	case m.reading != nil:
		m.reading.resize(m.room(), given)
	case m.field != nil:
		m.field.Resize(m.room(), given)
	}
}

// apart is how many empty lines part a field from what is to be read before it.
func apart(given int) int { return min(1, max(0, given-3)) }
