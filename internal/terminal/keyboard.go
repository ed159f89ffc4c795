//go:build unix

package terminal

import (
	"io"
	"strings"
	"sync"

	"github.com/charmbracelet/x/vt"
)

// Keys as sent by xterm (https://invisible-island.net/xterm/ctlseqs/ctlseqs.html). A
// program distinguishes Escape from the start of another key by the time that passes:
// wait for its effect before typing more.
const (
	Enter     = "\r"
	Escape    = "\x1b"
	Backspace = "\x7f"
	Up        = "\x1b[A"
	Down      = "\x1b[B"
	Right     = "\x1b[C"
	Left      = "\x1b[D"
	PageDown  = "\x1b[6~"
	CtrlA     = "\x01"
	CtrlC     = "\x03"
	CtrlD     = "\x04"
	CtrlU     = "\x15"
	CtrlR     = "\x12"
	CtrlZ     = "\x1a"
)

// Type presses keys, characters and the keys above, in one go. It doesn't wait for the
// program to read them.
func (t *Terminal) Type(keys string) {
	t.keys.send(keys)
}

// Paste sends text from the clipboard: in brackets if the program asked for them, and
// with each line break as Enter, like terminals do.
func (t *Terminal) Paste(text string) {
	text = strings.NewReplacer("\r\n", Enter, "\n", Enter).Replace(text)
	if t.PasteIsBracketed() {
		text = "\x1b[200~" + text + "\x1b[201~"
	}
	t.keys.send(text)
}

// keyboard stores what was typed until the program reads it: a terminal's own buffer has
// room for a few thousand bytes, and typing must not block reading the screen.
type keyboard struct {
	mu      sync.Mutex
	pending []byte
	wake    chan struct{}
	closed  chan struct{}
}

func newKeyboard() *keyboard {
	return &keyboard{wake: make(chan struct{}, 1), closed: make(chan struct{})}
}

func (k *keyboard) send(keys string) {
	k.mu.Lock()
	k.pending = append(k.pending, keys...)
	k.mu.Unlock()
	select {
	case k.wake <- struct{}{}:
	default: // already awake
	}
}

// press writes what is sent to w, until close, or until w is no longer read.
func (k *keyboard) press(w io.Writer) {
	for {
		select {
		case <-k.closed:
			return
		case <-k.wake:
		}
		k.mu.Lock()
		keys := k.pending
		k.pending = nil
		k.mu.Unlock()
		if _, err := w.Write(keys); err != nil {
			return // the program has ended
		}
	}
}

func (k *keyboard) close() { close(k.closed) }

// answer types the emulator's answers to the program's queries.
func (t *Terminal) answer(silent bool) {
	buffer := make([]byte, 1024)
	for {
		n, err := t.emulator.Read(buffer)
		if err != nil {
			return
		}
		if !silent {
			t.keys.send(string(buffer[:n]))
		}
	}
}

// closeAnswers ends the reading of answers. The emulator's own Close does so too, but
// writes a field that its Read reads.
func closeAnswers(emulator *vt.Emulator) error {
	if pipe, ok := emulator.InputPipe().(io.Closer); ok {
		return pipe.Close()
	}
	return nil
}
