package setup

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"convox-travis/internal/build"
	"convox-travis/internal/secret"
	"convox-travis/internal/travisyml"
)

// judgeFile looks at the .travis.yml, where it is here.
func (c *auditCase) judgeFile() {
	if c.file == nil {
		return
	}
	c.judgeSecrets()
	if c.file.err != nil {
		hint := ""
		if hinted, is := errors.AsType[interface {
			error
			Hints() []string
		}](c.file.err); is {
			hint = strings.Join(hinted.Hints(), "\n")
		}
		c.add(SeverityError, FoundUnreadFile, c.file.err.Error(), hint)
		return
	}
	c.judgeOverrides()
	if travis := c.confirmation; travis != nil && travis.Difference != "" {
		c.add(SeverityNote, FoundDiffers, travis.Difference+"; Travis is right, and what is said here is about its jobs", "")
	}
	c.judgeRepairs()
	c.judgeBuilds()
}

// judgeNoStep looks at a file in which nothing is seen that deploys.
func (c *auditCase) judgeNoStep() {
	c.judgeNotBuilt()
	switch unseen := c.file.unseen(); {
	case c.file.missing:
		c.add(SeverityWarning, FoundNoDeploy, "there is no .travis.yml, so nothing deploys", c.yml("to add a step", build.Call{}))
	case unseen != "":
		c.add(SeverityNote, FoundNoDeploy, ".travis.yml itself does not run convox deploy; not looked at: "+unseen, c.yml("if nothing there deploys, to add a step", build.Call{}))
	default:
		c.add(SeverityWarning, FoundNoDeploy, "nothing in .travis.yml runs convox deploy", c.yml("to add a step", build.Call{}))
	}
}

// judgeSecrets names secrets and where they are, never what they are.
func (c *auditCase) judgeSecrets() {
	for _, open := range c.file.report.Secrets {
		c.add(SeverityError, FoundPlainSecret, fmt.Sprintf("%s stands in clear in .travis.yml, line %d: who sees the repository has it%s", open.Name, open.Line, c.given(open)),
			"change it, and take it out of the file\n"+c.instead(open))
	}
	for _, old := range c.file.old {
		c.judgeOld(old)
	}
}

// judgeOld tells of a secret that history keeps, whatever is done. It stays a
// warning only where it may still let someone in to Convox, which a run that is
// given the password can tell.
func (c *auditCase) judgeOld(old oldSecret) {
	severity, hint := SeverityNote, "where it is still good, change it: history keeps it"
	switch given := c.request.Credential; {
	case c.isGiven(old.Secret):
		severity, hint = SeverityError, "change that password: history keeps it"
	case !old.Password.IsEmpty() && !given.given():
		severity = SeverityWarning
		if way := c.deployWay(build.Call{}); way != "" {
			hint += "\nwith the file of today's password for FILE, this tells whether it is that one: convox-travis check" + c.target.flags() + way + flagLine(c.request.Given.Travis...) + " " + stdinFlag + " < FILE"
		} else {
			hint += "\nconvox-travis check that is given the way in and today's password tells whether it is that one"
		}
	}
	c.add(severity, FoundOldSecret, fmt.Sprintf("%s stands in clear in the .travis.yml of commit %s: who sees the repository has it%s", old.Name, old.commit, c.given(old.Secret)), hint)
}

// given tells that an open secret is the very password that is audited.
func (c *auditCase) given(open travisyml.Secret) string {
	if c.isGiven(open) {
		return "; it is the password that was given"
	}
	return ""
}

func (c *auditCase) isGiven(open travisyml.Secret) bool {
	password := c.request.Credential.Password
	return c.request.Credential.given() && slices.ContainsFunc([]secret.String{open.Value, open.Password}, func(value secret.String) bool {
		return value.Equal(password) || value.Equal(quoted(password))
	})
}

