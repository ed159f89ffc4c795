package tui

import (
	"time"

	tea "charm.land/bubbletea/v2"

	"convox-travis/tui/field"
	"convox-travis/tui/flow"
)

// A key answers only what was on the screen when it was pressed. What moves, types
// or goes back always works.

// appearance is what a person has to look at again: a question, the end of what is
// to be read, other lines of it, another row under the cursor that nobody moved
// there, the screen after a pause.
type appearance struct {
	asked, moved int // are counted
	ended        bool
}

// picture is what an answer is given to.
type picture struct {
	appearance
	ready bool // the foot names the keys that answer
	focus any  // the option, the button or the row
	top   int  // the first line of what is read
}

// lookedMsg says that there was time to look at an appearance.
type lookedMsg appearance

// lookTime is how long after an appearance a key can still be meant for what was
// there before: the second press of an impatient person, or one under way.
const lookTime = 500 * time.Millisecond

// noteAppearance notices what appeared. Where an answer writes, saves or reveals something,
// and where the cursor was moved, no key answers before there was time to look.
func (m *model) noteAppearance() tea.Cmd {
	now := appearance{asked: m.asked, moved: m.moved, ended: m.reading != nil && m.reading.ended}
	if now == m.appeared {
		return nil
	}
	m.ready = now.moved == m.appeared.moved && !m.isCareful()
	m.appeared = now
	if m.ready {
		return nil
	}
	return tea.Tick(lookTime, func(time.Time) tea.Msg { return lookedMsg(now) })
}

// isCareful reports whether an answer to the question can do what another one
// doesn't undo.
func (m *model) isCareful() bool {
	switch m.question.Kind {
	case flow.Review, flow.Confirm, flow.Shown:
		return true
	}
	return m.question.Guarded
}

func (m *model) picture() picture {
	p := picture{appearance: m.appeared, ready: m.ready}
	switch f := m.field.(type) {
	case *field.Choice:
		p.focus = f.Value().Index
	case *field.Confirm:
		p.focus = f.Value().Yes
	case *field.List:
		p.focus, _ = f.Selected()
	}
	if m.reading != nil {
		p.top = m.reading.top
	}
	return p
}

// draw notes what the next write to the terminal shows, if there is one: a screen
// that is on the terminal already isn't written again.
func (m *model) draw(screen string) {
	writes := m.terminal.Out.writes.Load()
	if writes != m.writes {
		m.writes, m.written = writes, m.next
	}
	if p := m.picture(); p != m.drawn {
		m.drawn, m.drawnAt = p, writes
	}
	m.next = screen
}

// isSeen reports whether what an answer is given to is on the screen, all of it where
// the answer can do harm.
func (m *model) isSeen() bool {
	return m.step != "" && m.ready && !m.suspended && !(m.isCut && m.isCareful()) && (m.terminal.Out.writes.Load() != m.drawnAt || m.next == m.written)
}

// answers reports whether a key is a part of an answer.
func (m *model) answers(stroke string) bool {
	confirms := m.question.Kind == flow.Confirm && !m.question.Guarded && (stroke == "y" || stroke == "n")
	return stroke == "enter" || confirms || m.isSwitch(stroke) || m.question.Several && (stroke == "space" || stroke == "ctrl+a")
}
