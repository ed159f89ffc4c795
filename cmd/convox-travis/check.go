package main

import (
	"context"

	"github.com/spf13/cobra"

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

A credential is not needed; with one it is proved. .travis.yml and its last
commits are looked at where the working folder is the repository's clone.

With --build Travis runs one build of each repository that only logs in with
what is set: the one proof of values that nobody can read. It uses build
credits, and does without the .travis.yml: none is run where that sets the pair.

Exit code 0 means that nothing was found, or notes alone; 5 that there is an
error or a warning; 4 that a credential was refused; 1 that something could not
be checked.`,
		Example: `  convox-travis check
  convox-travis check --repo acme/api --repo acme/web --json
  convox-travis check --owner acme --all --active
  convox-travis check --console --rack acme/production \
    --password-stdin < deploy-key.txt
  convox-travis check --console --rack acme/production --build`,
		Args: noArguments,
		RunE: func(*cobra.Command, []string) error {
			if err := o.check(); err != nil {
				return err
			}
			return p.check(*stop, &o)
		},
	}
	flags := cmd.Flags()
	flags.BoolVar(&o.build, "build", false, "prove it: one Travis build for each repository, which only logs in with what is set, and uses build credits")
	o.credentialFlags(flags)
	o.repositoryFlags(flags)
	o.ownerFlags(flags)
	o.runFlags(flags)
	flags.Lookup("json").Usage = "tell the result as JSON, as one document or in `lines`, one a finding"
	for _, unused := range []string{"no-verify", "yes", "accessible"} { // taken, as everywhere, and of no use
		_ = flags.MarkHidden(unused) // it is there
	}
	return cmd
}

// checkOptions is what the flags of check say.
type checkOptions struct {
	options
	build bool
}

func (o *checkOptions) check() error {
	if err := o.options.check(); err != nil {
		return err
	}
	if o.all && o.build {
		return &usageError{what: "--build is not for --all", hints: []string{"each build uses credits: name the repositories with --repo OWNER/NAME"}}
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
	checker, err := p.reach.checker(o.fingerprint)
	if err != nil {
		return show.fail(&usageError{what: "--fingerprint: " + err.Error(), hints: hintsOf(err)})
	}
	if request.Targets, err = o.owned(ctx, client, request.Targets); err != nil {
		return show.fail(err)
	}
	request.Clone = p.clonedFile(ctx, &o.options, request.Targets)
	auditor := setup.Auditor{Travis: client, Checker: checker, Racks: func(ctx context.Context) (setup.Searcher, error) {
		return p.reach.finder(ctx, o.profile, nil)
	}}
	var over func()
	request.Read, over = p.reading(len(request.Targets), &o.options)
	audit, err := auditor.Audit(ctx, request)
	over()
	if err != nil {
		return show.fail(err)
	}
	if o.build && !audit.Refused {
		err = audit.Prove(stop, client, request, setup.Prover{Tell: show.proof}, client.Endpoint() == travisapi.HostedEndpoint)
	}
	return show.audit(audit, err)
}

// checkAnswers reads the answers, and lists those that are missing. A credential
// is none of them, unless half of one was given.
func (p *program) checkAnswers(ctx context.Context, o *checkOptions) (setup.AuditRequest, *travisapi.Client, error) {
	request := setup.AuditRequest{Branch: o.branch, Swept: o.all, Given: o.givenFlags(), Hints: hintsOf}
	way, err := o.wayIn(p.env)
	if err != nil {
		return request, nil, err
	}
	repos, err := p.repositories(ctx, &o.options)
	if err != nil {
		return request, nil, err
	}
	p.noteSource(&o.options, repos)
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
	request.OwnTravis = access.endpoint != travisapi.HostedEndpoint
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
