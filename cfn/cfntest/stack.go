package cfntest

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// Stack is a stack to add.
type Stack struct {
	Account string // "" is the first user's
	Region  string
	Name    string
	Status  string // "" is CREATE_COMPLETE
	// Parent is the name of the stack that this one is nested in, which has to
	// be there already, or "".
	Parent      string
	Description string
	Tags        map[string]string
	Outputs     map[string]string
	Parameters  map[string]string
	NoEcho      []string // the parameters that read back as ****
	// Declared is what the template says of its parameters. One that has a value
	// and is not declared is a String without a default.
	Declared     []Parameter
	Capabilities []string // that the template needs
	Created      time.Time
	Resources    []Resource // in the order in which an update gets to them
}

const (
	createComplete = "CREATE_COMPLETE"
	deleteComplete = "DELETE_COMPLETE"
	updateComplete = "UPDATE_COMPLETE"
)

// stack is a stack that was added.
type stack struct {
	Stack
	id           string
	parent, root string
	number       int // stacks are numbered as they are made
	updated      time.Time
	updatedBy    string            // the change set of the last update, if that had one
	resolved     map[string]string // what its SSM-typed parameters pointed at when they were read last
	events       []*event          // oldest first
	changeSets   []*changeSet
	fate         Fate
}

// AddStack adds a stack and returns its ID. It panics where CloudFormation
// would refuse: for a name that is taken, or a parent that is not there.
func (s *Server) AddStack(added Stack) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if added.Account == "" {
		added.Account = s.account
	}
	if added.Status == "" {
		added.Status = createComplete
	}
	if added.Created.IsZero() {
		added.Created = time.Date(2024, time.March, 5, 9, 0, 0, 0, time.UTC)
	}
	where := place{added.Account, added.Region}
	if added.Status != deleteComplete && s.live(where, added.Name) != nil {
		panic("cfntest: there is a stack " + added.Name + " in " + added.Region)
	}
	s.made++
	made := &stack{Stack: added, number: s.made}
	made.id = "arn:" + partition(added.Region) + ":cloudformation:" + added.Region + ":" + added.Account + ":stack/" + added.Name + "/" + uuid()
	if added.Parent != "" {
		parent := s.live(where, added.Parent)
		if parent == nil {
			panic("cfntest: there is no stack " + added.Parent + " in " + added.Region)
		}
		made.parent, made.root = parent.id, parent.root
		if made.root == "" {
			made.root = parent.id
		}
	}
	s.stacks[where] = append(s.stacks[where], made)
	s.build(where, made)
	return made.id
}

func partition(region string) string {
	switch {
	case strings.HasPrefix(region, "us-gov-"):
		return "aws-us-gov"
	case strings.HasPrefix(region, "cn-"):
		return "aws-cn"
	}
	return "aws"
}

// live returns the stack of a name that is not deleted, or nil. The caller holds s.mu.
func (s *Server) live(where place, name string) *stack {
	for _, candidate := range s.stacks[where] {
		if candidate.Name == name && candidate.Status != deleteComplete {
			return candidate
		}
	}
	return nil
}

// build makes what the resources of a new stack are to the other services, and
// the events of its beginning. The caller holds s.mu.
func (s *Server) build(where place, one *stack) {
	one.Parameters = maps.Clone(one.Parameters)
	if one.Parameters == nil {
		one.Parameters = make(map[string]string)
	}
	for _, p := range one.Declared {
		if _, hasValue := one.Parameters[p.Key]; !hasValue && !p.Required {
			one.Parameters[p.Key] = p.Default
		}
	}
	one.Outputs, one.Resources = maps.Clone(one.Outputs), slices.Clone(one.Resources)
	one.resolved = s.resolve(where, one, one.Parameters)
	for i := range one.Resources {
		r := &one.Resources[i]
		if r.Type == serviceType && r.Runs != "" {
			s.addService(where, one.cluster(), r.PhysicalID, r.Tasks, s.tasks[where][one.resource(r.Runs).PhysicalID])
			continue
		}
		s.apply(where, one, r, func() {})
	}
	for i, status := range []string{"CREATE_IN_PROGRESS", createComplete} {
		one.record(&event{logicalID: one.Name, physicalID: one.id, kind: stackType, status: status, at: one.Created.Add(time.Duration(i) * time.Minute).UTC()})
	}
}

// family is the name of a task definition's revisions.
func (r *Resource) family(one *stack) string {
	return one.Name + "-" + strings.ToLower(strings.TrimSuffix(strings.TrimPrefix(r.LogicalID, "Api"), "Tasks"))
}

func (one *stack) environment(r *Resource) map[string]string {
	environment := map[string]string{"RACK": one.Name, "PROVIDER": "aws"}
	for variable, parameter := range r.Environment {
		environment[variable] = one.Parameters[parameter]
	}
	return environment
}

// apply gives a resource what the stack's parameters say now, and calls done
// when that is done. The caller holds s.mu.
func (s *Server) apply(where place, one *stack, r *Resource, done func()) {
	switch {
	case r.Type == ssmParameterType && r.Holds != "":
		s.put(where, r.PhysicalID, one.Parameters[r.Holds])
	case r.Type == taskDefinitionType && (r.Environment != nil || r.Secrets != nil):
		r.PhysicalID = s.register(where, r.family(one), one.environment(r), r.Secrets).arn
	case r.Type == serviceType && r.Runs != "":
		service := s.service(where, one.cluster(), r.PhysicalID)
		s.deploy(service, s.tasks[where][one.resource(r.Runs).PhysicalID], done)
		return
	}
	done()
}

// revert takes apply back. A task definition that was replaced is there still.
func (s *Server) revert(where place, one *stack, r *Resource, physicalID string, done func()) {
	if r.PhysicalID = physicalID; r.Type == taskDefinitionType {
		done()
		return
	}
	s.apply(where, one, r, done)
}
