package cfntest

import "time"

// event is something that happened to a stack or to one of its resources.
type event struct {
	number                                  int // of the stack's events
	id, logicalID, physicalID, kind, status string
	reason, token                           string
	at                                      time.Time
}

// say records an event of a resource and gives it its status.
func (one *stack) say(r *Resource, status, reason, token string) {
	r.Status = status
	one.record(&event{logicalID: r.LogicalID, physicalID: r.PhysicalID, kind: r.Type, status: status, reason: reason, token: token})
}

// turn records an event of the stack itself and gives it its status.
func (one *stack) turn(status, reason, token string) {
	one.Status = status
	one.record(&event{logicalID: one.Name, physicalID: one.id, kind: stackType, status: status, reason: reason, token: token})
}

// record gives each event a time of its own, as AWS mostly does.
func (one *stack) record(e *event) {
	e.number, e.id = len(one.events)+1, uuid()
	if e.at.IsZero() {
		e.at = time.Now().UTC().Truncate(time.Millisecond)
	}
	if last := len(one.events) - 1; last >= 0 && !e.at.After(one.events[last].at) {
		e.at = one.events[last].at.Add(time.Millisecond)
	}
	one.events = append(one.events, e)
}

// What DescribeStackEvents answers, in the elements of
// https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStackEvents.html.
type (
	describedEvents struct {
		StackEvents list[eventMember]
		NextToken   string `xml:",omitempty"`
	}
	eventMember struct {
		StackID              string `xml:"StackId"`
		EventID              string `xml:"EventId"`
		StackName            string
		LogicalResourceID    string `xml:"LogicalResourceId"`
		PhysicalResourceID   string `xml:"PhysicalResourceId"`
		ResourceType         string
		Timestamp            string
		ResourceStatus       string
		ResourceStatusReason string `xml:",omitempty"`
		ClientRequestToken   string `xml:",omitempty"`
	}
)

// describeStackEvents lists the newest first.
func describeStackEvents(s *Server, c call) (any, *failure) {
	s.mu.Lock()
	defer s.mu.Unlock()
	one, failed := s.named(c)
	if failed != nil {
		return nil, failed
	}
	here := position{where: c.place(), action: c.action, filter: one.id, before: len(one.events) + 1}
	if here, failed = s.continued(c, here); failed != nil {
		return nil, failed
	}
	var answer describedEvents
	for i := min(here.before-1, len(one.events)) - 1; i >= 0; i-- {
		e := one.events[i]
		if len(answer.StackEvents.Members) == max(s.PageSize, 1) {
			here.before = e.number + 1
			answer.NextToken = s.token(here)
			break
		}
		answer.StackEvents.Members = append(answer.StackEvents.Members, eventMember{
			StackID: one.id, EventID: e.id, StackName: one.Name, LogicalResourceID: e.logicalID, PhysicalResourceID: e.physicalID,
			ResourceType: e.kind, Timestamp: e.at.Format(timeFormat), ResourceStatus: e.status, ResourceStatusReason: e.reason,
			ClientRequestToken: e.token,
		})
	}
	return answer, nil
}
