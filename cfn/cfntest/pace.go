package cfntest

import (
	"time"

	"convox-travis/internal/crash"
)

// Pace is how long things take. The zero value lets all of them be done at once.
type Pace struct {
	ChangeSet time.Duration // a change set, to be worked out
	Resource  time.Duration // each resource of an update
	Task      time.Duration // each task of a service, to be started anew
}

// SetPace changes how long things take that have not begun.
func (s *Server) SetPace(pace Pace) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pace = pace
}

// after does something later, or now when d is 0. s.mu is held, then too.
func (s *Server) after(d time.Duration, do func()) {
	if d <= 0 {
		do()
		return
	}
	time.AfterFunc(d, func() {
		defer crash.Catch()
		s.mu.Lock()
		if !s.closed {
			do()
		}
		s.mu.Unlock()
		s.runHooks()
	})
}

func (s *Server) stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
}
