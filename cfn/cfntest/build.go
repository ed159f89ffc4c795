package cfntest

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// build makes what the resources of a new stack are to the other services, and
// the events of its beginning. The caller holds s.mu.
func (s *Server) build(where place, one *stack) {
	one.Parameters = maps.Clone(one.Parameters)
	if one.Parameters == nil {
		one.Parameters = make(map[string]string)
	}
	for _, p := range one.Declared {
		if _, given := one.Parameters[p.Key]; !given && !p.Required {
			one.Parameters[p.Key] = p.Default
		}
	}
	one.Outputs, one.Resources = maps.Clone(one.Outputs), slices.Clone(one.Resources)
	one.resolved = s.resolve(where, one, one.Parameters)
	for i := range one.Resources {
		r := &one.Resources[i]
		switch {
		case r.Type == ssmParameterType && r.Holds != "":
			s.put(where, r.PhysicalID, one.Parameters[r.Holds])
		case r.Type == taskDefinitionType && (r.Environment != nil || r.Secrets != nil):
			r.PhysicalID = s.register(where, r.family(one), one.environment(r), r.Secrets).arn
		case r.Type == serviceType && r.Runs != "":
			s.addService(where, one.cluster(), r.PhysicalID, r.Tasks, s.tasks[where][one.resource(r.Runs).PhysicalID])
		}
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
		s.redeploy(where, one, r, done)
		return
	}
	done()
}

// revert takes apply back. A task definition that was replaced is there still.
func (s *Server) revert(where place, one *stack, r *Resource, physicalID string, done func()) {
	switch {
	case r.Type == ssmParameterType && r.Holds != "":
		s.put(where, r.PhysicalID, one.Parameters[r.Holds])
	case r.Type == serviceType && r.Runs != "":
		s.redeploy(where, one, r, done)
		return
	default:
		r.PhysicalID = physicalID
	}
	done()
}

func (s *Server) redeploy(where place, one *stack, r *Resource, done func()) {
	service := s.service(where, one.cluster(), r.PhysicalID)
	s.deploy(service, s.tasks[where][one.resource(r.Runs).PhysicalID], done)
}
