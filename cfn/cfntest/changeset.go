package cfntest

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// changeSet is an update that was worked out, or will be.
type changeSet struct {
	id, name, token string
	description     string
	capabilities    []string
	status, reason  string
	execution       string
	created         time.Time
	executedWith    string // the token that it was executed with
	values          map[string]string
	resolved        map[string]string
	changes         []changeMember
	outputs         bool // change, so that there is something to do without any resource
}

const (
	available   = "AVAILABLE"
	unavailable = "UNAVAILABLE"
	obsolete    = "OBSOLETE"
	executing   = "EXECUTE_IN_PROGRESS"
	executed    = "EXECUTE_COMPLETE"
	notExecuted = "EXECUTE_FAILED"
)

// ChangeSets returns the names of a stack's change sets, oldest first, those
// that were executed too.
func (s *Server) ChangeSets(region, stackName string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var names []string
	if one := s.live(place{s.account, region}, stackName); one != nil {
		for _, set := range one.changeSets {
			names = append(names, set.name)
		}
	}
	return names
}

func createChangeSet(s *Server, c call) (any, *failure) {
	s.mu.Lock()
	defer s.mu.Unlock()
	one, failed := s.named(c)
	if failed != nil {
		return nil, failed
	}
	name, token := c.parameters.Get("ChangeSetName"), c.parameters.Get("ClientToken")
	type made struct {
		ID      string `xml:"Id"`
		StackID string `xml:"StackId"`
	}
	if at := one.changeSet(name); at != nil {
		if token != "" && token == at.token {
			return made{at.id, one.id}, nil
		}
		return nil, refusal(http.StatusBadRequest, "AlreadyExistsException", "ChangeSet "+name+" already exists")
	}
	if s.MostChangeSets > 0 && len(one.changeSets) >= s.MostChangeSets { // https://github.com/awslabs/seed-farmer/issues/441
		return nil, refusal(http.StatusBadRequest, "LimitExceededException", "ChangeSet limit exceeded for stack "+one.id)
	}
	set, failed := s.work(c, one)
	if failed != nil {
		return nil, failed
	}
	set.name, set.token, set.description, set.created = name, token, c.parameters.Get("Description"), time.Now()
	set.id = "arn:" + partition(c.region) + ":cloudformation:" + c.region + ":" + c.caller.account + ":changeSet/" + name + "/" + uuid()
	one.changeSets = append(one.changeSets, set)
	set.status, set.execution, set.reason = "CREATE_PENDING", unavailable, s.trouble(c.region).unworked
	s.after(s.pace.ChangeSet/2, func() {
		set.status = "CREATE_IN_PROGRESS"
		s.after(s.pace.ChangeSet/2, set.finish)
	})
	return made{set.id, one.id}, nil
}

// work holds a request for an update against the rules and works out what it
// would change. The caller holds s.mu.
func (s *Server) work(c call, one *stack) (*changeSet, *failure) {
	switch {
	case !slices.Contains([]string{createComplete, updateComplete, "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE"}, one.Status):
		return nil, invalid("Stack:" + one.id + " is in " + one.Status + " state and can not be updated.")
	case !strings.EqualFold(c.parameters.Get("UsePreviousTemplate"), "true"):
		return nil, invalid("Either Template URL or Template Body must be specified.") // this server takes none
	}
	set := &changeSet{capabilities: c.members("Capabilities")}
	for _, needed := range one.Capabilities {
		named := slices.Contains(set.capabilities, needed)
		if needed == "CAPABILITY_IAM" { // the greater includes the lesser
			named = named || slices.Contains(set.capabilities, "CAPABILITY_NAMED_IAM")
		}
		if !named {
			return nil, refusal(http.StatusBadRequest, "InsufficientCapabilitiesException", "Requires capabilities : ["+needed+"]")
		}
	}
	values, failed := one.values(c.named())
	if failed != nil {
		return nil, failed
	}
	if why := s.trouble(c.region).denied["ssm:GetParameters"]; why != "" && slices.ContainsFunc(one.Declared, Parameter.isFromStore) {
		return nil, invalid("User: " + c.caller.arn + " is not authorized to perform: ssm:GetParameters on resource: arn:aws:ssm:" + c.region + "::parameter/aws/service/* " + why)
	}
	set.values, set.resolved = values, s.resolve(c.place(), one, values)
	set.changes = one.changes(set.values, set.resolved)
	for key := range one.Outputs {
		value, isParameter := values[key]
		set.outputs = set.outputs || isParameter && value != one.Parameters[key]
	}
	return set, nil
}

