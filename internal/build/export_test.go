package build

// Play plays a script in this process.
func Play(script Script) Played {
	played, _ := play(script, func(int) {})
	return played
}

// Work plays a script and returns how much that was, in commands.
func Work(script Script) int {
	_, work := play(script, func(int) {})
	return work
}

// PlaySnippet plays Bash alone in a job's environment, and again with all its
// deploys failing, and returns the exit status of that.
func PlaySnippet(script Script, bash string) (Played, int) {
	script.Steps = []Step{{Phase: "script", Command: Command{Bash: "bash -c " + inspectSingle(travis+bash)}}}
	first := run(script, plan{at: func(int) {}})
	script.Steps[0].Command.Bash += "\nexit $?"
	failed := run(script, plan{at: func(int) {}, failing: func(Call) bool { return true }})
	return first.Played, failed.Status
}

func inspectSingle(bash string) string {
	quoted := "'"
	for _, r := range bash {
		if r == '\'' {
			quoted += `'\''`
			continue
		}
		quoted += string(r)
	}
	return quoted + "'"
}
