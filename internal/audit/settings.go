package audit

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"convox-travis/internal/build"
	"convox-travis/internal/connect"
	"convox-travis/internal/crash"
	"convox-travis/internal/problem"
	"convox-travis/travisapi"
)

// reading is everything that an audit has read.
type reading struct {
	repositories []repositoryFacts
	login        loginFacts
	racks        rackFacts
	accountErr   error // why the person's account couldn't be read
}

// repositoryFacts is what was read about one repository.
type repositoryFacts struct {
	target     connect.Target
	repository travisapi.Repository // zero if it wasn't found
	vars       []travisapi.EnvVar
	err        error // why there are no variables
	shares     bool  // with forks
	sharesErr  error
	pushesOff  bool // Travis doesn't build pushes
	pushesErr  error
	account    []travisapi.EnvVar // of the repository's owner
	accountErr error
	file       *fileFacts // nil if it isn't available

	last *lastBuild // nil if it wasn't requested

	confirmation *Confirmation // nil if the file isn't available
}

// read verifies the credential and reads the repositories at the same time, then the
// Racks if there is a host to look up.
func (a Auditor) read(ctx context.Context, request Request) (reading, error) {
	var read reading
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var others sync.WaitGroup
	others.Go(func() {
		defer crash.Catch()
		if read.login.credential = request.Credential; isGiven(request.Credential) {
			read.login.login, read.login.err = request.Credential.Verify(ctx, a.Checker)
		}
	})

	var user travisapi.User
	others.Go(func() {
		defer crash.Catch()
		user, read.accountErr = a.Travis.User(ctx)
		if connect.EndsRun(read.accountErr) {
			cancel(read.accountErr)
		}
	})
	read.repositories = make([]repositoryFacts, len(request.Targets))
	connect.ReadEach(len(request.Targets), request.Read, func(i int) {
		facts := a.readFacts(ctx, request.Targets[i], request)
		for _, err := range []error{facts.err, facts.sharesErr, facts.pushesErr, facts.last.readErr()} {
			if connect.EndsRun(err) {
				cancel(err)
			}
		}
		read.repositories[i] = facts
	})
	others.Wait()
	if why := context.Cause(ctx); why != nil {
		return read, why
	}
	if err := a.readAccounts(ctx, read.repositories, user); err != nil {
		return read, err
	}
	read.racks = a.readRacks(ctx, read.repositories, request)
	return read, nil
}

// readFacts reads one repository. Most of an owner's repositories have nothing to do with
// Convox, and the rest of their settings isn't read: Travis limits calls.
func (a Auditor) readFacts(ctx context.Context, target connect.Target, request Request) repositoryFacts {
	facts := repositoryFacts{target: target, file: request.Clone.of(ctx, request.Player, target)}
	settings := func() {
		facts.shares, facts.sharesErr = a.Travis.SharesWithForks(ctx, target.Ref())
		pushes, err := a.Travis.BuildsPushes(ctx, target.Ref())
		facts.pushesOff, facts.pushesErr = err == nil && !pushes, err
	}
	var both sync.WaitGroup
	if !request.WholeOwner {
		both.Go(func() {
			defer crash.Catch()
			settings()
		})
	}
	facts.repository, facts.vars, facts.err = connect.ReadRepository(ctx, a.Travis, target)
	if facts.err == nil {
		facts.expand(ctx, a.Travis, request.Branch) // once the answer is about the right repository
	}
	if isKnown := facts.repository.ID != 0 && !isAnother(facts.err); isKnown && request.LastBuild && (!request.WholeOwner || facts.usesConvox()) {
		facts.last = readLastBuild(ctx, a.Travis, facts.repository.Ref(), facts.branch(request.Branch))
	}
	both.Wait()
	if request.WholeOwner && facts.err == nil && facts.usesConvox() {
		settings()
	}
	return facts
}

// accountSets reports whether the owner's account has a variable.
func (f repositoryFacts) accountSets(name string) bool {
	return slices.ContainsFunc(f.account, func(v travisapi.EnvVar) bool { return v.Name == name })
}

// usesConvox reports whether the repository has anything to do with Convox.
func (f repositoryFacts) usesConvox() bool {
	for _, v := range f.vars {
		if v.Name == connect.HostName || v.Name == connect.PasswordName || v.Name == connect.OverrideName {
			return true
		}
	}
	return f.file.usesConvox()
}

// ownerKey identifies an account.
type ownerKey struct {
	provider travisapi.Provider
	login    string
}

func (f repositoryFacts) owner() ownerKey {
	login := f.repository.Owner
	if login == "" {
		login, _, _ = strings.Cut(f.target.Slug, "/")
	}
	return ownerKey{cmp.Or(f.target.Provider, travisapi.GitHub), strings.ToLower(login)}
}

