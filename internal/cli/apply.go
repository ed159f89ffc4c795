package cli

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"convox-travis/internal/audit"
	"convox-travis/internal/build"
	"convox-travis/internal/connect"
	"convox-travis/internal/convox"
	"convox-travis/internal/crash"
	"convox-travis/internal/text"
	"convox-travis/internal/travisyml"
	"convox-travis/travisapi"
)

func newApply(p *program, stop *connect.Stop) *cobra.Command {
	var o options
	cmd := p.newCommand(&cobra.Command{
		Use:   "apply",
		Short: "Verify a credential and write both variables, without questions",
		Long: `Verify that the Rack or Console accepts the credential, write CONVOX_HOST and
CONVOX_PASSWORD as private variables, and confirm that they are set. It never
asks: it lists what is missing.`,
		Example: `  convox-travis apply --console --password-stdin < deploy-key.txt
  convox-travis apply --rack production --saved --repo acme/api
  convox-travis apply --host rack.example.com --branch main --dry-run
  convox-travis apply --console --owner acme --all --active < key.txt
  convox-travis apply --owner acme --all --only-existing > list.txt`,
		Annotations: map[string]string{
			helpFooter: "Environment: TRAVIS_TOKEN, CONVOX_HOST, CONVOX_PASSWORD, AWS_PROFILE",
			helpExits:  "0 done, 1 failed, 2 wrong usage, 3 partly done, 4 refused",
		},
		Args: noArguments,
	}, func() document { return &runDocument{} }, o.check, func(context.Context, []string) result {
		if o.all && o.onlyExisting {
			return p.listExisting(stop.Soft, &o)
		}
		return p.apply(*stop, &o)
	})
	flags := cmd.Flags()
	o.credentialFlags(flags)
	o.passwordFlag(flags)
	o.unverifiedFlag(flags)
	o.repositoryFlags(flags)
	o.ownerFlags(flags)
	o.existingFlags(flags)
	o.writeFlags(flags)
	o.resultFlags(flags)
	o.accessibleFlag(flags)
	ignore(flags, "yes") // apply never asks
	return cmd
}

// application is an apply with all its answers.
type application struct {
	login    login
	rack     convox.Rack // name and region, where it was found in CloudFormation
	request  connect.Request
	travis   *travisapi.Client
	warnings []connect.Warning
}

func (p *program) apply(stop connect.Stop, o *options) result {
	show := p.reporter(o, "apply")
	a, err := p.answers(stop.Soft, o, "apply", p.needsCredential(o))
	if err == nil && o.all {
		a.request.Targets, a.request.Known, err = o.listOwner(stop.Soft, a.travis)
	}
	show.targets = a.request.Targets
	if err == nil {
		err = p.locate(stop.Soft, o, &a)
	}
	if err != nil {
		return show.fail(err)
	}
	show.host = a.login.host.String()
	plan, err := p.makePlan(stop.Soft, o, a)
	if err != nil {
		return show.fail(err, a.warnings...) // which can be the reason
	}
	spell := speller{client: a.travis}
	for i, r := range plan.Repositories {
		plan.Repositories[i].Err = spell.addSuggestion(stop.Soft, r.Target, r.Err)
	}
	show.plan(plan)
	clone := p.playClone(stop.Soft, o, a, plan)
	if o.dryRun {
		r, _ := clone.warn(show, plan.Intent())
		return r
	}
	runner := connect.Runner{Travis: a.travis, Retry: p.connections.retry, Tell: show.event}
	show.streamed = true
	show.begin(plan.Tally(time.Now()))
	r, builds := clone.warn(show, runner.Apply(stop, plan))
	if r.exitCode() == exitDone && p.form == "" && builds != nil {
		r.notes = append(r.notes, deployNotes(*builds, a)...)
	}
	return r
}

// listExisting lists the owner's repositories that have both variables, and writes
// nothing: Travis doesn't show which of them use a Rack.
func (p *program) listExisting(ctx context.Context, o *options) result {
	show := p.reporter(o, "apply")
	a, err := p.answers(ctx, o, "apply", nil)
	var plan connect.Plan
	if err == nil {
		if a.request.Targets, a.request.Known, err = o.listOwner(ctx, a.travis); err == nil {
			var done func()
			a.request.Read, done = p.reading(len(a.request.Targets))
			plan, err = connect.FindExisting(ctx, a.travis, a.request)
			done()
		}
	}
	if err != nil {
		return failure(err)
	}
	report := plan.Intent()
	r := result{document: show.document(report, resume{}), errs: report.Errs(), dryRun: true}
	for _, repository := range report.Repositories {
		if repository.Err == nil {
			r.lines = append(r.lines, repository.Target.Address())
		}
	}
	denied := 0
	for _, repository := range a.request.Known {
		if repository.Denies("create_env_var") {
			denied++
		}
	}
	if denied > 0 {
		r.notes = append(r.notes, fmt.Sprintf("note: skipped %s that this Travis account can't change", text.Count(denied, "repository")))
	}
	r.notes = append(r.notes, fmt.Sprintf("%s: %d with both variables%s; nothing was written", text.Count(len(a.request.Targets), "repository"), len(r.lines), connect.OnBranch(o.branch)))
	if len(r.lines) == 0 {
		return r
	}
	r.notes = append(r.notes, "Travis doesn't show which Rack a repository uses: save the list as FILE, and delete the lines of repositories that use another Rack",
		"next: run "+audit.RotateCommand(o.repeatedFlags(), o.branch))
	return r
}

