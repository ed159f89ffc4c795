package field

import (
	"slices"
	"strings"
	"unicode/utf8"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"
	"github.com/sahilm/fuzzy"

	"convox-travis/internal/text"
	"convox-travis/tui/flow"
)

type layout struct {
	head, headings, foot bool
	rows                 int // of the window
	pinned               int // the other answers, below the window
}

func (l *List) layout() layout {
	d := layout{rows: l.height}
	take := func(wanted bool, rest int) bool {
		if !wanted || d.rows <= rest {
			return false
		}
		d.rows--
		return true
	}
	d.head = take(true, 1)
	if d.rows > l.others {
		d.pinned = l.others
		d.rows -= d.pinned
	}
	d.headings = take(len(l.labels) > 0, 3)
	d.foot = take(l.filter != "" || l.hasMarks() || l.shown() > d.rows, 1)
	d.rows = max(d.rows, 1)
	return d
}

// page is how far a page goes: one row stays on the screen.
func (l *List) page() int { return max(l.layout().rows-1, 1) }

// window is the index of the first row in the window: the one from when the cursor
// last moved, but such that a cursor on a listed row is inside and no line stays
// empty. It is derived from the size, so that a list made small and large again looks
// the same.
func (l *List) window() int {
	d := l.layout()
	count, top := len(l.matches)-d.pinned, l.top
	if l.cursor < count {
		top = max(min(top, l.cursor), l.cursor-d.rows+1)
	}
	return max(min(top, count-d.rows), 0)
}

// scroll moves the window to a first row, as far as the cursor allows.
func (l *List) scroll(top int) {
	l.top = 0
	if l.height > 0 { // else the window has no size yet
		l.top = top
		l.top = l.window()
	}
}

func (l *List) View() string {
	if l.width <= 0 || l.height <= 0 {
		return ""
	}
	d := l.layout()
	widths, note := l.columns()
	var lines []string
	if d.head {
		room := max(l.width-len("Filter: ")-1, 1)
		lines = append(lines, l.theme.Text.Render("Filter: "+cutStart(l.filter, room))+l.theme.Accent.Render(Caret))
	}
	isEmpty := l.shown() == 0
	switch {
	case isEmpty && (d.pinned > 0 || l.others == 0):
		lines = append(lines, Clip(Indented(l.theme.Muted, space, l.nothing(), l.width), l.height-len(lines)-d.pinned, l.width)...)
	case d.headings:
		lines = append(lines, l.headings(widths, note))
	}
	first, count := l.window(), len(l.matches)-d.pinned
	for i := first; i < min(first+d.rows, count); i++ {
		lines = append(lines, l.row(i, widths, note))
	}
	for i := count; i < len(l.matches); i++ {
		lines = append(lines, l.row(i, widths, note))
	}
	if d.foot && !isEmpty {
		lines = append(lines, l.theme.Muted.Render(space+l.count()))
	}
	return l.fit(lines...)
}

// nothing says why there is no row.
func (l *List) nothing() string {
	switch {
	case len(l.searched) > 0:
		return "Nothing matches."
	case l.busy != "":
		return l.busy
	}
	return "Nothing found."
}

// count says how many rows pass the filter, how many of them are above and below the
// window, and how many are marked.
func (l *List) count() string {
	var counts []string
	listed := len(l.searched)
	if l.filter != "" {
		counts = append(counts, text.Grouped(l.shown())+" of "+text.Grouped(listed))
	}
	first, d := l.window(), l.layout()
	if more := More(first, l.shown()-first-d.rows); more != "" && l.busy != "" && l.filter == "" {
		counts = append(counts, text.Grouped(listed)+" so far")
	} else if more != "" {
		counts = append(counts, more)
	}
	if hidden := len(l.Marked()); hidden > 0 {
		marked := text.Grouped(hidden) + " marked"
		for row := range l.markable() {
			if l.marks[row.Key] {
				hidden--
			}
		}
		if hidden > 0 {
			marked += ", " + text.Grouped(hidden) + " hidden by the filter"
		}
		counts = append(counts, marked)
	}
	return strings.Join(counts, " · ")
}

// measure notes how wide the columns are: the same for every filter and window, so
// that nothing moves sideways.
func (l *List) measure() {
	l.widths, l.noteWidth = nil, 0
	for _, row := range l.rows[:len(l.searched)] {
		for i, cell := range row.Cells {
			if i == len(l.widths) {
				l.widths = append(l.widths, 0)
			}
			l.widths[i] = max(l.widths[i], cellWidth(cell))
		}
		l.noteWidth = max(l.noteWidth, cellWidth(noteOf(row)))
	}
	for i, width := range l.widths {
		if width > 0 && i < len(l.labels) {
			l.widths[i] = max(width, cellWidth(l.labels[i]))
		}
	}
	if l.noteWidth > 0 && len(l.labels) > 0 {
		l.noteWidth = max(l.noteWidth, len(noteHeading))
	}
}

