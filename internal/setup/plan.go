package setup

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/sync/errgroup"

	"convox-travis/internal/convox"
	"convox-travis/internal/crash"
	"convox-travis/internal/problem"
	"convox-travis/travisapi"
)

// Request is what a person asked for, all answers given.
type Request struct {
	Targets    []Target
	Credential Credential
	Accepted   Accepted // where it covers Credential, that isn't checked again
	Branch     string   // "" is all branches
	Rack       string   // ORG/NAME: the deploy step's Rack, which the Console key must see; "" is none

	SkipExisting bool // leave a complete pair alone
	AllowMixed   bool // a branch may get the new password for its own host
	Unchecked    bool // a Rack that cannot be reached from here may be written unchecked
	Activate     bool // an inactive repository is activated before it is written

	// Known are repositories as Travis listed them. Where it said what the person
	// may do there, none of them is asked for again.
	Known []travisapi.Repository

	Read func(done int) // told how many repositories have been read, one at a time; may be nil
}

// Plan is what would change. Making one only reads.
type Plan struct {
	Credential   Credential
	Branch       string
	Login        convox.Login // the zero Login when Unchecked
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

// Change is what happens to one variable of the pair.
type Change struct {
	Name   string
	Action Action
	ID     string // of the variable that is there
	public bool   // whether that is public
}

// RepositoryPlan is what would change in one repository.
type RepositoryPlan struct {
	Target     Target
	Repository travisapi.Repository
	Host       Change
	Password   Change
	Activate   bool               // Travis is to build it from now on
	Doubles    []travisapi.EnvVar // deleted once the pair is written
	Warnings   []Warning
	Err        error // why nothing will be written here

	before []travisapi.EnvVar
}

// Ref names the repository for the calls that follow: by its number.
func (p RepositoryPlan) Ref() travisapi.Ref { return p.Repository.Ref() }

// MakePlan checks the credential, unless its host accepted it before, and reads the repositories, side by side. It
// fails when the credential is not good; what is wrong with one repository is
// in that repository's plan. The errors are those of convox and travisapi, or
// a problem.Error.
func MakePlan(ctx context.Context, travis Travis, checker Checker, request Request) (Plan, error) {
	plan := Plan{
		Credential:   request.Credential,
		Branch:       request.Branch,
		Repositories: make([]RepositoryPlan, 0, len(request.Targets)),
	}
	if err := convox.CheckPassword(request.Credential.Password); err != nil {
		return plan, err
	}
	targets := Distinct(request.Targets)
	plan.Repositories = make([]RepositoryPlan, len(targets))

	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	checked := make(chan error, 1)
	go func() {
		defer crash.Catch()
		err := plan.check(ctx, checker, request)
		if err != nil {
			cancel(err) // nothing will be written: spare the reads
		}
		checked <- err
	}()
	listed := listedOf(request.Known)
	readEach(len(targets), request.Read, func(i int) {
		r := planRepository(ctx, knowing(travis, listed[targets[i].key()]), targets[i], request)
		r.Err = sparing(ctx, cancel, targets[i], r.Err)
		plan.Repositories[i] = r
	})
	err := <-checked
	if why := stopping(context.Cause(ctx)); err != nil && why != nil {
		err = why // it ended the check
	}
	return plan, err
}

// sparing ends the reads that are still to come when one ended the run: they would
// be told the same. It returns the error that stands.
func sparing(ctx context.Context, cancel context.CancelCauseFunc, target Target, err error) error {
	if endsRun(err) {
		cancel(err)
		return err
	}
	if why := context.Cause(ctx); endsRun(why) && errors.Is(err, why) {
		return NotBegun(target, why)
	}
	return err
}

// Distinct keeps the first of targets that name the same repository.
func Distinct(targets []Target) []Target {
	seen := map[string]bool{}
	var kept []Target
	for _, target := range targets {
		key := strings.ToLower(target.String())
		if !seen[key] {
			seen[key] = true
			kept = append(kept, target)
		}
	}
	return kept
}

func newRepositoryPlan(target Target) RepositoryPlan {
	return RepositoryPlan{
		Target:   target,
		Host:     Change{Name: HostName, Action: None},
		Password: Change{Name: PasswordName, Action: None},
	}
}

func planRepository(ctx context.Context, travis Travis, target Target, request Request) RepositoryPlan {
	plan := newRepositoryPlan(target)
	plan.Repository, plan.before, plan.Err = readRepository(ctx, travis, target)
	if plan.Err != nil {
		return plan
	}
	if plan.Repository.Denies("create_env_var") {
		plan.Err = &problem.Error{
			Code:   "no_permission",
			Object: target.String(), Reason: "this Travis account may not write its settings",
			Hints: []string{"get push access to " + target.String() + ", or use the token of someone who has it"},
		}
		return plan
	}
	plan.decide(request)
	return plan
}

// readRepository reads a repository and its variables at the same time, and
// makes sure that the answer is about the repository that was asked for: a
// secret must not land in another one of a similar name.
func readRepository(ctx context.Context, travis Travis, target Target) (travisapi.Repository, []travisapi.EnvVar, error) {
	var repository travisapi.Repository
	var vars []travisapi.EnvVar
	var found, read error
	var both errgroup.Group
	both.Go(func() error {
		defer crash.Catch()
		repository, found = travis.Repository(ctx, target.Ref())
		return nil
	})
	both.Go(func() error {
		defer crash.Catch()
		vars, read = travis.EnvVars(ctx, target.Ref())
		return nil
	})
	_ = both.Wait()
	if found != nil {
		return repository, nil, found
	}
	if !strings.EqualFold(repository.Slug, target.Slug) ||
		(repository.Provider != "" && repository.Provider != target.provider()) {
		return repository, nil, &problem.Error{
			Code:   "another_repository",
			Object: target.String(), Reason: "Travis answered about another repository",
			Hints: []string{"if it was renamed, use its new name"},
		}
	}
	return repository, vars, read
}

// MixedBranch is a branch with a host and no password of its own, the detail of
// CodeMixedPair.
type MixedBranch string

// decide works out the changes from what is there.
func (p *RepositoryPlan) decide(request Request) {
	p.Activate = request.Activate && !p.Repository.Active
	for _, change := range []*Change{&p.Host, &p.Password} {
		last, others, found := lastInScope(p.before, change.Name, request.Branch)
		change.Action = Create
		if found {
			change.Action, change.ID, change.public = Replace, last.ID, last.Public
		}
		p.Doubles = append(p.Doubles, others...)
	}
	if request.SkipExisting && p.Host.Action == Replace && p.Password.Action == Replace {
		p.Host.Action, p.Password.Action, p.Doubles = None, None, nil
	}
	p.warn(request)
	mixed := crossings(p.before, request.Branch, request.Credential.Host).mixed
	switch {
	case !p.writes() || len(mixed) == 0:
	case request.AllowMixed:
		p.add("mixed", ownHost(mixed)+": the new password is sent there too", "")
	default:
		p.Err = &problem.Error{
			Code:   CodeMixedPair,
			Object: p.Target.String(), Reason: fmt.Sprintf("%s, so the new password would be sent to another host", ownHost(mixed)),
			Detail: MixedBranch(mixed[0]),
		}
	}
}

func (p *RepositoryPlan) writes() bool {
	return p.Host.Action != None || p.Password.Action != None
}

// Ended is why the reading for a plan ended before all repositories were read,
// or nil: nothing can be written either.
func (p Plan) Ended() error { return ended(p.Repositories) }

func ended[R planned](all []R) (ended error) {
	for _, repository := range all {
		if why := repository.why(); endsRun(why) {
			if ended = why; problem.Code(why) != CodeNotBegun {
				return why // the one that ended it
			}
		}
	}
	return ended
}

// Again decides anew for another request with the same credential, from what was
// read for this plan: it makes no call. Repositories that the request does not
// name are left out; all that it names must have been read.
func (p Plan) Again(request Request) Plan {
	wanted := make(map[string]bool, len(request.Targets))
	for _, target := range request.Targets {
		wanted[strings.ToLower(target.String())] = true
	}
	again := p
	again.Branch, again.Repositories = request.Branch, make([]RepositoryPlan, 0, len(wanted))
	for _, repository := range p.Repositories {
		if wanted[strings.ToLower(repository.Target.String())] {
			again.Repositories = append(again.Repositories, repository.again(request))
		}
	}
	return again
}

// again decides anew, unless it could not be read.
func (p RepositoryPlan) again(request Request) RepositoryPlan {
	if p.Err != nil && !IsMixed(p.Err) {
		return p
	}
	fresh := newRepositoryPlan(p.Target)
	fresh.Repository, fresh.before = p.Repository, p.before
	fresh.decide(request)
	return fresh
}
