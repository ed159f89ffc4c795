//go:build unix

package terminal

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/charmbracelet/x/vt"
	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

// Options describe the terminal. The zero value has 80 columns and 24 rows, is dark, and
// answers queries.
type Options struct {
	Width, Height int
	// Silent terminals answer no queries.
	Silent bool
	// Light terminals report a white background, dark ones a nearly black one.
	Light bool
	// Patience is how long each wait may take; 0 is 20 seconds.
	Patience time.Duration
}

// Terminal is a program and the terminal it runs in. It is safe for concurrent use. Close
// ends it.
type Terminal struct {
	command  *exec.Cmd
	master   *os.File
	keys     *keyboard
	patience time.Duration
	palette  palette

	exited  chan struct{} // closed when the program has been reaped
	drained chan struct{} // closed when nothing more can appear
	end     sync.Once
	running sync.WaitGroup

	// The emulator's safe variant has its own lock, but the cells that it returns are
	// still the ones it writes to.
	mu       sync.Mutex
	emulator *vt.Emulator
	settings settings
	output   bytes.Buffer
	screens  []string
	changed  chan struct{} // closed, and replaced, after each change
}

// Start runs command in a new terminal, which controls its new session. Standard input,
// output and error that command leaves nil are the terminal. Unless its Env has a TERM,
// the program gets that of an xterm with all colors; if Env is nil, it gets this
// process's variables.
func Start(command *exec.Cmd, o Options) (*Terminal, error) {
	size, err := window(o.Width, o.Height)
	if err != nil {
		return nil, err
	}
	command.Env = environment(command)
	command.SysProcAttr = controlling(command)
	master, err := pty.StartWithSize(command, size)
	if err != nil {
		return nil, fmt.Errorf("start %s in a terminal: %w", command.Path, err)
	}
	pollable, err := reopen(master)
	if err != nil {
		_ = command.Process.Kill() // report the first error
		_ = command.Wait()
		return nil, fmt.Errorf("open the terminal: %w", err)
	}
	t := &Terminal{
		command:  command,
		master:   pollable,
		keys:     newKeyboard(),
		patience: o.Patience,
		exited:   make(chan struct{}),
		drained:  make(chan struct{}),
		palette:  colors(!o.Light),
		emulator: vt.NewEmulator(int(size.Cols), int(size.Rows)),
		changed:  make(chan struct{}),
	}
	if t.patience == 0 {
		t.patience = 20 * time.Second
	}
	t.emulator.SetDefaultForegroundColor(t.palette.foreground)
	t.emulator.SetDefaultBackgroundColor(t.palette.background)
	t.settings.watch(t.emulator)

	t.running.Go(t.show)
	t.running.Go(func() { t.answer(o.Silent) })
	t.running.Go(func() { t.keys.press(t.master) })
	t.running.Go(func() {
		_ = command.Wait() // Wait returns how it ended, from the state
		close(t.exited)
	})
	return t, nil
}

// Resize gives the terminal a new size, in cells, and notifies the program.
func (t *Terminal) Resize(width, height int) error {
	size, err := window(width, height)
	if err != nil {
		return err
	}
	t.mu.Lock()
	t.emulator.Resize(int(size.Cols), int(size.Rows))
	t.note()
	t.mu.Unlock()
	if err := pty.Setsize(t.master, size); err != nil {
		return fmt.Errorf("resize the terminal: %w", err)
	}
	return nil
}

// PID is the program's process ID.
func (t *Terminal) PID() int { return t.command.Process.Pid }

// Job is the terminal's foreground process group: the program's, or for a shell, that of
// what it runs.
func (t *Terminal) Job() (int, error) { return unix.IoctlGetInt(int(t.master.Fd()), unix.TIOCGPGRP) }

// Signal sends the program a signal.
func (t *Terminal) Signal(signal os.Signal) error { return t.command.Process.Signal(signal) }

// HangUp closes the terminal under the program, as when a window is closed. Wait returns
// how the program ends.
func (t *Terminal) HangUp() { _ = t.master.Close() } // it is fine if it is closed already

// Close kills the program, and what it started in its process group, if anything is still
// running. The output remains readable.
func (t *Terminal) Close() {
	t.end.Do(func() {
		if !isClosed(t.exited) || !isClosed(t.drained) {
			// If nothing of the group is left, there is nothing to kill.
			_ = syscall.Kill(-t.command.Process.Pid, syscall.SIGKILL)
		}
		<-t.exited
		t.keys.close()
		_ = t.master.Close()         // ends show and press
		_ = closeAnswers(t.emulator) // ends answer
		t.running.Wait()
	})
}

// window is a size in cells, 80 by 24 where it is 0.
func window(width, height int) (*pty.Winsize, error) {
	if width == 0 {
		width = 80
	}
	if height == 0 {
		height = 24
	}
	if width < 1 || height < 1 || width > 1000 || height > 1000 {
		return nil, fmt.Errorf("make a terminal of %d by %d cells: each must be 1 to 1000", width, height)
	}
	return &pty.Winsize{Cols: uint16(width), Rows: uint16(height)}, nil
}

func environment(command *exec.Cmd) []string {
	ours := []string{"TERM=xterm-256color", "COLORTERM=truecolor"}
	if command.Env == nil {
		return append(command.Environ(), ours...)
	}
	for _, entry := range command.Env {
		if strings.HasPrefix(entry, "TERM=") {
			return command.Env
		}
	}
	return append(ours, command.Env...)
}

// controlling returns the first of the program's three files that is the terminal.
func controlling(command *exec.Cmd) *syscall.SysProcAttr {
	attributes := command.SysProcAttr
	if attributes == nil {
		attributes = new(syscall.SysProcAttr)
	}
	switch {
	case command.Stdin == nil:
		attributes.Ctty = 0
	case command.Stdout == nil:
		attributes.Ctty = 1
	default:
		attributes.Ctty = 2
	}
	return attributes
}

// reopen returns master as a file whose reads and writes end when it is closed. The pty
// package leaves it in blocking mode, in which they don't.
func reopen(master *os.File) (*os.File, error) {
	defer func() { _ = master.Close() }() // the copy stays open
	fd, err := unix.FcntlInt(master.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	if err := unix.SetNonblock(fd, true); err != nil {
		_ = unix.Close(fd) // report the first error
		return nil, err
	}
	return os.NewFile(uintptr(fd), master.Name()), nil
}

func isClosed(done <-chan struct{}) bool {
	select {
	case <-done:
		return true
	default:
		return false
	}
}
