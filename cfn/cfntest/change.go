package cfntest

import (
	"maps"
	"slices"
)

// What DescribeChangeSet answers, in the elements of
// https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeChangeSet.html.
type (
	describedChangeSet struct {
		ChangeSetName   string
		ChangeSetID     string `xml:"ChangeSetId"`
		StackID         string `xml:"StackId"`
		StackName       string
		Description     string `xml:",omitempty"`
		Parameters      list[parameterMember]
		CreationTime    string
		ExecutionStatus string
		Status          string
		StatusReason    string `xml:",omitempty"`
		Capabilities    list[string]
		Changes         list[changeMember]
		NextToken       string `xml:",omitempty"`
	}
	changeMember struct {
		Type           string
		ResourceChange resourceChange
	}
	resourceChange struct {
		Action             string
		LogicalResourceID  string `xml:"LogicalResourceId"`
		PhysicalResourceID string `xml:"PhysicalResourceId,omitempty"`
		ResourceType       string
		Replacement        string `xml:",omitempty"`
		Scope              list[string]
		Details            list[changeDetail]
	}
	changeDetail struct {
		Target struct {
			Attribute, RequiresRecreation string
		}
		Evaluation, ChangeSource, CausingEntity string
	}
)

// changes works out what new values do to the resources: one changes with a
// parameter or another resource that it follows, and whatever the values are
// where it has drifted.
func (one *stack) changes(values, resolved map[string]string) []changeMember {
	changed := make(map[string]bool)
	for key, value := range values {
		changed[key] = value != one.Parameters[key] || resolved[key] != one.resolved[key]
	}
	var members []changeMember
	for _, r := range one.Resources {
		at := slices.IndexFunc(r.Follows, func(name string) bool { return changed[name] })
		if at < 0 && r.Drifted == "" {
			continue
		}
		c := resourceChange{Action: "Modify", LogicalResourceID: r.LogicalID, PhysicalResourceID: r.PhysicalID, ResourceType: r.Type}
		if r.Drifted != "" {
			c.Action = r.Drifted
		}
		if c.Action == "Modify" {
			c.Replacement = r.replacement()
			c.Scope.Members = []string{"Properties"}
		}
		if at >= 0 {
			changed[r.LogicalID] = true
			c.Details.Members = []changeDetail{detail(r.Follows[at], values, c.Replacement)}
		}
		members = append(members, changeMember{Type: "Resource", ResourceChange: c})
	}
	return members
}

func (r Resource) replacement() string {
	if r.Replacement == "" {
		return "False"
	}
	return r.Replacement
}

func detail(cause string, values map[string]string, replacement string) changeDetail {
	d := changeDetail{Evaluation: "Dynamic", ChangeSource: "ResourceReference", CausingEntity: cause}
	if _, isParameter := values[cause]; isParameter {
		d.Evaluation, d.ChangeSource = "Static", "ParameterReference"
	}
	d.Target.Attribute = "Properties"
	d.Target.RequiresRecreation = map[string]string{"True": "Always", "Conditional": "Conditionally"}[replacement]
	if d.Target.RequiresRecreation == "" {
		d.Target.RequiresRecreation = "Never"
	}
	return d
}

func describeChangeSet(s *Server, c call) (any, *failure) {
	s.mu.Lock()
	defer s.mu.Unlock()
	one, set, failed := s.changeSet(c)
	if failed != nil {
		return nil, failed
	}
	here, failed := s.continued(c, position{where: c.place(), action: c.action, filter: set.id})
	if failed != nil {
		return nil, failed
	}
	answer := describedChangeSet{
		ChangeSetName: set.name, ChangeSetID: set.id, StackID: one.id, StackName: one.Name, Description: set.description,
		Parameters: list[parameterMember]{one.shown(set.values, set.resolved)}, CreationTime: set.created.UTC().Format(timeFormat),
		ExecutionStatus: set.execution, Status: set.status, StatusReason: set.reason, Capabilities: list[string]{set.capabilities},
	}
	if set.status != "CREATE_COMPLETE" {
		return answer, nil
	}
	rest := set.changes[min(here.before, len(set.changes)):]
	if size := max(s.PageSize, 1); len(rest) > size {
		rest, here.before = rest[:size], here.before+size
		answer.NextToken = s.token(here)
	}
	answer.Changes.Members = rest
	return answer, nil
}

// ParametersOf returns the values of all parameters of a stack, those that read
// back as **** too.
func (s *Server) ParametersOf(region, stackName string) map[string]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	one := s.live(place{s.account, region}, stackName)
	if one == nil {
		return nil
	}
	return maps.Clone(one.Parameters)
}

// StatusOf returns a stack's status, or "".
func (s *Server) StatusOf(region, stackName string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	one := s.live(place{s.account, region}, stackName)
	if one == nil {
		return ""
	}
	return one.Status
}