// readAccounts reads the accounts that own the repositories: their variables go to every
// build. The person's own was read already. One that can't be read is reported; one that
// Travis doesn't know or give out counts as having no variables.
func (a Auditor) readAccounts(ctx context.Context, repositories []repositoryFacts, user travisapi.User) error {
	var owners []ownerKey
	for _, facts := range repositories {
		if key := facts.owner(); facts.repository.ID != 0 && !slices.Contains(owners, key) {
			owners = append(owners, key)
		}
	}
	person := ownerKey{travisapi.GitHub, strings.ToLower(user.Login)}
	vars, errs := make([][]travisapi.EnvVar, len(owners)), make([]error, len(owners))
	connect.ReadEach(len(owners), nil, func(i int) {
		if vars[i] = user.EnvVars; owners[i] == person {
			return
		}
		owner, err := a.Travis.Owner(ctx, owners[i].provider, owners[i].login)
		vars[i] = owner.EnvVars
		if !travisapi.Failed(err, travisapi.CodeNotFound, travisapi.CodeDenied) {
			errs[i] = err
		}
	})
	if at := slices.IndexFunc(errs, connect.EndsRun); at >= 0 {
		return errs[at]
	}
	for i := range repositories {
		if at := slices.Index(owners, repositories[i].owner()); at >= 0 {
			repositories[i].account, repositories[i].accountErr = vars[at], errs[at]
		}
	}
	return nil
}

// play plays the last build, if it was requested, and the builds of the repository's
// .travis.yml, if it is available. The error is that of ctx.
func (f *repositoryFacts) play(ctx context.Context, request Request) error {
	if err := f.last.play(ctx, request.Player, f.target.Slug, f.vars); err != nil || f.file == nil || f.file.err != nil {
		return err
	}
	settingsOf := func(branch string) []build.Setting {
		if f.err != nil {
			return nil
		}
		return settingsFor(f.vars, branch)
	}
	f.file.Target.Branch = f.branch(request.Branch)
	f.file.playErr = f.file.playAll(ctx, settingsOf)
	return context.Cause(ctx)
}

// settingsFor returns the settings' variables that builds of a branch get.
func settingsFor(vars []travisapi.EnvVar, branch string) []build.Setting {
	settings := []build.Setting{}
	for _, v := range vars {
		if v.Branch == "" || v.Branch == branch {
			setting := build.Setting{Name: v.Name, Private: true}
			if v.Public && !slices.Contains([]string{connect.HostName, connect.PasswordName, connect.OverrideName}, v.Name) {
				setting.Private, setting.Value = false, v.Value.Reveal()
			}
			settings = append(settings, setting)
		}
	}
	return settings
}

// isFinding reports whether an error is about the repository rather than Travis.
func isFinding(err error) bool {
	return travisapi.Failed(err, travisapi.CodeNotFound, travisapi.CodeMigrated, travisapi.CodeDenied) || isAnother(err)
}

// repositoryCase is one audited repository, with its context.
type repositoryCase struct {
	repositoryFacts
	*findings
	request Request
	login   loginFacts
	racks   rackFacts
}

// judge finds everything about the repository.
func (c *repositoryCase) judge() {
	if c.err != nil {
		c.judgeError()
	}
	if c.repository.ID == 0 || isAnother(c.err) {
		return
	}
	if c.err == nil && c.request.WholeOwner && !c.usesConvox() {
		c.add(SeverityNote, FoundNotSetUp, "it has nothing to do with Convox", c.write("to set it up", ""))
		return
	}
	c.judgeLastBuild()
	if !c.repository.Active {
		c.add(SeverityWarning, FoundInactive, "Travis doesn't build it: it isn't active there", c.activate())
	}
	if c.err == nil {
		c.judgeSettings()
	}
	c.judgeFile()
}

// judgeError turns an error about the repository into a finding; others are reported as
// failures.
func (c *repositoryCase) judgeError() {
	hint := c.request.hint(c.err)
	switch {
	case travisapi.Failed(c.err, travisapi.CodeNotFound):
		c.add(SeverityError, FoundUnknown, "Travis doesn't know it, or this account can't see it", hint)
	case travisapi.Failed(c.err, travisapi.CodeMigrated):
		c.add(SeverityError, FoundMigrated, "Travis rejects it: it moved from travis-ci.org", hint)
	case travisapi.Failed(c.err, travisapi.CodeDenied):
		c.add(SeverityError, FoundNoPermission, "this Travis account can't read its settings", c.getAccess())
	case isAnother(c.err):
		c.add(SeverityError, FoundAnother, "Travis answers about another repository", hint)
	}
}

// Parts of several findings.
const (
	inLogs         = ": every build's log shows it"
	lookAtSettings = "check the repository's settings on Travis"
	buildPushes    = "switch on \"Build pushed branches\" in the repository's settings on Travis"
)

