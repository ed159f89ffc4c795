package main

import (
	"fmt"
	"os"
	"time"

	"convox-travis/internal/child"
	"convox-travis/internal/crash"
)

// quit ends the process wherever it is, from any goroutine, and leaves the
// terminal as it was found.
func (p *program) quit(code int) {
	p.restoreTerminal()
	child.EndAll()
	os.Exit(code)
}

func (p *program) restoreTerminal() {
	if held := p.held.Swap(nil); held != nil {
		held.Restore()
	}
}

// crashed ends the process after a panic. Nothing of the run is used that the
// panicking goroutine may hold.
func (p *program) crashed(place string) {
	p.restoreTerminal()
	time.AfterFunc(time.Second, func() { // standard error may take no more
		defer crash.Catch()
		os.Exit(exitFailed)
	})
	p.status.clear()
	fmt.Fprintf(p.status.to, "error: internal error in %s\nhint: run the same command again: it reads first what is there already\n", place)
	p.quit(exitFailed)
}
