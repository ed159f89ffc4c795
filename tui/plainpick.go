package tui

import (
	"slices"
	"strconv"
	"strings"

	"convox-travis/tui/flow"
)

// pick lists rows with numbers. A long list is narrowed by a part of a name.
func (p *plain) pick(q flow.Question) (flow.Value, error) {
	if q.Several {
		return p.pickSeveral(q)
	}
	if q.More != "" {
		p.say("  %s", q.More)
	}
	rows := q.Rows
	p.list(rows, q.Rows)
	for {
		initial := slices.IndexFunc(rows, func(r flow.Row) bool { return r.Key == q.Initial.Key })
		offered := ""
		if initial >= 0 {
			offered = strconv.Itoa(initial + 1)
			if initial >= shownRows {
				offered = rows[initial].Cells[0]
			}
		}
		text, err := p.read(strings.TrimSpace("number, or part of a name " + brackets(offered)))
		if err != nil {
			return flow.Value{}, err
		}
		row, narrowed := choice(rows, q.Rows, text, initial)
		switch {
		case row != nil && row.Disabled != "":
			p.say("error: %s cannot be picked: %s", row.Cells[0], row.Disabled)
		case row != nil:
			return flow.Value{Key: row.Key}, nil
		case len(narrowed) == 0:
			p.sayUnknown(q.Rows)
			rows = q.Rows
			p.relist(rows, q.Rows)
		default:
			rows = narrowed
			p.relist(rows, q.Rows)
		}
	}
}

// choice reads an answer: the row that it names, or those that it narrows to.
func choice(shown, all []flow.Row, text string, initial int) (*flow.Row, []flow.Row) {
	if text == "" {
		if initial >= 0 {
			return &shown[initial], nil
		}
		return nil, all
	}
	if n, err := strconv.Atoi(text); err == nil && 1 <= n && n <= len(shown) {
		return &shown[n-1], nil
	}
	var narrowed, same []flow.Row
	for _, row := range all {
		if strings.EqualFold(row.Cells[0], text) {
			same = append(same, row)
		}
		if strings.Contains(strings.ToLower(strings.Join(row.Cells, " ")), strings.ToLower(text)) {
			narrowed = append(narrowed, row)
		}
	}
	switch len(same) {
	case 0:
		return nil, narrowed
	case 1:
		return &same[0], nil
	}
	return nil, same // which of them, is asked by number
}

// list writes rows with their numbers: the first of them, and those that are none
// of what is listed.
func (p *plain) list(rows, all []flow.Row) {
	hidden := len(listed(rows)) - shownRows
	for i, row := range rows {
		if i >= shownRows && !row.Other {
			continue
		}
		if row.Other && hidden > 0 {
			p.say("  … and %d more of %d", hidden, len(listed(all)))
			hidden = 0
		}
		note := row.Note
		if row.Disabled != "" {
			note = "cannot be picked: " + row.Disabled
		}
		cells := slices.DeleteFunc(slices.Clone(row.Cells), func(c string) bool { return c == "" })
		p.say("  %d  %s", i+1, withNote(strings.Join(cells, ", "), note))
	}
	if hidden > 0 {
		p.say("  … and %d more of %d", hidden, len(listed(all)))
	}
}

// relist writes other rows. What was typed before meant those that had the numbers.
func (p *plain) relist(rows, all []flow.Row) {
	p.in.drop()
	p.list(rows, all)
}

// listed are the rows but for the others.
func listed(rows []flow.Row) []flow.Row {
	return slices.DeleteFunc(slices.Clone(rows), func(r flow.Row) bool { return r.Other })
}

// sayUnknown says that no row is called so, and what to do about it.
func (p *plain) sayUnknown(rows []flow.Row) {
	p.say("error: nothing is called like that")
	for i, row := range rows {
		if row.Other {
			p.say("hint: what is not listed: %d, %s", i+1, row.Cells[0])
		}
	}
}