// judgeSettings checks the variables, and who gets them.
func (c *repositoryCase) judgeSettings() {
	denied := c.repository.Denies("create_env_var")
	if denied {
		c.add(SeverityWarning, FoundNoPermission, "this Travis account can't change its settings, so it can't fix anything here", c.getAccess())
	}
	c.judgePair()
	c.judgePublic()
	c.judgeDuplicates()
	c.judgeRackURL()
	c.judgeAccount()
	c.judgeHosts()
	c.judgeForks(denied)
	switch {
	case c.pushesErr != nil && c.sharesErr == nil:
		c.unread("whether Travis builds its pushes", c.pushesErr, lookAtSettings)
	case c.pushesOff:
		c.add(SeverityError, FoundPushesOff, "Travis doesn't build its pushes, so no push deploys", buildPushes)
	}
}

// counts reports whether a variable for a branch applies to an audited build.
func (c *repositoryCase) counts(branch string) bool {
	return c.request.Branch == "" || branch == "" || branch == c.request.Branch
}

func (c *repositoryCase) judgePublic() {
	for _, v := range c.vars {
		if !v.Public || !c.counts(v.Branch) || v.Name != connect.HostName && v.Name != connect.PasswordName {
			continue
		}
		severity, lead := SeverityNote, "to make it private"
		if v.Name == connect.PasswordName {
			severity, lead = SeverityError, "change that password wherever it is still valid, then write the new one as private"
		}
		c.add(severity, FoundPublic, v.Name+connect.OnBranch(v.Branch)+" is public"+inLogs, c.write(lead, v.Branch))
	}
}

func (c *repositoryCase) judgeDuplicates() {
	type scope struct{ name, branch string }
	seen := map[scope]bool{}
	for _, v := range c.vars {
		s := scope{v.Name, v.Branch}
		if v.Name != connect.HostName && v.Name != connect.PasswordName || seen[s] || !c.counts(v.Branch) {
			continue
		}
		seen[s] = true
		if n := len(connect.InScope(c.vars, v.Name, v.Branch)); n > 1 {
			c.add(SeverityWarning, FoundDoubles, fmt.Sprintf("%s%s exists %d times: builds use the last one", v.Name, connect.OnBranch(v.Branch), n),
				c.write("to write one and delete the others", v.Branch))
		}
	}
}

// judgeRackURL finds what the convox CLI uses instead of the two variables.
func (c *repositoryCase) judgeRackURL() {
	for _, v := range c.vars {
		if v.Name != connect.OverrideName || !c.counts(v.Branch) {
			continue
		}
		message, hint := connect.OverrideName+" is set"+connect.OnBranch(v.Branch)+connect.OverrideEffect, "delete "+connect.OverrideName+" in the repository's settings on Travis"
		if v.Public {
			message += "; it is public" + inLogs
			hint += ", and change the password in it"
		}
		c.add(SeverityError, FoundRackURL, message, hint)
	}
	for _, v := range c.account {
		if v.Name == connect.OverrideName {
			c.add(SeverityError, FoundRackURL, connect.OverrideName+" is set for all builds of "+c.owner().login+connect.OverrideEffect, "delete "+connect.OverrideName+" in the settings of that Travis account")
		}
	}
}

// judgeAccount finds variables of the owner's account: they apply if the repository
// doesn't have its own.
func (c *repositoryCase) judgeAccount() {
	if c.accountErr != nil {
		c.unread("the variables of "+c.owner().login, c.accountErr, "run this again")
	}
	for _, v := range c.account {
		if v.Name != connect.HostName && v.Name != connect.PasswordName {
			continue
		}
		effect := "the repository's own wins"
		if len(connect.InScope(c.vars, v.Name, "")) == 0 {
			effect = "builds without their own use it"
		}
		severity, public, hint := SeverityNote, "", "if that isn't intended, delete it in the settings of that Travis account"
		if v.Public && v.Name == connect.PasswordName {
			severity, public, hint = SeverityError, "; it is public"+inLogs, "change that password, and delete the variable in the settings of that Travis account"
		}
		c.add(severity, FoundAccount, fmt.Sprintf("%s is set for all builds of %s; %s%s", v.Name, c.owner().login, effect, public), hint)
	}
}

func (c *repositoryCase) judgeForks(denied bool) {
	switch {
	case c.sharesErr != nil && denied: // already reported
	case c.sharesErr != nil:
		c.unread("whether forks get its private variables", c.sharesErr, lookAtSettings)
	case c.shares:
		severity, anyone := SeverityError, ": anyone can open one and read them"
		if c.repository.Private {
			severity, anyone = SeverityWarning, ""
		}
		c.add(severity, FoundForks, "pull requests from forks get its private variables"+anyone, "switch off \"Share encrypted environment variables with forks\" in the repository's settings on Travis")
	}
}

func isAnother(err error) bool {
	return problem.Code(err) == FoundAnother
}

func (c *repositoryCase) activate() string {
	hint := "activate it on its Travis page"
	if c.request.OwnTravis {
		return hint
	}
	return hint + ": " + pageOf(c.target)
}

func (c *repositoryCase) getAccess() string {
	return "get push access to " + c.target.String() + ", or use the token of someone who has it"
}
