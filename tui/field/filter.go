package field

import (
	"slices"
	"strings"

	"github.com/sahilm/fuzzy"
)

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
		if len(row.Search) >= len(text) && strings.EqualFold(row.Search[:len(text)], text) {
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

func (h haystack) String(i int) string { return h[i].Search }

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
