package flow

// Missing names the steps that nobody has answered yet, for those who can't be asked.
// Of questions that only come up on the way it names the one that is asked now.
func (f *Flow) Missing() []string {
	var missing []string
	switch {
	case f.answers.way == NoWay:
		missing = append(missing, StepWay, StepPassword)
	case f.result.login == nil && !f.answers.unchecked:
		if f.host().IsZero() {
			missing = append(missing, StepRack)
		}
		missing = append(missing, StepPassword)
	}
	if f.token().IsEmpty() {
		missing = append(missing, StepToken)
	}
	if f.answers.target.Slug == "" && !f.several() && len(f.given.Targets) == 0 && f.outside.Owned == nil && !f.isOwnDecided() {
		missing = append(missing, StepRepository)
	}
	if f.State() == Asking {
		switch step, _ := f.Step(); step {
		case StepMixed, StepCertificate, StepUnchecked, StepActivate, StepInactive, StepUnknown:
			missing = append(missing, step)
		}
	}
	if !f.given.Agreed {
		missing = append(missing, StepReview)
	}
	return missing
}
