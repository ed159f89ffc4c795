package tui

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"sync"

	"golang.org/x/term"

	"convox-travis/internal/crash"
	"convox-travis/internal/secret"
)

// Input is where answers come from.
type Input struct {
	Reader io.Reader
	// Terminal is the same, where it is a terminal: there secrets are read
	// without an echo. It may be nil.
	Terminal *os.File
	// Copies reports whether what is written goes to a terminal that may know
	// how to copy.
	Copies bool
	Env    []string // NAME=VALUE; decides on colors and signs
}

// backSecret goes back where a secret is asked for, and helpSecret explains.
var backSecret, helpSecret = secret.New("<"), secret.New("?")

// longestLine bounds an answer, in bytes.
const longestLine = 64 << 10

// lineReader reads lines in a goroutine of its own, since nothing can end a read.
type lineReader struct {
	tty
	wanted chan bool // hidden or not
	lines  chan readLine
}

type readLine struct {
	text []byte
	err  error
}

func newLineReader(in Input) *lineReader {
	r := &lineReader{wanted: make(chan bool), lines: make(chan readLine, 1)}
	r.open(in.Terminal)
	reader := bufio.NewReaderSize(in.Reader, longestLine)
	go func() {
		defer crash.Catch()
		for hidden := range r.wanted {
			if hidden && r.terminal != nil && !echoIsOurs {
				text, err := term.ReadPassword(int(r.terminal.Fd()))
				r.lines <- readLine{text, err}
				continue
			}
			line, err := reader.ReadSlice('\n')
			text := bytes.Clone(line)
			clear(line)
			if errors.Is(err, io.EOF) && len(text) > 0 {
				err = nil // the last line needs no ending
			}
			r.lines <- readLine{text, err}
		}
	}()
	return r
}

// close lets the goroutine end, at the latest after the read that it is in.
func (r *lineReader) close() { close(r.wanted) }

// line reads one line, without its ending.
func (r *lineReader) line(ctx context.Context) (string, error) {
	r.set(true, false)
	defer r.set(false, false)
	text, err := r.read(ctx, false)
	return string(cutEnding(text)), err
}

// secret reads one line, without an echo where there is a terminal.
func (r *lineReader) secret(ctx context.Context) (secret.String, error) {
	text, err := r.read(ctx, true)
	defer clear(text)
	return secret.New(string(cutEnding(text))), err
}

func (r *lineReader) read(ctx context.Context, hidden bool) ([]byte, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	select {
	case r.wanted <- hidden:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	select {
	case l := <-r.lines:
		if l.err != nil {
			return nil, ErrNoMoreAnswers // whatever it was, nothing more can be read
		}
		return l.text, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

func cutEnding(text []byte) []byte {
	text = bytes.TrimSuffix(text, []byte("\n"))
	return bytes.TrimSuffix(text, []byte("\r"))
}

// tty is the terminal of plain questions, or none if answers come from a pipe.
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

// drop forgets what was typed before the question appeared. A pipe's answers stay.
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

// retakeTerminal makes the terminal again what it was before a stop, without what was typed
// before. With bg it stays the shell's, and whoever sets it is stopped by the kernel
// until fg. The lock is held.
func (t *tty) retakeTerminal() {
	if t.left {
		return
	}
	if t.found != nil {
		_ = term.Restore(int(t.terminal.Fd()), t.found) // one that is gone needs no settings
	}
	forget(t.terminal)
	setEcho(t.terminal, t.echo, false)
}
