package main

import (
	"fmt"
	"math"
	"time"

	"al.essio.dev/pkg/shellescape"

	"convox-travis/internal/clock"
	"convox-travis/internal/pace"
	"convox-travis/internal/transport"
	"convox-travis/tui/flow"
)

// waits tells someone who is looking what a call waits for: in a line, or where
// the wizard asks through the wizard. It may be called by any goroutine.
func (p *program) waits(words func(left time.Duration) string, wait time.Duration) {
	switch {
	case p.wizardWaits != nil:
		select {
		case p.wizardWaits <- flow.Wait{Words: words, Until: time.Now().Add(wait)}:
		default: // it is behind: that can be left out
		}
	case p.shown:
		fmt.Fprintln(p.err, shellescape.StripUnsafe(words(wait)))
	}
}

// again tells what is tried again.
func (p *program) again(a transport.Again) {
	p.waits(func(left time.Duration) string {
		return transport.Again{What: a.What, Pause: left, Try: a.Try}.String()
	}, a.Pause)
}

// posts is the window for the POSTs of all runs on this machine with one name.
func (p *program) posts(name string) *pace.Window {
	return p.paced(pace.NewShared(p.cache, "posts-"+name, p.limit, clock.System{}), p.limit, "writes")
}

// calls is the window for the calls of this run.
func (p *program) calls() *pace.Window {
	limit := pace.Limit{Calls: pace.TravisCalls, Per: pace.TravisMinute}
	return p.paced(pace.NewWindow(limit, clock.System{}), limit, "calls")
}

func (p *program) paced(w *pace.Window, limit pace.Limit, what string) *pace.Window {
	w.Tell = func(wait time.Duration) {
		p.waits(func(left time.Duration) string {
			return fmt.Sprintf("waiting %.0f s: Travis allows %d %s in %.0f seconds", math.Ceil(left.Seconds()), limit.Calls, what, limit.Per.Seconds())
		}, wait)
	}
	return w
}
