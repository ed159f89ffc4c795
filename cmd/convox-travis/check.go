package main

import (
	"cmp"
	"context"

	"github.com/spf13/cobra"

	"convox-travis/cfn"
	"convox-travis/internal/convox"
	"convox-travis/internal/setup"
	"convox-travis/travisapi"
)

func newCheck(p *program, stop *setup.Stop) *cobra.Command {
	var o checkOptions
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Find what is missing, risky or overridden, and change nothing",
		Long: `Look at the variables of repositories, at who gets them, and at what wins over
them. It only reads, and asks nothing. Each finding says why it matters and what
mends it.

A credential is not needed. With one it is proved, and the Racks that it sees
are held against those that are deployed to. The .travis.yml, as it is now and
as the last commits left it, is looked at where the working folder is the
repository's clone; those of other repositories are not. A host that can be read
is looked for among the Racks in CloudFormation, where AWS can be asked.

With --build Travis runs one build of each repository that only logs in with what
is set, and its end is waited for: the one proof of values that nobody can read.
It uses build credits. For a branch of its own pair, give --branch.

Exit code 0 means that nothing was found, or notes alone; 5 that there is an
error or a warning; 4 that a credential was refused; 1 that something could not
be checked.`,
		Example: `  convox-travis check
  convox-travis check --repo acme/api --repo acme/web --json
  convox-travis check --owner acme --all --active
  convox-travis check --console --rack acme/production --password-stdin < deploy-key.txt
  convox-travis check --console --rack acme/production --build`,
		Args: noArguments,
		RunE: func(*cobra.Command, []string) error {
			if err := o.check(); err != nil {
				return err
			}
			limited, cancel := withTimeout(*stop, o.timeout)
			defer cancel()
			return p.check(limited, &o)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&o.owner, "owner", "", "with --all: the person or organization, by `LOGIN`")
	flags.BoolVar(&o.all, "all", false, "check all repositories of --owner; one that has nothing of Convox is only counted")
	flags.BoolVar(&o.active, "active", false, "with --all: only those that Travis builds")
	flags.BoolVar(&o.build, "build", false, "also run one Travis build for each repository, which only logs in with what is set; it uses build credits")
	o.credentialFlags(flags)
	o.repositoryFlags(flags)
	o.runFlags(flags)
	for _, unused := range []string{"no-verify", "yes", "accessible"} { // taken, as everywhere, and of no use
		_ = flags.MarkHidden(unused) // it is there
	}
	return cmd
}

// checkOptions is what the flags of check say.
type checkOptions struct {
	options
	owner       string
	all, active bool
	build       bool
}

func (o *checkOptions) check() error {
	if err := o.options.check(); err != nil {
		return err
	}
	switch {
	case o.all && o.owner == "":
		return &usageError{what: "--all needs --owner", hints: []string{"whose repositories: --owner LOGIN --all"}}
	case !o.all && o.owner != "":
		return &usageError{what: "--owner needs --all", hints: []string{"all of the owner's repositories: --owner LOGIN --all; one of them: --repo OWNER/NAME"}}
	case !o.all && o.active:
		return &usageError{what: "--active needs --all", hints: []string{"--owner LOGIN --all --active takes those that Travis builds"}}
	case o.all && o.build:
		return &usageError{what: "--build is not for --all", hints: []string{"each build uses credits: name the repositories with --repo OWNER/NAME"}}
	case o.all && (len(o.repos) > 0 || o.reposFrom != ""):
		return &usageError{what: "--all and a list of repositories contradict each other", hints: []string{"give --owner LOGIN --all, or --repo or --repos-from"}}
	}
	return nil
}

