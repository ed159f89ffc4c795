package field

import (
	"errors"
	"iter"
	"math"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/sahilm/fuzzy"

	"convox-travis/internal/text"
	"convox-travis/tui/flow"
)

// List is a choice among up to many thousand rows, which may arrive while it is on
// the screen. Typing filters. The cost of a View depends only on its lines.
type List struct {
	base
	several   bool       // rows can be marked
	labels    []string   // the headings, one for each cell, or none
	rows      []flow.Row // the listed ones, then the others
	others    int
	searched  []string // what the filter looks at in the listed ones
	widths    []int    // of the columns
	noteWidth int
	matches   []int // the rows that pass the filter, in the order on the screen
	cursor    int   // in matches
	isMoved   bool  // a person moved the cursor since the last filter
	top       int   // of the window when the cursor last moved, in matches
	marks     map[string]bool
	filter    string
	busy      string
}

// NewList makes a list without rows. Where several, rows can be marked. headings may be
// nil.
func NewList(theme *Theme, several bool, headings []string) *List {
	return &List{base: base{theme: theme}, several: several, labels: headings, marks: make(map[string]bool)}
}

// Value implements Field. The filter that led to another answer than the listed ones is
// its text, unless it is a part of that row's label.
func (l *List) Value() flow.Value {
	key, _ := l.Selected()
	v := flow.Value{Key: key, Keys: l.Marked()}
	row, _ := l.Row()
	if label := strings.ToLower(strings.Join(row.Cells, " ")); row.Other && !strings.Contains(label, strings.ToLower(l.filter)) {
		v.Text = l.filter
	}
	return v
}

// SetRows replaces the rows, and owns them from now on. The cursor stays on its row,
// that row on its line, and marks stay. A cursor that is on another answer only
// because there was no row goes to the first one.
func (l *List) SetRows(rows []flow.Row) {
	row, _ := l.Row()
	line := l.cursor - l.window()
	var others []flow.Row
	l.searched = l.searched[:0]
	for _, r := range rows {
		if r.Other {
			others = append(others, r)
		} else {
			l.searched = append(l.searched, searched(r.Cells))
		}
	}
	if len(others) > 0 {
		rows = append(slices.DeleteFunc(rows, func(r flow.Row) bool { return r.Other }), others...)
	}
	l.rows, l.others = rows, len(others)
	l.measure()
	l.match()
	switch {
	case row.Other && !l.isMoved:
		l.cursor = 0
		l.scroll(0)
	case row.Other:
		l.cursor = max(l.find(row.Key), 0)
		l.scroll(l.top)
	default:
		l.goTo(row.Key, line)
	}
}

// searched is what a filter looks at: people type the name and where it is.
func searched(cells []string) string { return strings.Join(cells[:min(2, len(cells))], " ") }

// Select moves the cursor to a row, if it's there.
func (l *List) Select(key string) {
	if i := l.find(key); i >= 0 {
		l.cursor = i
		l.scroll(l.top)
	}
}

// Selected is the key of the row under the cursor; ok is false if there is none or
// it can't be selected.
func (l *List) Selected() (key string, ok bool) {
	row, ok := l.Row()
	if !ok || row.Disabled != "" {
		return "", false
	}
	return row.Key, true
}

// Len is the number of rows, with or without a filter.
func (l *List) Len() int { return len(l.rows) }

// Busy says that more rows are being looked for, in these words; "" ends it.
func (l *List) Busy(words string) { l.busy = words }

func (l *List) Update(msg tea.Msg) (tea.Cmd, bool) {
	switch msg := msg.(type) {
	case tea.PasteMsg:
		l.problem = nil
		l.narrow(l.filter + strings.TrimSpace(text.Clean(msg.Content)))
	case tea.KeyPressMsg:
		l.problem = nil
		return nil, l.press(msg)
	}
	return nil, false
}

