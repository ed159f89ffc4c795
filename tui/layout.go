package tui

import (
	"cmp"
	"fmt"
	"math"
	"regexp"
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
	widest = 88 // cells of content, gutter included
	gutter = 3  // cells before the content
)

// View implements tea.Model.
func (m *model) View() tea.View {
	defer crash.Catch()
	screen := m.screen()
	m.draw(screen)
	view := tea.NewView(screen)
	view.AltScreen = true
	view.ReportFocus = true // a secret on the screen is hidden while nobody looks
	view.WindowTitle = "convox-travis"
	return view
}

// screen is at most as high as the terminal, and nowhere wider.
func (m *model) screen() string {
	lines := append([]string{m.header()}, m.main()...)
	lines = lines[:min(len(lines), max(m.height-1, 1))]
	lines = append(lines, m.footer())
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
		for _, words := range []string{" demo: everything runs on this machine", " demo"} {
			if line := left + m.theme.Muted.Render(words); ansi.StringWidth(line+right)+2 <= m.width {
				return m.spread(line, right)
			}
		}
	}
	return m.spread(left, right)
}

// count is the number of the step, and of how many.
func (m *model) count() string {
	items := m.flow.Rail()
	for i, item := range items {
		if item.State == flow.Here {
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

// bar is a line of the content behind the gutter.
func (m *model) bar(line string) string {
	glyph := " " + m.theme.Line.Render(field.Gutter)
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

// holdTime is how long the review stays while the plan of a switch is made. Most
// plans take less, and the screen doesn't flicker.
const holdTime = 300 * time.Millisecond

// main is what stands between the header and the keys.
func (m *model) main() []string {
	switch {
	case m.help != nil:
		return append(m.titled("Help: "+m.question.Title, ""), m.bars(m.help.view(m.theme)...)...)
	case m.busy != "" && m.held != nil && time.Since(m.since) < holdTime:
		return m.held
	case m.busy != "":
		return m.doing()
	case m.field == nil && m.reading == nil:
		return nil
	}
	a := m.arrange()
	var lines []string
	if a.apart > 0 {
		lines = append(lines, "")
	}
	lines = append(lines, m.answered(a.answered)...)
	if a.apart > 0 && a.answered > 0 {
		lines = append(lines, m.bar(""))
	}
	lines = append(lines, field.Clip(m.titled(m.question.Title, m.summary()), max(a.title, 1), m.room()+gutter)...)
	lines = append(lines, m.bars(seen(m.room(), a.reasons...)...)...)
	if len(lines) > 0 && a.between > 0 {
		lines = append(lines, m.bar(""))
	}
	if m.reading != nil {
		lines = append(lines, m.bars(m.reading.view(m.theme)...)...)
	}
	if m.reading != nil && m.field != nil {
		lines = append(lines, m.bars(blank(apart(a.field))...)...)
	}
	if m.field != nil {
		lines = append(lines, m.bars(strings.Split(m.field.View(), "\n")...)...)
	}
	if len(a.below) > 0 && a.before > 0 {
		lines = append(lines, m.bar(""))
	}
	return m.link(append(lines, m.bars(seen(m.room(), a.below...)...)...))
}

// titled is a title behind the mark of what is asked, with a summary at the right.
func (m *model) titled(title, right string) []string {
	lines := field.Wrapped(m.theme.Title, title, m.room())
	for i, line := range lines {
		if i > 0 {
			lines[i] = m.bar(line)
			continue
		}
		mark := m.theme.Accent
		if m.question.Kind == flow.Ending {
			mark = m.theme.Good
		}
		lines[i] = m.spread(" "+mark.Render(field.Asking)+" "+line, m.theme.Muted.Render(text.Clean(right)))
	}
	return lines
}

// summary is how far the search for rows is, or what came of it.
func (m *model) summary() string {
	if m.question.Growing {
		return m.question.More
	}
	return m.question.Found
}

// answered is the transcript in so many lines: a line for each answer, or one for all.
func (m *model) answered(lines int) []string {
	switch all := transcript(m.theme, m.flow.Rail(), min(m.width, widest)); {
	case lines >= len(all):
		return all
	case lines > 0:
		return []string{folded(m.theme, m.flow.Rail(), min(m.width, widest))}
	}
	return nil
}

var spinner = []string{"⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"}

// doing is what is being done and since when, with what happened so far.
func (m *model) doing() []string {
	words, elapsed := m.busy, ""
	if m.stopping {
		words = "Canceling; press ctrl+c again to quit at once"
	}
	if since := time.Since(m.since).Truncate(time.Second); since >= time.Second {
		elapsed = since.String()
	}
	mark := " " + m.theme.Accent.Render(spinner[m.frame%len(spinner)]) + " "
	lines := []string{}
	for i, line := range field.Wrapped(m.theme.Title, sentence(words), m.room()) {
		if i > 0 {
			lines = append(lines, m.bar(line))
			continue
		}
		lines = append(lines, m.spread(mark+line, m.theme.Muted.Render(elapsed)))
	}
	if wait := m.flow.Wait().Text(time.Now()); wait != "" {
		lines = append(lines, m.bars(field.Wrapped(m.theme.Muted, wait, m.room())...)...)
	}
	if m.progress.Words != "" {
		lines = append(append(lines, m.bar("")), m.bars(m.howFar()...)...)
	}
	var happened []string
	for _, l := range m.told {
		happened = append(happened, toned(m.theme, l, m.room())...)
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
	above := m.answered(count)
	if len(above)+1+len(lines) < m.body() {
		above = append([]string{""}, append(above, m.bar(""))...)
	}
	return append(above, lines...)
}

// sentence starts with a capital letter.
func sentence(words string) string {
	if words == "" {
		return ""
	}
	return strings.ToUpper(words[:1]) + words[1:]
}

// longestBar is in cells.
const longestBar = 24

// howFar is a bar, where it is known how far the work is, and what it waits for.
func (m *model) howFar() []string {
	p := m.progress
	words := field.Wrapped(m.theme.Text, p.Text(time.Now()), m.room())
	if p.Of < 1 {
		return words
	}
	cells := min(longestBar, max(m.room()-16, 4))
	full, empty := p.Bar(cells)
	bar := m.theme.Accent.Render(strings.Repeat("█", full)) + m.theme.Line.Render(strings.Repeat("░", empty)) + fmt.Sprintf(" %d of %d", p.Done, p.Of)
	return append([]string{bar}, words...)
}

// switchWords say how a switch is set.
func switchWords(s flow.Switch) string {
	if s.On {
		return s.Label + ": on"
	}
	return s.Label + ": off"
}

// footer names the keys that do something now, as many as fit.
func (m *model) footer() string {
	keys := m.keys()
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
		keys = append(m.reading.keys(), field.Key{Key: "enter", Does: "read on", Priority: 2})
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
		return append(keys, field.Key{Key: "ctrl+c", Does: cmp.Or(m.work.Stops, "cancel, and roll back what was created")})
	case m.busy != "":
		return append(keys, field.Key{Key: "ctrl+c", Does: "quit"})
	case m.question.Kind == flow.Ending:
		return keys
	case m.flow.CanGoBack() && (m.field == nil || !m.field.TakesEscape()):
		keys = append(keys, field.Key{Key: "esc", Does: "back", Priority: 1})
	}
	return append(keys, field.Key{Key: m.helpKey(), Does: "help", Priority: 3}, field.Key{Key: "ctrl+c", Does: "quit", Priority: -1})
}

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
	title := part{lines: m.titled(m.question.Title, "")}
	wrong, reasons, detail := m.wrong(), m.reasons(), m.detail()
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
	if len(wrong) == 0 {
		for i := range detail {
			left.give(&detail[i], math.MaxInt)
		}
	}
	if answered > 0 {
		a.answered = left.take(1)
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
	a.between = left.take(1)
	if long(wrong)+long(detail) > 0 {
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

func blank(lines int) []string { return make([]string, lines) }

// need is how many lines the answer needs, with what is to be read before it.
func (m *model) need() field.Lines {
	need := field.Lines{}
	if m.field != nil {
		need = m.field.Lines(m.room())
	}
	if m.reading != nil {
		long := m.reading.length(m.room())
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
	if !there {
		return parts
	}
	if row.Disabled != "" {
		parts = append(parts, part{lines: field.Wrapped(m.theme.Muted, row.Cells[0]+": "+row.Disabled, m.room())})
	}
	var words []string
	for _, d := range m.details[row.Key] {
		words = append(words, strings.TrimSpace(d.Label+" "+d.Text))
	}
	if row.Note != "" && len(words) > 0 {
		words = append(words, row.Note)
	}
	if len(words) > 0 {
		parts = append(parts, part{lines: field.Wrapped(m.theme.Muted, strings.Join(words, " · "), m.room())})
	}
	return parts
}

// resize gives the field the room that it has.
func (m *model) resize() {
	if m.help != nil {
		m.help.resize(m.room(), m.body()-1)
	}
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

// address is one that a terminal can open.
var address = regexp.MustCompile(`https?://[^\s\x1b\x07]+[^\s\x1b\x07.,;:)]`)

// link makes the addresses that are whole on a line links
// (https://gist.github.com/egmontkob/eb114294efbcd5adb1944c9f3cb5feda).
func (m *model) link(lines []string) []string {
	whole := map[string]bool{}
	for _, words := range slices.Concat(m.question.Reason, m.question.Help, textsOf(m.question.Lines)) {
		for _, found := range address.FindAllString(text.Clean(words), -1) {
			whole[found] = true
		}
	}
	if len(whole) == 0 {
		return lines
	}
	for i, line := range lines {
		lines[i] = address.ReplaceAllStringFunc(line, func(found string) string {
			if !whole[found] {
				return found
			}
			return ansi.SetHyperlink(found) + found + ansi.ResetHyperlink()
		})
	}
	return lines
}

func textsOf(lines []flow.Line) []string {
	texts := make([]string, len(lines))
	for i, l := range lines {
		texts[i] = l.Text
	}
	return texts
}
