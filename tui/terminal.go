package tui

import (
	"os"
	"sync"
	"time"

	"github.com/charmbracelet/x/ansi"
	"golang.org/x/term"

	"convox-travis/internal/crash"
)

// Held is a terminal while questions are asked on it, as it was found. With it the
// process can end in the middle of a question, in whatever state the driver is.
type Held struct {
	in     *os.File // nil where answers come from a pipe
	found  *term.State
	screen *os.File // of the full screen, or nil

	mu sync.Mutex // of writes to the screen
}

// Hold notes how the terminal is found. in is where answers come from and screen
// where the full screen is drawn; each may be nil.
func Hold(in, screen *os.File) *Held {
	h := &Held{in: in, screen: screen}
	if in != nil {
		h.found, _ = term.GetState(int(in.Fd())) // nil has nothing to be restored
	}
	return h
}

// Read implements io.Reader.
func (h *Held) Read(p []byte) (int, error) { return h.screen.Read(p) }

// Write implements io.Writer. It writes to the screen.
func (h *Held) Write(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.screen.Write(p)
}

// Close implements io.Closer.
func (h *Held) Close() error { return h.screen.Close() }

// Fd is the screen's.
func (h *Held) Fd() uintptr { return h.screen.Fd() }

// longestRestore bounds how long a blocked terminal delays the end.
const longestRestore = 300 * time.Millisecond

// Restore is for the end of the process alone: it makes the terminal what it was
// found as, drops what was typed and not read, and lets nothing more be drawn. It
// may be called from any goroutine, and returns within a moment.
func (h *Held) Restore() {
	if h.found == nil || !isForeground(h.in) {
		return
	}
	_ = term.Restore(int(h.in.Fd()), h.found) // one that is gone needs no settings
	left := make(chan struct{})
	go func() {
		defer close(left)
		defer crash.Catch()
		if h.screen != nil {
			h.mu.Lock() // and it stays locked
			_, _ = h.screen.WriteString(leaveScreen)
		}
		forget(h.in) // half a secret must not become a command line
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
