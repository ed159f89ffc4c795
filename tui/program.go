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
	"sync"
	"sync/atomic"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
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

// hardStopGrace is how long after a second Ctrl-C a write may take to report what was written.
const hardStopGrace = 400 * time.Millisecond

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
			time.Sleep(hardStopGrace) // it ends too, and reports what was written
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

// continuedMsg says that the process continues after a stop, retakenMsg that it has its terminal.
type (
	continuedMsg struct{}
	retakenMsg   struct{}
)

// retakeTerminal makes the terminal again what it was before a stop; enterScreen is the rest.
// tea.Exec would do both, but after it the library may never draw again
// (https://github.com/charmbracelet/bubbletea/issues/1778).
func (m *model) retakeTerminal() tea.Msg {
	defer crash.Catch()
	if file, is := m.terminal.In.(*os.File); is {
		forget(file)                        // what was typed meanwhile was for the shell
		_, _ = term.MakeRaw(int(file.Fd())) // one that is gone needs no settings
	}
	return retakenMsg{}
}

// Device is a terminal while questions are asked on it, with the settings that it had.
// With it the process can end in the middle of a question, in whatever state the driver is.
type Device struct {
	in     *os.File // nil where answers come from a pipe
	found  *term.State
	screen *os.File // of the full screen, or nil

	mu     sync.Mutex   // of writes to the screen
	writes atomic.Int64 // so that it's known when a screen has been shown
}

// OpenDevice notes the settings of the terminal. in is where answers come from and screen
// where the full screen is drawn; each may be nil.
func OpenDevice(in, screen *os.File) *Device {
	d := &Device{in: in, screen: screen}
	if in != nil {
		d.found, _ = term.GetState(int(in.Fd())) // nil has nothing to be restored
	}
	return d
}

func (d *Device) Read(p []byte) (int, error) { return d.screen.Read(p) }

// Write implements io.Writer. It writes to the screen.
func (d *Device) Write(p []byte) (int, error) {
	d.writes.Add(1) // before the write: whoever has seen the screen may answer it at once
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.screen.Write(p)
}

func (d *Device) Close() error { return d.screen.Close() }

// Fd is the screen's.
func (d *Device) Fd() uintptr { return d.screen.Fd() }

// longestRestore bounds how long a blocked terminal delays the end.
const longestRestore = 300 * time.Millisecond

// Restore is for the end of the process alone: it makes the terminal what it was
// found as, drops what was typed and not read, and lets nothing more be drawn. It
// may be called from any goroutine, and returns within a moment.
func (d *Device) Restore() {
	if d.found == nil || !isForeground(d.in) {
		return
	}
	_ = term.Restore(int(d.in.Fd()), d.found) // one that is gone needs no settings
	left := make(chan struct{})
	go func() {
		defer close(left)
		defer crash.Catch()
		if d.screen != nil {
			d.mu.Lock() // and it stays locked
			_, _ = d.screen.WriteString(leaveScreen)
		}
		forget(d.in) // half a secret must not become a command line
	}()
	select {
	case <-left:
	case <-time.After(longestRestore):
	}
}

// leaveScreen undoes what the full screen sets, whichever of it is set
// (https://invisible-island.net/xterm/ctlseqs/ctlseqs.html,
// https://sw.kovidgoyal.net/kitty/keyboard-protocol/).
const leaveScreen = ansi.ResetModeSynchronizedOutput + ansi.ResetModifyOtherKeys + "\x1b[<1u" +
	ansi.ResetModeBracketedPaste + ansi.ResetModeFocusEvent + ansi.ResetModeUnicodeCore +
	ansi.ResetStyle + ansi.ResetModeAltScreenSaveCursor + ansi.SetModeTextCursorEnable

// enterScreen sets all of it again after a stop.
const enterScreen = ansi.ResetModifyOtherKeys + "\x1b[<1u" + ansi.ResetStyle + ansi.ResetModeAltScreenSaveCursor +
	ansi.SetModeAltScreenSaveCursor + ansi.ResetModeTextCursorEnable + ansi.SetModeBracketedPaste + ansi.SetModeFocusEvent +
	ansi.SetModifyOtherKeys2 + "\x1b[>1u" + "\x1b]2;" + windowTitle + "\a"

const windowTitle = "convox-travis"
