package flow

import (
	"fmt"
	"slices"
	"strings"

	"al.essio.dev/pkg/shellescape"

	"convox-travis/internal/setup"
	"convox-travis/travisapi"
)

// several reports whether more than one repository is set up.
func (f *Flow) several() bool { return len(f.answers.several) > 0 }

// Several reports whether more than one repository is set up.
func (f *Flow) Several() bool { return f.several() }

// targets are the repositories to be set up. What of several was left out is not
// among them.
func (f *Flow) targets() []setup.Target {
	switch {
	case !f.several():
		return []setup.Target{f.answers.target}
	case f.result.read == nil:
		return f.answers.several
	}
	var kept []setup.Target
	for _, r := range f.result.read.Repositories {
		if !(f.answers.noUnknown && isUnknown(r)) && !(f.answers.noInactive && isInactive(r)) {
			kept = append(kept, r.Target)
		}
	}
	return kept
}

// takeRepositories takes what was picked: the marked ones, or the one under the
// cursor. A name that is typed is one more.
func (f *Flow) takeRepositories(v Value) {
	keys := v.Keys
	if len(keys) == 0 && v.Key != typeRow {
		keys = []string{v.Key}
	}
	var targets []setup.Target
	for _, key := range keys {
		if provider, slug, found := strings.Cut(key, " "); found {
			targets = append(targets, setup.Target{Provider: travisapi.Provider(provider), Slug: slug})
		}
	}
	switch {
	case len(targets) == 0:
		f.answers.several = nil
	case len(targets) == 1 && v.Key != typeRow:
		f.setTarget(targets[0])
		f.answers.repository = keys[0]
	default:
		f.setTargets(targets)
	}
	if v.Key == typeRow {
		f.answers.repository = typeRow
	}
}

func (f *Flow) setTargets(targets []setup.Target) {
	targets = setup.Distinct(targets)
	if !slices.Equal(f.answers.several, targets) {
		f.forgetChoices()
	}
	f.answers.target, f.answers.several, f.answers.repository = setup.Target{}, targets, repositoryKey(targets[0])
}

// passSeveral takes what the flags name, unless others were picked.
func (f *Flow) passSeveral() bool {
	if f.problem != nil {
		return false
	}
	if f.outside.Owned == nil {
		f.setTargets(f.given.Targets)
	}
	return true
}

// mustListOwned reports whether the flags mean repositories that are still to be
// listed.
func (f *Flow) mustListOwned() bool {
	return f.outside.Owned != nil && !f.several() && !f.chosen[StepRepository]
}

// listOwned asks Travis for the repositories that the flags mean.
func (f *Flow) listOwned() *Work {
	token, outside := f.token(), f.outside
	return &Work{
		Words: "asking Travis for the repositories that are meant",
		Run: func(stop setup.Stop, _ Tell) Outcome {
			travis, err := outside.Travis(token)
			if err != nil {
				return Outcome{Err: err}
			}
			targets, err := outside.Owned(stop.Soft, travis)
			if err != nil {
				return Outcome{Err: err, To: mendedAt(err, StepRepository)}
			}
			return Outcome{Set: func(f *Flow) { f.setTargets(targets) }}
		},
	}
}

// pickedKeys are the rows of several that were picked before.
func (f *Flow) pickedKeys() []string {
	var keys []string
	for _, target := range f.answers.several {
		keys = append(keys, repositoryKey(target))
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
	for _, target := range f.answers.several {
		if key := repositoryKey(target); !listed[key] {
			rows = append(rows, Row{Key: key, Cells: []string{target.Slug, string(target.Provider)}, Note: "not in the account's list"})
		}
	}
	return rows
}

func isUnknown(r setup.RepositoryPlan) bool {
	return travisapi.Failed(r.Err, travisapi.CodeNotFound)
}

// isInactive reports whether Travis knows a repository and does not build it.
// Where nothing can be written, that does not matter.
func isInactive(r setup.RepositoryPlan) bool {
	return r.Repository.ID > 0 && !r.Repository.Active && (r.Err == nil || setup.IsMixed(r.Err))
}

// areThere reports whether something is so of a repository that was read.
func (f *Flow) areThere(so func(setup.RepositoryPlan) bool) bool {
	return f.result.read != nil && slices.ContainsFunc(f.result.read.Repositories, so)
}

// those lists the repositories that were read and of which something is so.
func (f *Flow) those(so func(setup.RepositoryPlan) bool) []setup.Target {
	var targets []setup.Target
	for _, r := range f.result.read.Repositories {
		if so(r) {
			targets = append(targets, r.Target)
		}
	}
	return targets
}

func namesOf(targets []setup.Target) string { return shellescape.StripUnsafe(setup.Names(targets)) }

func repositoriesOf(n int) string {
	if n == 1 {
		return "1 repository"
	}
	return fmt.Sprintf("%d repositories", n)
}
