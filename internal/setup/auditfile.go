package setup

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"convox-travis/internal/build"
	"convox-travis/internal/gitrepo"
	"convox-travis/internal/text"
	"convox-travis/internal/travisyml"
)

// ClonedFile is the .travis.yml of the clone at hand. Those of other
// repositories are not here to be looked at.
type ClonedFile struct {
	Targets []Target // what the clone is on Travis
	File    travisyml.File
	Err     error             // why it could not be read
	Old     []gitrepo.Version // as the last commits left it, newest first
	Player  build.Player      // plays its builds
	// NamesRack is whether .convox/rack is there, which the convox client takes
	// where no --rack is given.
	NamesRack bool
}

// fileFacts is what a repository's .travis.yml does. The nil one is that of a
// file that is not here: it does nothing.
type fileFacts struct {
	missing   bool
	err       error
	root      string // of the clone
	text      string
	config    *build.Config
	report    travisyml.Report
	old       []oldSecret
	namesRack bool
	app       string // of a command that names none
	player    build.Player
	played    *playedFile // nil until its builds are played
}

// oldSecret is a secret that the file no longer has and a commit has.
type oldSecret struct {
	commit string
	travisyml.Secret
}

// of returns the facts where the clone is that of target. The builds aren't played
// yet.
func (c *ClonedFile) of(ctx context.Context, target Target) *fileFacts {
	if c == nil || len(RemoveDuplicates(append(c.Targets[:len(c.Targets):len(c.Targets)], target))) != len(RemoveDuplicates(c.Targets)) {
		return nil
	}
	f := &fileFacts{missing: c.File.Missing, err: c.Err, namesRack: c.NamesRack, root: c.File.Root, text: c.File.Text, app: c.File.AppName(target.Slug), player: c.Player}
	if f.err == nil {
		var document *travisyml.Document
		if document, f.err = travisyml.Parse(c.File.Text); f.err == nil {
			f.report = document.Inspect()
			f.config, f.err = build.Parse(ctx, []byte(c.File.Text))
		}
	}
	f.old = oldSecrets(f.report, c.Old)
	return f
}

// oldSecrets lists each secret once, with the newest commit that has it.
func oldSecrets(now travisyml.Report, versions []gitrepo.Version) []oldSecret {
	known := now.Secrets
	var old []oldSecret
	for _, version := range versions {
		document, err := travisyml.Parse(version.Text)
		if err != nil {
			continue // nor could Travis read it
		}
		for _, secret := range document.Inspect().Secrets {
			if !holds(known, secret) {
				known = append(known[:len(known):len(known)], secret)
				old = append(old, oldSecret{version.Commit, secret})
			}
		}
	}
	return old
}

func holds(all []travisyml.Secret, secret travisyml.Secret) bool {
	return slices.ContainsFunc(all, func(other travisyml.Secret) bool {
		return other.Name == secret.Name && other.Value.Equal(secret.Value)
	})
}

// sets lists where the file sets a variable, for jobs or for a command that
// deploys.
func (f *fileFacts) sets(name string) []travisyml.Variable {
	if f == nil {
		return nil
	}
	set := slices.DeleteFunc(f.report.Sets(name), func(v travisyml.Variable) bool { return v.Scope == travisyml.Command })
	if f.played == nil || name == "" {
		return set
	}
	for _, step := range f.played.steps {
		for _, run := range step.runs {
			if slices.Contains(run.call.Sets, name) && !f.played.job(run).sets(name) {
				set = append(set, travisyml.Variable{Name: name, Line: lineWith(f.text, name+"=", run.call.Line), Scope: travisyml.Command})
				break
			}
		}
	}
	return set
}

// lineWith returns the first line of a text that has a word, counted from 1, or
// another one where none has.
func lineWith(text, word string, other int) int {
	n := 0
	for line := range strings.Lines(text) {
		if n++; strings.Contains(line, word) {
			return n
		}
	}
	return other
}

