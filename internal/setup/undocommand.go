package setup

import (
	"al.essio.dev/pkg/shellescape"

	"convox-travis/travisapi"
)

// longestCommand is how many repositories a person still reads on a command
// line.
const longestCommand = 20

// Undo lists what takes away what was written: a command for the variables of
// each provider, with the flags that lead to the same Travis, and what a person
// does about .travis.yml.
func (r Report) Undo(given GivenFlags) []string {
	var commands []string
	for _, provider := range travisapi.Providers() {
		if command := r.undoOf(provider, given); command != "" {
			commands = append(commands, command)
		}
	}
	for _, repository := range r.Repositories {
		if repository.File != nil && repository.File.Written() {
			commands = append(commands, repository.File.undo())
		}
	}
	return commands
}

// undoOf is the command for the repositories of one provider, "" where there
// are none. Of many they are left to a file.
func (r Report) undoOf(provider travisapi.Provider, given GivenFlags) string {
	var named, branch string
	count := 0
	for _, repository := range r.Repositories {
		if repository.variablesStand() && repository.Target.provider() == provider {
			named += " --repo " + shellescape.Quote(repository.Target.Slug)
			branch = repository.Variables[0].Branch
			count++
		}
	}
	if count == 0 {
		return ""
	}
	if count > longestCommand {
		named = " --repos-from FILE"
	}
	command := "convox-travis remove" + named
	if provider != travisapi.GitHub {
		command += " --provider " + string(provider)
	}
	if branch != "" {
		command += " --branch " + shellescape.Quote(branch)
	}
	command += flagLine(given.Travis...)
	if count > longestCommand {
		command += ", with those in FILE that were created or replaced, one a line"
	}
	return command
}
