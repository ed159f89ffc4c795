package main

import (
	"fmt"
	"io"
	"math"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/charmbracelet/x/ansi"
	"golang.org/x/term"

	"convox-travis/internal/clock"
	"convox-travis/internal/crash"
	"convox-travis/internal/pace"
	"convox-travis/internal/progress"
	"convox-travis/internal/text"
	"convox-travis/internal/transport"
)

// status is standard error, with how far the run is at its end: in a line that is
// written over, which what is written goes above; where plain, in lines of its own.
// It may be used by many goroutines.
type status struct {
	to io.Writer

	mu      sync.Mutex
	plain   bool // nothing may be written over
	shut    atomic.Bool
	at      progress.Progress
	wait    progress.Wait
	line    string            // that is shown
	said    progress.Progress // in a line of its own, last
	saidAt  time.Time
	ticking bool
}

// Write implements io.Writer. It is given whole lines while the line is shown.
func (s *status) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.shut.Load() {
		return len(p), nil // as output
	}
	line := s.line
	s.draw("")
	n, err := s.to.Write(p)
	s.draw(line)
	return n, err
}

// progress shows how far the run is; the zero Progress ends that.
func (s *status) progress(at progress.Progress) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case !s.plain || at.Of == 0:
		s.at = at
		s.refresh()
	case s.at.Of == 0:
		s.at, s.said, s.saidAt = at, at, time.Now()
	case at.Done < at.Of && at.IsNews(s.said, time.Since(s.saidAt)):
		s.said, s.saidAt = at, time.Now()
		s.say(at.Text(time.Now()))
	}
}

// waits shows what a call waits for, as long as it does.
func (s *status) waits(wait progress.Wait) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.plain {
		s.say(wait.Text(time.Now()))
		return
	}
	s.wait = wait
	s.refresh()
}

func (s *status) say(words string) {
	if !s.shut.Load() {
		printLine(s.to, words)
	}
}

// refresh draws the line as it is now, and has it drawn again each second while it
// is shown: times pass.
func (s *status) refresh() {
	if s.shut.Load() {
		return
	}
	width, _ := terminalWidth(s.to)
	if width == 0 {
		width = 80
	}
	s.draw(ansi.Truncate(text.Clean(s.text(width, time.Now())), width-1, ""))
	if s.line == "" || s.ticking {
		return
	}
	s.ticking = true
	time.AfterFunc(time.Second, func() {
		defer crash.Catch()
		s.mu.Lock()
		defer s.mu.Unlock()
		s.ticking = false
		if s.line != "" {
			s.refresh()
		}
	})
}

// text is what the line has room for: a bar, the words, and what is waited for, which
// goes before the others.
func (s *status) text(width int, now time.Time) string {
	words, wait := s.at.Text(now), s.wait.Text(now)
	switch both := words + "; " + wait; {
	case wait == "":
	case words == "" || ansi.StringWidth(both) >= width:
		return wait
	default:
		words = both
	}
	if room := min(width-1-ansi.StringWidth(words)-len("[]  "), 24); room >= 8 && s.at.Of > 0 {
		full, empty := s.at.Bar(room)
		words = "[" + strings.Repeat("#", full) + strings.Repeat("-", empty) + "]  " + words
	}
	return words
}

// draw puts a line in the place of the one before; "" is none.
func (s *status) draw(line string) {
	if s.line != "" {
		_, _ = io.WriteString(s.to, "\r"+ansi.EraseLineRight) // a terminal that is gone shows nothing
	}
	if s.line = line; line != "" {
		_, _ = io.WriteString(s.to, line)
	}
}

// clear takes the line away, unless somebody else is at it.
func (s *status) clear() {
	if s.mu.TryLock() {
		s.draw("")
		s.mu.Unlock()
	}
}

// reading shows someone who is looking how many of several repositories have been
// read, until over is called.
func (p *program) reading(of int) (told func(done int), over func()) {
	if of < 2 || !p.shown || p.form == jsonLines {
		return nil, func() {}
	}
	told = func(done int) {
		p.status.progress(progress.Progress{Done: done, Of: of, Words: fmt.Sprintf("reading the settings: %d of %d", done, of), Often: true})
	}
	told(0)
	return told, func() { p.status.progress(progress.Progress{}) }
}

// begin shows someone who is looking how far a run over several repositories is.
func (s *reporter) begin(tally *progress.Tally) {
	if at := tally.Progress(); at.Of > 1 && s.shown && s.form != jsonLines {
		s.tally = tally
		s.status.progress(at)
	}
}

// waits tells someone who is looking what a call waits for, through the wizard
// where it asks. It may be called by any goroutine.
func (p *program) waits(wait time.Duration, words func(left time.Duration) string) {
	w := progress.Wait{Words: words, Until: time.Now().Add(wait)}
	switch {
	case p.wizardWaits != nil:
		select {
		case p.wizardWaits <- w:
		default: // it is behind: that can be left out
		}
	case p.shown:
		p.status.waits(w)
	}
}

// again tells what is tried again.
func (p *program) again(a transport.RetryNotice) {
	p.waits(a.Pause, func(left time.Duration) string {
		return transport.RetryNotice{What: a.What, Pause: left, Try: a.Try}.String()
	})
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
		p.waits(wait, func(left time.Duration) string {
			return fmt.Sprintf("waiting %.0f s: Travis allows %d %s in %.0f seconds", math.Ceil(left.Seconds()), limit.Calls, what, limit.Per.Seconds())
		})
	}
	return w
}

// terminalWidth is how many columns w has, where it is a terminal.
func terminalWidth(w io.Writer) (width int, is bool) {
	if file, is := w.(*os.File); is {
		if width, _, err := term.GetSize(int(file.Fd())); err == nil && width > 0 {
			return width, true
		}
	}
	return 0, false
}