// setsForAll reports whether builds get a variable of the pair from the file: all of
// them, or each step that deploys. Where no step is seen, any place counts.
func (f *fileFacts) setsForAll(name string) bool {
	set := f.sets(name)
	if slices.ContainsFunc(set, func(v travisyml.Variable) bool { return v.Scope == travisyml.Global }) {
		return true
	}
	if f == nil || f.played == nil {
		return len(set) > 0
	}
	ran := false
	for _, step := range f.played.steps {
		for _, run := range step.runs {
			ran = true
			if !run.call.LoggedIn && !slices.Contains(run.call.Sets, name) && !f.played.job(run).sets(name) {
				return false
			}
		}
	}
	return ran || len(set) > 0
}

// setsForSome reports whether the file gives a variable of the pair to other jobs
// or commands than to all that deploy.
func (f *fileFacts) setsForSome(name string) bool {
	return len(f.sets(name)) > 0 && !f.setsForAll(name)
}

// overrides lists where the file sets a variable that its steps would have from
// the settings else. A command that sets one for some of them is meant to.
func (f *fileFacts) overrides(name string) []travisyml.Variable {
	return slices.DeleteFunc(f.sets(name), func(v travisyml.Variable) bool { return v.Scope == travisyml.Command && !f.setsForAll(name) })
}

// unnamed counts the encrypted variables whose names are encrypted too.
func (f *fileFacts) unnamed() int {
	if f == nil {
		return 0
	}
	return len(f.report.Sets(""))
}

// unlessInFile is why a variable that is nowhere may be in the file after all, as the
// end of a sentence, or "".
func (f *fileFacts) unlessInFile() string {
	switch {
	case f.unnamed() > 0:
		return ", unless .travis.yml has it encrypted, where its name cannot be seen"
	case f != nil && f.imports():
		return ", unless a file that .travis.yml imports has it"
	}
	return ""
}

// imports reports whether the file takes in others
// (https://docs.travis-ci.com/user/build-config-imports/).
func (f *fileFacts) imports() bool { return f.config != nil && f.config.Root.Get("import") != nil }

// isConvoxs reports whether the file has anything to do with Convox.
func (f *fileFacts) isConvoxs() bool {
	if f == nil {
		return false
	}
	deploys := f.config != nil && len(f.config.Mentions()) > 0
	return deploys || len(f.sets(HostName))+len(f.sets(PasswordName))+len(f.sets(overrideName)) > 0
}

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
		c.add(SeverityError, FoundPlainSecret, fmt.Sprintf("%s is in clear text in .travis.yml, line %d: everyone who sees the repository can read it%s", secret.Name, secret.Line, c.samePasswordNote(secret)),
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
	case c.request.Credential.isGiven():
	case signIn != nil:
		severity, hint = SeverityWarning, hint+"\nto see whether it is today's password: "+c.command("check", "", signIn, []string{stdinFlag})
	default:
		severity, hint = SeverityWarning, hint+"\nto see whether it is today's password, run convox-travis check with the sign-in method and that password"
	}
	c.add(severity, FoundOldSecret, fmt.Sprintf("%s is in clear text in the .travis.yml of commit %s: everyone who sees the repository can read it%s", old.Name, old.commit, c.samePasswordNote(old.Secret)), hint)
}

// samePasswordNote says that a secret is the very password that is audited.
func (c *auditCase) samePasswordNote(open travisyml.Secret) string {
	if c.isGiven(open) {
		return "; it is the password that was given"
	}
	return ""
}

func (c *auditCase) isGiven(open travisyml.Secret) bool {
	password := c.request.Credential.Password
	return c.request.Credential.isGiven() && (open.Value.Equal(password) || open.Value.Equal(quoteForTravis(password)))
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
	case !c.login.isAccepted() || !c.login.credential.Console:
	case !c.login.sees(d.Rack):
		c.add(SeverityError, FoundRackUnknown, fmt.Sprintf("%s names Rack %s, which the key does not see", step, d.Rack), listVisibleRacks(c.login.login))
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
