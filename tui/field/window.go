package field

import (
	"strconv"
	"strings"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"convox-travis/internal/text"
)

// page is how far a page goes: one line less than is seen, so that one stays.
func (l *List) page() int { return max(l.lines()-1, 1) }

// lines is how many rows are seen: the filter stands above them, and the count
// or what is wrong below, where there is room.
func (l *List) lines() int {
	lines := l.height
	if l.height >= 2 {
		lines--
	}
	if l.height >= 3 {
		lines -= lipgloss.Height(l.foot())
	}
	return max(lines, 1)
}

// window is the first row that is seen: as when the cursor was moved last, but
// with the cursor inside, and full where there are rows enough. It is worked out
// anew for each size, so that a list made small and large again looks the same.
func (l *List) window() int {
	lines := l.lines()
	top := max(min(l.top, l.cursor), l.cursor-lines+1)
	return max(min(top, len(l.matches)-lines), 0)
}

// scroll moves the window to a first row, as far as the cursor allows.
func (l *List) scroll(top int) {
	l.top = 0
	if l.height > 0 { // else the window has no size yet
		l.top = top
		l.top = l.window()
	}
}

// View implements Field.
func (l *List) View() string {
	if l.width <= 0 || l.height <= 0 {
		return ""
	}
	if len(l.rows) == 0 && l.filter == "" {
		return fit(l.words(l.nothing()), l.width, l.height)
	}
	var lines []string
	if l.height >= 2 {
		lines = append(lines, l.head())
	}
	switch {
	case len(l.rows) == 0:
		lines = append(lines, l.words(l.nothing()))
	case len(l.matches) == 0:
		lines = append(lines, l.words("nothing matches"))
	default:
		lines = append(lines, l.body()...)
	}
	if l.height >= 3 && len(l.rows) > 0 {
		lines = append(lines, l.foot())
	}
	return fit(strings.Join(lines, "\n"), l.width, l.height)
}

func (l *List) words(words string) string {
	return strings.Join(Indented(l.theme.Muted, space, words, l.width), "\n")
}

func (l *List) nothing() string {
	if l.busy != "" {
		return l.busy
	}
	return l.options.Empty
}

func (l *List) head() string {
	head := l.theme.Muted.Render("/ ")
	if l.filter == "" {
		return head + l.theme.Cursor.Render(" ") + l.theme.Muted.Render("type to filter")
	}
	return head + l.theme.Text.Render(end(l.filter, max(l.width-len("/ ")-1, 1))) + l.theme.Cursor.Render(" ")
}

func (l *List) foot() string {
	if l.counted == 0 && l.filter == "" && l.busy != "" {
		return l.words(l.busy)
	}
	foot := grouped(l.counted) + " in all"
	if l.busy != "" {
		foot = grouped(l.counted) + " so far"
	}
	if l.filter != "" {
		foot = grouped(l.countedShown) + " of " + grouped(l.counted)
	}
	if l.marked > 0 {
		foot += " · " + grouped(l.marked) + " marked"
		if shown := l.markedShown(); shown < l.marked {
			foot += " (" + grouped(l.marked-shown) + " not shown)"
		}
	}
	if l.busy != "" {
		foot += " · " + l.busy
	}
	return l.words(foot)
}

// body draws the rows of the window, their cells in columns. A third of the
// room is kept for notes, where there are any: they say what is special.
func (l *List) body() []string {
	top := l.window()
	var seen []Row
	for _, match := range l.matches[top:min(top+l.lines(), len(l.matches))] {
		seen = append(seen, clean(l.rows[match]))
	}
	room := l.width - len(space)
	if l.options.Multi {
		room -= len("[x] ")
	}
	longest := 0
	for _, row := range seen {
		longest = max(longest, ansi.StringWidth(noteOf(row)))
	}
	notes := min(longest, room/3)
	if longest > 0 {
		notes += len(space)
	}
	columns := columnsOf(seen, room-notes)
	lines := make([]string, len(seen))
	for i, row := range seen {
		lines[i] = l.row(row, top+i == l.cursor, columns, room)
	}
	return lines
}

// clean returns a row as it may be drawn.
func clean(row Row) Row {
	cells := make([]string, len(row.Cells))
	for i, cell := range row.Cells {
		cells[i] = text.Clean(cell)
	}
	row.Cells, row.Note, row.Disabled = cells, text.Clean(row.Note), text.Clean(row.Disabled)
	return row
}

func noteOf(row Row) string {
	if row.Disabled != "" {
		return "× " + row.Disabled
	}
	return row.Note
}

func (l *List) row(row Row, here bool, columns []int, room int) string {
	style, sign := l.theme.Text, space
	if here {
		style, sign = l.theme.Selected, l.theme.Selected.Render(marker)
	}
	if row.Disabled != "" {
		style = l.theme.Muted
	}
	var line strings.Builder
	for i, width := range columns {
		if width == 0 {
			continue
		}
		cell := ""
		if i < len(row.Cells) {
			cell = row.Cells[i]
		}
		line.WriteString(padded(cell, width))
		line.WriteString(space)
		room -= width + len(space)
	}
	cells, note := line.String(), noteOf(row)
	if note == "" || room < leastColumn {
		return sign + l.box(row) + style.Render(strings.TrimRight(cells, " "))
	}
	return sign + l.box(row) + style.Render(cells) + l.theme.Muted.Render(ansi.Truncate(note, room, cut))
}

func (l *List) box(row Row) string {
	switch {
	case !l.options.Multi:
		return ""
	case !l.markable(row):
		return "    "
	case l.marks[row.Key]:
		return l.theme.Selected.Render("[x]") + " "
	default:
		return "[ ] "
	}
}

// leastColumn is the cells of which less cannot be read.
const leastColumn = 4

// columnsOf are as wide as the widest of their cells that is seen. Where the room
// is too small for all of them, the last are cut first and the name last; one of
// which too little would be left is 0 wide, and left out.
func columnsOf(seen []Row, room int) []int {
	var widths []int
	for _, row := range seen {
		for i, cell := range row.Cells {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], ansi.StringWidth(cell))
		}
	}
	over := -len(space) - room // nothing needs to stand behind the last one
	for _, width := range widths {
		if width > 0 {
			over += width + len(space)
		}
	}
	for i := len(widths) - 1; i >= 0 && over > 0; i-- {
		if widths[i] == 0 {
			continue
		}
		width := max(widths[i]-over, 0)
		if i > 0 && width < leastColumn {
			width = 0
			over -= len(space)
		}
		over -= widths[i] - width
		widths[i] = width
	}
	return widths
}

// padded is a cell of a width, cut or filled.
func padded(cell string, width int) string {
	cell = ansi.Truncate(cell, width, cut)
	return cell + strings.Repeat(" ", max(width-ansi.StringWidth(cell), 0))
}

// grouped writes a number with commas between its thousands.
func grouped(n int) string {
	digits := strconv.Itoa(n)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}
