package setup

import (
	"cmp"
	"slices"
	"strings"

	"al.essio.dev/pkg/shellescape"

	"convox-travis/internal/build"
	"convox-travis/travisapi"
)

// GivenFlags are those of a run that its hints repeat, so that each command in
// them can be run as it is. None holds a secret.
type GivenFlags struct {
	Way      []string // the way in, but for the password: --rack NAME --region NAME
	Password []string // how the password came; none is the environment
	AWS      []string // --profile NAME
	Travis   []string // --travis-endpoint URL
}

// flagLine writes words so that they can be pasted into a shell, each with a space
// before it.
func flagLine(words ...string) string {
	var line strings.Builder
	for _, word := range words {
		line.WriteString(" " + shellescape.Quote(shellescape.StripUnsafe(word)))
	}
	return line.String()
}

// apply is the command that writes the pair of a branch, or of all branches: the
// wizard, which asks for the rest, unless the run was given a password.
func (c *auditCase) apply(branch string) string {
	given := c.request.Given
	command, password := "convox-travis", ""
	if c.request.Credential.given() {
		command += " apply"
		password = flagLine(given.Password...)
		if slices.Contains(given.Password, stdinFlag) {
			password += " < FILE"
		}
	}
	command += c.target.flags()
	if branch != "" {
		command += " --branch " + showBranch(branch)
	}
	return command + c.request.way() + flagLine(given.Travis...) + password
}

const stdinFlag = "--password-stdin"

// write is a hint to write the pair; a password that came from a pipe has to come
// again.
func (c *auditCase) write(lead, branch string) string {
	if c.request.Credential.given() && slices.Contains(c.request.Given.Password, stdinFlag) {
		lead += ", with the file of the password for FILE"
	}
	return lead + ": " + c.apply(branch)
}

// way is the way in as flags: those that were given, else what the credential
// says, or "".
func (r AuditRequest) way() string {
	if len(r.Given.Way) > 0 {
		return flagLine(r.Given.Way...)
	}
	return r.Credential.way()
}

// way is the way in as flags, or "".
func (c Credential) way() string {
	switch {
	case c.Host.IsZero():
		return ""
	case c.Console && c.Host.IsHostedConsole():
		return " --console"
	case c.Console:
		return " --console=" + c.Host.String()
	}
	return " --host " + c.Host.String()
}

// flags names the repository on a command line.
func (t Target) flags() string {
	flags := " --repo " + shellescape.Quote(t.Slug)
	if provider := t.provider(); provider != travisapi.GitHub {
		flags += " --provider " + string(provider)
	}
	return flags
}

// remove are the commands that take the pair out of the settings, for each scope
// in which builds get it.
func (c *auditCase) remove() string {
	command := "convox-travis remove" + c.target.flags() + flagLine(c.request.Given.Travis...)
	shared := len(inScope(c.vars, HostName, ""))+len(inScope(c.vars, PasswordName, "")) > 0
	var branches []string
	for _, branch := range branchesOf(c.vars) {
		if c.counts(branch) {
			branches = append(branches, branch)
		}
	}
	switch {
	case c.request.Branch == "" && (len(branches) > 1 || shared && len(branches) > 0):
		return command + " --all-branches"
	case len(branches) == 0:
		return command
	case !shared:
		return command + " --branch " + showBranch(branches[0])
	}
	return command + "\nthen " + command + " --branch " + showBranch(branches[0])
}

// yml is a hint to have a step written that is as it should be; flags are more of
// it. What of the way in is not known has to be filled in.
func (c *auditCase) yml(lead string, d build.Call, flags ...string) string {
	command := "convox-travis yml --write" + flagLine(flags...)
	if isPlain(d.App) {
		command += " --app" + flagLine(d.App)
	}
	if branch := cmp.Or(c.request.Branch, c.repository.DefaultBranch); branch != "" {
		command += " --branch " + showBranch(branch)
	}
	way, rack := c.deployWay(d), c.deployRack(d)
	switch {
	case way == "":
		return lead + ", behind a Console, with your Rack for ORG/NAME: " + command + " --console --rack ORG/NAME\n" +
			"or for a Rack directly, with its name for NAME: " + command + " --rack NAME"
	case !strings.HasPrefix(way, " --console"):
		return lead + ": " + command + way
	case rack == "":
		return lead + ", with your Rack for ORG/NAME: " + command + way + " --rack ORG/NAME"
	}
	return lead + ": " + command + way + " --rack" + flagLine(rack)
}

// deployWay is the way in of builds as flags, without the Rack behind a Console:
// that of the run, else as it can be read; "" is unknown.
func (c *auditCase) deployWay(d build.Call) string {
	own, known := c.host()
	switch given := c.request.Credential; {
	case given.Console:
		return given.way()
	case c.request.way() != "":
		return c.request.way()
	case known && own.host.IsHostedConsole():
		return " --console"
	case known && strings.Contains(d.Rack, "/"):
		return " --console=" + own.host.String()
	case known:
		return " --host " + own.host.String()
	case isPlain(d.Rack) && strings.Contains(d.Rack, "/"):
		return " --console"
	}
	return ""
}

// deployRack is the Rack behind a Console, ORG/NAME, as far as it is known.
func (c *auditCase) deployRack(d build.Call) string {
	seen := c.login.login.Racks
	switch {
	case c.request.Rack != "" && (!c.login.proved() || !c.login.credential.Console || c.login.sees(c.request.Rack)):
		return c.request.Rack
	case isPlain(d.Rack) && strings.Contains(d.Rack, "/") && (len(seen) == 0 || c.login.sees(d.Rack)):
		return d.Rack
	case len(seen) == 1:
		return seen[0].String()
	}
	return ""
}

// isPlain reports whether a word of a script is all that it says.
func isPlain(word string) bool { return word != "" && !strings.ContainsAny(word, "$`*?{") }
