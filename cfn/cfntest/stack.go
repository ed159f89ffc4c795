package cfntest

import (
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
