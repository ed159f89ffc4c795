package connect

import (
	"context"
	"fmt"
	"slices"

	"convox-travis/internal/problem"
	"convox-travis/internal/transport"
	"convox-travis/travisapi"
)

// Removal is what would be deleted. Making one only reads.
type Removal struct {
	Repositories []RepositoryRemoval
}

// RepositoryRemoval is what would be deleted in one repository, in this order.
type RepositoryRemoval struct {
	Target     Target
	Repository travisapi.Repository
	Variables  []travisapi.EnvVar
	Err        error // why nothing will be deleted here
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
	removal := Removal{Repositories: make([]RepositoryRemoval, len(targets))}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	ReadEach(len(targets), request.Read, func(i int) {
		r := RepositoryRemoval{Target: targets[i]}
		var vars []travisapi.EnvVar
		r.Repository, vars, r.Err = ReadRepository(ctx, travis, r.Target)
		r.Variables = request.pick(vars)
		r.Err = stopReads(ctx, cancel, r.Target, r.Err)
		removal.Repositories[i] = r
	})
	return removal
}

// pick lists what to delete: all passwords first, so that none is sent to another scope's
// host if the run ends halfway.
func (r RemoveRequest) pick(vars []travisapi.EnvVar) []travisapi.EnvVar {
	var picked []travisapi.EnvVar
	for _, name := range []string{PasswordName, HostName} {
		for _, v := range vars {
			if v.Name == name && (r.AllBranches || v.Branch == r.Branch) {
				picked = append(picked, v)
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
	return !slices.ContainsFunc(r.Repositories, func(repository RepositoryRemoval) bool { return len(repository.Variables) > 0 })
}

// Intent is the report of a removal that wasn't carried out.
func (r Removal) Intent() Report {
	var report Report
	for _, repository := range r.Repositories {
		report.Repositories = append(report.Repositories, repository.intent())
	}
	return report
}

func (r RepositoryRemoval) intent() RepositoryReport {
	report := RepositoryReport{Target: r.Target, ID: r.Repository.ID, Err: r.Err}
	for _, v := range r.Variables {
		report.Variables = append(report.Variables, VariableReport{Name: v.Name, Branch: v.Branch, Public: v.Public, Action: Delete})
	}
	return report
}

// Remove carries out a removal, several repositories at a time, and reads back that the
// variables are gone.
func (r Runner) Remove(stop Stop, removal Removal) Report {
	isNeeded := func(i int) bool { return len(removal.Repositories[i].Variables) > 0 }
	return r.runEach(stop, removal.Intent(), isNeeded, func(r Runner, stop Stop, i int) RepositoryReport {
		return r.removeOne(stop, removal.Repositories[i])
	})
}

func (r Runner) removeOne(stop Stop, repository RepositoryRemoval) RepositoryReport {
	outcome := repository.intent()
	outcome.finish(Failed)
	step, cancel := stop.Call()
	defer cancel()
	finish, end := stop.Cleanup()
	defer end()
	ref := repository.Repository.Ref()
	passwordDeleted := map[string]bool{} // the branches whose password is deleted
	for i, v := range repository.Variables {
		calls := step
		if v.Name == HostName && passwordDeleted[v.Branch] {
			calls = transport.Until(finish) // even after a stop: one variable without the other is useless
		} else if err := stop.Asked(); err != nil {
			outcome.Err = stoppedIn(repository.Target, err)
			continue
		}
		r.Tell(Event{Target: repository.Target, Step: StepDelete, Name: v.Name})
		if err := r.deleteVariable(calls, ref, v.ID); err != nil {
			if fateUnknown(err) {
				outcome.Variables[i].Result = Unknown
			}
			outcome.Err = err
			if neverStarted(stop, err) {
				outcome.Err = stoppedIn(repository.Target, stop.Asked())
			}
			return outcome
		}
		outcome.Variables[i].Result = Done
		passwordDeleted[v.Branch] = passwordDeleted[v.Branch] || v.Name == PasswordName
	}
	if outcome.Err != nil {
		return outcome
	}
	outcome.Err = r.verifyGone(step.Hard, repository, outcome)
	return outcome
}

// verifyGone reads back: someone else's simultaneous write can restore a deleted
// variable.
func (r Runner) verifyGone(ctx context.Context, repository RepositoryRemoval, outcome RepositoryReport) error {
	r.Tell(Event{Target: repository.Target, Step: StepVerify})
	vars, err := r.Travis.EnvVars(ctx, repository.Repository.Ref())
	if err != nil {
		return &problem.Error{
			Code: "not_verified", Action: fmt.Sprintf("%s: deleted, but reading it back failed", repository.Target),
			Hints: []string{"run this again: it ends in the same state"}, Cause: err,
		}
	}
	for i, v := range repository.Variables {
		if slices.ContainsFunc(vars, func(there travisapi.EnvVar) bool { return there.ID == v.ID }) {
			outcome.Variables[i].Result = Failed
			err = &problem.Error{
				Code: "overwritten", Object: repository.Target.String(), Reason: fmt.Sprintf("%s still exists: something else writes to these settings", v.Name),
				Hints: []string{"run this again"},
			}
		}
	}
	return err
}
