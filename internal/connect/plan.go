package connect

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"convox-travis/internal/convox"
	"convox-travis/internal/crash"
	"convox-travis/internal/problem"
	"convox-travis/internal/text"
	"convox-travis/travisapi"
)

// Request is what a person asked for, with all answers.
type Request struct {
	Targets    []Target
	Credential Credential
	Accepted   Accepted // if it covers Credential, that isn't verified again
	Branch     string   // "" is all branches
	Branches   []string // those of the clone: Travis isn't asked whether it knows them
	Rack       string   // ORG/NAME: the deploy step's Rack, which the Console key must see; "" is none

	SkipExisting bool // leave repositories that have both variables unchanged
	OnlyExisting bool // skip repositories that don't have both variables
	AllowMixed   bool // a branch may get the new password for its own host
	Unchecked    bool // an unreachable Rack may be written unverified
	Activate     bool // an inactive repository is activated before it is written

	// Known are repositories as Travis listed them. Those with permissions aren't read
	// again.
	Known []travisapi.Repository

	Read func(done int) // gets the number of repositories read so far, one call at a time; may be nil
}

// Plan is what would change. Making one only reads.
type Plan struct {
	Credential   Credential
	Branch       string
	Login        convox.Login // the zero Login if Unchecked
	Unchecked    bool
	Repositories []RepositoryPlan
	Warnings     []Warning
}

// Action is what happens to a variable.
type Action string

// The actions.
const (
	Create  Action = "create"
	Replace Action = "replace"
	None    Action = "none"
	Delete  Action = "remove"
)

// Change is what happens to one of the two variables.
type Change struct {
	Name   string
	Action Action
	ID     string // of the existing variable
	public bool   // whether that is public
}

// RepositoryPlan is what would change in one repository.
type RepositoryPlan struct {
	Target     Target
	Repository travisapi.Repository
	Host       Change
	Password   Change
	Activate   bool               // Travis is to build it from now on
	Doubles    []travisapi.EnvVar // duplicates, deleted once the variables are written
	Warnings   []Warning
	Skipped    string // why Request.OnlyExisting skips it, or ""
	Err        error  // why nothing will be written here

	before        []travisapi.EnvVar
	unknownBranch string // the branch that Travis doesn't know, or ""
}

// Ref names the repository by its number for the following calls.
func (p RepositoryPlan) Ref() travisapi.Ref { return p.Repository.Ref() }

