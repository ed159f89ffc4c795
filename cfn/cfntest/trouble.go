package cfntest

import (
	"net/http"
	"time"
)

// trouble is what is wrong with a region.
type trouble struct {
	off       *failure
	denied    map[string]bool // actions, with their service
	throttled int
	latency   time.Duration
	idle      bool   // services begin no deployment
	unplaced  string // why services can place no task
}

// trouble returns the region's, with s.mu held.
func (s *Server) trouble(region string) *trouble {
	t := s.troubles[region]
	if t == nil {
		t = &trouble{denied: make(map[string]bool)}
		s.troubles[region] = t
	}
	return t
}

// SwitchOff makes regions answer as those that the account has not enabled
// (https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-regions.html).
func (s *Server) SwitchOff(regions ...string) {
	s.SwitchOffWith("InvalidClientTokenId", regions...)
}

// SwitchOffWith is SwitchOff with another error code, since services differ:
// UnrecognizedClientException, AuthFailure, OptInRequired.
func (s *Server) SwitchOffWith(code string, regions ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, region := range regions {
		s.trouble(region).off = refusal(http.StatusForbidden, code, unknownToken)
	}
}

// Deny refuses an action, such as "cloudformation:DescribeStacks", to everyone
// in the regions.
func (s *Server) Deny(action string, regions ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, region := range regions {
		s.trouble(region).denied[action] = true
	}
}

// Throttle refuses the next calls in a region, so many of them.
func (s *Server) Throttle(region string, calls int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.trouble(region).throttled = calls
}

// Slow delays every answer of a region.
func (s *Server) Slow(region string, latency time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.trouble(region).latency = latency
}

// KeepDeployments makes a region's services answer an update as if it was
// accepted, and begin no deployment.
func (s *Server) KeepDeployments(region string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.trouble(region).idle = true
}

// FailPlacement lets a region's services start no task any more, which their events
// say, with the reason: "no container instance met all of its requirements."
// (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-event-messages-list.html).
func (s *Server) FailPlacement(region, reason string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.trouble(region).unplaced = reason
}

// play makes a call meet what is wrong with its region.
func (s *Server) play(r *http.Request, c call) *failure {
	s.mu.Lock()
	t := s.trouble(c.region)
	latency, denied, throttled := t.latency, t.denied[c.service+":"+c.action], t.throttled > 0
	if throttled {
		t.throttled--
	}
	s.mu.Unlock()
	if latency > 0 {
		timer := time.NewTimer(latency)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-r.Context().Done():
			panic(http.ErrAbortHandler) // nobody waits any more
		}
	}
	switch {
	case throttled:
		return refusal(http.StatusBadRequest, "Throttling", "Rate exceeded")
	case denied:
		what := c.service + ":" + c.action
		return refusal(http.StatusForbidden, "AccessDenied", "User: "+c.caller.arn+" is not authorized to perform: "+what+
			" because no identity-based policy allows the "+what+" action")
	}
	return nil
}
