package main

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"convox-travis/internal/build"
	"convox-travis/internal/convox"
	"convox-travis/internal/setup"
	"convox-travis/internal/travisyml"
	"convox-travis/travisapi"
)

func newApply(p *program, stop *setup.Stop) *cobra.Command {
	var o options
	cmd := p.newCommand(&cobra.Command{
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
	}, func() document { return &runDocument{} }, o.check, func(context.Context, []string) result {
		return p.apply(*stop, &o)
	})
	flags := cmd.Flags()
	o.credentialFlags(flags)
	o.passwordFlag(flags)
	o.unverifiedFlag(flags)
	o.repositoryFlags(flags)
	o.ownerFlags(flags)
	o.writeFlags(flags)
	o.resultFlags(flags)
	o.accessibleFlag(flags)
	ignore(flags, "yes") // it never asks
	return cmd
}

// application is an apply with all its answers.
type application struct {
	way      wayIn
	rack     convox.Rack // name and region, where it was found in CloudFormation
	request  setup.Request
	travis   *travisapi.Client
	warnings []setup.Warning
}

func (p *program) apply(stop setup.Stop, o *options) result {
	show := p.reporter(o, "apply")
	a, err := p.answers(stop.Soft, o, "apply", p.needsCredential(o))
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
	spell := speller{client: a.travis}
	for i, r := range plan.Repositories {
		plan.Repositories[i].Err = spell.improve(stop.Soft, r.Target, r.Err)
	}
	show.plan(plan)
	if o.dryRun {
		return show.report(plan.Intent())
	}
	runner := setup.Runner{Travis: a.travis, Retry: p.reach.retry, Tell: show.event}
	show.streamed = true
	show.begin(plan.Tally(time.Now()))
	r := show.report(runner.Apply(stop, plan))
	if r.exitCode() == exitDone && p.form == "" && len(plan.Repositories) == 1 {
		r.notes = append(r.notes, p.deployNotes(stop.Soft, o, a, plan.Repositories[0])...)
	}
	return r
}

// deployNotes say what a push deploys, where the clone's file is the repository's.
// What can't be read or played is for yml to say.
func (p *program) deployNotes(ctx context.Context, o *options, a application, repository setup.RepositoryPlan) []string {
	file, err := travisyml.Open(p.dir)
	if err != nil || file.Missing || p.mayHold(ctx, &ymlOptions{options: *o}, a.request.Targets) != nil {
		return nil
	}
	app := file.AppName(repository.Target.Slug)
	builds, err := setup.PlayFile(ctx, player(), file, build.Target{
		Repo: repository.Target.Slug, Branch: cmp.Or(o.branch, repository.Repository.DefaultBranch, "main"), App: app, DefaultApp: app, Rack: a.way.rack,
	})
	if err != nil {
		return nil
	}
	notes := []string{builds.Sentence("")}
	isKnown := !a.way.console || a.way.rack != "" // which Rack builds deploy to
	if isKnown && builds.Found() == "" && builds.Undecided() == nil {
		notes = append(notes, "let builds deploy: convox-travis yml shows the step and --write adds it")
	}
	return notes
}

func (p *program) makePlan(ctx context.Context, o *options, a application) (setup.Plan, error) {
	checker, err := p.reach.checker(o.fingerprint)
	if err != nil {
		return setup.Plan{}, err
	}
	var over func()
	a.request.Read, over = p.reading(len(a.request.Targets))
	defer over()
	plan, err := setup.MakePlan(ctx, a.travis, checker, a.request)
	plan.Warnings = append(a.warnings, plan.Warnings...)
	return plan, cmp.Or(context.Cause(ctx), err, plan.Ended())
}

// locate finds the host of a Rack that was named by its stack, and then reads the
// password, where there is one: it may depend on the host.
func (p *program) locate(ctx context.Context, o *options, a *application) (err error) {
	hasPassword := p.hasPasswordSource(o, a.way)
	if a.way.stack != "" {
		if err := p.findRack(ctx, o, a); err != nil {
			return err
		}
	}
	a.request.Credential = setup.Credential{Host: a.way.host, Console: a.way.console, Rack: a.rack}
	if hasPassword {
		c := &a.request.Credential
		c.Password, c.Source, err = p.password(ctx, o, a.way)
	}
	return err
}

func (p *program) findRack(ctx context.Context, o *options, a *application) error {
	finder, err := p.reach.finder(o.profile, nil)
	if err != nil {
		return err
	}
	found, err := setup.FindRack(ctx, finder, o.regions, a.way.stack)
	if err != nil {
		return err
	}
	if !a.way.host.IsZero() && a.way.host != found.Host {
		return usageError(fmt.Sprintf("--host is %s, and the stack of Rack %s says %s", a.way.host, found.Rack.Name, found.Host),
			"leave --host away: the stack knows")
	}
	a.way.host, a.warnings = found.Host, found.Warnings
	a.rack = convox.Rack{Name: found.Rack.Name, Region: found.Rack.Region}
	return nil
}
