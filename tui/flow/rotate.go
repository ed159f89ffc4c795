package flow

import (
	"cmp"
	"context"

	"convox-travis/internal/connect"
	"convox-travis/internal/text"
	"convox-travis/travisapi"
)

// rotateStep offers to rotate the new password of a reset, unless flags say which
// repositories get it.
var rotateStep = step{
	id: StepRotate, name: "Reset",
	when: func(f *Flow) bool {
		return f.isReset() && !f.given.OnlyExisting && len(f.given.Targets) == 0 && f.outside.Owned == nil
	},
	ask: func(f *Flow) Question {
		return Question{
			Kind: Choice, Title: "Which repositories get the new password?",
			Options: []Option{
				{Label: "Set up a repository"},
				{Label: "Rotate it in the repositories that have it", Note: "you pick them from a list", chosen: f.answers.onlyExisting},
			},
		}
	},
	take: func(f *Flow, v Value) {
		if rotates := v.Index == 1; rotates != f.answers.onlyExisting {
			f.answers.onlyExisting = rotates
			f.answers.repository = ""
			f.setTargets(nil)
			f.forgetRepositories() // the list is another one
			delete(f.chosen, StepRepository)
		}
	},
}

// IsRotation reports whether only existing variables are replaced.
func (f *Flow) IsRotation() bool { return f.answers.onlyExisting }

// listExisting lists the repositories that have both variables. The error is why some
// couldn't be read.
func (o Outside) listExisting(ctx context.Context, travis Travis, branch string) ([]travisapi.Repository, error) {
	request := connect.Request{Branch: branch}
	var err error
	if o.Owned != nil {
		request.Targets, request.Known, err = o.Owned(ctx, travis)
	} else {
		request.Known, err = travis.Repositories(ctx, travisapi.ListOptions{})
		for _, r := range request.Known {
			request.Targets = append(request.Targets, connect.Target{Provider: cmp.Or(r.Provider, travisapi.GitHub), Slug: r.Slug})
		}
	}
	if err != nil {
		return nil, err
	}
	plan, err := connect.FindExisting(ctx, travis, request)
	var existing []travisapi.Repository
	for _, r := range plan.Repositories {
		if r.Err == nil {
			existing = append(existing, r.Repository)
		}
		err = cmp.Or(err, r.Err)
	}
	return existing, err
}

// rotateCommand lists the repositories that have the variables, to replace them in some.
func rotateCommand(rack string) string {
	return "convox-travis --rack " + text.Quote(rack) + " --only-existing"
}
