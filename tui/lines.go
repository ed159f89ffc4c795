package tui

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"os"

	"golang.org/x/term"

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
}

// backSecret is what goes back where a secret is asked for.
var backSecret = secret.New("<")

// longestLine bounds an answer, in bytes.
const longestLine = 64 << 10

// lineReader reads lines in a goroutine of its own, since a read cannot be
// ended: it is left behind when the person is.
type lineReader struct {
	terminal *os.File
	before   *term.State // of the terminal; to be restored
	wanted   chan bool   // hidden or not
	lines    chan readLine
}

type readLine struct {
	text []byte
	err  error
}

func newLineReader(in Input) *lineReader {
	r := &lineReader{terminal: in.Terminal, wanted: make(chan bool), lines: make(chan readLine)}
	if r.terminal != nil {
		r.before, _ = term.GetState(int(r.terminal.Fd())) // nil has nothing to be restored
		setEcho(r.terminal, false, false)                 // what is typed between questions may be a secret
	}
	reader := bufio.NewReaderSize(in.Reader, longestLine)
	go func() {
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

// drop forgets what was typed before, where there is a terminal: it was not
// meant for what is asked next. A pipe's answers are meant in their order.
func (r *lineReader) drop() {
	if r.terminal != nil {
		setEcho(r.terminal, false, true)
	}
}

// line reads one line, without its ending.
func (r *lineReader) line(ctx context.Context) (string, error) {
	if r.terminal != nil {
		setEcho(r.terminal, true, false)
		defer setEcho(r.terminal, false, false)
	}
	text, err := r.read(ctx, false)
	return string(cutEnding(text)), err
}

// secret reads one line, without an echo where there is a terminal.
func (r *lineReader) secret(ctx context.Context) (secret.String, error) {
	r.drop()
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

// restore makes the terminal what it was: a read that was left behind has its
// echo off.
func (r *lineReader) restore() {
	if r.before != nil {
		_ = term.Restore(int(r.terminal.Fd()), r.before) // one that is gone needs no echo
	}
}

func cutEnding(text []byte) []byte {
	text = bytes.TrimSuffix(text, []byte("\n"))
	return bytes.TrimSuffix(text, []byte("\r"))
}
