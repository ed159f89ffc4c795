package flow

// Answered are the answers as flags would have given them, without the secrets.
// The repositories are among them where they were picked, and not named before.
func (f *Flow) Answered() Given {
	g := Given{
		Way: f.answers.way, Branch: f.answers.branch, Fingerprint: f.answers.fingerprint,
		Saved:      f.answers.way == ByRack && f.answers.source == sourceSaved,
		AllowMixed: f.answers.allowMixed, Unchecked: f.answers.unchecked, SkipExisting: f.given.SkipExisting,
	}
	if f.chosen[StepRepository] {
		g.Targets = f.targets()
	}
	if f.answers.way == ByConsole {
		g.Console, g.Rack = f.answers.console, f.consoleRack()
	} else {
		g.Host = f.rackHost()
	}
	return g
}
