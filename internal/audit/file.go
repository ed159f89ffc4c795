package audit

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"convox-travis/internal/build"
	"convox-travis/internal/connect"
	"convox-travis/internal/convox"
	"convox-travis/internal/gitrepo"
	"convox-travis/internal/text"
	"convox-travis/internal/travisyml"
	"convox-travis/travisapi"
)

// ClonedFile is the .travis.yml of the current clone. Those of other repositories aren't
// available.
type ClonedFile struct {
	Targets []connect.Target // what the clone is on Travis
	File    travisyml.File
	Err     error             // why it couldn't be read
	Old     []gitrepo.Version // earlier versions, newest first
	// NamesRack is whether .convox/rack exists, which the convox CLI uses without --rack.
	NamesRack bool
}

// fileFacts is what a repository's .travis.yml does. A nil one stands for a file that
// isn't available: it does nothing.
type fileFacts struct {
	Builds          // none until they are played
	err       error // why the file can't be read
	playErr   error // why its builds can't be played
	report    travisyml.Report
	old       []oldSecret
	namesRack bool
}

// oldSecret is a secret that an earlier commit has and the file no longer has.
type oldSecret struct {
	commit string
	travisyml.Secret
}

// of returns the facts if the clone is target's, without playing its builds yet.
func (c *ClonedFile) of(ctx context.Context, player build.Player, target connect.Target) *fileFacts {
	if c == nil || !slices.ContainsFunc(c.Targets, target.IsSame) {
		return nil
	}
	f := &fileFacts{err: c.Err, namesRack: c.NamesRack, Builds: Builds{
		Target: build.Target{Repo: target.Slug, DefaultApp: c.File.AppName(target.Slug)}, player: player, source: c.File,
	}}
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
			continue // Travis couldn't read it either
		}
		for _, secret := range document.Inspect().Secrets {
			if !hasSecret(known, secret) {
				known = append(known[:len(known):len(known)], secret)
				old = append(old, oldSecret{version.Commit, secret})
			}
		}
	}
	return old
}

func hasSecret(all []travisyml.Secret, secret travisyml.Secret) bool {
	return slices.ContainsFunc(all, func(other travisyml.Secret) bool {
		return other.Name == secret.Name && other.Value.Equal(secret.Value)
	})
}

// sets lists where the file sets a variable, for jobs or for a command that deploys.
func (f *fileFacts) sets(name string) []travisyml.Variable {
	if f == nil {
		return nil
	}
	set := slices.DeleteFunc(f.report.Sets(name), func(v travisyml.Variable) bool { return v.Scope == travisyml.Command })
	for _, step := range f.steps {
		for _, run := range step.runs {
			if slices.Contains(run.call.Sets, name) && !f.jobSets(run, name) {
				set = append(set, travisyml.Variable{Name: name, Line: lineContaining(f.source.Text, name+"=", run.call.Line), Scope: travisyml.Command})
				break
			}
		}
	}
	return set
}

// lineContaining returns the first line of a text that contains a word, counted from 1, or a
// default.
func lineContaining(text, word string, other int) int {
	n := 0
	for line := range strings.Lines(text) {
		if n++; strings.Contains(line, word) {
			return n
		}
	}
	return other
}

// setsForAll reports whether the file sets a Convox variable for all builds, or for each
// step that deploys. Without a known step, any place counts.
func (f *fileFacts) setsForAll(name string) bool {
	set := f.sets(name)
	if slices.ContainsFunc(set, func(v travisyml.Variable) bool { return v.Scope == travisyml.Global }) {
		return true
	}
	if f == nil {
		return false
	}
	ran := false
	for _, step := range f.steps {
		for _, run := range step.runs {
			ran = true
			if !run.call.LoggedIn && !slices.Contains(run.call.Sets, name) && !f.jobSets(run, name) {
				return false
			}
		}
	}
	return ran || len(set) > 0
}

// setsForSome reports whether the file sets a Convox variable, but not for everything
// that deploys.
func (f *fileFacts) setsForSome(name string) bool {
	return len(f.sets(name)) > 0 && !f.setsForAll(name)
}

