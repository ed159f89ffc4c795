package field

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

// Chosen is what Enter takes: the marked rows, or the one under the cursor where
// none is marked.
func (l *List) Chosen() []string {
	if l.marked > 0 {
		return l.Marked()
	}
	if key, ok := l.Selected(); ok {
		return []string{key}
	}
	return nil
}

// takesEnter reports whether Chosen gives a row.
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
