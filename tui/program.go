package tui

import (
	"context"
	"io"
	"sync/atomic"

	tea "charm.land/bubbletea/v2"

	"convox-travis/internal/setup"
	"convox-travis/tui/flow"
)

// Terminal is where the full screen is.
type Terminal struct {
	In  io.Reader
	Out interface { // *os.File has it
		io.ReadWriteCloser
		Fd() uintptr
	}
	// Interrupt asks the run to stop, as a first and a second Ctrl-C do.
	Interrupt func()
	Env       []string // NAME=VALUE; decides on colours
	Demo      bool     // says on the screen that this is the demo
}

// Screen runs the flow on the full screen. It returns the cause of stop when
// that ended it.
func Screen(stop setup.Stop, t Terminal, f *flow.Flow) error {
	out := &counted{file: t.Out}
	m := newModel(stop, t, f, out)
	program := tea.NewProgram(m, tea.WithInput(t.In), tea.WithOutput(out), tea.WithEnvironment(t.Env), tea.WithoutSignalHandler())
	m.send = program.Send
	ctx, cancel := context.WithCancel(stop.Soft)
	defer cancel()
	m.ctx = ctx
	detach := context.AfterFunc(stop.Soft, func() { program.Send(stopMsg{}) })
	defer detach()
	_, err := program.Run()
	if m.work != nil && m.work.Writes {
		// The terminal is gone: what writes still has to come to its end, and
		// to be told of.
		if err != nil {
			t.Interrupt()
		}
		select {
		case outcome := <-m.done:
			f.Finish(outcome)
		case <-stop.Hard.Done():
		}
	}
	if err != nil {
		return err
	}
	if f.State() != flow.Over {
		return context.Cause(stop.Soft)
	}
	return nil
}

// counted counts the writes to the terminal, so that it is known when a screen
// has been shown.
type counted struct {
	file interface {
		io.ReadWriteCloser
		Fd() uintptr
	}
	writes atomic.Int64
}

func (c *counted) Read(p []byte) (int, error) { return c.file.Read(p) }
func (c *counted) Close() error               { return c.file.Close() }
func (c *counted) Fd() uintptr                { return c.file.Fd() }

func (c *counted) Write(p []byte) (int, error) {
	// Before the write: whoever has seen the screen may answer it at once.
	c.writes.Add(1)
	return c.file.Write(p)
}
