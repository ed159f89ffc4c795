package flow

import (
	"context"
	"strings"

	"convox-travis/internal/gitrepo"
	"convox-travis/internal/problem"
	"convox-travis/internal/setup"
	"convox-travis/travisapi"
)

// likelyRepository is the row to offer first: what was picked before, else the
// first that there is.
func (f *Flow) likelyRepository(rows []Row) string {
	if f.answers.repository != "" {
		return f.answers.repository
	}
	if len(f.found.clone.Candidates()) > 0 {
		return rows[0].Key // also one that cannot be picked: its namesake elsewhere is not what is meant
	}
	for _, row := range rows {
		if row.Disabled == "" {
			return row.Key
		}
	}
	return ""
}

func repositoryKey(t setup.Target) string { return string(t.Provider) + " " + t.Slug }

func (f *Flow) isOwnDecided() bool {
	_, _, ok := setup.OwnOne(f.found.clone, f.given.Provider)
	return ok
}

// ownRepositories are what the clone can be on Travis.
func (f *Flow) ownRepositories() []setup.Target { return setup.Own(f.found.clone, f.given.Provider) }

// pickedKeys are the rows of several that were picked before: of one the cursor
// stands on it.
func (f *Flow) pickedKeys() []string {
	var keys []string
	if f.several() {
		for _, target := range f.answers.targets {
			keys = append(keys, repositoryKey(target))
		}
	}
	return keys
}

// withPicked adds those of several that were named, and that are not listed.
func (f *Flow) withPicked(rows []Row) []Row {
	if !f.several() {
		return rows
	}
	listed := make(map[string]bool, len(rows))
	for _, row := range rows {
		listed[row.Key] = true
	}
	for _, target := range f.answers.targets {
		if key := repositoryKey(target); !listed[key] {
			rows = append(rows, Row{Key: key, Cells: []string{target.Slug, string(target.Provider)}, Note: "not in the account's list"})
		}
	}
	return rows
}

// listRepositories begins to list those of the account, once, and again where
// that failed.
func (f *Flow) listRepositories() {
	if f.found.repositoriesErr == nil && (f.found.repositoriesDone || f.found.repositories != nil) {
		return
	}
	f.forgetRepositories()
	f.found.repositories = []travisapi.Repository{} // begun
	token, outside, listing := f.token(), f.outside, f.found.listing
	f.result.searches = append(f.result.searches, Search{"repositories", func(ctx context.Context, tell func(Update)) {
		found := func(u Update) {
			tell(func(f *Flow) {
				if f.found.listing == listing {
					u(f)
				}
			})
		}
		travis, err := outside.Travis(token)
		if err == nil {
			_, err = travis.Repositories(ctx, travisapi.ListOptions{Page: func(page []travisapi.Repository) {
				found(func(f *Flow) { f.found.repositories = append(f.found.repositories, page...) })
			}})
		}
		found(func(f *Flow) { f.found.repositoriesErr, f.found.repositoriesDone = err, true })
	}})
}

// forgetRepositories drops the list, and what of it is still on its way.
func (f *Flow) forgetRepositories() {
	f.found.listing++
	f.found.repositories, f.found.repositoriesErr, f.found.repositoriesDone = nil, nil, false
}

// repositoryRows lists the clone's, then the account's, then the way to type
// one.
func (f *Flow) repositoryRows() []Row {
	rows := make([]Row, 0, len(f.found.repositories)+4)
	listed := map[string]bool{}
	for _, remote := range f.found.clone.Candidates() {
		provider, ok := setup.Agreed(remote, f.given.Provider)
		if !ok {
			rows = append(rows, Row{
				Key: "remote " + remote.Host + " " + remote.Slug, Cells: []string{remote.Slug, remote.Host},
				Note: remote.Source(), Disabled: f.whyNot(remote),
			})
			continue
		}
		key := string(provider) + " " + remote.Slug
		listed[strings.ToLower(key)] = true
		rows = append(rows, Row{Key: key, Cells: []string{remote.Slug, string(provider)}, Note: remote.Source()})
	}
	for _, r := range f.found.repositories {
		provider := string(r.Provider)
		if provider == "" {
			provider = gitrepo.GitHub
		}
		key := provider + " " + r.Slug
		if listed[strings.ToLower(key)] {
			continue
		}
		row := Row{Key: key, Cells: []string{r.Slug, provider}}
		switch {
		case r.Denies("create_env_var"):
			row.Disabled = "you may not write its settings"
		case !r.Active:
			row.Note = "inactive"
		}
		rows = append(rows, row)
	}
	return append(f.withPicked(rows), Row{Key: typeRow, Cells: []string{"type a name"}, Other: true})
}

func (f *Flow) repositoryReason() []string {
	reason := []string{"Both variables go into its settings on Travis."}
	for _, remote := range f.found.clone.Candidates() {
		if remote.Setting != "" {
			reason = append(reason, remote.Source()+" names "+remote.Slug+"; a setting alone doesn't decide.")
			break
		}
	}
	switch {
	case f.found.cloneErr != nil:
		reason = append(reason, "None is offered from a clone: "+strings.TrimPrefix(f.found.cloneErr.Error(), "read the clone: ")+".")
		if problem.Has(f.found.cloneErr, gitrepo.CodeOwnership) {
			reason = append(reason, ProblemOf(f.found.cloneErr).Do...)
		}
	case len(f.found.clone.Candidates()) == 0:
		reason = append(reason, "No clone with a remote was found here.")
	case len(f.ownRepositories()) == 0:
		reason = append(reason, "The clone's own is on a host that is not one of Travis's.")
	}
	return reason
}

// whyNot says why a remote is not offered.
func (f *Flow) whyNot(remote gitrepo.Remote) string {
	if remote.Provider == "" {
		return "Travis does not know this host"
	}
	return "not on " + string(f.given.Provider)
}

func (f *Flow) repositoryWords() string {
	switch {
	case f.found.repositoriesErr != nil:
		return "not all are listed: " + f.found.repositoriesErr.Error()
	case !f.found.repositoriesDone:
		return "asking Travis for more"
	}
	return ""
}
