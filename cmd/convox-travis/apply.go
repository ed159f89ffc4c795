package main

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"al.essio.dev/pkg/shellescape"
	"github.com/spf13/cobra"

	"convox-travis/internal/build"
	"convox-travis/internal/setup"
	"convox-travis/internal/travisyml"
	"convox-travis/travisapi"
)

func newApply(p *program, stop *setup.Stop) *cobra.Command {
	var o options
	cmd := &cobra.Command{
		Use:   "apply",
		Short: "Check a credential and write the pair, without questions",
		Long: `Check that the Rack or Console accepts the credential, write CONVOX_HOST and
CONVOX_PASSWORD as private variables, and read back that they are there.
It never asks: what it cannot find and was not given, it lists.

Of many repositories up to eight are written side by side, no faster than Travis
allows. With --skip-existing those that have both variables are left alone.`,
		Example: `  convox-travis apply --console --password-stdin < deploy-key.txt
  convox-travis apply --rack production --saved --repo acme/api
  convox-travis apply --host rack.example.com --branch main --dry-run
  convox-travis apply --console --password-stdin \
    --owner acme --all --active < deploy-key.txt`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.check(); err != nil {
				return err
			}
			return p.apply(*stop, &o)
		},
	}
	o.credentialFlags(cmd.Flags())
	o.repositoryFlags(cmd.Flags())
	o.ownerFlags(cmd.Flags())
	o.writeFlags(cmd.Flags())
	o.runFlags(cmd.Flags())
	return cmd
}

// application is an apply with all its answers.
type application struct {
	way      wayIn
	request  setup.Request
	travis   *travisapi.Client
	warnings []setup.Warning
}

func (p *program) apply(stop setup.Stop, o *options) error {
	show := p.presenter(o, "apply")
	a, err := p.answers(stop.Soft, o, "apply")
	switch {
	case err != nil:
	case o.all:
		a.request.Targets, a.request.Known, err = o.listOwned(stop.Soft, a.travis)
	default:
		var unlisted error
		if a.request.Known, unlisted = listMany(stop.Soft, a.travis, a.request.Targets); unlisted != nil && stop.Soft.Err() == nil {
			show.note("note: each repository is read by itself: %s", strings.ReplaceAll(unlisted.Error(), "\n", "; "))
		}
	}
	show.targets = a.request.Targets
	if err == nil {
		err = p.locate(stop.Soft, o, &a)
	}
	if err != nil {
		return show.fail(err)
	}
	show.host = a.way.host.String()
	plan, err := p.makePlan(stop.Soft, o, a)
	if err != nil {
		return show.fail(err, a.warnings...) // they can be the reason
	}
	show.plan(plan)
	if o.dryRun {
		return show.report(plan.Intent())
	}
	runner := setup.Runner{Travis: a.travis, Retry: p.reach.retry, Tell: show.event}
	show.begin(plan.Tally(time.Now()))
	err = show.report(runner.Apply(stop, plan))
	if err == nil && o.json == "" && len(plan.Repositories) == 1 {
		p.noteDeploys(stop.Soft, o, a, plan.Repositories[0])
	}
	return err
}

// noteDeploys says what a push deploys, where the clone's file is the repository's.
// What can't be read or played is for yml to say.
func (p *program) noteDeploys(ctx context.Context, o *options, a application, repository setup.RepositoryPlan) {
	file, err := travisyml.Open(p.dir)
	if err != nil || file.Missing || p.mayHold(ctx, &ymlOptions{options: *o}, a.request.Targets) != nil {
		return
	}
	app := file.AppName(repository.Target.Slug)
	builds, err := setup.PlayFile(ctx, player(), file, build.Target{
		Repo: repository.Target.Slug, Branch: cmp.Or(o.branch, repository.Repository.DefaultBranch, "main"), App: app, DefaultApp: app, Rack: a.way.rack,
	})
	if err != nil {
		return
	}
	fmt.Fprintln(p.err, shellescape.StripUnsafe(builds.Sentence("")))
	isKnown := !a.way.console || a.way.rack != "" // which Rack builds deploy to
	if isKnown && builds.Found() == "" && builds.Undecided() == nil {
		fmt.Fprintln(p.err, "let builds deploy: convox-travis yml shows the step and --write adds it")
	}
}

func (p *program) makePlan(ctx context.Context, o *options, a application) (setup.Plan, error) {
	checker, err := p.reach.checker(o.fingerprint)
	if err != nil {
		return setup.Plan{}, &usageError{what: "--fingerprint: " + err.Error(), hints: hintsOf(err)}
	}
	var over func()
	a.request.Read, over = p.reading(len(a.request.Targets), o)
	defer over()
	plan, err := setup.MakePlan(ctx, a.travis, checker, a.request)
	plan.Warnings = append(a.warnings, plan.Warnings...)
	if stopped := context.Cause(ctx); stopped != nil {
		return plan, stopped
	}
	return plan, err
}

// answers reads all answers that need no call, and lists those that are
// missing for the command.
func (p *program) answers(ctx context.Context, o *options, command string) (application, error) {
	var a application
	var err error
	if a.way, err = o.wayIn(p.env); err != nil {
		return a, err
	}
	repos, err := p.repositories(ctx, o)
	if err != nil {
		return a, err
	}
	a.request = setup.Request{
		Targets: repos.targets, Branch: o.branch, Rack: a.way.rack,
		SkipExisting: o.skipExisting, AllowMixed: o.allowMixed, Unchecked: o.noVerify,
	}
	p.noteSource(o, repos)
	access, err := p.travis(o, repos.slug())
	if err != nil {
		return a, err
	}
	var m missing
	if !a.way.given() {
		m.add("the way in", "--console with a deploy key, --rack NAME, --host HOST, or CONVOX_HOST")
	}
	if !p.hasPasswordSource(o, a.way) {
		hint := "pipe it in with --password-stdin, or set CONVOX_PASSWORD; a Rack's that the convox client has: --saved"
		if p.env("CONVOX_PASSWORD") != "" {
			hint = "CONVOX_PASSWORD is for CONVOX_HOST, which is another host: pipe it in with --password-stdin, or unset CONVOX_HOST"
		}
		m.add("the password or deploy key", hint)
	}
	if len(repos.targets) == 0 && !o.all {
		m.add("the repository", repos.missingHint())
	}
	if access.token.IsEmpty() {
		m.add("the Travis token", missingToken)
	}
	if err := m.err(command); err != nil {
		return a, err
	}
	a.travis, err = p.travisClient(access.endpoint, access.token)
	return a, err
}

// locate finds the host of a Rack that was named by its stack, and then reads
// the password, which may depend on the host.
func (p *program) locate(ctx context.Context, o *options, a *application) error {
	if a.way.stack != "" {
		if err := p.findRack(ctx, o, a); err != nil {
			return err
		}
	}
	password, err := p.password(ctx, o, a.way)
	a.request.Credential = setup.Credential{Host: a.way.host, Password: password, Console: a.way.console}
	return err
}

func (p *program) findRack(ctx context.Context, o *options, a *application) error {
	finder, err := p.reach.finder(ctx, o.profile, nil)
	if err != nil {
		return err
	}
	found, err := setup.FindRack(ctx, finder, o.regions, a.way.stack)
	if err != nil {
		return err
	}
	if !a.way.host.IsZero() && a.way.host != found.Host {
		return &usageError{
			what:  fmt.Sprintf("--host is %s, and the stack of Rack %s says %s", a.way.host, found.Rack.Name, found.Host),
			hints: []string{"leave --host away: the stack knows"},
		}
	}
	a.way.host, a.warnings = found.Host, found.Warnings
	return nil
}
