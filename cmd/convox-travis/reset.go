package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"convox-travis/cfn"
	"convox-travis/internal/convox"
	"convox-travis/internal/problem"
	"convox-travis/internal/reset"
	"convox-travis/internal/secret"
	"convox-travis/internal/setup"
	"convox-travis/tui"
	"convox-travis/tui/flow"
)

func newResetPassword(p *program, stop *setup.Stop) *cobra.Command {
	var o resetOptions
	var cmd *cobra.Command
	cmd = p.newCommand(&cobra.Command{
		Use:   "reset-password RACK",
		Short: "Set a new password for a Rack in CloudFormation",
		Long: `Set a new password for a Rack whose password is lost. The Rack's stack is
updated with every other parameter as it is; then its web service is started
anew, and the reset is over when only the new password logs in. It asks before
anything changes, and first whether something better exists.

In a script the new password is piped in; --yes says what a person would be
asked. Started again with the same password, it goes on where it was left.
--guide prints the same as steps to do by hand, and does nothing.`,
		Example: `  convox-travis reset-password production
  convox-travis reset-password production --guide
  convox-travis reset-password production \
    --password-stdin --yes < new-password.txt`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 1 {
				return nil
			}
			return usageError("reset-password takes one argument, the Rack's name", "convox-travis racks lists the Racks")
		},
	}, func() document {
		d := &resetDocument{Phase: string(reset.PhaseNothing)}
		if p.wrote.Load() { // the run was abandoned
			d.Phase = string(reset.PhaseUnknown)
		}
		if args := cmd.Flags().Args(); len(args) == 1 {
			d.Rack = args[0]
		}
		return d
	}, o.check, func(_ context.Context, args []string) result {
		o.rack = args[0]
		return p.resetPassword(*stop, &o)
	})
	flags := cmd.Flags()
	o.awsFlags(flags)
	flags.BoolVar(&o.guide, "guide", false, "print how to do it by hand, and do nothing")
	flags.BoolVar(&o.passwordStdin, "password-stdin", false, "read the new password from standard input")
	flags.BoolVar(&o.saved, "saved", false, "go on with a reset whose new password is saved")
	flags.BoolVar(&o.allowRefresh, "allow-instance-refresh", false, "go on although every instance is replaced, one by one")
	flags.StringVar(&o.fingerprint, "fingerprint", "", "accept the Rack's own certificate if this is its `SHA256`")
	flags.BoolVar(&o.dryRun, "dry-run", false, "show what would change, and change nothing")
	o.runFlags(flags)
	flags.Lookup("yes").Usage = "do not ask"
	flags.Lookup("json").Usage = "tell the result as JSON, as one document or in `lines`, one an event"
	return cmd
}

// resetOptions is what the flags of a reset say.
type resetOptions struct {
	options
	guide        bool
	allowRefresh bool
}

func (p *program) resetPassword(stop setup.Stop, o *resetOptions) result {
	if o.guide {
		return p.guide(stop.Soft, o)
	}
	show := &resetReporter{program: p, o: o}
	if o.saved && o.passwordStdin {
		return show.fail(usageError("--saved and --password-stdin are two new passwords", "give one of them"))
	}
	asks := !o.yes && !o.passwordStdin && !o.saved && (p.isPlain(&o.options) || p.typed && p.shown)
	if !asks {
		if err := p.resetAnswers(o); err != nil {
			return show.fail(err)
		}
	}
	finder, found, err := p.resetRack(stop.Soft, o)
	if err != nil {
		return show.fail(err)
	}
	show.found = found
	if asks {
		return p.askReset(stop, show, finder)
	}
	return p.reset(stop, show, finder)
}

// resetAnswers lists what a reset without questions was not given.
func (p *program) resetAnswers(o *resetOptions) error {
	var m missing
	if !o.passwordStdin && !o.saved && !o.dryRun {
		m.add("the new password", "pipe it in with --password-stdin")
	}
	if !o.yes && !o.dryRun {
		m.add("the word to do it", "--yes; or run it on a terminal without --password-stdin and --saved")
	}
	return m.err("reset-password")
}

// resetRack finds the Rack's stack.
func (p *program) resetRack(ctx context.Context, o *resetOptions) (*cfn.Finder, setup.Found, error) {
	finder, err := p.reach.finder(o.profile, p.mfaCode())
	if err != nil {
		return nil, setup.Found{}, err
	}
	if p.shown && !o.guide {
		p.note("looking for Rack %s …", o.rack)
	}
	found, err := setup.FindRack(ctx, finder, o.regions, o.rack)
	if stopped := context.Cause(ctx); stopped != nil {
		return nil, found, stopped
	}
	return finder, found, err
}