// overrides lists where the file sets a variable that its steps would otherwise get from
// the settings. A command that sets one for only some of them does so on purpose.
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

// unlessInFile says, as the end of a sentence, why a missing variable may still be in the
// file, or returns "".
func (f *fileFacts) unlessInFile() string {
	switch {
	case f.unnamed() > 0:
		return ", unless .travis.yml has it encrypted, which hides its name"
	case f != nil && f.imports():
		return ", unless a file that .travis.yml imports has it"
	}
	return ""
}

// imports reports whether the file imports others
// (https://docs.travis-ci.com/user/build-config-imports/).
func (f *fileFacts) imports() bool { return f.config != nil && f.config.Root.Get("import") != nil }

// usesConvox reports whether the file has anything to do with Convox.
func (f *fileFacts) usesConvox() bool {
	if f == nil {
		return false
	}
	deploys := f.config != nil && len(f.config.Mentions()) > 0
	return deploys || len(f.sets(connect.HostName))+len(f.sets(connect.PasswordName))+len(f.sets(connect.OverrideName)) > 0
}

// judgeFile checks the .travis.yml, if it is available.
func (c *repositoryCase) judgeFile() {
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
		c.add(SeverityNote, FoundDiffers, travis.Difference+"; Travis is right, and these findings are about its jobs", "")
	}
	c.judgeRepairs()
	c.judgeBuilds()
}

// judgeNoStep checks a file in which no deploy was found.
func (c *repositoryCase) judgeNoStep() {
	c.judgeNotBuilt()
	severity, message, lead := SeverityWarning, "nothing in .travis.yml runs convox deploy", "to add a step"
	switch unseen := c.file.unseen(); {
	case c.file.source.Missing:
		message = "there is no .travis.yml, so nothing deploys"
	case unseen != "":
		severity, message, lead = SeverityNote, ".travis.yml itself doesn't run convox deploy; not checked: "+unseen, "if nothing there deploys, to add a step"
	}
	c.add(severity, FoundNoDeploy, message, c.yml(lead, build.Call{}))
}

// judgeSecrets reports secrets and where they are, never their values: passwords for
// Convox, and anything equal to the audited password.
func (c *repositoryCase) judgeSecrets() {
	open := c.file.report.Secrets
	for _, v := range c.file.report.Variables {
		secret := travisyml.Secret{Name: v.Name, Line: v.Line, Value: v.Value}
		if c.isGiven(secret) && !hasSecret(open, secret) {
			open = append(open[:len(open):len(open)], secret)
		}
	}
	for _, secret := range open {
		hint := "write the new one to a private variable of the repository's settings"
		if secret.Name != connect.OverrideName {
			hint = c.write("write the new one as a private variable", "")
		}
		c.add(SeverityError, FoundPlainSecret, fmt.Sprintf("%s is in clear text in .travis.yml, line %d: everyone who can see the repository can read it%s", secret.Name, secret.Line, c.samePasswordNote(secret)),
			"change it, and delete it in the file\n"+hint)
	}
	for _, old := range c.file.old {
		c.judgeOldSecret(old)
	}
}

// judgeOldSecret reports a password that is in the history for good. It is a note if a run with
// the current password can tell that it is another one.
func (c *repositoryCase) judgeOldSecret(old oldSecret) {
	severity, hint := SeverityNote, "change it if it's still valid: it stays in the history"
	switch signIn := c.deploySignIn(build.Call{}); {
	case c.isGiven(old.Secret):
		severity, hint = SeverityError, "change that password: it stays in the history"
	case isGiven(c.request.Credential):
	case signIn != nil:
		severity, hint = SeverityWarning, hint+"\nto check whether it is the current password: "+c.command("check", "", signIn, []string{stdinFlag})
	default:
		severity, hint = SeverityWarning, hint+"\nto check whether it is the current password, run convox-travis check with the sign-in method and that password"
	}
	c.add(severity, FoundOldSecret, fmt.Sprintf("%s is in clear text in the .travis.yml of commit %s: everyone who can see the repository can read it%s", old.Name, old.commit, c.samePasswordNote(old.Secret)), hint)
}

