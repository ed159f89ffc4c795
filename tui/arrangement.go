package tui

import (
	"math"
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"convox-travis/internal/text"
	"convox-travis/tui/field"
	"convox-travis/tui/flow"
)

// arrangement is how the lines of the screen are divided.
type arrangement struct {
	answered int // lines of the transcript
	apart    int // empty lines above and below it
	title    int
	reasons  []part
	between  int // an empty line above the field
	field    int // the lines of the field, and of what is to be read
	before   int // an empty line above what follows the field
	below    []part
}

// arrange gives each part its lines. Where there are few, the answered lines fold to
// one first, then the reasons go, then the row in full; the question, what is wrong
// with the answer, the rows and the keys stay.
func (m *model) arrange() arrangement {
	left := lines(m.body())
	need := m.need()
	title := part{lines: m.titleLines(m.question.Title, "")}
	wrong, reasons, detail := m.wrong(), m.reasons(), m.padded(m.detail())
	answered := len(transcript(m.theme, m.flow.Rail(), min(m.width, widest)))

	var a arrangement
	a.field = left.take(need.Least)
	left.give(&title, 1)
	if len(wrong) > 0 {
		left.give(&wrong[0], math.MaxInt)
	}
	a.field += left.take(need.Enough - need.Least)
	for i := range wrong {
		left.give(&wrong[i], math.MaxInt)
	}
	left.give(&title, math.MaxInt)
	if answered > 0 {
		a.answered = left.take(1)
	}
	if len(wrong) == 0 {
		for i := range detail {
			left.give(&detail[i], math.MaxInt)
		}
	}
	if _, isList := m.field.(*field.List); isList {
		a.field += left.take(min(need.Most, rowsFirst) - a.field)
	}
	for i := range reasons { // those first that are copied, or short
		if r := &reasons[i]; r.brief && len(r.lines) <= int(left) {
			left.give(r, math.MaxInt)
		}
	}
	for i := range reasons {
		if r := &reasons[i]; len(r.lines) <= int(left) {
			left.give(r, math.MaxInt)
		}
	}
	if need.Most <= need.Enough+2 { // it needs no more than a hint's line
		a.field += left.take(need.Most - a.field)
	}
	if a.answered == 1 && int(left) >= answered-1 {
		a.answered += left.take(answered - 1)
	}
	if m.question.Kind != flow.Confirm { // whose reasons stand there
		a.between = left.take(1)
	}
	if len(clipParts(m.room(), append(wrong, detail...)...)) > 0 {
		a.before = left.take(1)
	}
	a.apart = left.take(2)
	if a.apart == 1 {
		a.apart, left = 0, left+1
	}
	a.field += left.take(need.Most - a.field)
	a.title, a.reasons = title.shown, reasons
	if a.below = wrong; len(wrong) == 0 {
		a.below = detail
	}
	return a
}

// rowsFirst is how many lines of a list come before the reasons.
const rowsFirst = 9

// part is a text in lines, of which shown are on the screen.
type part struct {
	lines []string
	brief bool // an address, or not longer than a line
	shown int
}

// count is how many lines the parts have.
func count(parts []part) (lines int) {
	for _, p := range parts {
		lines += len(p.lines)
	}
	return lines
}

func clipParts(room int, parts ...part) []string {
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

func blank(lines int) []string { return make([]string, lines) }

// need is how many lines the answer needs, with what is to be read before it.
func (m *model) need() field.Lines {
	need := field.Lines{}
	if m.field != nil {
		need = m.field.Lines(m.room())
	}
	if m.reading != nil {
		long := len(m.reading.draw(m.room()))
		need.Least, need.Enough, need.Most = need.Least+min(long, 2), need.Enough+min(long, 10), need.Most+long
		if m.field != nil {
			need.Most++ // apart
		}
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
	wrong := []part{{lines: field.Indented(m.theme.Error, field.Failed+" ", problem.Message, m.room())}}
	for _, hint := range problem.Do {
		wrong = append(wrong, part{lines: field.Indented(m.theme.Text, "  ", "hint: "+hint, m.room())})
	}
	return wrong
}

// reasons are those that stand under the title. Those of a Confirm have to be
// read, and scroll.
func (m *model) reasons() []part {
	if m.question.Kind == flow.Confirm {
		return nil
	}
	var reasons []part
	for _, text := range m.question.Reason {
		lines := field.Wrapped(m.theme.Muted, text, m.room())
		reasons = append(reasons, part{lines: lines, brief: len(lines) == 1 || !strings.Contains(text, " ")})
	}
	return reasons
}

// detail is what was not found, and all of the row that has the focus.
func (m *model) detail() []part {
	list, is := m.field.(*field.List)
	if !is {
		return nil
	}
	var parts []part
	if q := m.question; q.More != "" && !q.Growing {
		parts = append(parts, part{lines: field.Indented(m.theme.Warn, "! ", q.More, m.room())})
	}
	row, there := list.Row()
	details := row.Detail
	switch isCut := list.CutsNote(m.room()); {
	case !there:
	case row.Disabled != "" && isCut:
		parts = append(parts, part{lines: field.Wrapped(m.theme.Muted, row.Cells[0]+": "+row.Disabled, m.room())})
	case row.Note != "" && isCut:
		details = append(slices.Clone(details), flow.Detail{Text: row.Note})
	}
	if lines := m.labeled(details); len(lines) > 0 {
		parts = append(parts, part{lines: lines})
	}
	return parts
}

// labeled are values with their labels, as many whole ones on a line as fit.
func (m *model) labeled(details []flow.Detail) []string {
	var lines []string
	gap, cells := ansi.StringWidth(noteMark), m.room() // of the last line
	for _, d := range details {
		label, value := text.Clean(d.Label), text.Clean(d.Text)
		if value == "" {
			continue
		}
		if label != "" {
			label += " "
		}
		width := ansi.StringWidth(label + value)
		styled := m.theme.Muted.Render(label) + m.theme.Text.Render(value)
		switch {
		case cells+gap+width <= m.room():
			lines[len(lines)-1] += m.theme.Muted.Render(noteMark) + styled
			cells += gap + width
		case width <= m.room():
			lines = append(lines, styled)
			cells = width
		default:
			lines = append(lines, field.Wrapped(m.theme.Text, label+value, m.room())...)
			cells = m.room()
		}
	}
	return lines
}

// padded are parts with as many empty lines that what is below the field was never
// higher for this question: the rows and the keys stay where they are.
func (m *model) padded(parts []part) []part {
	return append(parts, part{lines: blank(max(0, m.highest-count(parts)))})
}

// resize gives the field the room that it has.
func (m *model) resize() {
	if m.help != nil {
		m.help.resize(m.room(), max(m.body()-len(m.helpTitle()), 1))
	}
	m.highest = max(m.highest, count(m.detail()))
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
