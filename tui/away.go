package tui

import (
	"os"

	"golang.org/x/term"
)

// notNow is what Ctrl-Z gets while something is under way that a stop, for how
// long nobody knows, would leave half done.
const notNow = "not stopped: what is under way has to come to its end first"

// regain makes the terminal of a job that goes on what it was found as, and
// forgets what was typed before: that was the shell's. With bg the terminal
// stays the shell's, and whoever sets it is stopped by the kernel until fg.
func regain(terminal *os.File, found *term.State) {
	if found != nil {
		_ = term.Restore(int(terminal.Fd()), found) // one that is gone needs no settings
	}
	forget(terminal)
}
