package flow

import (
	"errors"
	"slices"

	"al.essio.dev/pkg/shellescape"

	"convox-travis/internal/setup"
	"convox-travis/travisapi"
)

// Several reports whether more than one repository was picked. What is so for one
// alone depends on that and on nothing else.
func (f *Flow) Several() bool { return f.several() }

func (f *Flow) several() bool { return len(f.answers.targets) > 1 }

// targets are the repositories to be set up: those that were picked, but for what
// was left out.
func (f *Flow) targets() []setup.Target {
	if f.result.read == nil {
		return f.answers.targets
	}
	return f.those(func(r setup.RepositoryPlan) bool {
		return !(f.answers.unknown == leaveOut && isUnknown(r)) && !(f.answers.inactive == leaveOut && isInactive(r))
	})
}

// only is the repository where one alone was picked, else the zero Target.
func (f *Flow) only() setup.Target {
	if len(f.answers.targets) != 1 {
		return setup.Target{}
	}
	return f.answers.targets[0]
}

// onlyKnown is what Travis knows of the only repository.
func (f *Flow) onlyKnown() travisapi.Repository {
	if f.several() || f.result.read == nil {
		return travisapi.Repository{}
	}
	return f.result.read.Repositories[0].Repository
}

// setTargets takes repositories. What was said of others is forgotten.
func (f *Flow) setTargets(targets []setup.Target) {
	targets = setup.Distinct(targets)
	if !slices.Equal(f.answers.targets, targets) {
		f.result.read, f.answers.unknown, f.answers.inactive = nil, 0, 0
		f.answers.allowMixed = f.given.AllowMixed
		f.answers.encrypt = false // the file may be another repository's
	}
	f.answers.targets = targets
	if len(targets) > 0 {
		f.answers.repository = repositoryKey(targets[0])
	}
}

// nameOf names one repository, and counts several.
func nameOf(targets []setup.Target) string {
	if len(targets) != 1 {
		return setup.Count(len(targets), "repository")
	}
	return shellescape.StripUnsafe(targets[0].String())
}

// fixedAt is the step where an error can be fixed: a token that Travis does not take
// any more is the account's.
func fixedAt(err error, otherwise string) string {
	if travisapi.IsKind(err, travisapi.KindUnknownToken) || travisapi.IsKind(err, travisapi.KindLoginRequired) {
		return StepAccount
	}
	return otherwise
}

func isOfTravis(err error) bool {
	_, is := errors.AsType[*travisapi.Error](err)
	return is
}