// instead is where a secret belongs.
func (c *auditCase) instead(open travisyml.Secret) string {
	switch {
	case open.Key:
		return "an encrypted text in its place keeps the new one (https://docs.travis-ci.com/user/encryption-keys/)"
	case !open.Password.IsEmpty() && open.Name != overrideName:
		return c.write("write the new one as a private variable", "")
	}
	return "a private variable of the repository's settings keeps the new one"
}

// judgeOverrides finds what the file sets and the settings have too.
func (c *auditCase) judgeOverrides() {
	for _, name := range []string{HostName, PasswordName} {
		set := c.file.overrides(name)
		if len(set) == 0 || !c.isSet(name) {
			continue
		}
		c.add(SeverityWarning, FoundOverridden, fmt.Sprintf("%s is in .travis.yml, line %d%s: that wins over the repository's settings", name, set[0].Line, encrypted(set[0])),
			"keep one of them: delete it in the file, or take the pair out of the settings: "+c.remove())
	}
	for _, v := range c.file.sets("secure") {
		c.add(SeverityWarning, FoundNoItem, fmt.Sprintf("the encrypted text in .travis.yml, line %d, is no item of a list and has other variables beside it: Travis makes a variable of it that is called secure", v.Line),
			"write it as an item of its own, with a dash: - secure: \"…\"")
	}
	for _, v := range c.file.sets(overrideName) {
		c.add(SeverityError, FoundRackURL, fmt.Sprintf("%s is in .travis.yml, line %d%s: the convox client uses it and ignores the pair", overrideName, v.Line, encrypted(v)),
			"delete it in the file")
	}
	if n := c.file.unnamed(); n > 0 && (c.isSet(HostName) || c.isSet(PasswordName)) {
		c.add(SeverityNote, FoundUnnamed, fmt.Sprintf("%d encrypted %s of .travis.yml, whose names cannot be seen: one that is called as the pair is wins over the settings", n, plural(n, "variable")), "")
	}
}

// isSet reports whether the settings have a variable that builds get.
func (c *auditCase) isSet(name string) bool {
	for _, v := range c.vars {
		if v.Name == name && c.counts(v.Branch) {
			return true
		}
	}
	return false
}

func encrypted(v travisyml.Variable) string {
	if v.Secure {
		return ", encrypted"
	}
	return ""
}

// missesWait reports whether a step ends as soon as its release is promoted: the
// second generation of the client does without --wait, and it is the only one that
// can use a Rack directly. isDirect is whether the step's host is known to be one.
func missesWait(d travisyml.Deploy, isDirect bool) bool {
	return !d.Waits && (d.Client == travisyml.SecondGeneration || d.Client == 0 && isDirect)
}

const (
	noWait  = " doesn't wait for the release: the build passes even when it rolls back"
	addWait = "add --wait to its convox command"
)

// judgeRack holds the step's --rack against the Console that builds log in to.
func (c *auditCase) judgeRack(d build.Call, step string) {
	if !c.logsInToConsole() {
		return
	}
	switch {
	case d.Rack == "" && !c.namesRack():
		c.add(SeverityError, FoundRackMissing, step+" names no Rack, and behind a Console it has to", "add --rack "+cmp.Or(c.deployRack(d), "ORG/NAME")+" to it")
	case d.Rack == "" || strings.ContainsAny(d.Rack, "$`"): // it is known in the build
	case c.login.proved() && c.login.credential.Console && !c.login.sees(d.Rack):
		c.add(SeverityError, FoundRackUnknown, fmt.Sprintf("%s names Rack %s, which the key does not see", step, d.Rack), c.login.seen())
	}
}

// namesRack reports whether the convox client finds the Rack without a flag.
func (c *auditCase) namesRack() bool {
	const name = "CONVOX_RACK"
	if c.file.namesRack || len(c.file.sets(name)) > 0 || c.isSet(name) {
		return true
	}
	for _, v := range c.account {
		if v.Name == name {
			return true
		}
	}
	return false
}
