package main

import (
	"io"
	"sync"
	"sync/atomic"

	"github.com/charmbracelet/x/ansi"
)

// status is standard error with a line at its end that is written over. What is
// written goes above that line. It may be used by many goroutines.
type status struct {
	to io.Writer

	mu   sync.Mutex
	line string
	shut atomic.Bool
}

// Write implements io.Writer. It is given whole lines while one is shown.
func (s *status) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.shut.Load() {
		return len(p), nil // as output
	}
	s.erase()
	n, err := s.to.Write(p)
	s.draw()
	return n, err
}

// show puts line in the place of the one before; "" takes it away. It must fit
// the terminal.
func (s *status) show(line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.shut.Load() {
		return
	}
	s.erase()
	s.line = line
	s.draw()
}

func (s *status) erase() {
	if s.line != "" {
		_, _ = io.WriteString(s.to, "\r"+ansi.EraseLineRight) // a terminal that is gone shows nothing
	}
}

func (s *status) draw() {
	if s.line != "" {
		_, _ = io.WriteString(s.to, s.line)
	}
}
