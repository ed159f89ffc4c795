package cfntest

import (
	"maps"
	"slices"
)

const timeFormat = "2006-01-02T15:04:05.000Z"

// What DescribeStacks answers, in the elements of
// https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStacks.html.
type (
	// list is an element that is there also when it is empty.
	list[T any] struct {
		Members []T `xml:"member"`
	}

	describedStacks struct {
		Stacks    list[stackMember]
		NextToken string `xml:",omitempty"`
	}
	stackMember struct {
		StackID         string `xml:"StackId"`
		StackName       string
		ChangeSetID     string `xml:"ChangeSetId,omitempty"`
		Description     string `xml:",omitempty"`
		Parameters      list[parameterMember]
		CreationTime    string
		LastUpdatedTime string `xml:",omitempty"`
		StackStatus     string
		DisableRollback bool
		Capabilities    list[string]
		Outputs         list[outputMember]
		Tags            list[tagMember]
		ParentID        string `xml:"ParentId,omitempty"`
		RootID          string `xml:"RootId,omitempty"`
	}
	parameterMember struct {
		ParameterKey, ParameterValue string
		ResolvedValue                string `xml:",omitempty"`
	}
	outputMember struct{ OutputKey, OutputValue string }
	tagMember    struct{ Key, Value string }
)

func describeStacks(s *Server, c call) (any, *failure) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.parameters.Has("StackName") {
		one, failed := s.named(c)
		if failed != nil {
			return nil, failed
		}
		return describedStacks{Stacks: list[stackMember]{[]stackMember{one.member()}}}, nil
	}
	here, failed := s.continued(c, position{where: c.place(), action: c.action, before: s.made + 1})
	if failed != nil {
		return nil, failed
	}
	var answer describedStacks
	for _, one := range slices.Backward(s.stacks[here.where]) { // newest first
		if one.number >= here.before || one.Status == deleteComplete {
			continue
		}
		if len(answer.Stacks.Members) == max(s.PageSize, 1) {
			answer.NextToken = s.token(here)
			break
		}
		answer.Stacks.Members = append(answer.Stacks.Members, one.member())
		here.before = one.number
	}
	return answer, nil
}

// named returns the stack that a call names. The caller holds s.mu.
func (s *Server) named(c call) (*stack, *failure) {
	name := c.parameters.Get("StackName")
	if one := s.live(c.place(), name); one != nil {
		return one, nil
	}
	return nil, invalid("Stack with id " + name + " does not exist")
}

func (one *stack) member() stackMember {
	m := stackMember{
		StackID: one.id, StackName: one.Name, ChangeSetID: one.updatedBy, Description: one.Description,
		CreationTime: one.Created.UTC().Format(timeFormat), StackStatus: one.Status,
		Capabilities: list[string]{one.Capabilities}, Parameters: list[parameterMember]{one.shown(one.Parameters, one.resolved)},
		ParentID: one.parent, RootID: one.root,
	}
	if !one.updated.IsZero() {
		m.LastUpdatedTime = one.updated.UTC().Format(timeFormat)
	}
	for _, key := range slices.Sorted(maps.Keys(one.Outputs)) {
		m.Outputs.Members = append(m.Outputs.Members, outputMember{key, one.Outputs[key]})
	}
	for _, key := range slices.Sorted(maps.Keys(one.Tags)) {
		m.Tags.Members = append(m.Tags.Members, tagMember{key, one.Tags[key]})
	}
	return m
}
