package flow

import (
	"context"
	"fmt"

	"convox-travis/internal/setup"
)

// unknownOnesStep asks what to do about those that Travis does not know.
func unknownOnesStep() step {
	return step{
		id: StepUnknownOnes, name: "Repository",
		when: func(f *Flow) bool { return f.several() && f.areThere(isUnknown) },
		ask: func(f *Flow) Question {
			unknown := f.those(isUnknown)
			q := Question{
				Kind: Choice, Title: fmt.Sprintf("Travis does not know %d of the %s", len(unknown), setup.Count(len(f.answers.several), "repository")),
				Reason: []string{namesOf(unknown), "Travis may have read the list of repositories before they were made, or this account may not see them."},
				Options: []Option{
					{Label: "Sync Travis, and look again", Note: "takes seconds to minutes"},
					{Label: "Choose others"},
				},
			}
			if len(unknown) < len(f.answers.several) {
				q.Options = append(q.Options, Option{Label: "Leave them out"})
			}
			if f.answers.noUnknown {
				q.Initial.Index = 2
			}
			return q
		},
		take: func(f *Flow, v Value) { f.result.resync, f.answers.noUnknown = v.Index == 0, v.Index == 2 },
		do: func(f *Flow) *Work {
			switch {
			case f.answers.noUnknown:
				return nil
			case !f.result.resync:
				f.goTo(StepRepository)
				return nil
			}
			user := f.result.user
			return f.readAll(func(ctx context.Context, travis Travis) error { return syncList(ctx, travis, user) })
		},
	}
}

// inactive is what is done about those of several that Travis does not build.
type inactive int

const (
	activateThem inactive = iota + 1
	leaveThemOut
	chooseOthers
)

var inactiveOptions = map[inactive]Option{
	activateThem: {Label: "Activate them with the rest", Note: "builds begin with the next push"},
	leaveThemOut: {Label: "Leave them out", Note: "nothing is written there"},
	chooseOthers: {Label: "Go back, and choose others"},
}

// inactiveChoices leaves something to be set up, whatever is chosen.
func (f *Flow) inactiveChoices() []inactive {
	kept := len(f.answers.several) - len(f.those(isInactive))
	if f.answers.noUnknown {
		kept -= len(f.those(isUnknown))
	}
	if kept == 0 {
		return []inactive{activateThem, chooseOthers}
	}
	return []inactive{activateThem, leaveThemOut, chooseOthers}
}

// inactiveOnesStep asks once about all that Travis does not build.
func inactiveOnesStep() step {
	return step{
		id: StepInactive, name: "Repository",
		when: func(f *Flow) bool { return f.several() && f.areThere(isInactive) },
		ask: func(f *Flow) Question {
			inactive := f.those(isInactive)
			q := Question{
				Kind: Choice, Title: fmt.Sprintf("Travis does not build %d of the %s", len(inactive), setup.Count(len(f.answers.several), "repository")),
				Reason: []string{namesOf(inactive), "They are not active there. Nothing is done before the review."},
			}
			for i, one := range f.inactiveChoices() {
				q.Options = append(q.Options, inactiveOptions[one])
				if one == f.result.inactive {
					q.Initial.Index = i
				}
			}
			return q
		},
		take: func(f *Flow, v Value) {
			said := f.inactiveChoices()[v.Index]
			f.result.inactive = said
			f.answers.activate, f.answers.noInactive = said == activateThem, said == leaveThemOut
		},
		do: func(f *Flow) *Work {
			if f.result.inactive == chooseOthers {
				f.goTo(StepRepository)
			}
			return nil
		},
	}
}
