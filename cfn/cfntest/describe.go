package cfntest

import (
	"maps"
	"regexp"
	"slices"
	"strings"
)

const timeFormat = "2006-01-02T15:04:05.000Z"

// What DescribeStacks and ListStacks answer, in the elements of
// https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/.
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

	listedStacks struct {
		StackSummaries list[summaryMember]
		NextToken      string `xml:",omitempty"`
	}
	summaryMember struct {
		StackID             string `xml:"StackId"`
		StackName           string
		TemplateDescription string `xml:",omitempty"`
		CreationTime        string
		StackStatus         string
		ParentID            string `xml:"ParentId,omitempty"`
		RootID              string `xml:"RootId,omitempty"`
	}
)

const stackNameShape = `[a-zA-Z][-a-zA-Z0-9]*|arn:[-a-zA-Z0-9:/._+]*`

var stackName = regexp.MustCompile(`^(?:` + stackNameShape + `)$`)

// checkName holds a stack's name against the shape that the API demands.
func checkName(name string) *failure {
	if stackName.MatchString(name) {
		return nil
	}
	return invalid("1 validation error detected: Value '" + name + "' at 'stackName' failed to satisfy constraint: " +
		"Member must satisfy regular expression pattern: " + stackNameShape)
}

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
	page, next, failed := s.page(c, "", func(one *stack) bool { return one.Status != deleteComplete })
	if failed != nil {
		return nil, failed
	}
	answer := describedStacks{NextToken: next}
	for _, one := range page {
		answer.Stacks.Members = append(answer.Stacks.Members, one.member())
	}
	return answer, nil
}

// named returns the stack that a call names. The caller holds s.mu.
func (s *Server) named(c call) (*stack, *failure) {
	name := c.parameters.Get("StackName")
	if failed := checkName(name); failed != nil {
		return nil, failed
	}
	if one := s.find(c.place(), name); one != nil {
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

// listStacks also lists deleted stacks, unless the call names states.
func listStacks(s *Server, c call) (any, *failure) {
	s.mu.Lock()
	defer s.mu.Unlock()
	states := c.members("StackStatusFilter")
	slices.Sort(states)
	page, next, failed := s.page(c, strings.Join(states, " "), func(one *stack) bool {
		return len(states) == 0 || slices.Contains(states, one.Status)
	})
	if failed != nil {
		return nil, failed
	}
	answer := listedStacks{NextToken: next}
	for _, one := range page {
		answer.StackSummaries.Members = append(answer.StackSummaries.Members, summaryMember{
			StackID: one.id, StackName: one.Name, TemplateDescription: one.Description,
			CreationTime: one.Created.UTC().Format(timeFormat), StackStatus: one.Status,
			ParentID: one.parent, RootID: one.root,
		})
	}
	return answer, nil
}
