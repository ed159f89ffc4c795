package tui

import (
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/charmbracelet/x/ansi"
	"golang.org/x/term"

	"convox-travis/internal/crash"
)

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

// Read implements io.Reader.
func (d *Device) Read(p []byte) (int, error) { return d.screen.Read(p) }

// Write implements io.Writer. It writes to the screen.
func (d *Device) Write(p []byte) (int, error) {
	d.writes.Add(1) // before the write: whoever has seen the screen may answer it at once
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.screen.Write(p)
}

// Close implements io.Closer.
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
