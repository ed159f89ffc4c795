package connect

import (
	"context"
	"fmt"
	"slices"

	"convox-travis/internal/problem"
	"convox-travis/internal/transport"
	"convox-travis/travisapi"
)

// Removal is what would be deleted, in this order. Making one only reads.
type Removal struct {
	Repositories []RepositoryReport
}

// RemoveRequest says which variables to delete.
type RemoveRequest struct {
	Targets     []Target
	Branch      string // "" is the variables for all branches
	AllBranches bool   // the variables of every scope

	Read func(done int) // gets the number of repositories read so far, one call at a time; may be nil
}

// MakeRemoval reads the repositories concurrently.
func MakeRemoval(ctx context.Context, travis Travis, request RemoveRequest) Removal {
	targets := RemoveDuplicates(request.Targets)
	removal := Removal{Repositories: make([]RepositoryReport, len(targets))}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	ReadEach(len(targets), request.Read, func(i int) {
		r := RepositoryReport{Target: targets[i]}
		repository, vars, err := ReadRepository(ctx, travis, r.Target)
		r.ID, r.Variables, r.Err = repository.ID, request.pick(vars), stopReads(ctx, cancel, r.Target, err)
		removal.Repositories[i] = r
	})
	return removal
}

// pick lists what to delete: all passwords first, so that none is sent to another scope's
// host if the run ends halfway.
func (r RemoveRequest) pick(vars []travisapi.EnvVar) (picked []VariableReport) {
	for _, name := range []string{PasswordName, HostName} {
		for _, v := range vars {
			if v.Name == name && (r.AllBranches || v.Branch == r.Branch) {
				picked = append(picked, VariableReport{Name: v.Name, Branch: v.Branch, Public: v.Public, Action: Delete, id: v.ID})
			}
		}
	}
	return picked
}

// Ended is why reading for a removal ended before all repositories were read, or nil:
// nothing can be deleted either.
func (r Removal) Ended() error { return endedBy(r.Intent()) }

// IsEmpty reports whether there is nothing to delete anywhere.
func (r Removal) IsEmpty() bool {
	return !slices.ContainsFunc(r.Repositories, func(repository RepositoryReport) bool { return len(repository.Variables) > 0 })
}

// Intent is the report of a removal that wasn't carried out.
func (r Removal) Intent() Report {
	report := Report{Repositories: slices.Clone(r.Repositories)}
	for i := range report.Repositories {
		report.Repositories[i].Variables = slices.Clone(report.Repositories[i].Variables)
	}
	return report
}

// Remove carries out a removal, several repositories at a time, and reads back that the
// variables are gone.
func (r Runner) Remove(stop Stop, removal Removal) Report {
	report := removal.Intent()
	isNeeded := func(i int) bool { return len(report.Repositories[i].Variables) > 0 }
	return r.runEach(stop, report, isNeeded, func(r Runner, stop Stop, i int) RepositoryReport {
		return r.removeOne(stop, report.Repositories[i])
	})
}

func (r Runner) removeOne(stop Stop, outcome RepositoryReport) RepositoryReport {
	outcome.finish(Failed)
	step, cancel := stop.Call()
	defer cancel()
	finish, end := stop.Cleanup()
	defer end()
	ref := travisapi.Repository{ID: outcome.ID, Slug: outcome.Target.Slug}.Ref()
	passwordDeleted := map[string]bool{} // the branches whose password is deleted
	for i, v := range outcome.Variables {
		calls := step
		if v.Name == HostName && passwordDeleted[v.Branch] {
			calls = transport.Until(finish) // even after a stop: one variable without the other is useless
		} else if err := stop.Asked(); err != nil {
			outcome.Err = stoppedIn(outcome.Target, err)
			continue
		}
		r.Tell(Event{Target: outcome.Target, Step: StepDelete, Name: v.Name})
		if err := r.deleteVariable(calls, ref, v.id); err != nil {
			if fateUnknown(err) {
				outcome.Variables[i].Result = Unknown
			}
			outcome.Err = err
			if neverStarted(stop, err) {
				outcome.Err = stoppedIn(outcome.Target, stop.Asked())
			}
			return outcome
		}
		outcome.Variables[i].Result = Done
		passwordDeleted[v.Branch] = passwordDeleted[v.Branch] || v.Name == PasswordName
	}
	if outcome.Err != nil {
		return outcome
	}
	outcome.Err = r.verifyGone(step.Hard, ref, outcome)
	return outcome
}

// verifyGone reads back: someone else's simultaneous write can restore a deleted
// variable.
func (r Runner) verifyGone(ctx context.Context, ref travisapi.Ref, outcome RepositoryReport) error {
	r.Tell(Event{Target: outcome.Target, Step: StepVerify})
	vars, err := r.Travis.EnvVars(ctx, ref)
	if err != nil {
		return &problem.Error{
			Code: "not_verified", Action: fmt.Sprintf("%s: deleted, but reading it back failed", outcome.Target),
			Hints: []string{"run this again: it ends in the same state"}, Cause: err,
		}
	}
	for i, v := range outcome.Variables {
		if slices.ContainsFunc(vars, func(there travisapi.EnvVar) bool { return there.ID == v.id }) {
			outcome.Variables[i].Result = Failed
			err = &problem.Error{
				Code: "overwritten", Object: outcome.Target.String(), Reason: fmt.Sprintf("%s still exists: something else writes to these settings", v.Name),
				Hints: []string{"run this again"},
			}
		}
	}
	return err
}
