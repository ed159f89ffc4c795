package flow

import (
	"context"

	"convox-travis/internal/setup"
)

// travisWord is what Travis makes of a file with what would be added, once isOver.
type travisWord struct {
	of         fileWish
	repository int // its number
	isOver     bool
	change     setup.FileChange
	difference string
}

// wordOn returns what Travis was asked about a plan, or nil.
func (f *Flow) wordOn(plan *filePlan) *travisWord {
	for _, word := range f.result.words {
		if word.of == plan.of && word.repository == f.onlyKnown().ID {
			return word
		}
	}
	return nil
}

// awaitsWord reports whether the review's file is being expanded by Travis.
func (f *Flow) awaitsWord() bool {
	plan := f.filePlan()
	if plan == nil {
		return false
	}
	word := f.wordOn(plan)
	return word != nil && !word.isOver
}

// askTravis lets Travis expand the file of the review, beside the review. Without
// its answer nothing is missing but that it confirms.
func (f *Flow) askTravis() {
	plan := f.filePlan()
	if plan == nil || len(plan.change.Builds.Outcomes) == 0 || f.given.DryRun || f.wordOn(plan) != nil {
		return
	}
	word := &travisWord{of: plan.of, repository: f.onlyKnown().ID}
	f.result.words = append(f.result.words, word)
	change, repository, token, outside := plan.change, f.onlyKnown(), f.token(), f.outside
	f.result.searches = append(f.result.searches, Search{"what Travis makes of the file", func(ctx context.Context, tell func(Update)) {
		difference := ""
		travis, err := outside.Travis(token)
		if err == nil {
			change, difference, _ = change.Confirm(ctx, outside.Player, travis, repository) // nothing is said where it can't
		}
		tell(func(*Flow) { word.change, word.difference, word.isOver = change, difference, true })
	}})
}
