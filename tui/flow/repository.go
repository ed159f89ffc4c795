package flow

import (
	"context"
	"fmt"
	"strings"

	"al.essio.dev/pkg/shellescape"

	"convox-travis/internal/gitrepo"
	"convox-travis/internal/setup"
	"convox-travis/travisapi"
)

func repositoryStep() step {
	return step{
		id: StepRepository, name: "Repository",
		wait: func(f *Flow) string {
			if !f.found.cloneDone {
				return "reading the clone"
			}
			return ""
		},
		pass:  (*Flow).passRepository,
		begin: (*Flow).listRepositories,
		ask: func(f *Flow) Question {
			return Question{
				Kind: Pick, Title: "Which repository?",
				Reason:  f.repositoryReason(),
				Rows:    f.repositoryRows(),
				More:    f.repositoryWords(),
				Growing: !f.found.repositoriesDone,
				Initial: Value{Key: f.likelyRepository()},
				Check: func(v Value) error {
					if v.Key == "" {
						return &Problem{Message: "no repository was picked", Hints: []string{"pick one, or type its name"}}
					}
					return nil
				},
			}
		},
		take: func(f *Flow, v Value) {
			f.answers.repository = v.Key
			if provider, slug, found := strings.Cut(v.Key, " "); found {
				f.setTarget(setup.Target{Provider: travisapi.Provider(provider), Slug: slug})
			}
		},
		do: func(f *Flow) *Work {
			if f.answers.repository == typeRow {
				return nil
			}
			return f.lookUp(StepRepository)
		},
		shown: func(f *Flow) string {
			if f.answers.target.Slug == "" {
				return ""
			}
			return f.answers.target.String()
		},
	}
}

func (f *Flow) setTarget(target setup.Target) {
	if f.answers.target != target {
		f.result.repository, f.result.unknown = travisapi.Repository{}, false
		f.answers.activate, f.result.activateAsked, f.answers.allowMixed = false, false, f.given.AllowMixed
	}
	f.answers.target = target
}

// passRepository takes the repository that the flags name, or the clone's only
// one on a host that Travis knows, unless another one was picked before.
func (f *Flow) passRepository() bool {
	only := f.given.Target
	if own := f.ownRepositories(); only.Slug == "" && len(own) == 1 {
		only = own[0]
	}
	picked := f.answers.target
	if only.Slug == "" || f.problem != nil || (picked.Slug != "" && picked != only) {
		return false
	}
	f.setTarget(only)
	f.answers.repository = repositoryKey(only)
	return true
}

// likelyRepository is the row to offer first: what was picked before, else the
// first that there is.
func (f *Flow) likelyRepository() string {
	if f.answers.repository != "" {
		return f.answers.repository
	}
	rows := f.repositoryRows()
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

// ownRepositories are what the clone can be on Travis.
func (f *Flow) ownRepositories() []setup.Target { return setup.Own(f.found.clone, f.given.Provider) }

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
				Note: "remote " + remote.Name, Disabled: f.whyNot(remote),
			})
			continue
		}
		key := string(provider) + " " + remote.Slug
		listed[strings.ToLower(key)] = true
		rows = append(rows, Row{Key: key, Cells: []string{remote.Slug, string(provider)}, Note: strings.TrimSpace("this clone's " + remote.Name)})
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
	return append(rows, Row{Key: typeRow, Cells: []string{"type a name"}, Other: true})
}

func (f *Flow) repositoryReason() []string {
	reason := []string{"Both variables go into its settings on Travis."}
	switch {
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
		return fmt.Sprintf("asking Travis for the account's: %d so far", len(f.found.repositories))
	}
	return ""
}

func slugStep() step {
	return step{
		id: StepSlug, name: "Repository",
		when: func(f *Flow) bool { return f.answers.repository == typeRow },
		ask: func(f *Flow) Question {
			return Question{
				Kind: Text, Title: "The repository",
				Reason:  []string{"OWNER/NAME on GitHub, or an address on GitHub, GitLab, Bitbucket or Assembla."},
				Initial: Value{Text: f.answers.slug},
				Check: func(v Value) error {
					_, err := readTarget(v.Text)
					return err
				},
			}
		},
		take: func(f *Flow, v Value) {
			target, _ := readTarget(v.Text) // Check read it
			f.answers.slug = v.Text
			f.setTarget(target)
		},
		do: func(f *Flow) *Work { return f.lookUp(StepSlug) },
	}
}

func readTarget(text string) (setup.Target, error) {
	remote, err := gitrepo.ParseRepository(text)
	switch {
	case err != nil:
		return setup.Target{}, err
	case remote.Host == "":
		return setup.Target{Provider: travisapi.GitHub, Slug: remote.Slug}, nil
	case remote.Provider == "":
		return setup.Target{}, &Problem{Message: remote.Host + " is no host that Travis knows", Hints: []string{"run this again with --repo OWNER/NAME and --provider NAME"}}
	}
	return setup.Target{Provider: travisapi.Provider(remote.Provider), Slug: remote.Slug}, nil
}

func branchStep() step {
	return step{
		id: StepBranch, name: "Branch",
		pass: func(*Flow) bool { return true },
		ask: func(f *Flow) Question {
			return Question{
				Kind: Text, Title: "For one branch only?",
				Reason:  []string{"Leave it empty for builds of all branches. The repository's default branch is " + shellescape.StripUnsafe(f.result.repository.DefaultBranch) + "."},
				Initial: Value{Text: f.answers.branch}, Optional: true,
				Check: func(v Value) error {
					if v.Text == "" {
						return nil
					}
					return gitrepo.CheckBranch(v.Text)
				},
			}
		},
		take: func(f *Flow, v Value) {
			f.answers.branch = v.Text
			f.answers.encrypt = f.answers.encrypt && v.Text == ""
		},
		shown: func(f *Flow) string {
			if f.answers.branch == "" {
				return "all"
			}
			return shellescape.StripUnsafe(f.answers.branch)
		},
	}
}
