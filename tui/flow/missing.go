package flow

// Missing names what nobody has answered yet: for those who cannot be asked.
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
	if len(f.answers.targets) == 0 && len(f.given.Targets) == 0 && f.outside.Owned == nil && !f.isOwnDecided() {
		missing = append(missing, StepRepository)
	}
	return missing
}