func (l *List) press(key tea.KeyPressMsg) (done bool) {
	switch key.Keystroke() {
	case "enter":
		if l.takesEnter() {
			return true
		}
		l.refuse()
	case "up", "ctrl+p":
		l.move(-1)
	case "down", "ctrl+n":
		l.move(1)
	case "pgup":
		l.move(-l.page())
	case "pgdown":
		l.move(l.page())
	case "home":
		l.move(-len(l.matches))
	case "end":
		l.move(len(l.matches))
	case "backspace", "ctrl+h":
		if letters := []rune(l.filter); len(letters) > 0 {
			l.narrow(string(letters[:len(letters)-1]))
		}
	case "esc", "ctrl+u":
		l.narrow("")
	case "space":
		l.space()
	case "ctrl+a":
		l.markShown()
	default:
		l.narrow(l.filter + key.Text)
	}
	return false
}

func (l *List) refuse() {
	if row, ok := l.Row(); ok && row.Disabled != "" {
		l.problem = errors.New("can't be selected: " + row.Disabled)
	}
}

func (l *List) move(by int) {
	l.isMoved = true
	l.cursor = max(min(l.cursor+by, len(l.matches)-1), 0)
	l.scroll(l.top)
}

// Row returns the row under the cursor.
func (l *List) Row() (flow.Row, bool) {
	if l.cursor >= len(l.matches) {
		return flow.Row{}, false
	}
	return l.rows[l.matches[l.cursor]], true
}

// CutsNote reports whether a width has no room for the whole note of the row under the
// cursor.
func (l *List) CutsNote(width int) bool {
	row, _ := l.Row()
	at := *l
	at.width = width
	_, room := at.columns()
	return cellWidth(noteOf(row)) > room
}

func (l *List) Keys() []Key {
	var keys []Key
	if len(l.matches) > 1 {
		keys = append(keys, Key{Key: "↑↓", Does: "move"})
	}
	if l.filter == "" && len(l.searched) > 1 {
		keys = append(keys, Key{Key: "type", Does: "to filter"})
	}
	if l.several {
		keys = append(keys, l.markKeys()...)
	}
	if l.takesEnter() {
		keys = append(keys, Key{Key: "enter", Does: "select", Priority: keyAnswers})
	}
	if l.TakesEscape() {
		keys = append(keys, Key{Key: "esc", Does: "clear filter"})
	}
	if d := l.layout(); len(l.matches) > d.rows+d.pinned {
		keys = append(keys, Key{Key: "pgup/pgdn", Does: "page", Priority: keyLater})
		keys = append(keys, Key{Key: "home/end", Does: "first or last row", Priority: OnlyHelp})
	}
	return keys
}

func (l *List) TakesEscape() bool { return l.filter != "" }

// TakesText implements Field. No name starts with a "?".
func (l *List) TakesText() bool { return l.filter != "" }

// Lines implements Field. They don't depend on the rows, because more may arrive.
func (*List) Lines(int) Lines { return Lines{1, 6, math.MaxInt} }

// Mark marks rows, including those that arrive later.
func (l *List) Mark(keys ...string) {
	for _, key := range keys {
		l.marks[key] = true
	}
}

// Marked are the keys of the marked rows that arrived and can be selected, in the
// order of the rows, with or without a filter.
func (l *List) Marked() []string {
	if len(l.marks) == 0 {
		return nil // quickly
	}
	var keys []string
	for i := range l.rows {
		if row := &l.rows[i]; l.marks[row.Key] && isMarkable(row) {
			keys = append(keys, row.Key)
		}
	}
	return keys
}

func (l *List) takesEnter() bool {
	_, ok := l.Selected()
	return ok || l.hasMarks()
}

func (l *List) hasMarks() bool { return len(l.Marked()) > 0 }

func isMarkable(row *flow.Row) bool { return row.Disabled == "" && !row.Other }

