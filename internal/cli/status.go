package cli

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
	"convox-travis/internal/progress"
	"convox-travis/internal/ratelimit"
	"convox-travis/internal/text"
	"convox-travis/internal/transport"
)

// status is standard error with a status line at its end, which is redrawn below all
// other output. If plain, progress gets lines of its own. Goroutines may share it.
type status struct {
	to io.Writer

	mu      sync.Mutex
	plain   bool // nothing is redrawn
	shut    atomic.Bool
	at      progress.Progress
	wait    progress.Wait
	line    string            // the status line that is shown, or ""
	last    progress.Progress // last shown on its own line
	lastAt  time.Time
	ticking bool
}

// Write implements io.Writer. While the status line is shown, p has to be whole lines.
func (s *status) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.shut.Load() {
		return len(p), nil // the end of the run was reported
	}
	line := s.line
	s.draw("")
	n, err := s.to.Write(p)
	s.draw(line)
	return n, err
}

// progress shows how far the run is. The zero Progress hides it.
func (s *status) progress(at progress.Progress) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case !s.plain || at.Of == 0:
		s.at = at
		s.refresh()
	case s.at.Of == 0:
		s.at, s.last, s.lastAt = at, at, time.Now()
	case at.Done < at.Of && at.IsNews(s.last, time.Since(s.lastAt)):
		s.last, s.lastAt = at, time.Now()
		s.printLine(at.Text(time.Now()))
	}
}

// showWait shows what a call waits for until then.
func (s *status) showWait(wait progress.Wait) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.plain {
		s.printLine(wait.Text(time.Now()))
		return
	}
	s.wait = wait
	s.refresh()
}

func (s *status) printLine(words string) {
	if !s.shut.Load() {
		printLine(s.to, words)
	}
}

// refresh draws the status line, and redraws it every second while it's shown, because
// it has times in it.
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

// text is the status line: a bar, the progress, and what is waited for, which comes first
// if there isn't room for all.
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

// draw replaces the status line; "" hides it.
func (s *status) draw(line string) {
	if s.line != "" {
		_, _ = io.WriteString(s.to, "\r"+ansi.EraseLineRight) // the terminal may be gone
	}
	if s.line = line; line != "" {
		_, _ = io.WriteString(s.to, line)
	}
}

// clear hides the status line, unless another goroutine is using it.
func (s *status) clear() {
	if s.mu.TryLock() {
		s.draw("")
		s.mu.Unlock()
	}
}

// reading shows on a terminal how many of several repositories have been read, until
// done is called.
func (p *program) reading(of int) (read func(count int), done func()) {
	if of < 2 || !p.errIsTerminal || p.form == jsonLines {
		return nil, func() {}
	}
	read = func(count int) {
		p.status.progress(progress.Progress{Done: count, Of: of, Words: fmt.Sprintf("reading settings: %d of %d", count, of), Often: true})
	}
	read(0)
	return read, func() { p.status.progress(progress.Progress{}) }
}

// begin shows on a terminal how far a run over several repositories is.
func (s *reporter) begin(tally *progress.Tally) {
	if at := tally.Progress(); at.Of > 1 && s.errIsTerminal && s.form != jsonLines {
		s.tally = tally
		s.status.progress(at)
	}
}

// showWait shows on a terminal what a call waits for, through the wizard if that runs. Any
// goroutine may call it.
func (p *program) showWait(wait time.Duration, words func(left time.Duration) string) {
	w := progress.Wait{Words: words, Until: time.Now().Add(wait)}
	switch {
	case p.wizardWait != nil:
		select {
		case p.wizardWait <- w:
		default: // the wizard is busy: skip it
		}
	case p.errIsTerminal:
		p.status.showWait(w)
	}
}

// showRetry shows that a call is retried.
func (p *program) showRetry(a transport.RetryNotice) {
	p.showWait(a.Pause, func(left time.Duration) string {
		return transport.RetryNotice{What: a.What, Pause: left, Try: a.Try}.String()
	})
}

// posts limits the POSTs of all runs on this machine with the same name.
func (p *program) posts(name string) *ratelimit.Window {
	return p.paced(ratelimit.NewShared(p.cache, "posts-"+name, p.limit, clock.System{}), p.limit, "writes")
}

// calls limits the calls of this run.
func (p *program) calls() *ratelimit.Window {
	limit := ratelimit.Limit{Calls: ratelimit.TravisCalls, Per: ratelimit.TravisMinute}
	return p.paced(ratelimit.NewWindow(limit, clock.System{}), limit, "calls")
}

func (p *program) paced(w *ratelimit.Window, limit ratelimit.Limit, what string) *ratelimit.Window {
	w.Tell = func(wait time.Duration) {
		p.showWait(wait, func(left time.Duration) string {
			return fmt.Sprintf("waiting %.0f s: Travis allows %d %s in %.0f seconds", math.Ceil(left.Seconds()), limit.Calls, what, limit.Per.Seconds())
		})
	}
	return w
}

// terminalWidth is the number of columns of w, if it is a terminal.
func terminalWidth(w io.Writer) (width int, is bool) {
	if file, is := w.(*os.File); is {
		if width, _, err := term.GetSize(int(file.Fd())); err == nil && width > 0 {
			return width, true
		}
	}
	return 0, false
}
