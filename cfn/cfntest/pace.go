package cfntest

import (
	"time"

	"convox-travis/internal/crash"
)

// Pace is how long things take. The zero value finishes all of them at once.
type Pace struct {
	ChangeSet time.Duration // a change set
	Resource  time.Duration // each resource of an update
	Task      time.Duration // each task of a service
}

// SetPace changes how long things take that haven't started.
func (s *Server) SetPace(pace Pace) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pace = pace
}

// after calls do after d, or now if d is 0, with s.mu locked. The caller holds s.mu.
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
