package cfntest

import (
	"maps"
	"strings"
	"time"
)

// Fate is how the next update of a stack goes wrong.
type Fate struct {
	// Resource is the one that fails, with Reason; the update is rolled back.
	Resource, Reason string
	// RollbackFails leaves the stack in UPDATE_ROLLBACK_FAILED.
	RollbackFails bool
	// Hangs stops the update while the resource, or the first one, is in progress.
	Hangs bool
}

// FailNextUpdate decides the fate of a stack's next update.
func (s *Server) FailNextUpdate(region, stackName string, fate Fate) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mustFind(region, stackName).fate = fate
}

// StartUpdate begins an update in somebody else's name that gives parameters of
// a stack new values.
func (s *Server) StartUpdate(region, stackName string, parameters map[string]string) {
	s.mu.Lock()
	one := s.mustFind(region, stackName)
	where := place{s.account, region}
	values := maps.Clone(one.Parameters)
	maps.Copy(values, parameters)
	resolved := s.resolve(where, one, values)
	one.outdate()
	s.update(where, one, &changeSet{values: values, resolved: resolved, changes: one.changes(values, resolved)}, "")
	s.mu.Unlock()
	s.runHooks()
}

func (s *Server) mustFind(region, stackName string) *stack {
	one := s.live(place{s.account, region}, stackName)
	if one == nil {
		panic("cfntest: there is no stack " + stackName + " in " + region)
	}
	return one
}

// running is an update on its way.
type running struct {
	s      *Server
	where  place
	one    *stack
	set    *changeSet
	token  string
	fate   Fate
	before struct{ values, resolved, outputs map[string]string }
	done   []string // resources, by logical ID
	old    map[string]string
}

// update begins an update. The caller holds s.mu.
func (s *Server) update(where place, one *stack, set *changeSet, token string) {
	u := &running{s: s, where: where, one: one, set: set, token: token, fate: one.fate, old: make(map[string]string)}
	u.before.values, u.before.resolved, u.before.outputs = one.Parameters, one.resolved, maps.Clone(one.Outputs)
	one.fate = Fate{}
	one.updated, one.updatedBy = time.Now(), set.id
	one.turn("UPDATE_IN_PROGRESS", "User Initiated", token)
	one.Parameters, one.resolved = set.values, set.resolved
	s.after(s.pace.Resource/2, func() { u.next(0) })
}

// next changes one resource after the other.
func (u *running) next(at int) {
	if at == len(u.set.changes) {
		u.complete()
		return
	}
	r := u.one.resource(u.set.changes[at].ResourceChange.LogicalResourceID)
	reason := ""
	if r.replacement() == "True" {
		reason = "Requested update requires the creation of a new physical resource; hence creating one."
	}
	u.one.say(r, "UPDATE_IN_PROGRESS", reason, u.token)
	if u.fate.Hangs && (u.fate.Resource == "" || u.fate.Resource == r.LogicalID) {
		return
	}
	isUnplaced := r.Type == serviceType && u.s.trouble(u.where.region).unplaced != ""
	if isUnplaced && u.fate.Resource == r.LogicalID { // CloudFormation gives up later
		u.s.apply(u.where, u.one, r, func() {})
	}
	u.s.after(u.s.pace.Resource, func() {
		if u.fate.Resource == r.LogicalID {
			u.one.say(r, "UPDATE_FAILED", u.fate.Reason, u.token)
			u.rollBack(r.LogicalID)
			return
		}
		u.old[r.LogicalID] = r.PhysicalID
		u.done = append(u.done, r.LogicalID)
		u.s.apply(u.where, u.one, r, func() {
			u.one.say(r, updateComplete, "", u.token)
			u.next(at + 1)
		})
	})
}

func (u *running) complete() {
	u.one.turn("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "", u.token)
	for _, id := range u.done {
		r := u.one.resource(id)
		if r.replacement() == "True" {
			gone := *r
			gone.PhysicalID = u.old[id]
			u.one.say(&gone, "DELETE_IN_PROGRESS", "", u.token)
			u.one.say(&gone, deleteComplete, "", u.token)
		}
	}
	// Many outputs are a parameter of the same name.
	for key := range u.one.Outputs {
		if value, is := u.one.Parameters[key]; is {
			u.one.Outputs[key] = value
		}
	}
	u.set.execution = executed
	u.one.turn(updateComplete, "", u.token)
}

func (u *running) rollBack(failed string) {
	u.one.turn("UPDATE_ROLLBACK_IN_PROGRESS", "The following resource(s) failed to update: ["+failed+"]. ", u.token)
	u.one.Parameters, u.one.resolved, u.one.Outputs = u.before.values, u.before.resolved, u.before.outputs
	u.set.execution = notExecuted
	u.back(0)
}

// back changes the resources back, in the order in which they need each other.
func (u *running) back(at int) {
	if u.fate.RollbackFails {
		u.one.turn("UPDATE_ROLLBACK_FAILED", "The following resource(s) failed to update: ["+strings.Join(u.done, ", ")+"]. ", u.token)
		return
	}
	if at == len(u.done) {
		u.one.turn("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", "", u.token)
		u.one.turn("UPDATE_ROLLBACK_COMPLETE", "", u.token)
		return
	}
	r := u.one.resource(u.done[at])
	u.one.say(r, "UPDATE_IN_PROGRESS", "", u.token)
	u.s.after(u.s.pace.Resource, func() {
		u.s.revert(u.where, u.one, r, u.old[r.LogicalID], func() {
			u.one.say(r, updateComplete, "", u.token)
			u.back(at + 1)
		})
	})
}
