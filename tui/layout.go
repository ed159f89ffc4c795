package tui

import (
	"fmt"
	"math"
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

const (
	widest    = 88 // cells of content, gutter included
	gutter    = 3  // cells before the content
	narrowest = 16 // cells of the screen: in fewer, words and buttons are cut
)

func (m *model) View() tea.View {
	defer crash.Catch()
	screen := m.screen()
	m.draw(screen)
	view := tea.NewView(screen)
	view.AltScreen = true
	view.ReportFocus = true // a secret on the screen is hidden while nobody looks
	view.WindowTitle = windowTitle
	return view
}

// screen is at most as high as the terminal, and nowhere wider.
func (m *model) screen() string {
	room := max(m.height-1, 1)
	lines := m.main()
	m.isCut = len(lines) > room || m.width < narrowest
	if len(lines) < room {
		lines = append([]string{m.header()}, lines...)
	}
	lines = append(lines[:min(len(lines), room)], m.footer())
	for i, line := range lines {
		lines[i] = ansi.Truncate(line, m.width, "…")
	}
	return m.theme.Glyphs.Draw(strings.Join(lines, "\n"))
}

// room is the width of the content behind the gutter.
func (m *model) room() int { return max(min(m.width, widest)-gutter, 1) }

// body is how many lines there are between the header and the keys.
func (m *model) body() int { return max(m.height-2, 1) }

func (m *model) header() string {
	left := " " + m.theme.Badge.Render(" convox-travis ")
	right := m.theme.Muted.Render(m.count())
	if m.terminal.Demo {
		words := " demo: everything runs on this machine"
		if ansi.StringWidth(left+words+right)+2 > m.width {
			words = " demo"
		}
		left += m.theme.Muted.Render(words)
	}
	return m.spread(left, right)
}

func (m *model) count() string {
	items := m.flow.Rail()
	for i, item := range items {
		if item.State == flow.Here && len(items) > 1 {
			return fmt.Sprintf("%d of %d", i+1, len(items))
		}
	}
	return ""
}

// spread puts right at the end of the line, where there is room for both.
func (m *model) spread(left, right string) string {
	space := min(m.width, widest) - ansi.StringWidth(left) - ansi.StringWidth(right)
	if ansi.StringWidth(right) == 0 || space < 2 {
		return left
	}
	return left + strings.Repeat(" ", space) + right
}

func (m *model) bar(line string) string {
	glyph := " " + m.theme.Muted.Render(field.Gutter)
	if line == "" {
		return glyph
	}
	return glyph + " " + line
}

func (m *model) bars(lines ...string) []string {
	barred := make([]string, len(lines))
	for i, line := range lines {
		barred[i] = m.bar(line)
	}
	return barred
}

// holdTime is how long the review stays while a switch is being planned, so that nothing flickers.
const holdTime = 300 * time.Millisecond

// main is everything between the header and the keys.
func (m *model) main() []string {
	switch {
	case m.help != nil:
		return append(m.helpTitle(), m.bars(m.help.view()...)...)
	case m.busy != "" && m.review != nil && time.Since(m.since) < holdTime:
		return m.review
	case m.busy != "":
		return m.workLines()
	case m.field == nil && m.reading == nil:
		return nil
	}
	a := m.arrange()
	lines := append(blank(min(a.margin, 1)), m.transcript(a.answered)...)
	if a.margin > 0 && a.answered > 0 {
		lines = append(lines, m.bar(""))
	}
	lines = append(lines, field.Clip(m.titleLines(m.question.Title, m.summary()), max(a.title, 1), m.room()+gutter)...)
	content := append(clipParts(m.room(), a.reasons...), blank(a.gapAbove)...)
	if m.reading != nil {
		content = append(content, m.reading.view()...)
		if m.field != nil {
			content = append(content, blank(gap(a.field))...)
		}
	}
	if m.field != nil {
		content = append(content, strings.Split(m.field.View(), "\n")...)
	}
	content = append(append(content, blank(a.gapBelow)...), clipParts(m.room(), a.below...)...)
	return append(lines, m.bars(content...)...)
}

// helpTitle goes above the help, with empty lines where there is room.
func (m *model) helpTitle() []string {
	title, _, _ := strings.Cut(m.question.Title, ": ")
	lines := m.titleLines("Help: "+title, "")
	if m.body() < 16 {
		return lines
	}
	return append(append([]string{""}, lines...), m.bar(""))
}

// titleLines is a title behind the mark of what is asked, with a summary at the right.
func (m *model) titleLines(title, right string) []string {
	mark := m.theme.Accent
	if m.question.Kind == flow.Ending {
		mark = endingStyle(m.theme, m.question.Lines)
	}
	return m.titleWithMark(mark.Render(field.Asking), title, right)
}

// titleWithMark is a title behind a mark, with a summary at the right.
func (m *model) titleWithMark(mark, title, right string) []string {
	lines := field.Indented(m.theme.Title, "", title, m.room())
	first := m.spread(" "+mark+" "+lines[0], m.theme.Muted.Render(text.Clean(right)))
	return append([]string{first}, m.bars(lines[1:]...)...)
}

func (m *model) summary() string {
	if m.question.Growing {
		return m.question.More
	}
	return m.question.Found
}

// transcript is the answers in so many lines: a line for each answer, or one for all.
func (m *model) transcript(lines int) []string {
	switch all := transcript(m.theme, m.flow.Rail(), min(m.width, widest)); {
	case lines >= len(all):
		return all
	case lines > 0:
		return []string{foldTranscript(m.theme, m.flow.Rail(), min(m.width, widest))}
	}
	return nil
}

var spinner = []string{"⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"}

// workLines are what is being done and since when, with what happened so far.
func (m *model) workLines() []string {
	words, elapsed := m.busy, ""
	if m.stopping {
		words = "Canceling; press ctrl+c again to quit at once"
	}
	if since := time.Since(m.since).Truncate(time.Second); since >= time.Second {
		elapsed = since.String()
	}
	lines := m.titleWithMark(m.theme.Accent.Render(spinner[m.frame%len(spinner)]), text.Capitalize(words), elapsed)
	if wait := m.flow.Wait().Text(time.Now()); wait != "" {
		lines = append(lines, m.bars(field.Indented(m.theme.Muted, "", wait, m.room())...)...)
	}
	if m.progress.Words != "" {
		lines = append(append(lines, m.bar("")), m.bars(m.progressLines()...)...)
	}
	var happened []string
	for _, l := range m.log {
		happened = append(happened, styleLine(m.theme, l, m.room())...)
	}
	if len(happened) > 0 {
		lines = append(lines, m.bar(""))
		happened = happened[max(0, len(happened)-max(0, m.body()-len(lines))):] // the newest
		lines = append(lines, m.bars(happened...)...)
	}
	count := len(transcript(m.theme, m.flow.Rail(), m.width))
	if room := m.body() - len(lines); count+2 > room {
		count = min(room-1, 1)
	}
	above := m.transcript(count)
	if len(above)+1+len(lines) < m.body() {
		above = append([]string{""}, append(above, m.bar(""))...)
	}
	return append(above, lines...)
}

const longestBar = 24

// progressLines are a bar, where the progress is known, and what is being done.
func (m *model) progressLines() []string {
	p := m.progress
	words := field.Indented(m.theme.Text, "", p.Text(time.Now()), m.room())
	if p.Of < 1 {
		return words
	}
	cells := min(longestBar, max(m.room()-16, 4))
	full, empty := p.Bar(cells)
	bar := m.theme.Accent.Render(strings.Repeat("█", full)) + m.theme.Muted.Render(strings.Repeat("░", empty)) + fmt.Sprintf(" %d of %d", p.Done, p.Of)
	return append([]string{bar}, words...)
}

// arrangement is how the lines of the screen are divided.
type arrangement struct {
	answered int // lines of the transcript
	margin   int // empty lines above and below it
	title    int
	reasons  []part
	gapAbove int // an empty line above the field
	field    int // the lines of the field, and of what is to be read
	gapBelow int // an empty line above what follows the field
	below    []part
}

// arrange gives each part its lines. Where there are few, the answered lines fold to
// one first, then the reasons go, then the row in full; the question, what is wrong
// with the answer, the rows and the keys stay.
func (m *model) arrange() arrangement {
	left := lines(m.body())
	need := m.need()
	title := part{lines: m.titleLines(m.question.Title, "")}
	problems, reasons, detail := m.problems(), m.reasons(), m.padded(m.detail())
	answered := len(transcript(m.theme, m.flow.Rail(), min(m.width, widest)))

	var a arrangement
	a.field = left.take(need.Least)
	left.give(&title, 1)
	if len(problems) > 0 {
		left.give(&problems[0], math.MaxInt)
	}
	a.field += left.take(need.Enough - need.Least)
	for i := range problems {
		left.give(&problems[i], math.MaxInt)
	}
	left.give(&title, math.MaxInt)
	if answered > 0 {
		a.answered = left.take(1)
	}
	if len(problems) == 0 {
		for i := range detail {
			left.give(&detail[i], math.MaxInt)
		}
	}
	if _, isList := m.field.(*field.List); isList {
		a.field += left.take(min(need.Most, rowsFirst) - a.field)
	}
	for _, onlyBrief := range []bool{true, false} { // those first that are copied, or short
		for i := range reasons {
			if r := &reasons[i]; (r.brief || !onlyBrief) && len(r.lines) <= int(left) {
				left.give(r, math.MaxInt)
			}
		}
	}
	if need.Most <= need.Enough+2 { // it needs no more than a hint's line
		a.field += left.take(need.Most - a.field)
	}
	if a.answered == 1 && int(left) >= answered-1 {
		a.answered += left.take(answered - 1)
	}
	if m.question.Kind != flow.Confirm { // whose reasons stand there
		a.gapAbove = left.take(1)
	}
	if len(clipParts(m.room(), append(problems, detail...)...)) > 0 {
		a.gapBelow = left.take(1)
	}
	a.margin = left.take(2)
	if a.margin == 1 {
		a.margin, left = 0, left+1
	}
	a.field += left.take(need.Most - a.field)
	a.title, a.reasons = title.shown, reasons
	if a.below = problems; len(problems) == 0 {
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

// problems are what is wrong with the answer or with what was done, and what to do about it.
func (m *model) problems() []part {
	problem := m.problem
	if problem == nil && m.field != nil {
		problem = flow.ProblemOf(m.field.Problem())
	}
	if problem == nil {
		return nil
	}
	parts := []part{{lines: field.Indented(m.theme.Error, field.Failed+" ", problem.Message, m.room())}}
	for _, hint := range problem.Do {
		parts = append(parts, part{lines: field.Indented(m.theme.Text, "  ", "hint: "+hint, m.room())})
	}
	return parts
}

// reasons are the lines under the title. Those of a Confirm have to be read, and scroll.
func (m *model) reasons() []part {
	if m.question.Kind == flow.Confirm {
		return nil
	}
	var reasons []part
	for _, text := range m.question.Reason {
		lines := field.Indented(m.theme.Muted, "", text, m.room())
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
		parts = append(parts, part{lines: field.Indented(m.theme.Muted, "", row.Cells[0]+": "+row.Disabled, m.room())})
	case row.Note != "" && isCut:
		details = append(slices.Clone(details), flow.Detail{Text: row.Note})
	}
	if lines := m.labeled(details); len(lines) > 0 {
		parts = append(parts, part{lines: lines})
	}
	return parts
}

func (m *model) labeled(details []flow.Detail) []string {
	var lines []string
	between, cells := ansi.StringWidth(noteMark), m.room() // of the last line
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
		case cells+between+width <= m.room():
			lines[len(lines)-1] += m.theme.Muted.Render(noteMark) + styled
			cells += between + width
		case width <= m.room():
			lines = append(lines, styled)
			cells = width
		default:
			lines = append(lines, field.Indented(m.theme.Text, "", label+value, m.room())...)
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

func (m *model) resize() {
	if m.help != nil {
		m.help.resize(m.room(), max(m.body()-len(m.helpTitle()), 1))
	}
	m.highest = max(m.highest, count(m.detail()))
	height := m.arrange().field
	switch {
	case m.reading != nil && m.field != nil:
		m.field.Resize(m.room(), 1)
		m.reading.resize(m.room(), max(1, height-1-gap(height)))
	case m.reading != nil:
		m.reading.resize(m.room(), height)
	case m.field != nil:
		m.field.Resize(m.room(), height)
	}
}

// gap is how many empty lines separate a field from what is to be read before it.
func gap(height int) int { return min(1, max(0, height-3)) }
