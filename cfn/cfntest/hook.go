package cfntest

import "maps"

// hooks are called after changes.
type hooks struct {
	replaced map[string][]func(int, map[string]string) // by the service's name
	due      []func()
	running  bool
}

// OnTaskReplaced calls f whenever a task of a service, such as the one that AddRack
// returns, is replaced, with its index from 0 and its environment.
func (s *Server) OnTaskReplaced(service string, f func(index int, environment map[string]string)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.hooks.replaced == nil {
		s.hooks.replaced = make(map[string][]func(int, map[string]string))
	}
	s.hooks.replaced[service] = append(s.hooks.replaced[service], f)
}

func (s *Server) tellReplaced(service string, index int, environment map[string]string) {
	for _, f := range s.hooks.replaced[service] {
		s.hooks.due = append(s.hooks.due, func() { f(index, maps.Clone(environment)) })
	}
}

// runHooks calls what is due, one after the other, without s.mu: a hook may ask
// the server. What comes due meanwhile is called by the one that is at it.
func (s *Server) runHooks() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.hooks.running {
		return
	}
	s.hooks.running = true
	for len(s.hooks.due) > 0 {
		next := s.hooks.due[0]
		s.hooks.due = s.hooks.due[1:]
		s.mu.Unlock()
		next()
		s.mu.Lock()
	}
	s.hooks.running = false
}