// reset resets without questions.
func (p *program) reset(stop setup.Stop, show *resetReporter, finder *cfn.Finder) result {
	o := show.o
	r := &reset.Reset{Rack: show.found.Rack, Host: show.found.Host, Logins: p.logins(), Clock: p.reach.retry.Clock}
	request, err := p.resetRequest(stop.Soft, o, r)
	if err != nil {
		return show.fail(err)
	}
	if request.Door, err = p.reach.checker(o.fingerprint); err != nil {
		return show.fail(err)
	}
	if err := r.Look(stop.Soft, finder); err != nil {
		return show.report(reset.Report{Rack: r.Rack, Phase: reset.PhaseNothing, Err: err, Stopped: stop.Asked()})
	}
	// Another update is not waited for: whoever started it may not want a new
	// password behind it.
	if stack := r.Stack; stack.InProgress && stack.Reset {
		show.note("Rack %s is being updated by a reset that was started before: waiting for its end", r.Rack.Name)
		over := show.waiting("waiting for the end of the update")
		report := r.Await(stop, request, show.event)
		if over(); report.Err != nil {
			return show.report(report)
		}
	}
	over := show.waiting("working out what would change")
	err = r.Prepare(stop, request)
	if over(); err != nil {
		return show.fail(err)
	}
	plan := *r.Plan
	show.preview(plan)
	if err := show.agreed(plan); err != nil || o.dryRun {
		return show.discarded(stop, r, err)
	}
	over = show.waiting("starting the update")
	report := r.Run(stop, show.event)
	over()
	return show.report(report)
}

// resetRequest is the new password of a reset without questions.
func (p *program) resetRequest(ctx context.Context, o *resetOptions, r *reset.Reset) (request reset.Request, err error) {
	switch {
	case o.passwordStdin:
		text, err := p.standardInput(ctx, resetInput)
		return reset.Request{New: secret.New(convox.CutLineEnding(text)), Where: "the one that was piped in"}, err
	case !o.saved: // any will do for a dry run
		request.New, err = convox.NewPassword(nil)
		return request, err
	}
	if request = r.ReadSaved(); request.New.IsEmpty() {
		err = usageError(fmt.Sprintf("no reset of %s was started here whose new password is saved", r.Host),
			"pipe the new password in with --password-stdin",
			"or run it without --saved, on a terminal")
	}
	return request, err
}

func (p *program) logins() convox.Logins { return convox.NewLogins(p.env, p.home, p.goos) }

var resetInput = input{
	flag: "--password-stdin", longest: secretInput.longest, tooLong: secretInput.tooLong,
	terminal: secretInput.terminal, example: "convox-travis reset-password RACK --password-stdin --yes < FILE",
}

// askReset resets step by step, as the wizard does.
func (p *program) askReset(stop setup.Stop, show *resetReporter, finder *cfn.Finder) result {
	o := &show.o.options
	outside := p.outside(o, &wizardAWS{reach: p.reach, finder: finder}, p.repositoriesOnce(stop.Soft, o))
	outside.Clone, outside.Token, outside.Racks = nil, nil, nil // nothing of Travis is needed
	if p.form == jsonLines && p.isPlain(o) {
		outside.ResetEvent = show.event
	}
	f := flow.New(outside, flow.Given{Reset: &show.found.Rack, Fingerprint: o.fingerprint, DryRun: o.dryRun, AllowRefresh: show.o.allowRefresh})
	err := p.drive(stop, o, f)
	show.plan = f.Reset().Plan
	report := f.Reset().Report()
	switch {
	case report == nil && err == nil && o.dryRun && show.plan != nil:
		return show.dryRun(show.plan.Err())
	case report == nil:
		report = &reset.Report{Rack: show.found.Rack, Phase: reset.PhaseNothing, Err: notReset(err), Stopped: err}
	case err != nil && report.Stopped == nil:
		report.Stopped = err // it was left where it could be continued
	}
	r := show.report(*report, f.Kept()...)
	if err == nil {
		for _, line := range f.ResetNext() {
			r.notes = append(r.notes, "next: "+line)
		}
	}
	return r
}

// notReset is why a reset was not begun.
func notReset(err error) error {
	if !errors.Is(err, tui.ErrNoMoreAnswers) {
		return err
	}
	return usageError("reset-password has more questions than there were answers",
		"on a terminal it asks; in a script: --password-stdin --yes")
}

// guide is the reset by hand. What AWS doesn't say is left open in it.
func (p *program) guide(ctx context.Context, o *resetOptions) result {
	facts := guideFacts{rack: o.rack, profile: cmp.Or(o.profile, p.env("AWS_PROFILE"))}
	if len(o.regions) == 1 {
		facts.region = o.regions[0]
	}
	finder, found, err := p.resetRack(ctx, o)
	if stopped := context.Cause(ctx); stopped != nil {
		return failure(stopped)
	}
	if isWrong(err) {
		return failure(err)
	}
	var r result
	if err == nil {
		facts.region, facts.host = found.Rack.Region, found.Host.String()
		facts.shape, err = finder.StackInfo(ctx, found.Rack)
		facts.isRead = err == nil
	}
	if err != nil {
		r.leftover, r.standing = err, []string{"the stack could not be read: the commands find out for themselves what it has"}
	}
	r.text = resetGuide(facts)
	return r
}

// isWrong reports whether an error is about what was asked for, which no guide
// makes good.
func isWrong(err error) bool {
	return err != nil && exitCode(err) == exitUsage && !problem.Has(err, cfn.CodeNoCredentials, cfn.CodeMFA)
}
