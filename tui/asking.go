package tui

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"convox-travis/tui/field"
	"convox-travis/tui/flow"
)

// ask puts the flow's question on the screen.
func (m *model) ask() tea.Cmd {
	m.question = m.flow.Question()
	m.problem, m.stale, m.touched = m.question.Problem, false, false
	m.asked++
	m.field, m.reading = nil, nil
	q := m.question
	switch q.Kind {
	case flow.Choice:
		m.field = field.NewChoice(m.theme, options(q.Options), q.Initial.Index)
	case flow.Confirm:
		m.field = field.NewConfirm(m.theme, q.Yes, q.No, q.Initial.Yes)
		m.reading = &reading{}
		for _, reason := range q.Reason {
			m.reading.lines = append(m.reading.lines, flow.Line{Text: reason})
		}
	case flow.Text:
		m.field = field.NewText(m.theme, "", q.Initial.Text, checkText(q))
	case flow.Secret:
		m.field = field.NewSecret(m.theme, q.Initial.Secret)
	case flow.Shown:
		m.field = field.NewShown(m.theme, q.Secret, q.Tail, checkText(q))
	case flow.Pick:
		list := field.NewList(m.theme, field.ListOptions{Multi: q.Several, Alone: q.Alone, Empty: "nothing was found yet"})
		list.Mark(q.Initial.Keys...)
		list.SetRows(rows(q.Rows))
		m.question.Rows = nil // the list has them
		list.Select(q.Initial.Key)
		list.Busy(growing(q))
		m.field = list
	default:
		m.reading = &reading{lines: q.Lines}
	}
	m.resize()
	var cmd tea.Cmd
	if m.field != nil {
		cmd = m.field.Init()
	}
	if q.Growing {
		return tea.Batch(cmd, m.startTicking())
	}
	return cmd
}

func checkText(q flow.Question) func(string) error {
	return func(text string) error {
		if q.Check == nil {
			return nil
		}
		return q.Check(flow.Value{Text: text})
	}
}

// growing is what is still being looked for; what came of it stands below the
// list, where it has room.
func growing(q flow.Question) string {
	if q.Growing {
		return q.More
	}
	return ""
}

// many is how many rows are too many to be taken anew for each that arrives:
// they are then at the next tick.
const many = 500

// catchUp takes what was found since the question was put on the screen.
func (m *model) catchUp() {
	if !m.stale || m.step == "" || m.flow.State() != flow.Asking {
		return
	}
	switch f := m.field.(type) {
	case *field.List:
		if f.Len() > many && m.ticking {
			return
		}
		q := m.flow.Question()
		before, _ := f.Selected()
		f.SetRows(rows(q.Rows))
		f.Busy(growing(q))
		if !m.touched {
			f.Select(q.Initial.Key)
		}
		if now, _ := f.Selected(); now != before {
			m.moved++
		}
		q.Rows = nil
		m.question = q
	case *field.Choice:
		before := f.Selected()
		f.SetSelected(m.flow.Question().Initial.Index)
		if f.Selected() != before {
			m.moved++
		}
	case nil:
		if q := m.flow.Question(); q.Kind == flow.Review && m.reading != nil {
			m.reading.rewrite(q.Lines)
			m.question = q
			m.resize()
		}
	}
	m.stale = false
}

// value reads the field.
func (m *model) value() flow.Value {
	switch f := m.field.(type) {
	case *field.Choice:
		return flow.Value{Index: f.Selected()}
	case *field.Confirm:
		return flow.Value{Yes: f.Value()}
	case *field.Text:
		return flow.Value{Text: f.Value()}
	case *field.Shown:
		return flow.Value{Text: f.Value()}
	case *field.Secret:
		return flow.Value{Secret: f.Value()}
	case *field.List:
		key, _ := f.Selected()
		return flow.Value{Key: key, Keys: f.Marked()}
	}
	return flow.Value{}
}

func options(of []flow.Option) []field.Option {
	shown := make([]field.Option, len(of))
	for i, o := range of {
		shown[i] = field.Option{Label: o.Label, Note: o.Note}
	}
	return shown
}

func rows(of []flow.Row) []field.Row {
	shown := make([]field.Row, len(of))
	for i, r := range of {
		// What people type is the name and what it is on, never a host.
		search := strings.Join(r.Cells[:min(2, len(r.Cells))], " ")
		shown[i] = field.Row{Key: r.Key, Cells: r.Cells, Note: r.Note, Disabled: r.Disabled, Search: search, Other: r.Other}
	}
	return shown
}
