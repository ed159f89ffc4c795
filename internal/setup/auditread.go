package setup

import (
	"context"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"convox-travis/internal/crash"
	"convox-travis/travisapi"
)

// auditReading is everything that an audit has read.
type auditReading struct {
	repositories []repositoryFacts
	login        loginFacts
	racks        rackFacts
	accountErr   error // why the person's account could not be read
}

// repositoryFacts is what was read about one repository.
type repositoryFacts struct {
	target     Target
	repository travisapi.Repository // the zero one where it was not found
	vars       []travisapi.EnvVar
	err        error // why there are no variables
	shares     bool  // with forks
	sharesErr  error
	pushesOff  bool // Travis doesn't build pushes
	pushesErr  error
	account    []travisapi.AccountEnvVar // of the repository's owner
	accountErr error
	file       *fileFacts // nil where it is not here

	expanded     *Expanded     // nil where Travis didn't expand the file
	confirmation *Confirmation // nil where the file is not here
}

// read reads the credential's proof and the repositories at the same time, and
// then the Racks where a host was read that can be looked up.
func (a Auditor) read(ctx context.Context, request AuditRequest) (auditReading, error) {
	var read auditReading
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var beside sync.WaitGroup
	beside.Go(func() {
		defer crash.Catch()
		read.login = a.prove(ctx, request.Credential)
	})

	var user travisapi.User
	beside.Go(func() {
		defer crash.Catch()
		user, read.accountErr = a.Travis.User(ctx)
		if endsRun(read.accountErr) {
			cancel(read.accountErr)
		}
	})
	read.repositories = make([]repositoryFacts, len(request.Targets))
	readEach(len(request.Targets), request.Read, func(i int) {
		facts := a.readFacts(ctx, request.Targets[i], request)
		for _, err := range []error{facts.err, facts.sharesErr, facts.pushesErr} {
			if endsRun(err) {
				cancel(err)
			}
		}
		read.repositories[i] = facts
	})
	beside.Wait()
	if why := context.Cause(ctx); why != nil {
		return read, why
	}
	if err := a.readAccounts(ctx, read.repositories, user); err != nil {
		return read, err
	}
	read.racks = a.readRacks(ctx, read.repositories, request)
	return read, nil
}

// readFacts reads one repository. Of all of an owner's most have nothing of
// Convox, and what else is set there is not asked: Travis counts calls.
func (a Auditor) readFacts(ctx context.Context, target Target, request AuditRequest) repositoryFacts {
	facts := repositoryFacts{target: target, file: request.Clone.of(ctx, target)}
	settings := func() {
		facts.shares, facts.sharesErr = a.Travis.SharesWithForks(ctx, target.Ref())
		pushes, err := a.Travis.BuildsPushes(ctx, target.Ref())
		facts.pushesOff, facts.pushesErr = err == nil && !pushes, err
	}
	var both sync.WaitGroup
	if !request.Swept {
		both.Go(func() {
			defer crash.Catch()
			settings()
		})
	}
	facts.repository, facts.vars, facts.err = readRepository(ctx, a.Travis, target)
	if facts.err == nil {
		facts.expand(ctx, a.Travis, request.Branch) // once the answer is about the right repository
	}
	both.Wait()
	if request.Swept && facts.err == nil && facts.isConvoxs() {
		settings()
	}
	return facts
}

// isConvoxs reports whether the repository has anything to do with Convox.
func (f repositoryFacts) isConvoxs() bool {
	for _, v := range f.vars {
		if v.Name == HostName || v.Name == PasswordName || v.Name == overrideName {
			return true
		}
	}
	return f.file.isConvoxs()
}

// ownerKey names an account.
type ownerKey struct {
	provider travisapi.Provider
	login    string
}

func (f repositoryFacts) owner() ownerKey {
	login := f.repository.Owner
	if login == "" {
		login, _, _ = strings.Cut(f.target.Slug, "/")
	}
	return ownerKey{f.target.provider(), strings.ToLower(login)}
}

// readAccounts reads the accounts that the repositories belong to: their
// variables go to every build. The person's own was read already. One that
// cannot be read is noted, and one that Travis does not know or give out has no
// variables to speak of.
func (a Auditor) readAccounts(ctx context.Context, repositories []repositoryFacts, user travisapi.User) error {
	type account struct {
		vars []travisapi.AccountEnvVar
		err  error
	}
	accounts := make(map[ownerKey]*account)
	var reads errgroup.Group
	reads.SetLimit(sideBySide)
	for _, facts := range repositories {
		key := facts.owner()
		if facts.repository.ID == 0 || accounts[key] != nil {
			continue
		}
		read := &account{}
		accounts[key] = read
		if key.login == strings.ToLower(user.Login) && key.provider == travisapi.GitHub {
			read.vars = user.EnvVars
			continue
		}
		reads.Go(func() error {
			defer crash.Catch()
			owner, err := a.Travis.Owner(ctx, key.provider, key.login)
			read.vars = owner.EnvVars
			if !travisapi.Failed(err, travisapi.CodeNotFound, travisapi.CodeDenied) {
				read.err = err
			}
			return stopping(err)
		})
	}
	if err := reads.Wait(); err != nil {
		return err
	}
	for i := range repositories {
		if read := accounts[repositories[i].owner()]; read != nil {
			repositories[i].account, repositories[i].accountErr = read.vars, read.err
		}
	}
	return nil
}

// isFinding reports whether an error of one repository is about that
// repository, and not about Travis.
func isFinding(err error) bool {
	return travisapi.Failed(err, travisapi.CodeNotFound, travisapi.CodeMigrated, travisapi.CodeDenied) || isAnother(err)
}
