package setup

import (
	"cmp"
	"fmt"
	"strings"

	"convox-travis/internal/build"
	"convox-travis/internal/text"
	"convox-travis/internal/travisyml"
)

// judgeFile looks at the .travis.yml, where it is here.
func (c *auditCase) judgeFile() {
	if c.file == nil {
		return
	}
	c.judgeSecrets()
	if c.file.err != nil {
		c.add(SeverityError, FoundUnreadFile, c.file.err.Error(), c.request.hint(c.file.err))
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
	severity, message, lead := SeverityWarning, "nothing in .travis.yml runs convox deploy", "to add a step"
	switch unseen := c.file.unseen(); {
	case c.file.missing:
		message = "there is no .travis.yml, so nothing deploys"
	case unseen != "":
		severity, message, lead = SeverityNote, ".travis.yml itself does not run convox deploy; not looked at: "+unseen, "if nothing there deploys, to add a step"
	}
	c.add(severity, FoundNoDeploy, message, c.yml(lead, build.Call{}))
}

// judgeSecrets names secrets and where they are, never what they are: passwords
// for Convox, and whatever else is the password that is audited.
func (c *auditCase) judgeSecrets() {
	open := c.file.report.Secrets
	for _, v := range c.file.report.Variables {
		secret := travisyml.Secret{Name: v.Name, Line: v.Line, Value: v.Value}
		if c.isGiven(secret) && !holds(open, secret) {
			open = append(open[:len(open):len(open)], secret)
		}
	}
	for _, secret := range open {
		hint := "put the new one into a private variable of the repository's settings"
		if secret.Name != overrideName {
			hint = c.write("write the new one as a private variable", "")
		}
		c.add(SeverityError, FoundPlainSecret, fmt.Sprintf("%s is in clear text in .travis.yml, line %d: everyone who sees the repository can read it%s", secret.Name, secret.Line, c.given(secret)),
			"change it, and delete it in the file\n"+hint)
	}
	for _, old := range c.file.old {
		c.judgeOld(old)
	}
}

// judgeOld reports a password that is in the history for good. It is a note where
// a run that is given the password can tell that it is another one.
func (c *auditCase) judgeOld(old oldSecret) {
	severity, hint := SeverityNote, "change it if it's still valid: the history keeps it"
	switch signIn := c.deploySignIn(build.Call{}); {
	case c.isGiven(old.Secret):
		severity, hint = SeverityError, "change that password: the history keeps it"
	case c.request.Credential.given():
	case signIn != nil:
		severity, hint = SeverityWarning, hint+"\nto see whether it is today's password: "+c.command("check", "", signIn, []string{stdinFlag})
	default:
		severity, hint = SeverityWarning, hint+"\nto see whether it is today's password, run convox-travis check with the sign-in method and that password"
	}
	c.add(severity, FoundOldSecret, fmt.Sprintf("%s is in clear text in the .travis.yml of commit %s: everyone who sees the repository can read it%s", old.Name, old.commit, c.given(old.Secret)), hint)
}

// given says that a secret is the very password that is audited.
func (c *auditCase) given(open travisyml.Secret) string {
	if c.isGiven(open) {
		return "; it is the password that was given"
	}
	return ""
}

func (c *auditCase) isGiven(open travisyml.Secret) bool {
	password := c.request.Credential.Password
	return c.request.Credential.given() && (open.Value.Equal(password) || open.Value.Equal(quoted(password)))
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
		c.add(SeverityError, FoundRackURL, fmt.Sprintf("%s is in .travis.yml, line %d%s", overrideName, v.Line, encrypted(v))+ignoresPair, "delete it in the file")
	}
	if n := c.file.unnamed(); n > 0 && (c.isSet(HostName) || c.isSet(PasswordName)) {
		c.add(SeverityNote, FoundUnnamed, text.Count(n, "encrypted variable")+" of .travis.yml, whose names cannot be seen: one that is called as the pair is wins over the settings", "")
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

// judgeRack holds the step's --rack against the Console that builds log in to.
func (c *auditCase) judgeRack(d build.Call, step string) {
	if !c.logsInToConsole() {
		return
	}
	switch {
	case d.Rack == "" && !c.namesRack():
		c.add(SeverityError, FoundRackMissing, step+" names no Rack, and behind a Console it has to", "add --rack "+cmp.Or(c.deployRack(d), "ORG/NAME")+" to it")
	case d.Rack == "" || strings.ContainsAny(d.Rack, "$`"): // it is known in the build
	case !c.login.proved() || !c.login.credential.Console:
	case !c.login.sees(d.Rack):
		c.add(SeverityError, FoundRackUnknown, fmt.Sprintf("%s names Rack %s, which the key does not see", step, d.Rack), c.login.seen())
	case len(consoleWarnings(c.login.login, c.request.Rack)) == 0: // else it is said of all repositories
		for _, w := range consoleWarnings(c.login.login, d.Rack) {
			c.add(SeverityWarning, w.Code, w.Message, w.Hint)
		}
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

// judgeRepairs says where Travis reads a file that has to do with Convox differently
// from what it says. What it leaves out is a warning.
func (c *auditCase) judgeRepairs() {
	for _, m := range c.file.config.Messages {
		if m.Kind != build.UnknownImport && !strings.Contains(c.file.text, "convox") {
			continue
		}
		severity := SeverityNote
		switch m.Kind {
		case build.DuplicateKey, build.OverwrittenKey, build.InvalidCondition, build.CommandMapping, build.UnknownImport:
			severity = SeverityWarning
		case build.FirstOfList:
			if strings.HasSuffix(m.Section, ".script") {
				severity = SeverityWarning
			}
		}
		for _, repair := range Repairs([]build.Message{m}) {
			c.add(severity, repair.Code, repair.Message, "")
		}
	}
}
