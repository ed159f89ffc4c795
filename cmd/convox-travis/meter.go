package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/charmbracelet/x/ansi"
	"golang.org/x/term"

	"convox-travis/internal/crash"
	"convox-travis/internal/setup"
)

// meter shows someone who is looking how far a run over several repositories
// has come: in a line that is written over, or where that cannot be, in a few
// lines.
type meter struct {
	status *status
	plain  bool
	width  int // of the terminal
	ended  chan struct{}

	mu    sync.Mutex
	tally *setup.Tally
	told  int // tenths, in plain lines
}

// begin shows a meter where it is of use.
func (s *presenter) begin(tally *setup.Tally) {
	if tally.Of < 2 || !s.shown || s.json == jsonLines {
		return
	}
	m := &meter{status: s.status, plain: s.plain, width: widthOf(s.status.to), tally: tally, ended: make(chan struct{})}
	s.meter = m
	if m.plain {
		return
	}
	m.draw()
	go func() {
		defer crash.Catch()
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for {
			select {
			case <-m.ended:
				return
			case <-tick.C:
				m.draw()
			}
		}
	}()
}

// reading shows someone who is looking how many of several repositories have been
// read; over takes that away.
func (p *program) reading(of int, o *options) (told func(done int), over func()) {
	if of < 2 || !p.shown || o.json == jsonLines || p.cannotWriteOver(o) {
		return nil, func() {}
	}
	width := widthOf(p.status.to)
	told = func(done int) {
		p.status.show(ansi.Truncate(fmt.Sprintf("reading the settings: %d of %d", done, of), width-1, ""))
	}
	told(0)
	return told, func() { p.status.show("") }
}

// cannotWriteOver reports whether a line may not be put in another one's place.
func (p *program) cannotWriteOver(o *options) bool { return p.isPlain(o) || p.env("TERM") == "dumb" }

// count counts a repository's end.
func (m *meter) count(r setup.RepositoryReport) {
	if m == nil {
		return
	}
	m.mu.Lock()
	m.tally.Count(r)
	m.mu.Unlock()
	m.draw()
}

// end takes the line away.
func (m *meter) end() {
	if m == nil {
		return
	}
	close(m.ended)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.status.show("")
	m.tally = nil
}

func (m *meter) draw() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.tally == nil {
		return
	}
	words, ended := m.tally.Words(time.Now()), m.tally.Of-m.tally.Left()
	if m.plain {
		if tenths := 10 * ended / m.tally.Of; tenths > m.told && m.tally.Left() > 0 {
			m.told = tenths
			fmt.Fprintln(m.status, words)
		}
		return
	}
	if room := min(m.width-1-len(words)-len("[]  "), 24); room >= 8 {
		filled := room * ended / m.tally.Of
		words = "[" + strings.Repeat("#", filled) + strings.Repeat("-", room-filled) + "]  " + words
	}
	m.status.show(ansi.Truncate(words, m.width-1, ""))
}

// widthOf is how many columns a terminal has.
func widthOf(w io.Writer) int {
	if width, is := terminalWidth(w); is {
		return width
	}
	return 80
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
