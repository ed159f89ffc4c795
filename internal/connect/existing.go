package connect

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"convox-travis/internal/text"
	"convox-travis/travisapi"
)

// HasBoth reports whether both variables exist in one scope.
func HasBoth(vars []travisapi.EnvVar, branch string) bool {
	return len(InScope(vars, HostName, branch)) > 0 && len(InScope(vars, PasswordName, branch)) > 0
}

// FindExisting reads the repositories of the request, concurrently, and returns plans that
// change nothing: of those that have both variables in its scope, and of those that
// couldn't be read. It needs no credential. A repository that is known to deny changes
// isn't read or returned. The error is one that ended the run.
func FindExisting(ctx context.Context, travis Travis, request Request) (Plan, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	listed := byTarget(request.Known)
	request.Targets = slices.DeleteFunc(slices.Clone(request.Targets), func(t Target) bool {
		return listed[t.key()].Denies("create_env_var")
	})
	request.OnlyExisting, request.SkipExisting = true, true
	plan := Plan{Branch: request.Branch}
	for _, r := range planRepositories(ctx, cancel, travis, request) {
		if r.Err != nil || r.Skipped == "" {
			r.Warnings = nil // nothing is written
			plan.Repositories = append(plan.Repositories, r)
		}
	}
	return plan, cmp.Or(context.Cause(ctx), plan.Ended())
}

// missingWords says which of the variables a scope lacks.
func (p *RepositoryPlan) missingWords(branch string) string {
	var missing []string
	for _, change := range []Change{p.Host, p.Password} {
		if change.Action == Create {
			missing = append(missing, change.Name)
		}
	}
	words := "it has no " + strings.Join(missing, " or ")
	if branch != "" {
		return words + " for branch " + text.Quote(branch)
	}
	if own := BranchesOf(p.before); len(own) > 0 {
		return words + " for all branches; it has variables for " + text.QuoteList(own)
	}
	return words
}
