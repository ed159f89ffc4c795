package setup

import (
	"strings"

	"convox-travis/cfn"
)

// updating is how far an update is, and what of it was told.
type updating struct {
	resources []string // of the preview
	done      map[string]bool
	current   string
	back      bool            // AWS takes it back
	told      map[string]bool // events
}

func newUpdating(p *cfn.Preview) *updating {
	u := &updating{done: make(map[string]bool), told: make(map[string]bool)}
	if p != nil {
		for _, change := range p.Changes {
			u.resources = append(u.resources, change.LogicalID)
		}
	}
	return u
}

// follow takes what happened to the stack, and tells it unless it was told
// before.
func (u *updating) follow(e cfn.Event, tell func(ResetEvent)) {
	key := e.LogicalID + " " + e.Status + " " + e.At.String()
	if told := u.event(e); !u.told[key] {
		u.told[key] = true
		tell(told)
	}
}

// event takes what happened to the stack.
func (u *updating) event(e cfn.Event) ResetEvent {
	ofStack := e.Type == "AWS::CloudFormation::Stack"
	u.back = u.back || ofStack && strings.Contains(e.Status, "ROLLBACK")
	switch {
	case ofStack:
		u.current = "the stack: " + e.Status
	case e.Status == "UPDATE_COMPLETE", e.Status == "CREATE_COMPLETE":
		u.done[e.LogicalID] = true
	default:
		u.current = e.LogicalID
		if strings.HasSuffix(e.Status, "_FAILED") {
			u.current += " failed"
		}
	}
	told := ResetEvent{Phase: PhaseUpdating, Words: u.current, TakenBack: u.back, Stack: &e}
	if u.back {
		told.Words = "AWS takes the update back: " + u.current
		return told
	}
	told.Of = len(u.resources)
	for _, resource := range u.resources {
		if u.done[resource] {
			told.Done++
		}
	}
	return told
}
