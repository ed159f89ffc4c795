// Package tui asks the questions of package flow, with one of two drivers: the
// full screen (Screen) or plain lines (Plain). It asks and shows, and decides
// nothing.
//
// Rules of the screen: the question first, then in a line why it is asked, then
// where the answer goes; an error stands beside what it is about, with what can
// be done; the keys at the foot are those that do something now; whatever takes
// longer than a moment says what it is and since when; nothing is told by
// colour alone.
//
// Next room: tui/field, which shows one question.
package tui

import (
	"context"
	"io"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	tea "charm.land/bubbletea/v2"
	"golang.org/x/term"

	"convox-travis/internal/crash"
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
	life, end := context.WithCancel(context.Background()) // beyond a first Ctrl-C
	defer end()
	m.obey(life)
	detach := context.AfterFunc(stop.Soft, func() {
		defer crash.Catch()
		program.Send(stopMsg{})
	})
	defer detach()
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

// halted is how long after a second Ctrl-C a write may take to say what stands.
const halted = 400 * time.Millisecond

// close ends the flow when the program has ended, with err or without. What
// writes still has to come to its end, and to be told of: the terminal can be
// gone in the middle of it.
func (m *model) close(err error) error {
	if m.work != nil && m.work.Writes {
		if err != nil {
			m.terminal.Interrupt()
		}
		over := make(chan struct{})
		detach := context.AfterFunc(m.stop.Hard, func() {
			defer crash.Catch()
			time.Sleep(halted) // it ends too, and says what stands
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

// startsDark guesses the background until the terminal has told it, which some
// never do. COLORFGBG is the numbers of the text's and the background's colour,
// among the sixteen, as rxvt began to say it
// (https://manpages.debian.org/bookworm/rxvt-unicode/rxvt-unicode.7.en.html).
// White, and the bright ones but for black and blue, are light.
func startsDark(env []string) bool {
	for _, setting := range env {
		value, set := strings.CutPrefix(setting, "COLORFGBG=")
		if !set {
			continue
		}
		number, err := strconv.Atoi(value[strings.LastIndex(value, ";")+1:])
		return err != nil || number != 7 && (number < 9 || number > 15 || number == 12)
	}
	return true
}

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
