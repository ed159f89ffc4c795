package flow

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
	var lines []Line
	for i, row := range plan.Table() {
		if i == 0 {
			lines = append(lines, Line{Heading, "  " + row})
			continue
		}
		lines = append(lines, Line{Plain, row})
	}
	if len(lines) > 0 {
		lines = append(lines, Line{})
	}
	tone, why := Good, Warning
	if plan.Err() != nil {
		tone, why = Bad, Bad
	}
	lines = append(lines, Line{tone, plan.Judgement()})
	if plan.Preview == nil {
		return lines
	}
	for _, words := range plan.Preview.Why {
		lines = append(lines, Line{why, words})
	}
	return append(lines, Line{Muted, "Every other parameter of the stack stays as it is."})
}

func refreshStep() step {
	return step{
		id: StepRefresh, name: "Reset",
		when: func(f *Flow) bool { return isResetting(f) && f.reset.plan != nil && f.reset.plan.RefreshesInstances() },
		pass: func(f *Flow) bool {
			f.reset.refreshes = f.given.AllowRefresh
			return f.given.AllowRefresh
		},
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
						return &Problem{Message: "that is not the Rack's name", Do: []string{"type " + name + ", or go back"}}
					}
					return nil
				},
			}
		},
	}
}
