package tui

import (
	"os"
	"sync"

	"golang.org/x/term"
)

// tty is the terminal of plain questions, or none, where answers come from a
// pipe.
type tty struct {
	terminal *os.File
	found    *term.State // as which it is to be left

	mu   sync.Mutex // held while the terminal is the shell's
	echo bool
	left bool
}

func (t *tty) open(terminal *os.File) {
	if terminal == nil {
		return
	}
	t.terminal = terminal
	t.found, _ = term.GetState(int(terminal.Fd())) // nil has nothing to be restored
	t.set(false, false)                            // what is typed between questions may be a secret
}

// set switches the echo and, where flush, drops what was typed before.
func (t *tty) set(echo, flush bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.terminal != nil && !t.left {
		t.echo = echo
		setEcho(t.terminal, echo, flush)
	}
}

// drop forgets what was typed before, where there is a terminal: it was not
// meant for what is asked next. A pipe's answers are meant in their order.
func (t *tty) drop() { t.set(false, true) }

// restore makes the terminal what it was: a read that was left behind has its
// echo off, and half of a secret would become a command line.
func (t *tty) restore() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.found != nil && !t.left && isForeground(t.terminal) {
		forget(t.terminal)
		_ = term.Restore(int(t.terminal.Fd()), t.found) // one that is gone needs no echo
	}
	t.left = true
}

// away leaves the terminal to the shell while stop stops this process, and has
// it then as it was, whatever the shell made of it. The lock is held.
func (t *tty) away(stop func()) {
	if t.left {
		return
	}
	forget(t.terminal) // before the shell shows it
	if t.found != nil {
		_ = term.Restore(int(t.terminal.Fd()), t.found) // as above
	}
	stop()
	regain(t.terminal, t.found)
	setEcho(t.terminal, t.echo, false)
}