// MakePlan verifies the credential, unless its host accepted it before, and reads the
// repositories, all concurrently. It fails if the credential is rejected; a problem with
// one repository is in that repository's plan. The errors are those of convox and
// travisapi, or a problem.Error.
func MakePlan(ctx context.Context, travis Travis, checker Checker, request Request) (Plan, error) {
	plan := Plan{
		Credential: request.Credential,
		Branch:     request.Branch,
	}
	if err := convox.CheckPassword(request.Credential.Password); err != nil {
		return plan, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	checked := make(chan error, 1)
	go func() {
		defer crash.Catch()
		err := plan.check(ctx, checker, request)
		if err != nil {
			cancel(err) // nothing will be written: skip the reads
		}
		checked <- err
	}()
	plan.Repositories = planRepositories(ctx, cancel, travis, request)
	err := <-checked
	if why := context.Cause(ctx); err != nil && EndsRun(why) {
		err = why // it ended the check
	}
	return plan, err
}

// planRepositories reads the repositories of a request, concurrently. cancel stops ctx.
func planRepositories(ctx context.Context, cancel context.CancelCauseFunc, travis Travis, request Request) []RepositoryPlan {
	targets := RemoveDuplicates(request.Targets)
	plans := make([]RepositoryPlan, len(targets))
	listed := byTarget(request.Known)
	ReadEach(len(targets), request.Read, func(i int) {
		r := planRepository(ctx, travis, targets[i], request, listed[targets[i].key()])
		r.Err = stopReads(ctx, cancel, targets[i], r.Err)
		plans[i] = r
	})
	return plans
}

// stopReads stops the remaining reads after one that ended the run: they would fail the
// same way. It returns the error that counts.
func stopReads(ctx context.Context, cancel context.CancelCauseFunc, target Target, err error) error {
	if EndsRun(err) {
		cancel(err)
		return err
	}
	if why := context.Cause(ctx); EndsRun(why) && errors.Is(err, why) {
		return NotStarted(target, why)
	}
	return err
}

func newRepositoryPlan(target Target) RepositoryPlan {
	return RepositoryPlan{
		Target:   target,
		Host:     Change{Name: HostName, Action: None},
		Password: Change{Name: PasswordName, Action: None},
	}
}

// planRepository plans one repository; known is it as listed, or zero.
func planRepository(ctx context.Context, travis Travis, target Target, request Request, known travisapi.Repository) RepositoryPlan {
	plan := newRepositoryPlan(target)
	if plan.Repository = known; known.ID != 0 {
		plan.before, plan.Err = travis.EnvVars(ctx, target.Ref())
	} else {
		plan.Repository, plan.before, plan.Err = ReadRepository(ctx, travis, target)
	}
	if plan.Err != nil {
		return plan
	}
	if plan.Repository.Denies("create_env_var") {
		plan.Err = &problem.Error{
			Code:   "no_permission",
			Object: target.String(), Reason: "this Travis account can't change its settings",
			Hints: []string{"get push access to " + target.String() + ", or use the token of someone who has it"},
		}
		return plan
	}
	if plan.Err = plan.readBranch(ctx, travis, request); plan.Err == nil {
		plan.decide(request)
	}
	return plan
}

// readBranch asks Travis whether it knows the branch, unless something else knows it.
// Only an error that ends the run counts: without an answer there is no warning.
func (p *RepositoryPlan) readBranch(ctx context.Context, travis Travis, request Request) error {
	branch := request.Branch
	known := append(BranchesOf(p.before), "", p.Repository.DefaultBranch)
	if request.OnlyExisting || slices.Contains(known, branch) || slices.Contains(request.Branches, branch) {
		return nil
	}
	has, err := travis.HasBuilds(ctx, p.Ref(), branch)
	if err == nil && !has {
		p.unknownBranch = branch
	}
	if EndsRun(err) {
		return err
	}
	return nil
}

// ReadRepository reads a repository and its variables at the same time, and makes sure
// that the answer is about the requested repository: a secret must not end up in another
// one with a similar name.
func ReadRepository(ctx context.Context, travis Travis, target Target) (travisapi.Repository, []travisapi.EnvVar, error) {
	var repository travisapi.Repository
	var vars []travisapi.EnvVar
	var found, read error
	var both sync.WaitGroup
	both.Go(func() {
		defer crash.Catch()
		repository, found = travis.Repository(ctx, target.Ref())
	})
	both.Go(func() {
		defer crash.Catch()
		vars, read = travis.EnvVars(ctx, target.Ref())
	})
	both.Wait()
	if found != nil {
		return repository, nil, found
	}
	if !strings.EqualFold(repository.Slug, target.Slug) ||
		(repository.Provider != "" && repository.Provider != target.provider()) {
		return repository, nil, &problem.Error{
			Code:   "another_repository",
			Object: target.String(), Reason: "Travis answered about another repository",
			Hints: []string{"use its new name if it was renamed"},
		}
	}
	return repository, vars, read
}

// MixedBranch is a branch with its own host and no password of its own, the detail of
// CodeMixedPair.
type MixedBranch string

// decide computes the changes from what exists.
func (p *RepositoryPlan) decide(request Request) {
	p.Activate = request.Activate && !p.Repository.Active
	for _, change := range []*Change{&p.Host, &p.Password} {
		last, others, found := LastInScope(p.before, change.Name, request.Branch)
		change.Action = Create
		if found {
			change.Action, change.ID, change.public = Replace, last.ID, last.Public
		}
		p.Doubles = append(p.Doubles, others...)
	}
	isExisting := HasBoth(p.before, request.Branch)
	if request.OnlyExisting && !isExisting {
		p.Skipped = p.missingWords(request.Branch)
	}
	if request.SkipExisting && isExisting || p.Skipped != "" {
		p.Host.Action, p.Password.Action, p.Doubles = None, None, nil
	}
	if p.Skipped != "" {
		p.Activate = false
		return
	}
	p.warn(request)
	mixed := branchConflicts(p.before, request.Branch, request.Credential.Host).mixed
	switch {
	case !p.writes() || len(mixed) == 0:
	case request.AllowMixed:
		p.add("mixed", ownHost(mixed)+": the new password is sent there too", "")
	default:
		p.Err = &problem.Error{
			Code:   CodeMixedPair,
			Object: p.Target.String(), Reason: fmt.Sprintf("%s, so its builds would send the new password to another host", ownHost(mixed)),
			Detail: MixedBranch(mixed[0]),
		}
	}
}

func (p *RepositoryPlan) writes() bool {
	return p.Host.Action != None || p.Password.Action != None
}

// Ended is why reading for a plan ended before all repositories were read, or nil:
// nothing can be written either.
func (p Plan) Ended() error { return endedBy(p.Intent()) }

// endedBy is the error that ended the reading for a run, or nil.
func endedBy(intent Report) (ended error) {
	for _, why := range intent.Errs() {
		if EndsRun(why) {
			if ended = why; problem.Code(why) != CodeNotStarted {
				return why // the one that ended it
			}
		}
	}
	return ended
}

// Again makes a plan for another request with the same credential, from what was read for
// this one, without any call. It drops repositories that the request doesn't name; all
// that it names must have been read.
func (p Plan) Again(request Request) Plan {
	wanted := make(map[Target]bool, len(request.Targets))
	for _, target := range request.Targets {
		wanted[target.key()] = true
	}
	again := p
	again.Branch, again.Repositories = request.Branch, make([]RepositoryPlan, 0, len(wanted))
	for _, repository := range p.Repositories {
		if wanted[repository.Target.key()] {
			again.Repositories = append(again.Repositories, repository.again(request))
		}
	}
	return again
}

// again decides again, unless the repository couldn't be read.
func (p RepositoryPlan) again(request Request) RepositoryPlan {
	if p.Err != nil && !IsMixed(p.Err) {
		return p
	}
	fresh := newRepositoryPlan(p.Target)
	fresh.Repository, fresh.before, fresh.unknownBranch = p.Repository, p.before, p.unknownBranch
	fresh.decide(request)
	return fresh
}

// check verifies the credential, and stores what the login returned.
func (p *Plan) check(ctx context.Context, checker Checker, request Request) error {
	credential := request.Credential
	login, err := request.Accepted.Login, error(nil)
	if !request.Accepted.covers(credential) {
		login, err = credential.Verify(ctx, checker)
	}
	if err == nil {
		p.Login = login
		if login.PersonalKey {
			p.Warnings = append(p.Warnings, Warning{
				Code:    "personal_key",
				Message: fmt.Sprintf("this looks like a person's own key for %s, not a deploy key: a build could do everything that person can", credential.Host),
				Hint:    "create a deploy key in Console (Settings, Deploy Keys) and use that",
			})
		}
		if request.Rack != "" && !Sees(login, request.Rack) {
			return &problem.Error{
				Code: "rack_not_seen", Reason: fmt.Sprintf("the deploy key can't see Rack %s", request.Rack),
				Hints: []string{ListVisibleRacks(login)},
			}
		}
		if credential.Console {
			p.Warnings = append(p.Warnings, ConsoleWarnings(login, request.Rack)...)
		}
		return nil
	}
	// The end of ctx says nothing about the Rack, and Travis has the same code.
	if ctx.Err() != nil || !request.Unchecked || credential.Console || !problem.Has(err, convox.CodeUnreachable) {
		return err
	}
	if !convox.Sendable(credential.Password) {
		return &problem.Error{
			Code:   CodeUnsendable,
			Detail: convox.Detail{Host: credential.Host, Rack: credential.Rack},
			Reason: fmt.Sprintf("the convox CLI can't send this password: it has %s", convox.UnsendableCharacters(credential.Password)),
		}
	}
	p.Unchecked = true
	p.Warnings = append(p.Warnings, Warning{
		Code:    "unchecked",
		Message: fmt.Sprintf("%v; the password is written without being verified", err),
		Hint:    "make sure that Travis can reach the Rack: the first build shows whether the password is right",
	})
	return nil
}

// warn adds what a person should know before anything is written.
func (p *RepositoryPlan) warn(request Request) {
	if !p.Repository.Active && !p.Activate {
		p.add("inactive", "Travis doesn't build it: it's inactive there", "activate it on its Travis page")
	}
	if p.unknownBranch != "" && p.unknownBranch == request.Branch {
		p.add("unknown_branch", "Travis has never built branch "+text.Quote(request.Branch), "check its name: only builds of that branch get these variables")
	}
	switch isHost, isPassword := p.Host.Action == Replace, p.Password.Action == Replace; {
	case isHost && isPassword:
		p.add("replaces", HostName+" and "+PasswordName+" are replaced; the old values can't be restored", "")
	case isHost:
		p.add("replaces", HostName+" is replaced; the old value can't be restored", "")
	case isPassword:
		p.add("replaces", PasswordName+" is replaced; the old value can't be restored", "")
	}
	if n := len(p.Doubles); n > 0 {
		p.add("doubles", text.Count(n, "older duplicate")+", ignored by builds, will be deleted", "")
	}
	for _, name := range []string{HostName, PasswordName} {
		p.warnPublic(name, request)
	}
	for _, branch := range branchConflicts(p.before, request.Branch, request.Credential.Host).passwordOnly {
		p.add("branch_password_only",
			fmt.Sprintf("branch %s has its own CONVOX_PASSWORD and no CONVOX_HOST: that password would be sent to %s", text.Quote(branch), request.Credential.Host),
			"set both variables for that branch")
	}
	for _, v := range p.before {
		if v.Name == OverrideName && (v.Branch == "" || v.Branch == request.Branch || request.Branch == "") {
			p.add("rack_url", OverrideName+" is set"+OnBranch(v.Branch)+OverrideEffect,
				"delete "+OverrideName+" from the repository's settings")
		}
	}
}

// warnPublic warns of variables that anyone who can see the log may have read.
func (p *RepositoryPlan) warnPublic(name string, request Request) {
	advice := ""
	if name == PasswordName {
		advice = "treat the old password as leaked: change it wherever it still works"
	}
	for _, v := range p.before {
		switch {
		case v.Name != name || !v.Public:
		case v.Branch == request.Branch && p.writes():
			if name == PasswordName && v.Value.Equal(convox.Quote(request.Credential.Password)) {
				p.add("public_same", "the password that will be written was public until now", "change that password, then run this again")
				continue
			}
			p.add("public", fmt.Sprintf("%s%s is public; it becomes private", name, OnBranch(v.Branch)), advice)
		default:
			p.add("public_elsewhere", fmt.Sprintf("%s%s is public and isn't changed", name, OnBranch(v.Branch)), "make it private in the repository's settings")
		}
	}
}

func (p *RepositoryPlan) add(code, message, hint string) {
	p.Warnings = append(p.Warnings, Warning{Code: code, Target: p.Target, Message: message, Hint: hint})
}

func ownHost(branches []string) string {
	if len(branches) == 1 {
		return "branch " + text.Quote(branches[0]) + " has its own CONVOX_HOST and no CONVOX_PASSWORD"
	}
	return "branches " + text.QuoteList(branches) + " have their own CONVOX_HOST and no CONVOX_PASSWORD"
}

// OnBranch names a variable's branch after its name, or is "" for all branches.
func OnBranch(branch string) string {
	if branch == "" {
		return ""
	}
	return " (branch " + text.Quote(branch) + ")"
}

// HasBoth reports whether both variables exist in one scope.
func HasBoth(vars []travisapi.EnvVar, branch string) bool {
	return len(InScope(vars, HostName, branch)) > 0 && len(InScope(vars, PasswordName, branch)) > 0
}

// FindExisting reads the repositories of the request, concurrently, and returns plans that
// change nothing: of those that have both variables in its scope, and of those that
// couldn't be read. It needs no credential. A repository that is known to deny changes
// isn't read or returned. The error is one that ended the run.
func FindExisting(ctx context.Context, travis Travis, request Request) (Plan, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	listed := byTarget(request.Known)
	request.Targets = slices.DeleteFunc(slices.Clone(request.Targets), func(t Target) bool {
		return listed[t.key()].Denies("create_env_var")
	})
	request.OnlyExisting, request.SkipExisting = true, true
	plan := Plan{Branch: request.Branch}
	for _, r := range planRepositories(ctx, cancel, travis, request) {
		if r.Err != nil || r.Skipped == "" {
			r.Warnings = nil // nothing is written
			plan.Repositories = append(plan.Repositories, r)
		}
	}
	return plan, cmp.Or(context.Cause(ctx), plan.Ended())
}

// missingWords says which of the variables a scope lacks.
func (p *RepositoryPlan) missingWords(branch string) string {
	var missing []string
	for _, change := range []Change{p.Host, p.Password} {
		if change.Action == Create {
			missing = append(missing, change.Name)
		}
	}
	words := "it has no " + strings.Join(missing, " or ")
	if branch != "" {
		return words + " for branch " + text.Quote(branch)
	}
	if branches := BranchesOf(p.before); len(branches) > 0 {
		return words + " for all branches; it has variables for " + text.QuoteList(branches)
	}
	return words
}
