package flow

import (
	"slices"

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
			rows := f.repositoryRows()
			return Question{
				Kind: Pick, Title: "Which repository?",
				Reason:  f.repositoryReason(),
				Rows:    rows,
				More:    f.repositoryWords(),
				Growing: !f.found.repositoriesDone,
				Several: true, Alone: typeRow,
				Initial: Value{Key: f.likelyRepository(rows), Keys: f.pickedKeys()},
				Check: func(v Value) error {
					if v.Key == "" && len(v.Keys) == 0 {
						return &Problem{Message: "no repository was picked", Do: []string{"pick one, or type its name"}}
					}
					return nil
				},
			}
		},
		take: (*Flow).takeRepositories,
		do: func(f *Flow) *Work {
			switch {
			case f.mustListOwned():
				return f.listOwned()
			case f.several(), f.answers.repository == typeRow:
				return nil
			}
			return f.lookUp(StepRepository)
		},
		shown: func(f *Flow) string {
			switch {
			case f.several():
				return repositoriesOf(len(f.targets()))
			case f.answers.target.Slug == "":
				return ""
			}
			return f.answers.target.String()
		},
	}
}

// ownSource names the setting of the clone that chose the repository, or is "".
func (f *Flow) ownSource() string {
	own, source, ok := setup.OwnOne(f.found.clone, f.given.Provider)
	if !ok || source == "" || own != f.answers.target || len(f.given.Targets) > 0 {
		return ""
	}
	return source
}

func (f *Flow) setTarget(target setup.Target) {
	if f.answers.target != target || f.several() {
		f.forgetChoices()
	}
	f.answers.target, f.answers.several = target, nil
}

// forgetChoices forgets what was said of other repositories.
func (f *Flow) forgetChoices() {
	f.result.repository, f.result.unknown, f.result.read = travisapi.Repository{}, false, nil
	f.answers.activate, f.result.activateAsked, f.answers.allowMixed = false, false, f.given.AllowMixed
	f.answers.noUnknown, f.answers.noInactive, f.result.inactive = false, false, 0
	f.answers.encrypt = false // the file may be another repository's
}

// passRepository takes the repository that the flags name, or the one that the
// clone is beyond doubt, unless another one was picked before.
func (f *Flow) passRepository() bool {
	if f.outside.Owned != nil || len(f.given.Targets) > 1 {
		return f.passSeveral()
	}
	var only setup.Target
	if len(f.given.Targets) == 1 {
		only = f.given.Targets[0]
	} else {
		only, _, _ = setup.OwnOne(f.found.clone, f.given.Provider)
	}
	picked := f.answers.target
	if only.Slug == "" || f.problem != nil || f.several() || (picked.Slug != "" && picked != only) {
		return false
	}
	f.setTarget(only)
	f.answers.repository = repositoryKey(only)
	return true
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
			if f.several() {
				f.setTargets(append(slices.Clone(f.answers.several), target))
				return
			}
			f.setTarget(target)
		},
		do: func(f *Flow) *Work {
			if f.several() {
				return nil
			}
			return f.lookUp(StepSlug)
		},
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
		return setup.Target{}, &Problem{Message: remote.Host + " is no host that Travis knows", Do: []string{"run this again with --repo OWNER/NAME and --provider NAME"}}
	}
	return setup.Target{Provider: travisapi.Provider(remote.Provider), Slug: remote.Slug}, nil
}

func (f *Flow) branchReason() []string {
	if f.several() {
		return []string{"Leave it empty for builds of all branches. One branch counts for all " + repositoriesOf(len(f.targets())) + "; whether each of them has it is not checked."}
	}
	return []string{"Leave it empty for builds of all branches. The repository's default branch is " + shellescape.StripUnsafe(f.result.repository.DefaultBranch) + "."}
}

func branchStep() step {
	return step{
		id: StepBranch, name: "Branch",
		pass: func(*Flow) bool { return true },
		ask: func(f *Flow) Question {
			return Question{
				Kind: Text, Title: "For one branch only?",
				Reason:  f.branchReason(),
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
