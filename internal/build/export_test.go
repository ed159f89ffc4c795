package build

import "convox-travis/internal/shell"

// Play plays a script in this process.
func Play(script Script) Played { return new(plays).play(script, func(int) {}) }

// Work plays a script and returns how much that was, in commands.
func Work(script Script) int {
	plays := new(plays)
	plays.play(script, func(int) {})
	return plays.work
}

// PlaySnippet plays Bash alone in a job's environment, and again with all its
// deploys failing, and returns the exit status of that.
func PlaySnippet(script Script, bash string) (Played, int) {
	script.Steps = []Step{{Phase: "script", Command: Command{Bash: "bash -c " + inspectSingle(travis+bash)}}}
	first := run(script, plan{at: func(int) {}}, new(shell.Texts))
	script.Steps[0].Command.Bash += "\nexit $?"
	failed := run(script, plan{at: func(int) {}, failing: func(Call) bool { return true }}, new(shell.Texts))
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
