package tui

import (
	"context"
	"io"
	"os"

	tea "charm.land/bubbletea/v2"
	"golang.org/x/term"

	"convox-travis/internal/crash"
	"convox-travis/tui/flow"
)

// The messages of what the shell does with the job.
type (
	stopJobMsg   struct{}
	jobGoesOnMsg struct{}
	againMsg     struct{ err error } // the screen is back
)

// obey brings what the shell asks to the program, until ctx ends.
func (m *model) obey(ctx context.Context) {
	if file, is := m.terminal.In.(*os.File); is {
		m.found, _ = term.GetState(int(file.Fd())) // nil has nothing to be restored
	}
	m.job = newJob()
	go func() {
		defer m.job.close()
		defer crash.Catch()
		for {
			select {
			case <-ctx.Done():
				return
			case <-m.job.stops:
				m.send(stopJobMsg{})
			case <-m.job.continues:
				m.send(jobGoesOnMsg{})
			}
		}
	}()
}

// suspend leaves the terminal and stops the job, all of it where a key asked.
func (m *model) suspend(all bool) tea.Cmd {
	if m.work != nil && m.work.Writes {
		word := flow.Line{Tone: flow.Warning, Text: notNow}
		if last := len(m.told) - 1; last < 0 || m.told[last] != word {
			m.told = append(m.told, word)
		}
		return nil
	}
	if !m.job.canStop {
		return nil
	}
	return m.pause(func() { m.job.stop(all) })
}

// pause leaves the terminal, does something, and takes the terminal again with
// all that is on it. The library's own suspension waits for ever where the
// kernel passes the signal over
// (https://github.com/charmbracelet/bubbletea/blob/v2.1.1/tty_unix.go).
func (m *model) pause(do func()) tea.Cmd {
	// Nobody looks, so that a secret which is shown is hidden.
	return tea.Batch(m.give(tea.BlurMsg{}), tea.Exec(pause{m, do}, func(err error) tea.Msg { return againMsg{err} }))
}

// again goes on after a pause.
func (m *model) again(err error) tea.Cmd {
	if err != nil {
		m.terminal.Interrupt() // there is no terminal any more
		return nil
	}
	return tea.Batch(m.give(tea.FocusMsg{}), tea.ClearScreen)
}

// pause is a tea.ExecCommand, and so runs in the program's goroutine.
type pause struct {
	*model
	do func()
}

func (p pause) Run() error {
	p.do()
	if file, is := p.terminal.In.(*os.File); is {
		regain(file, p.found)
	}
	p.moved++ // a key for the shell answers nothing
	return nil
}

func (pause) SetStdin(io.Reader)  {}
func (pause) SetStdout(io.Writer) {}
func (pause) SetStderr(io.Writer) {}