// space marks the row, or separates two words of the filter.
func (l *List) space() {
	row, ok := l.Row()
	switch {
	case !l.several:
		if l.filter != "" {
			l.narrow(l.filter + " ")
		}
	case !ok:
	case row.Disabled != "":
		l.refuse()
	case !isMarkable(&row):
		l.problem = errors.New("can't be marked: press enter to select it alone")
	default:
		l.marks[row.Key] = !l.marks[row.Key]
	}
}

// markShown marks all rows that pass the filter, or unmarks them if all are marked.
func (l *List) markShown() {
	if !l.several {
		return
	}
	all := true
	for row := range l.markable() {
		all = all && l.marks[row.Key]
	}
	for row := range l.markable() {
		l.marks[row.Key] = !all
	}
}

func (l *List) markable() iter.Seq[*flow.Row] {
	return func(yield func(*flow.Row) bool) {
		for _, match := range l.matches {
			if row := &l.rows[match]; isMarkable(row) && !yield(row) {
				return
			}
		}
	}
}

func (l *List) markKeys() []Key {
	var keys []Key
	if row, ok := l.Row(); ok && isMarkable(&row) {
		mark := "mark"
		if l.marks[row.Key] {
			mark = "unmark"
		}
		keys = append(keys, Key{Key: "space", Does: mark, Priority: keyAnswers - 1})
	}
	if l.shown() > 1 {
		keys = append(keys, Key{Key: "ctrl+a", Does: "mark all"})
	}
	return keys
}

// narrow changes the filter, which moves the cursor to the best match. Without a
// filter the cursor stays on its row.
func (l *List) narrow(filter string) {
	if filter == l.filter {
		return
	}
	row, ok := l.Row()
	l.filter = filter
	l.match()
	l.cursor, l.top, l.isMoved = 0, 0, false
	if filter == "" && ok && !row.Other {
		l.goTo(row.Key, l.layout().rows/2)
	}
}

// pattern is the filter without the space between words.
func (l *List) pattern() string { return strings.ReplaceAll(l.filter, " ", "") }

// match finds the rows that pass the filter, the best first. An owner, OWNER/, finds
// all of theirs, to mark them at once.
func (l *List) match() {
	l.matches = l.matches[:0]
	switch pattern := l.pattern(); {
	case pattern == "":
		for i := range l.searched {
			l.matches = append(l.matches, i)
		}
	case strings.HasSuffix(pattern, "/") && l.matchPrefix(pattern):
	default:
		l.matchFuzzy(pattern)
	}
	for i := range l.others {
		l.matches = append(l.matches, len(l.searched)+i)
	}
}

func (l *List) matchFuzzy(pattern string) {
	// In chunks, because a match takes more memory than a row.
	scores := make(map[int]int)
	first := 0
	for chunk := range slices.Chunk(l.searched, 500) {
		for _, found := range fuzzy.FindNoSort(pattern, chunk) {
			l.matches = append(l.matches, first+found.Index)
			scores[first+found.Index] = found.Score
		}
		first += len(chunk)
	}
	slices.SortStableFunc(l.matches, func(a, b int) int { return scores[b] - scores[a] })
}

func (l *List) matchPrefix(text string) bool {
	for i, name := range l.searched {
		if len(name) >= len(text) && strings.EqualFold(name[:len(text)], text) {
			l.matches = append(l.matches, i)
		}
	}
	return len(l.matches) > 0
}

// shown is how many listed rows pass the filter.
func (l *List) shown() int { return len(l.matches) - l.others }

// goTo moves the cursor to a row, and that row to a line of the window. If the row
// isn't there, the cursor keeps its index.
func (l *List) goTo(key string, line int) {
	if i := l.find(key); i >= 0 {
		l.cursor = i
	}
	l.cursor = max(min(l.cursor, len(l.matches)-1), 0)
	l.scroll(l.cursor - line)
}

func (l *List) find(key string) int {
	for i, row := range l.matches {
		if l.rows[row].Key == key {
			return i
		}
	}
	return -1
}