func (set *changeSet) isEmpty() bool { return len(set.changes) == 0 && !set.outputs }

func (set *changeSet) finish() {
	switch {
	case set.reason != "":
		set.status = "FAILED"
		return
	case set.isEmpty():
		set.status, set.reason = "FAILED", "The submitted information didn't contain changes. Submit different information to create a change set."
		return
	}
	set.status, set.execution = "CREATE_COMPLETE", available
}

// outdate makes the change sets of a stack useless: they were worked out for a
// stack that is no more.
func (one *stack) outdate() {
	for _, set := range one.changeSets {
		if set.execution == available {
			set.execution = obsolete
		}
	}
}

// changeSet returns the change set of a name or an ID, or nil.
func (one *stack) changeSet(nameOrID string) *changeSet {
	for _, set := range one.changeSets {
		if set.name == nameOrID || set.id == nameOrID {
			return set
		}
	}
	return nil
}

// changeSet returns the change set that a call names, and its stack. The caller
// holds s.mu.
func (s *Server) changeSet(c call) (*stack, *changeSet, *failure) {
	name := c.parameters.Get("ChangeSetName")
	one, failed := s.named(c)
	if failed != nil {
		return nil, nil, failed
	}
	if set := one.changeSet(name); set != nil {
		return one, set, nil
	}
	return one, nil, refusal(http.StatusNotFound, "ChangeSetNotFound", "ChangeSet ["+name+"] does not exist")
}

// deleteChangeSet takes one that is not there for deleted.
func deleteChangeSet(s *Server, c call) (any, *failure) {
	s.mu.Lock()
	defer s.mu.Unlock()
	one, set, failed := s.changeSet(c)
	switch {
	case failed != nil && failed.code == "ChangeSetNotFound":
		return struct{}{}, nil
	case failed != nil:
		return nil, failed
	case set.status == "CREATE_PENDING" || set.status == "CREATE_IN_PROGRESS" || !slices.Contains([]string{available, unavailable, obsolete}, set.execution):
		return nil, refusal(http.StatusBadRequest, "InvalidChangeSetStatus", "ChangeSet ["+set.id+"] cannot be deleted in its current status of ["+set.status+"]")
	}
	one.changeSets = slices.DeleteFunc(one.changeSets, func(other *changeSet) bool { return other == set })
	return struct{}{}, nil
}

// executeChangeSet takes a second call with the same token for the first one.
func executeChangeSet(s *Server, c call) (any, *failure) {
	s.mu.Lock()
	defer s.mu.Unlock()
	one, set, failed := s.changeSet(c)
	if failed != nil {
		return nil, failed
	}
	token := c.parameters.Get("ClientRequestToken")
	switch {
	case token != "" && token == set.executedWith:
		return struct{}{}, nil
	case set.execution != available:
		return nil, refusal(http.StatusBadRequest, "InvalidChangeSetStatus", "ChangeSet ["+set.id+"] cannot be executed in its current status of ["+set.status+"] and execution status of ["+set.execution+"]")
	}
	set.execution, set.executedWith = executing, token
	// The others were worked out for a stack that is no more.
	one.changeSets = []*changeSet{set}
	s.update(c.place(), one, set, token)
	return struct{}{}, nil
}

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
		}
		if at >= 0 {
			changed[r.LogicalID] = true
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
