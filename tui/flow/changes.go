package flow

import (
	"fmt"
	"strings"

	"convox-travis/cfn"
)

// changesStep shows what an update would change.
func changesStep() step {
	return step{
		id: StepChanges, name: "Reset",
		when: func(f *Flow) bool { return isResetting(f) && f.reset.plan != nil },
		ask: func(f *Flow) Question {
			q := Question{Kind: Review, Title: "What would change", Reason: []string{"Nothing is changed yet."}, Lines: f.changeLines(), Yes: "go on"}
			if f.reset.plan.Err() != nil {
				q.Title, q.Yes = "More would change than the password", "go back"
			}
			if f.given.DryRun {
				q.Kind, q.Yes = Ending, "leave"
			}
			return q
		},
		do: func(f *Flow) *Work {
			switch {
			case f.given.DryRun:
				f.over = true
			case f.reset.plan.Err() != nil:
				f.reset.drop()
				f.goTo(StepLost)
			}
			return nil
		},
	}
}

// changeLines is the preview as a table, and what it amounts to.
func (f *Flow) changeLines() []Line {
	plan := f.reset.plan
	if plan.Preview == nil {
		return []Line{
			{Good, "The stack has this password already: nothing is updated."},
			{Plain, "The web service is started anew where it still takes the old one."},
		}
	}
	lines := []Line{{Heading, fmt.Sprintf("  %-26s %-8s %s", "resource", "action", "replaced")}}
	for _, change := range plan.Preview.Changes {
		lines = append(lines, Line{Plain, strings.TrimRight(fmt.Sprintf("%-26s %-8s %s", change.LogicalID, strings.ToLower(change.Action), replaced(change)), " ")})
	}
	lines = append(lines, Line{})
	if plan.Err() != nil {
		for _, why := range plan.Preview.Why {
			lines = append(lines, Line{Bad, why})
		}
		return append(lines, Line{Plain, "Nothing is done: find out first why the stack differs from its template."})
	}
	lines = append(lines, Line{Good, "As expected: the password, where it is stored and used."})
	for _, why := range plan.Preview.Why {
		lines = append(lines, Line{Warning, why})
	}
	return append(lines, Line{Muted, "Every other parameter of the stack stays as it is."})
}

func replaced(change cfn.Change) string {
	return map[string]string{"True": "yes", "False": "no", "Conditional": "perhaps"}[change.Replacement]
}

func refreshStep() step {
	return step{
		id: StepRefresh, name: "Reset",
		when: func(f *Flow) bool { return isResetting(f) && f.reset.plan != nil && f.reset.plan.RefreshesInstances() },
		ask: func(f *Flow) Question {
			return Question{
				Kind: Confirm, Title: "May every instance be replaced, one by one?",
				Reason: []string{
					"There is a newer machine image for the Rack's instances, and every update of the stack takes it. So this one replaces each instance, one by one, and moves the apps that run on it.",
					"It takes much longer. An update for another reason would do the same.",
				},
				Yes: "Yes", No: "No, go back",
			}
		},
		take: func(f *Flow, v Value) { f.reset.refreshes = v.Yes },
		do: func(f *Flow) *Work {
			if !f.reset.refreshes {
				f.goTo(StepLost)
			}
			return nil
		},
	}
}

func nameStep() step {
	return step{
		id: StepName, name: "Reset",
		when: func(f *Flow) bool { return isResetting(f) && f.reset.plan != nil && f.reset.plan.Preview != nil },
		ask: func(f *Flow) Question {
			name := f.rackName()
			return Question{
				Kind: Text, Title: "Type the Rack's name to go on",
				Reason: []string{"It is " + name + ". The next thing is that you get the new password; then the Rack gets it."},
				Check: func(v Value) error {
					if v.Text != name {
						return &Problem{Message: "that is not the Rack's name", Hints: []string{"type " + name + ", or go back"}}
					}
					return nil
				},
			}
		},
	}
}
