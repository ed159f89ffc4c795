package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"convox-travis/cfn"
	"convox-travis/internal/convox"
	"convox-travis/internal/secret"
	"convox-travis/internal/setup"
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
		d := &resetDocument{Phase: string(setup.PhaseNothing)}
		if args := cmd.Flags().Args(); len(args) == 1 {
			d.Rack = args[0]
		}
		return d
	}, func(_ context.Context, args []string) result {
		if err := o.check(); err != nil {
			return failure(err)
		}
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
	show := &resetPresenter{program: p, o: o}
	if o.saved && o.passwordStdin {
		return show.fail(usageError("--saved and --password-stdin are two new passwords", "give one of them"))
	}
	asks := !o.yes && !o.passwordStdin && !o.saved && (p.isPlain(&o.options) || p.typed && p.shown)
	if !asks {
		if err := p.resetAnswers(o); err != nil {
			return show.fail(err)
		}
	}
	if _, err := convox.NewChecker(convox.CheckerOptions{Fingerprint: o.fingerprint}); err != nil {
		return show.fail(usageError("--fingerprint: "+err.Error(), hintsOf(err)...))
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
	finder, err := p.reach.finder(ctx, o.profile, p.mfaCode())
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
func (p *program) reset(stop setup.Stop, show *resetPresenter, finder *cfn.Finder) result {
	o := show.o
	password, err := p.newPassword(stop.Soft, o, show.found.Host)
	if err != nil {
		return show.fail(err)
	}
	checker, err := p.reach.checker(o.fingerprint)
	if err != nil {
		return show.fail(err)
	}
	resetter := setup.Resetter{Stacks: finder, Door: checker, Clock: p.reach.retry.Clock, Tell: show.event}
	if report, ended := p.awaitReset(stop, show, resetter, password); ended {
		return show.report(p.endSaved(report, show.found.Host, password))
	}
	plan, err := resetter.MakePlan(stop.Soft, setup.ResetRequest{Rack: show.found.Rack, Host: show.found.Host, New: password, Olds: p.olds(show.found.Host)})
	if err != nil {
		return show.fail(err)
	}
	show.preview(plan)
	if err := show.agreed(plan); err != nil || o.dryRun {
		return show.discarded(stop, resetter, plan, err)
	}
	if o.saved { // it has to be with its owner at this moment
		if _, err := p.logins().BeginReset(show.found.Host, password); err != nil {
			return show.discarded(stop, resetter, plan, err)
		}
	}
	return show.report(p.endSaved(resetter.Reset(stop, plan), show.found.Host, password))
}

// endSaved ends what is kept of a reset in the convox client's settings, where
// it is over.
func (p *program) endSaved(report setup.ResetReport, host convox.Host, password secret.String) setup.ResetReport {
	if isSet := report.Phase == setup.PhaseSettled; isSet || report.Phase == setup.PhaseRolledBack {
		report.Left = errors.Join(report.Left, p.logins().EndReset(host, password, isSet))
	}
	return report
}

// awaitReset waits for the end of a reset that was left while AWS was at it, and
// reports it where that is no good one. Another update is not waited for: whoever
// began it may not want a new password behind it.
func (p *program) awaitReset(stop setup.Stop, show *resetPresenter, resetter setup.Resetter, password secret.String) (setup.ResetReport, bool) {
	rack := show.found.Rack
	report := setup.ResetReport{Rack: rack, Phase: setup.PhaseNothing}
	state, err := resetter.Stacks.State(stop.Soft, rack)
	if err == nil && state.InProgress && state.Reset {
		show.note("Rack %s is being updated by a reset that was begun before: waiting for its end", rack.Name)
		var outcome cfn.Outcome
		outcome, err = resetter.AwaitUpdate(stop, rack, password)
		switch {
		case err != nil:
			report.Phase, err = setup.PhaseUpdating, setup.NotFollowed(rack, err)
		case outcome.End == cfn.RolledBack:
			report.Phase, report.Status, err = setup.PhaseRolledBack, outcome.Status, setup.RolledBack(rack, outcome)
		}
	}
	report.Err, report.Stopped = err, context.Cause(stop.Soft)
	return report, err != nil
}

func (p *program) newPassword(ctx context.Context, o *resetOptions, host convox.Host) (secret.String, error) {
	switch {
	case o.passwordStdin:
		text, err := p.standardInput(ctx, resetInput)
		return secret.New(convox.CutLineEnding(text)), err
	case !o.saved: // any will do for a dry run
		return convox.NewPassword(nil)
	}
	begun, found := p.logins().BegunReset(host)
	if !found {
		return secret.String{}, usageError(fmt.Sprintf("no reset of %s was begun here whose new password is saved", host),
			"pipe the new password in with --password-stdin",
			"or run it without --saved, on a terminal")
	}
	return begun.New, nil
}

func (p *program) logins() clientLogins { return clientLogins{p.env, p.home, p.goos} }

var resetInput = input{
	flag: "--password-stdin", longest: secretInput.longest, tooLong: secretInput.tooLong,
	terminal: secretInput.terminal, example: "convox-travis reset-password RACK --password-stdin --yes < FILE",
}

// olds are passwords that may hold now.
func (p *program) olds(host convox.Host) []secret.String {
	logins, _ := convox.SavedLogins(p.env, p.home, p.goos, host) // what cannot be read is not needed
	login, _ := convox.FindSaved(logins, host)
	begun, _ := p.logins().BegunReset(host)
	return append(begun.Olds, login.Password)
}