// samePasswordNote says whether a secret is the audited password.
func (c *repositoryCase) samePasswordNote(open travisyml.Secret) string {
	if c.isGiven(open) {
		return "; it is the given password"
	}
	return ""
}

func (c *repositoryCase) isGiven(open travisyml.Secret) bool {
	password := c.request.Credential.Password
	return isGiven(c.request.Credential) && (open.Value.Equal(password) || open.Value.Equal(convox.Quote(password)))
}

// judgeOverrides finds variables that are both in the file and in the settings.
func (c *repositoryCase) judgeOverrides() {
	for _, name := range []string{connect.HostName, connect.PasswordName} {
		set := c.file.overrides(name)
		if len(set) == 0 || !c.isSet(name) {
			continue
		}
		c.add(SeverityWarning, FoundOverridden, fmt.Sprintf("%s is in .travis.yml, line %d%s: that wins over the repository's settings", name, set[0].Line, encrypted(set[0])),
			"keep only one: delete it in the file, or remove both variables from the settings: "+c.remove())
	}
	for _, v := range c.file.sets("secure") {
		c.add(SeverityWarning, FoundNoItem, fmt.Sprintf("the encrypted text in .travis.yml, line %d, isn't a list item and has other variables next to it: Travis makes a variable named secure of it", v.Line),
			"write it as its own list item: - secure: \"…\"")
	}
	for _, v := range c.file.sets(connect.OverrideName) {
		c.add(SeverityError, FoundRackURL, fmt.Sprintf("%s is in .travis.yml, line %d%s", connect.OverrideName, v.Line, encrypted(v))+connect.OverrideEffect, "delete it in the file")
	}
	if n := c.file.unnamed(); n > 0 && (c.isSet(connect.HostName) || c.isSet(connect.PasswordName)) {
		c.add(SeverityNote, FoundUnnamed, text.Count(n, "encrypted variable")+" of .travis.yml, whose names are hidden: one named CONVOX_HOST or CONVOX_PASSWORD wins over the settings", "")
	}
}

// isSet reports whether the settings have a variable that builds get.
func (c *repositoryCase) isSet(name string) bool {
	return slices.ContainsFunc(c.vars, func(v travisapi.EnvVar) bool { return v.Name == name && c.counts(v.Branch) })
}

func encrypted(v travisyml.Variable) string {
	if v.Secure {
		return ", encrypted"
	}
	return ""
}

// judgeRack compares the step's --rack with the Console that builds log in to.
func (c *repositoryCase) judgeRack(d build.Call, step string) {
	if console, _ := c.logsInTo(); !console {
		return
	}
	switch {
	case d.Rack == "" && !c.namesRack():
		c.add(SeverityError, FoundRackMissing, step+" names no Rack, which is required behind a Console", "add --rack "+cmp.Or(c.deployRack(d), "ORG/NAME")+" to it")
	case d.Rack == "" || strings.ContainsAny(d.Rack, "$`"): // it is known in the build
	case !c.login.isAccepted() || !c.login.credential.Console:
	case !connect.Sees(c.login.login, d.Rack):
		c.add(SeverityError, FoundRackUnknown, fmt.Sprintf("%s names Rack %s, which the key can't see", step, d.Rack), connect.ListVisibleRacks(c.login.login))
	case len(connect.ConsoleWarnings(c.login.login, c.request.Rack)) == 0: // otherwise it is reported for all repositories
		for _, w := range connect.ConsoleWarnings(c.login.login, d.Rack) {
			c.add(SeverityWarning, w.Code, w.Message, w.Hint)
		}
	}
}

// namesRack reports whether the convox CLI finds the Rack without a flag.
func (c *repositoryCase) namesRack() bool {
	const name = "CONVOX_RACK"
	return c.file.namesRack || len(c.file.sets(name)) > 0 || c.isSet(name) || c.accountSets(name)
}

// judgeRepairs reports where Travis reads a file that uses Convox differently than
// written. It is a warning if Travis ignores something.
func (c *repositoryCase) judgeRepairs() {
	for _, m := range c.file.config.Messages {
		if m.Kind != build.UnknownImport && !strings.Contains(c.file.source.Text, "convox") {
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
