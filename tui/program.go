// Package tui asks the questions of package flow, with one of two drivers: the
// full screen (Screen) or plain lines (Plain). It asks and shows, and decides
// nothing.
//
// The screen is a transcript: a line for each answer, then the question, a line of
// reason, the answer's field, and below it an error with what to do about it. The
// keys named at the end do something now. Work that takes longer than a moment says
// what it is and since when. Color alone says nothing.
//
// Next room: tui/field, which shows one question.
package tui

import (
	"context"
	"io"
	"os"
	"os/signal"
	"time"

	tea "charm.land/bubbletea/v2"
	"golang.org/x/term"

	"convox-travis/internal/connect"
	"convox-travis/internal/crash"
	"convox-travis/tui/flow"
)

// Terminal is where the full screen is.
type Terminal struct {
	In  io.Reader
	Out *Device
	// Interrupt asks the run to stop, as a first and a second Ctrl-C do.
	Interrupt func()
	Env       []string // NAME=VALUE; decides on colors and signs
	Demo      bool     // says on the screen that this is the demo
}

// Screen runs the flow on the full screen. It returns the cause of stop when
// that ended it.
func Screen(stop connect.Stop, t Terminal, f *flow.Flow) error {
	m := newModel(stop, t, f)
	program := tea.NewProgram(m, tea.WithInput(t.In), tea.WithOutput(t.Out), tea.WithEnvironment(t.Env), tea.WithoutSignalHandler())
	m.send = program.Send
	ctx, cancel := context.WithCancel(stop.Soft)
	defer cancel()
	m.ctx = ctx
	continued := make(chan os.Signal, 1)
	notifyContinued(continued)
	defer func() { signal.Stop(continued); close(continued) }()
	go func() {
		defer crash.Catch()
		for range continued {
			program.Send(continuedMsg{})
		}
	}()
	detach := context.AfterFunc(stop.Soft, func() {
		defer crash.Catch()
		program.Send(stopMsg{})
	})
	defer detach()
	defer func() { printTranscript(t.Out, t.Env, m.theme, m.width, f) }()
	ended := make(chan error, 1)
	go func() {
		defer crash.Catch()
		_, err := program.Run()
		ended <- err
	}()
	select {
	case err := <-ended:
		return m.close(err)
	case <-stop.Hard.Done():
	}
	// A terminal that takes no more can hold the program for ever. The flow is the
	// program's as long: whoever called ends the process then.
	program.Kill()
	return m.close(<-ended)
}

// halted is how long after a second Ctrl-C a write may take to report what was written.
const halted = 400 * time.Millisecond

// close ends the flow when the program has ended, with err or without. A write has to
// finish and be reported, even if the terminal is gone in the middle of it.
func (m *model) close(err error) error {
	if m.work != nil && m.work.Writes {
		if err != nil {
			m.terminal.Interrupt()
		}
		over := make(chan struct{})
		detach := context.AfterFunc(m.stop.Hard, func() {
			defer crash.Catch()
			time.Sleep(halted) // it ends too, and reports what was written
			close(over)
		})
		defer detach()
		select {
		case outcome := <-m.done:
			m.flow.Finish(outcome)
		case <-over:
		}
	}
	switch stopped := context.Cause(m.stop.Soft); {
	case m.flow.State() == flow.Over:
		return nil
	case stopped != nil:
		return stopped
	}
	return err
}

// continuedMsg says that the process continues after a stop, and retakenMsg that it
// has its terminal again.
type (
	continuedMsg struct{}
	retakenMsg   struct{}
)

// retake makes the terminal again what it was before a stop; enterScreen is the rest.
// tea.Exec would do both, but after it the library may never draw again
// (https://github.com/charmbracelet/bubbletea/issues/1778).
func (m *model) retake() tea.Msg {
	defer crash.Catch()
	if file, is := m.terminal.In.(*os.File); is {
		forget(file)                        // what was typed meanwhile was for the shell
		_, _ = term.MakeRaw(int(file.Fd())) // one that is gone needs no settings
	}
	return retakenMsg{}
}