const (
	noteHeading = "NOTE"
	leastNote   = 8 // cells: less says nothing
	markBox     = "[x] "
)

// cellWidth is the cells of a text, quickly for the thousands that are ASCII.
func cellWidth(cell string) int {
	for i := range len(cell) {
		if cell[i] < ' ' || cell[i] > '~' {
			return ansi.StringWidth(text.Clean(cell))
		}
	}
	return len(cell)
}

// columns are the widths that fit: notes are cut first, then the last columns go.
// The first one always stays.
func (l *List) columns() (widths []int, note int) {
	room := l.width - len(space)
	if l.several {
		room -= len(markBox)
	}
	for i, width := range l.widths {
		gap := len(space)
		if i == 0 {
			gap, width = 0, max(min(width, room), 1)
		}
		if width > 0 && gap+width > room {
			break
		}
		if widths = append(widths, width); width > 0 {
			room -= gap + width
		}
	}
	return widths, max(min(l.noteWidth, room-len(space)), 0)
}

func (l *List) headings(widths []int, note int) string {
	cells := make([]string, len(widths)+1)
	for i, label := range l.labels[:min(len(l.labels), len(widths))] {
		cells[i] = l.theme.Muted.Render(strings.ToUpper(label))
	}
	if note >= len(noteHeading) {
		cells[len(widths)] = l.theme.Muted.Render(noteHeading)
	}
	return l.indent("    ") + joinColumns(cells, append(widths, note))
}

// indent is what is before the cells of a row without a cursor.
func (l *List) indent(box string) string {
	if !l.several {
		box = ""
	}
	return space + box
}

func noteOf(row flow.Row) string {
	if row.Disabled != "" {
		return "× " + row.Disabled
	}
	return row.Note
}

// fitNote cuts a row's note. Where too little would be left, a sign stays.
func fitNote(row flow.Row, width int) string {
	note := text.Clean(noteOf(row))
	switch {
	case ansi.StringWidth(note) <= width || width >= leastNote:
		return ansi.Truncate(note, width, Ellipsis)
	case width < 1:
		return ""
	case row.Disabled != "":
		return "×"
	case row.Warn:
		return Warning
	}
	return ""
}

// row draws the row with an index in matches.
func (l *List) row(i int, widths []int, noteWidth int) string {
	row := l.rows[l.matches[i]]
	style, noteStyle := l.theme.Text, l.theme.Muted
	switch {
	case row.Disabled != "" || row.Other && i != l.cursor:
		style = l.theme.Muted
	case i == l.cursor:
		style, noteStyle = l.theme.Selected, l.theme.Selected
	}
	if row.Warn && row.Disabled == "" {
		noteStyle = l.theme.Warn
	}
	cells := make([]string, len(l.widths))
	if row.Other { // is in no column
		cells, widths, noteWidth = []string{style.Render(text.Clean(row.Cells[0]))}, []int{1}, 0
	} else {
		for i, cell := range row.Cells {
			cells[i] = text.Clean(cell)
		}
		l.highlight(cells, style)
		cells = cells[:len(widths)]
		for i, cell := range cells {
			cells[i] = cutMiddle(cell, widths[i])
		}
	}
	note := ""
	if cut := fitNote(row, noteWidth); cut != "" {
		note = noteStyle.Render(cut)
	}
	sign := l.indent(l.box(row))
	if i == l.cursor {
		sign = l.theme.Selected.Render(marker) + strings.TrimPrefix(sign, space)
	}
	return sign + joinColumns(append(cells, note), append(widths, noteWidth))
}

// joinColumns puts cells in columns, without blanks at the end. A column without a width
// has nothing in it.
func joinColumns(cells []string, widths []int) string {
	line := ""
	for i, cell := range cells {
		if widths[i] > 0 {
			line += cell + strings.Repeat(" ", max(widths[i]-ansi.StringWidth(cell), 0)) + space
		}
	}
	return strings.TrimRight(line, " ")
}

func (l *List) highlight(cells []string, style lipgloss.Style) {
	var matched []int // in the cells that are searched, joined by a blank
	if pattern := l.pattern(); pattern != "" {
		for _, found := range fuzzy.Find(pattern, []string{searched(cells)}) {
			matched = found.MatchedIndexes
		}
	}
	start := 0
	for i, cell := range cells {
		var letters []int
		for at := range cell {
			if slices.Contains(matched, start+at) {
				letters = append(letters, utf8.RuneCountInString(cell[:at]))
			}
		}
		cells[i] = lipgloss.StyleRunes(cell, letters, style.Bold(true).Underline(true), style)
		start += len(cell) + len(" ")
	}
}

func (l *List) box(row flow.Row) string {
	switch {
	case !isMarkable(&row):
		return strings.Repeat(" ", len(markBox))
	case l.marks[row.Key]:
		return l.theme.Selected.Render("[x]") + " "
	default:
		return "[ ] "
	}
}
