package audit

import (
	"cmp"
	"slices"
	"strings"

	"convox-travis/internal/build"
	"convox-travis/internal/connect"
	"convox-travis/internal/convox"
	"convox-travis/internal/text"
)

// RunFlags are the flags of a run that the commands in its hints repeat, so that each can
// be run unchanged. None contains a secret.
type RunFlags struct {
	SignIn   []string // --rack NAME --region NAME
	Password []string // --password-stdin or --saved; empty for the environment
	Profile  string   // of AWS
	Endpoint string   // of Travis
}

const stdinFlag = "--password-stdin"

// commandLine is a command of this program that can be pasted into a shell.
func commandLine(parts ...[]string) string {
	words := append([]string{"convox-travis"}, slices.Concat(parts...)...)
	line := text.Command(words...)
	if slices.Contains(words, stdinFlag) {
		line += " < PASSWORD-FILE"
	}
	return line
}

// flag is a flag with its value, or "" without a value.
func flag(name, value string) []string {
	if value == "" {
		return nil
	}
	return []string{name, value}
}

func (g RunFlags) travis() []string { return flag("--travis-endpoint", g.Endpoint) }

// AddStepCommand is what adds the deploy step in a clone. rack is ORG/NAME behind a
// Console, "" while that is open, and branch is "" for the default branch.
func AddStepCommand(c connect.Credential, rack, branch, beforePromote string) string {
	signIn := flag("--host", c.Host.String())
	if c.Console {
		signIn = append(consoleFlag(c.Host), "--rack", cmp.Or(rack, "ORG/NAME"))
	}
	return commandLine([]string{"yml", "--write"}, signIn, flag("--branch", branch), flag("--before-promote", beforePromote))
}

// RotateCommand is what replaces the variables in the repositories that FILE lists. A Rack
// and a password that the run wasn't given have to be filled in.
func RotateCommand(given RunFlags, branch string) string {
	if given.SignIn == nil {
		given.SignIn, given.Password = []string{"--rack", "NAME"}, []string{stdinFlag}
	}
	return commandLine([]string{"apply", "--repos-from", "FILE", "--only-existing"}, given.SignIn, given.Password, flag("--branch", branch), given.travis())
}

// command is the command with a name, or the wizard for "", for the repository, with the
// flags for its Travis.
func (c *repositoryCase) command(name, branch string, more ...[]string) string {
	parts := [][]string{strings.Fields(name), {"--repo", c.target.Address()}, flag("--branch", branch)}
	return commandLine(append(append(parts, more...), c.request.Given.travis())...)
}

// write is a hint to write the variables of a branch, or of all branches: with the
// wizard, which asks for the rest, unless the run was given a password.
func (c *repositoryCase) write(lead, branch string) string {
	if isGiven(c.request.Credential) {
		return lead + ": " + c.command("apply", branch, c.request.signIn(), c.request.Given.Password)
	}
	return lead + ": " + c.command("", branch, c.request.signIn())
}

// signIn returns the flags of the sign-in method: those of the run, otherwise as the
// credential implies.
func (r Request) signIn() []string {
	switch host := r.Credential.Host; {
	case len(r.Given.SignIn) > 0 || host.IsZero():
		return r.Given.SignIn
	case r.Credential.Console:
		return consoleFlag(host)
	default:
		return flag("--host", host.String())
	}
}

func consoleFlag(host convox.Host) []string {
	if host.IsHostedConsole() {
		return []string{"--console"}
	}
	return []string{"--console=" + host.String()}
}

// remove returns the commands that remove the variables from the settings, one for each
// scope in which builds get them.
func (c *repositoryCase) remove() string {
	var commands []string
	for _, branch := range append([]string{""}, connect.BranchesOf(c.vars)...) {
		if c.counts(branch) && len(connect.InScope(c.vars, connect.HostName, branch))+len(connect.InScope(c.vars, connect.PasswordName, branch)) > 0 {
			commands = append(commands, c.command("remove", branch))
		}
	}
	if len(commands) > 1 && c.request.Branch == "" {
		return c.command("remove", "", []string{"--all-branches"})
	}
	return strings.Join(commands, "\nthen ")
}

// yml is a hint to write a correct step; flags are further ones of its command. Unknown
// values have to be filled in.
func (c *repositoryCase) yml(lead string, d build.Call, flags ...string) string {
	app := d.App
	if !isPlain(app) {
		app = ""
	}
	line := func(signIn ...string) string {
		return commandLine([]string{"yml", "--write"}, flags, flag("--app", app), flag("--branch", cmp.Or(c.request.Branch, c.repository.DefaultBranch)), signIn)
	}
	signIn := c.deploySignIn(d)
	switch {
	case signIn == nil:
		return lead + ", behind a Console: " + line("--console", "--rack", "ORG/NAME") + "\nor for a Rack directly: " + line("--rack", "NAME")
	case strings.HasPrefix(signIn[0], "--console"):
		signIn = slices.Concat(signIn, flag("--rack", cmp.Or(c.deployRack(d), "ORG/NAME")))
	}
	return lead + ": " + line(signIn...)
}

// deploySignIn returns the flags for how builds sign in, without the Rack behind a
// Console: those of the run, otherwise as far as known; nil is unknown.
func (c *repositoryCase) deploySignIn(d build.Call) []string {
	set, isKnown := c.host()
	isOrgRack := strings.Contains(d.Rack, "/")
	switch request := c.request; {
	case request.Credential.Console:
		return consoleFlag(request.Credential.Host)
	case request.signIn() != nil:
		return request.signIn()
	case isKnown && (set.host.IsHostedConsole() || isOrgRack):
		return consoleFlag(set.host)
	case isKnown:
		return flag("--host", set.host.String())
	case isOrgRack && isPlain(d.Rack):
		return []string{"--console"}
	}
	return nil
}

// deployRack is the Rack behind a Console, ORG/NAME, if known.
func (c *repositoryCase) deployRack(d build.Call) string {
	seen := c.login.login.Racks
	switch {
	case c.request.Rack != "" && (!c.login.isAccepted() || !c.login.credential.Console || connect.Sees(c.login.login, c.request.Rack)):
		return c.request.Rack
	case isPlain(d.Rack) && strings.Contains(d.Rack, "/") && (len(seen) == 0 || connect.Sees(c.login.login, d.Rack)):
		return d.Rack
	case len(seen) == 1:
		return seen[0].String()
	}
	return ""
}

// isPlain reports whether a script's word is exactly what it expands to.
func isPlain(word string) bool { return word != "" && !strings.ContainsAny(word, "$`*?{") }
