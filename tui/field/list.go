package field

import (
	"math"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/sahilm/fuzzy"

	"convox-travis/internal/text"
)

// Row is one thing in a List.
type Row struct {
	Key      string   // what it is known by; no two rows have the same
	Cells    []string // the name first
	Note     string   // what stands behind the cells, or ""
	Warn     bool     // Note is a warning
	Disabled string   // why it cannot be chosen, or ""
	Other    bool     // it is none of what is listed, and not counted

	searched string // what the filter looks at
}

// ListOptions is what a List is for.
type ListOptions struct {
	Multi bool   // several rows can be marked
	Alone string // the key of a row that is never marked: it can be chosen by itself, or ""
	Empty string // what is shown while there is no row

	Headings []string // one for each cell
}

// List is a choice among up to many thousand rows, which may arrive while it is
// open. What is typed filters; the cost of a View depends on its lines only.
type List struct {
	theme         *Theme
	options       ListOptions
	rows          []Row
	matches       []int // the rows that pass the filter, in the order in which they are shown
	counted       int   // rows but for the others, and of those that pass
	countedShown  int
	cursor        int    // in matches
	top           int    // of the window when the cursor was moved last, in matches
	wanted        string // a key that Select named before its row was there
	marks         map[string]bool
	marked        int // rows that Marked gives
	filter        string
	busy, problem string
	width, height int
}

// NewList makes a list without rows.
func NewList(theme *Theme, options ListOptions) *List {
	return &List{theme: theme, options: options, marks: make(map[string]bool)}
}

// SetRows takes rows over, in the place of those before. The cursor stays on its
// row, and that row on its line, where both can be; marks stay as well.
func (l *List) SetRows(rows []Row) {
	key, line := "", 0
	if row, ok := l.Row(); ok {
		key, line = row.Key, l.cursor-l.window()
	}
	l.rows = rows
	for i := range rows {
		// What people type is the name and what it is on, never a host.
		rows[i].searched = strings.Join(rows[i].Cells[:min(2, len(rows[i].Cells))], " ")
	}
	l.marked = len(l.Marked())
	l.match()
	l.goTo(key, line)
	if l.wanted != "" {
		l.Select(l.wanted)
	}
}

// Select moves the cursor to a row. Where that row has not arrived, it is moved
// when it does, unless a key was pressed in between.
func (l *List) Select(key string) {
	l.wanted = key
	if i := l.find(key); i >= 0 {
		l.wanted = ""
		l.cursor = i
		l.scroll(l.top)
	}
}

// Selected is the key of the row under the cursor; ok is false where there is
// none, or where it cannot be chosen.
func (l *List) Selected() (key string, ok bool) {
	row, ok := l.Row()
	if !ok || row.Disabled != "" {
		return "", false
	}
	return row.Key, true
}

// Len is the number of rows, whatever the filter.
func (l *List) Len() int { return len(l.rows) }

// Busy shows that more rows are on their way, in these words; "" ends it.
func (l *List) Busy(words string) { l.busy = words }

// Init implements Field.
func (*List) Init() tea.Cmd { return nil }

// Update implements Field.
func (l *List) Update(msg tea.Msg) (tea.Cmd, bool) {
	switch msg := msg.(type) {
	case tea.PasteMsg:
		l.problem, l.wanted = "", ""
		l.narrow(l.filter + strings.TrimSpace(text.Clean(msg.Content)))
	case tea.KeyPressMsg:
		l.problem, l.wanted = "", ""
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
		l.problem = "cannot be chosen: " + row.Disabled
	}
}

func (l *List) move(by int) {
	l.cursor = max(min(l.cursor+by, len(l.matches)-1), 0)
	l.scroll(l.top)
}

// Row returns the row under the cursor.
func (l *List) Row() (Row, bool) {
	if l.cursor >= len(l.matches) {
		return Row{}, false
	}
	return l.rows[l.matches[l.cursor]], true
}

// Problem implements Field.
func (l *List) Problem() error { return refusal(l.problem) }

// Keys implements Field. Where rows can be marked there are more keys than room:
// the filter tells of itself, and pages are left out.
func (l *List) Keys() []Key {
	var keys []Key
	if len(l.matches) > 1 {
		keys = append(keys, Key{Key: "↑/↓", Does: "move"})
	}
	if l.options.Multi {
		keys = append(keys, l.markKeys()...)
	}
	if l.takesEnter() {
		keys = append(keys, Key{Key: "enter", Does: "choose"})
	}
	switch {
	case l.TakesEscape() && l.options.Multi:
		keys = append(keys, Key{Key: "esc", Does: "clear"})
	case l.options.Multi:
	case l.TakesEscape():
		keys = append(keys, Key{Key: "esc", Does: "clear the filter"})
	case len(l.rows) > 1:
		keys = append(keys, Key{Key: "a-z", Does: "filter"})
	}
	if len(l.matches) > l.lines() && !l.options.Multi {
		keys = append(keys, Key{Key: "pgup/pgdn", Does: "page"})
	}
	return keys
}

// TakesEscape implements Field.
func (l *List) TakesEscape() bool { return l.filter != "" }

// Lines implements Field. They do not depend on the rows, more of which may be
// on their way.
func (*List) Lines(int) Lines { return Lines{1, 5, math.MaxInt} }

// Resize implements Field.
func (l *List) Resize(width, height int) { l.width, l.height = width, height }

// Mark marks rows, also those that have not arrived.
func (l *List) Mark(keys ...string) {
	for _, key := range keys {
		l.marks[key] = true
	}
	l.marked = len(l.Marked())
}

