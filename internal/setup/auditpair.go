package setup

import (
	"fmt"
	"slices"
	"strings"

	"convox-travis/internal/convox"
	"convox-travis/internal/secret"
	"convox-travis/travisapi"
)

// origin is where a build takes a variable from; of several the last one wins
// (https://docs.travis-ci.com/user/environment-variables/#defining-variables-in-repository-settings).
type origin int

const (
	nowhere origin = iota
	ofAccount
	ofAllBranches
	ofBranch
	ofFile
)

// originOf is where builds of a branch take a variable from, or where branch is
// "", those of all branches that have none of their own.
func (c *auditCase) originOf(name, branch string) origin {
	switch {
	case c.file.gives(name):
		return ofFile
	case branch != "" && len(inScope(c.vars, name, branch)) > 0:
		return ofBranch
	case len(inScope(c.vars, name, "")) > 0:
		return ofAllBranches
	case slices.ContainsFunc(c.account, func(v travisapi.AccountEnvVar) bool { return v.Name == name }):
		return ofAccount
	}
	return nowhere
}

// judgePair works out which pair builds get: those of all branches, and those of
// each branch that has a variable of its own.
func (c *auditCase) judgePair() {
	if c.request.Branch != "" {
		c.judgeScope(c.request.Branch, false)
		return
	}
	own := branchesOf(c.vars)
	c.judgeScope("", len(own) > 0)
	for _, branch := range own {
		c.judgeScope(branch, false)
	}
}

// judgeScope judges the pair of one scope. Branches says whether, in that for
// all, some branches have variables of their own.
func (c *auditCase) judgeScope(branch string, branches bool) {
	host, password := c.originOf(HostName, branch), c.originOf(PasswordName, branch)
	write := c.write("to write both", branch)
	where := "it has "
	if branch != "" {
		where = "branch " + showBranch(branch) + " has "
	}
	missing, unless := c.missing()
	if c.file.givesSome(HostName) || c.file.givesSome(PasswordName) {
		unless = "; what .travis.yml sets is not there for every step that deploys" + unless
	}
	switch {
	case host == nowhere && password == nowhere && branches:
		c.add(SeverityNote, FoundBranchesOnly, "only builds of some branches have variables: "+showBranches(branchesOf(c.vars)), c.write("for the other branches", ""))
	case host == nowhere && password == nowhere:
		c.add(missing, FoundMissingPair, where+"neither "+HostName+" nor "+PasswordName+unless, write)
	case password == nowhere:
		c.add(missing, FoundMissingPassword, where+HostName+" and no "+PasswordName+unless, write)
	case host == nowhere:
		c.add(missing, FoundMissingHost, where+PasswordName+" and no "+HostName+unless, write)
	case host == ofFile || password == ofFile || host == password:
		// A file that sets one of them is meant to; what it overrides is told apart.
	case host == ofBranch && c.sameHost(branch):
	case host == ofBranch:
		c.add(SeverityError, FoundMixedPair, where+"a "+HostName+" of its own and no password: it sends that host the password of "+password.name(), c.write(ownPair, branch))
	case password == ofBranch:
		c.add(SeverityWarning, FoundMixedPair, where+"a "+PasswordName+" of its own and no host: it sends it to the host of "+host.name(), c.write(ownPair, branch))
	default:
		c.add(SeverityWarning, FoundMixedPair, fmt.Sprintf("%s is from %s, and %s from %s", HostName, host.name(), PasswordName, password.name()), write)
	}
}

const ownPair = "give the branch a pair of its own"

// missing is how bad it is that a variable is nowhere, and why it may be in the file
// after all, or "".
func (c *auditCase) missing() (Severity, string) {
	if unless := c.file.unless(); unless != "" {
		return SeverityWarning, unless
	}
	return SeverityError, ""
}

func (o origin) name() string {
	if o == ofAccount {
		return "the owner's account"
	}
	return "all branches"
}

// sameHost reports whether a branch's own host is known to be that of all
// branches.
func (c *auditCase) sameHost(branch string) bool {
	own, _, _ := lastInScope(c.vars, HostName, branch)
	shared, _, _ := lastInScope(c.vars, HostName, "")
	host, known := readHost(own.Value)
	return known && isHost(shared, host)
}

// readHost reads a host as a build gets it; a private value cannot be read.
func readHost(value secret.String) (convox.Host, bool) {
	host, err := convox.ParseHost(strings.Trim(value.Reveal(), `'"`)) // as quoted for Bash
	return host, err == nil
}

func showBranches(branches []string) string {
	shown := make([]string, len(branches))
	for i, branch := range branches {
		shown[i] = showBranch(branch)
	}
	return strings.Join(shown, ", ")
}