// clonePlay is what the builds of the clone do, if the clone is the only repository of an
// apply, and whether the Rack has the app that they deploy. It is found out while the
// variables are written.
type clonePlay struct {
	done     chan struct{}
	builds   *audit.Builds // nil if they can't be read or played, which yml explains
	warnings []connect.Warning
}

func (p *program) playClone(ctx context.Context, o *options, a application, plan connect.Plan) *clonePlay {
	c := &clonePlay{done: make(chan struct{})}
	go func() {
		defer close(c.done)
		defer crash.Catch()
		if len(plan.Repositories) != 1 {
			return
		}
		repository := plan.Repositories[0]
		file, err := travisyml.Open(p.dir)
		if err != nil || file.Missing || p.checkFileOwner(ctx, &ymlOptions{options: *o}, a.request.Targets) != nil {
			return
		}
		app := file.AppName(repository.Target.Slug)
		builds, err := audit.PlayFile(ctx, player(), file, build.Target{
			Repo: repository.Target.Slug, Branch: cmp.Or(o.branch, repository.Repository.DefaultBranch, "main"), App: app, DefaultApp: app, Rack: a.login.rack,
		})
		if err != nil {
			return
		}
		c.builds = &builds
		if checker, err := p.connections.checker(o.fingerprint); err == nil && !plan.Unchecked {
			c.warnings = builds.FindApp(ctx, checker, plan.Credential, plan.Login)
		}
	}()
	return c
}

// warn reports a run with the clone's warnings.
func (c *clonePlay) warn(show *reporter, report connect.Report) (result, *audit.Builds) {
	<-c.done
	report.Warnings = append(report.Warnings, c.warnings...)
	r := show.report(report)
	r.warnings = append(r.warnings, c.warnings...)
	return r, c.builds
}

// deployNotes say what a push deploys.
func deployNotes(builds audit.Builds, a application) []string {
	notes := []string{builds.Sentence("")}
	isKnown := !a.login.console || a.login.rack != "" // the Rack that builds deploy to
	if isKnown && builds.Found() == "" && builds.Undecided() == nil {
		notes = append(notes, "next: run convox-travis yml to see the deploy step, and yml --write to add it")
	}
	return notes
}

func (p *program) makePlan(ctx context.Context, o *options, a application) (connect.Plan, error) {
	checker, err := p.connections.checker(o.fingerprint)
	if err != nil {
		return connect.Plan{}, err
	}
	var done func()
	a.request.Read, done = p.reading(len(a.request.Targets))
	defer done()
	plan, err := connect.MakePlan(ctx, a.travis, checker, a.request)
	plan.Warnings = append(a.warnings, plan.Warnings...)
	return plan, cmp.Or(context.Cause(ctx), err, plan.Ended())
}

// locate finds the host of a Rack in CloudFormation, and then reads the password, whose
// source can depend on the host.
func (p *program) locate(ctx context.Context, o *options, a *application) (err error) {
	hasPassword := p.hasPasswordSource(o, a.login)
	if a.login.stack != "" {
		if err := p.findRack(ctx, o, a); err != nil {
			return err
		}
	}
	a.request.Credential = connect.Credential{Host: a.login.host, Console: a.login.console, Rack: a.rack}
	if hasPassword {
		c := &a.request.Credential
		c.Password, c.Source, err = p.password(ctx, o, a.login)
	}
	return err
}

func (p *program) findRack(ctx context.Context, o *options, a *application) error {
	finder, err := p.connections.finder(o.profile, nil)
	if err != nil {
		return err
	}
	found, err := connect.FindRack(ctx, finder, o.regions, a.login.stack)
	if err != nil {
		return err
	}
	if !a.login.host.IsZero() && a.login.host != found.Host {
		return usageError(fmt.Sprintf("--host %s isn't the host of Rack %s, which is %s", a.login.host, found.Rack.Name, found.Host),
			"leave out --host: the Rack's stack has it")
	}
	a.login.host, a.warnings = found.Host, found.Warnings
	a.rack = convox.Rack{Name: found.Rack.Name, Region: found.Rack.Region}
	return nil
}