// Marked are the keys of the marked rows that are there and can be chosen, in
// the order of the rows, whatever the filter.
func (l *List) Marked() []string {
	if len(l.marks) == 0 {
		return nil
	}
	var keys []string
	for _, row := range l.rows {
		if l.marks[row.Key] && l.markable(row) {
			keys = append(keys, row.Key)
		}
	}
	return keys
}

// takesEnter reports whether a row is marked, or the one under the cursor can be
// chosen.
func (l *List) takesEnter() bool {
	_, ok := l.Selected()
	return ok || l.marked > 0
}

func (l *List) markable(row Row) bool {
	return row.Disabled == "" && (l.options.Alone == "" || row.Key != l.options.Alone)
}

// space marks the row, or parts two words of the filter.
func (l *List) space() {
	row, ok := l.Row()
	switch {
	case !l.options.Multi:
		if l.filter != "" {
			l.narrow(l.filter + " ")
		}
	case !ok:
	case row.Disabled != "":
		l.refuse()
	case !l.markable(row):
		l.problem = "this one is chosen by itself"
	default:
		l.mark(row, !l.marks[row.Key])
	}
}

// markShown marks all rows that pass the filter, or where all of them are marked
// takes their marks away.
func (l *List) markShown() {
	if !l.options.Multi {
		return
	}
	all := true
	for _, match := range l.matches {
		row := l.rows[match]
		all = all && (l.marks[row.Key] || !l.markable(row))
	}
	for _, match := range l.matches {
		if row := l.rows[match]; l.markable(row) {
			l.mark(row, !all)
		}
	}
}

func (l *List) mark(row Row, marked bool) {
	switch {
	case marked && !l.marks[row.Key]:
		l.marks[row.Key] = true
		l.marked++
	case !marked && l.marks[row.Key]:
		delete(l.marks, row.Key)
		l.marked--
	}
}

// markedShown is how many of the marked rows pass the filter.
func (l *List) markedShown() int {
	if l.filter == "" {
		return l.marked
	}
	n := 0
	for _, match := range l.matches {
		if row := l.rows[match]; l.marks[row.Key] && l.markable(row) {
			n++
		}
	}
	return n
}

// markKeys are those that mark something now.
func (l *List) markKeys() []Key {
	var keys []Key
	if row, there := l.Row(); there && l.markable(row) {
		mark := "mark"
		if l.marks[row.Key] {
			mark = "unmark"
		}
		keys = append(keys, Key{Key: "space", Does: mark})
	}
	if len(l.matches) > 1 {
		keys = append(keys, Key{Key: "ctrl+a", Does: "all"})
	}
	return keys
}

// longestFilter is the most bytes that are looked for.
const longestFilter = 256

// narrow changes the filter. A filter begins with its best match under the
// cursor; without one the cursor stays on its row.
func (l *List) narrow(filter string) {
	if len(filter) > longestFilter {
		l.problem = "that is too long to look for"
		return
	}
	if filter == l.filter {
		return
	}
	row, ok := l.Row()
	l.filter = filter
	l.match()
	l.cursor, l.top = 0, 0
	if filter == "" && ok {
		l.goTo(row.Key, l.lines()/2)
	}
}

// match finds the rows that pass the filter: all in their order without one,
// else the best first, and in their order where equally good. Space between
// words is no part of what is looked for. An owner, OWNER/, finds what is
// theirs, so that all of that can be marked.
func (l *List) match() {
	defer l.count()
	l.matches = l.matches[:0]
	pattern := strings.ReplaceAll(l.filter, " ", "")
	if pattern == "" {
		for i := range l.rows {
			l.matches = append(l.matches, i)
		}
		return
	}
	if strings.HasSuffix(pattern, "/") {
		if l.matchPrefix(pattern); len(l.matches) > 0 {
			return
		}
	}
	// In parts, since what is known of a match is larger than a row.
	scores := make(map[int]int)
	first := 0
	for part := range slices.Chunk(l.rows, 500) {
		for _, found := range fuzzy.FindFromNoSort(pattern, haystack(part)) {
			l.matches = append(l.matches, first+found.Index)
			scores[first+found.Index] = found.Score
		}
		first += len(part)
	}
	slices.SortStableFunc(l.matches, func(a, b int) int { return scores[b] - scores[a] })
}

// matchPrefix finds the rows that begin with a text, whatever its case.
func (l *List) matchPrefix(text string) {
	for i, row := range l.rows {
		if len(row.searched) >= len(text) && strings.EqualFold(row.searched[:len(text)], text) {
			l.matches = append(l.matches, i)
		}
	}
}

// count counts what is listed, which another way to answer is not.
func (l *List) count() {
	l.counted, l.countedShown = 0, 0
	for _, row := range l.rows {
		if !row.Other {
			l.counted++
		}
	}
	for _, match := range l.matches {
		if !l.rows[match].Other {
			l.countedShown++
		}
	}
}

// haystack implements fuzzy.Source.
type haystack []Row

func (h haystack) String(i int) string { return h[i].searched }

func (h haystack) Len() int { return len(h) }

// goTo moves the cursor to a row, and that row to a line of the window. Where
// the row is not shown, the cursor stays at its place among the others.
func (l *List) goTo(key string, line int) {
	if i := l.find(key); i >= 0 {
		l.cursor = i
	}
	l.cursor = max(min(l.cursor, len(l.matches)-1), 0)
	l.scroll(l.cursor - line)
}

// find is where a row is shown, or -1.
func (l *List) find(key string) int {
	for i, row := range l.matches {
		if l.rows[row].Key == key {
			return i
		}
	}
	return -1
}
