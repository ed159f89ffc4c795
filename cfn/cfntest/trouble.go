package cfntest

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

// trouble is what is wrong with a region.
type trouble struct {
	off       *failure
	denied    map[string]string   // why, by action with its service
	refused   map[string]*failure // by action with its service
	throttled int
	latency   time.Duration
	idle      bool   // services begin no deployment
	unplaced  string // why services can place no task
	unworked  string // why no change set can be worked out
}

// trouble returns the region's, while the caller holds s.mu.
func (s *Server) trouble(region string) *trouble {
	t := s.troubles[region]
	if t == nil {
		t = &trouble{denied: make(map[string]string), refused: make(map[string]*failure)}
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
// in the regions, for want of a permission.
func (s *Server) Deny(action string, regions ...string) {
	s.DenyBecause("because no identity-based policy allows the "+action+" action", action, regions...)
}

// DenyBecause is Deny with another end of AWS's sentence, such as "with an explicit
// deny in a service control policy"
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html).
func (s *Server) DenyBecause(why, action string, regions ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, region := range regions {
		s.trouble(region).denied[action] = why
	}
}

// Refuse makes an action answer with an error of AWS.
func (s *Server) Refuse(status int, code, message, action string, regions ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, region := range regions {
		s.trouble(region).refused[action] = refusal(status, code, message)
	}
}

// FailChangeSets makes the change sets of a region fail after they were taken, for
// a reason of AWS.
func (s *Server) FailChangeSets(region, reason string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.trouble(region).unworked = reason
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
	what := c.service + ":" + c.action
	latency, denied, refused, throttled := t.latency, t.denied[what], t.refused[what], t.throttled > 0
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
	case denied != "":
		return refusal(http.StatusForbidden, "AccessDenied", "User: "+c.caller.arn+" is not authorized to perform: "+what+c.onResource()+" "+denied)
	}
	return refused
}

// onResource is how the sentence of a refusal names the resource. One that is about
// no resource in particular names none.
func (c call) onResource() string {
	var body struct {
		Name, Cluster, Service string
		Services               []string
	}
	_ = json.Unmarshal(c.body, &body) // nothing is named in what can't be read
	arn := func(resource string) string {
		return " on resource: arn:" + partition(c.region) + ":" + c.service + ":" + c.region + ":" + c.caller.account + ":" + resource
	}
	switch stack := c.parameters.Get("StackName"); {
	case stack != "":
		return arn("stack/" + stack + "/*")
	case c.parameters.Has("RoleArn"):
		return " on resource: " + c.parameters.Get("RoleArn")
	case body.Name != "":
		return arn("parameter/" + body.Name)
	case body.Cluster != "":
		return arn("service/" + body.Cluster + "/" + strings.Join(append(body.Services, body.Service), ""))
	case c.action == "DescribeTaskDefinition":
		return " on resource: *"
	}
	return ""
}