func (p *program) check(stop setup.Stop, o *checkOptions) error {
	ctx := stop.Soft
	show := &checkPresenter{program: p, o: o}
	request, client, err := p.checkAnswers(ctx, o)
	if err != nil {
		return show.fail(err)
	}
	show.host = request.Credential.Host
	checker, err := convox.NewChecker(convox.CheckerOptions{Fingerprint: o.fingerprint, UserAgent: userAgent()})
	if err != nil {
		return show.fail(&usageError{what: "--fingerprint: " + err.Error(), hints: hintsOf(err)})
	}
	if o.all {
		if request.Targets, err = ownedBy(ctx, client, o); err != nil {
			return show.fail(err)
		}
	}
	request.Clone = p.clonedFile(ctx, &o.options, request.Targets)
	auditor := setup.Auditor{Travis: client, Checker: checker, Racks: func(ctx context.Context) (setup.Searcher, error) {
		return cfn.NewFinder(ctx, cfn.Options{Profile: o.profile, UserAgent: userAgent()})
	}}
	audit, err := auditor.Audit(ctx, request)
	if err != nil {
		return show.fail(err)
	}
	if o.build && !audit.Refused {
		if err := audit.Prove(stop, client, request, setup.Prover{Tell: show.proof}, client.Endpoint() == travisapi.HostedEndpoint); err != nil {
			return show.fail(err)
		}
	}
	return show.audit(audit)
}

// checkAnswers reads the answers, and lists those that are missing. A credential
// is none of them, unless half of one was given.
func (p *program) checkAnswers(ctx context.Context, o *checkOptions) (setup.AuditRequest, *travisapi.Client, error) {
	request := setup.AuditRequest{Branch: o.branch, Swept: o.all}
	way, err := o.wayIn(p.env)
	if err != nil {
		return request, nil, err
	}
	repos, err := p.repositories(ctx, &o.options)
	if err != nil {
		return request, nil, err
	}
	access, err := p.travis(&o.options, repos.slug())
	if err != nil {
		return request, nil, err
	}
	var m missing
	if !way.given() && (o.passwordStdin || o.saved) {
		m.add("the way in", "--console with a deploy key, --rack NAME, --host HOST, or CONVOX_HOST")
	}
	if o.build && !way.given() {
		m.add("what builds log in to", "--console with --rack ORG/NAME, --rack NAME, or --host HOST")
	}
	if o.build && way.console && way.rack == "" {
		m.add("the Rack behind the Console", "--rack ORG/NAME")
	}
	if len(repos.targets) == 0 && !o.all {
		m.add("the repository", repos.missingHint())
	}
	if access.token.IsEmpty() {
		m.add("the Travis token", missingToken)
	}
	if err := m.err("check"); err != nil {
		return request, nil, err
	}
	request.Targets, request.Rack = repos.targets, way.rack
	if request.Credential, request.Known, err = p.checkCredential(ctx, &o.options, way); err != nil {
		return request, nil, err
	}
	client, err := p.travisClient(access.endpoint, access.token)
	return request, client, err
}

// checkCredential reads the credential, or of a way in without one the host.
func (p *program) checkCredential(ctx context.Context, o *options, way wayIn) (setup.Credential, []setup.Warning, error) {
	a := application{way: way}
	if !way.given() {
		return setup.Credential{}, nil, nil
	}
	if p.hasPasswordSource(o, way) {
		err := p.locate(ctx, o, &a)
		return a.request.Credential, a.warnings, err
	}
	if way.stack != "" {
		if err := p.findRack(ctx, o, &a); err != nil {
			return setup.Credential{}, nil, err
		}
	}
	return setup.Credential{Host: a.way.host, Console: way.console}, a.warnings, nil
}

// ownedBy lists all repositories of an owner.
func ownedBy(ctx context.Context, client *travisapi.Client, o *checkOptions) ([]setup.Target, error) {
	provider, err := o.readProvider()
	if err != nil {
		return nil, err
	}
	all, err := client.Repositories(ctx, travisapi.ListOptions{Owner: o.owner, Provider: provider, Active: o.active})
	if stopped := context.Cause(ctx); stopped != nil {
		return nil, stopped
	}
	if err != nil {
		return nil, err
	}
	targets := make([]setup.Target, len(all))
	for i, r := range all {
		targets[i] = setup.Target{Provider: cmp.Or(r.Provider, provider, travisapi.GitHub), Slug: r.Slug}
	}
	return targets, nil
}
