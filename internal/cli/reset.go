package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"convox-travis/cfn"
	"convox-travis/internal/connect"
	"convox-travis/internal/convox"
	"convox-travis/internal/problem"
	"convox-travis/internal/reset"
	"convox-travis/internal/secret"
	"convox-travis/tui"
	"convox-travis/tui/flow"
)

func newResetPassword(p *program, stop *connect.Stop) *cobra.Command {
	var o resetOptions
	var cmd *cobra.Command
	cmd = p.newCommand(&cobra.Command{
		Use:   "reset-password RACK",
		Short: "Set a new password for a Rack in CloudFormation",
		Long: `Set a new password for a Rack with a lost password. Every other parameter of the
stack keeps its value. Then the web service restarts, and the reset is done when
only the new password logs in. It asks first, and offers safer options. Run it
again with the same password to continue.`,
		Example: `  convox-travis reset-password production
  convox-travis reset-password production --guide
  convox-travis reset-password production --password-stdin --yes < new.txt`,
		Annotations: map[string]string{helpExits: "0 done, 1 failed, 2 wrong usage, 3 update unfinished, 4 refused"},
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 1 {
				return nil
			}
			return usageError("reset-password takes one argument, the Rack's name", "run convox-travis racks to list the Racks")
		},
	}, func() document {
		d := &resetDocument{Phase: string(reset.PhaseNothing)}
		if p.hasWritten.Load() { // the run was abandoned
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
	flags.BoolVar(&o.guide, "guide", false, "print the steps to do by hand, and do nothing")
	flags.BoolVar(&o.passwordStdin, "password-stdin", false, "read the new password from standard input")
	flags.BoolVar(&o.saved, "saved", false, "continue with the new password that was saved")
	flags.BoolVar(&o.allowRefresh, "allow-instance-refresh", false, "let the update replace every instance, one by one")
	o.fingerprintFlag(flags)
	flags.BoolVar(&o.dryRun, "dry-run", false, "show what would change, but change nothing")
	o.runFlags(flags)
	flags.Lookup("yes").Usage = "don't ask"
	flags.Lookup("json").Usage = "print JSON: one document, or `lines`, one per event"
	return cmd
}

// resetOptions is what the flags of a reset say.
type resetOptions struct {
	options
	guide        bool
	allowRefresh bool
}

func (p *program) resetPassword(stop connect.Stop, o *resetOptions) result {
	if o.guide {
		return p.guide(stop.Soft, o)
	}
	show := &resetReporter{program: p, o: o}
	if o.saved && o.passwordStdin {
		return show.fail(usageError("--saved and --password-stdin exclude each other: each is a new password", "pass one of them"))
	}
	asks := !o.yes && !o.passwordStdin && !o.saved && (p.isPlain(&o.options) || p.inIsTerminal && p.errIsTerminal)
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

// resetAnswers lists what a reset without questions lacks.
func (p *program) resetAnswers(o *resetOptions) error {
	var m missing
	if !o.passwordStdin && !o.saved && !o.dryRun {
		m.add("the new password", "pipe the new password in with --password-stdin")
	}
	if !o.yes && !o.dryRun {
		m.add("your confirmation", "pass --yes, or run it on a terminal without --password-stdin and --saved")
	}
	return m.err("reset-password")
}

// resetRack finds the Rack's stack.
func (p *program) resetRack(ctx context.Context, o *resetOptions) (*cfn.Finder, connect.Found, error) {
	finder, err := p.connections.finder(o.profile, p.mfaCode())
	if err != nil {
		return nil, connect.Found{}, err
	}
	if p.errIsTerminal && !o.guide {
		p.note("looking for Rack %s …", o.rack)
	}
	found, err := connect.FindRack(ctx, finder, o.regions, o.rack)
	if stopped := context.Cause(ctx); stopped != nil {
		return nil, found, stopped
	}
	return finder, found, err
}

// reset resets the password without questions.
func (p *program) reset(stop connect.Stop, show *resetReporter, finder *cfn.Finder) result {
	o := show.o
	r := &reset.Reset{Rack: show.found.Rack, Host: show.found.Host, Logins: p.logins(), Clock: p.connections.retry.Clock}
	request, err := p.resetRequest(stop.Soft, o, r)
	if err != nil {
		return show.fail(err)
	}
	if request.Checker, err = p.connections.checker(o.fingerprint); err != nil {
		return show.fail(err)
	}
	if err := r.Look(stop.Soft, finder); err != nil {
		return show.report(reset.Report{Rack: r.Rack, Phase: reset.PhaseNothing, Err: err, Stopped: stop.Asked()})
	}
	// Don't wait for another update: whoever started it may not want a new password
	// after it.
	if stack := r.Stack; stack.InProgress && stack.Reset {
		show.note("an earlier reset is still updating Rack %s: waiting until it ends", r.Rack.Name)
		done := show.waiting("waiting for the update to end")
		report := r.Await(stop, request, show.event)
		if done(); report.Err != nil {
			return show.report(report)
		}
	}
	done := show.waiting("previewing the changes")
	err = r.Prepare(stop, request)
	if done(); err != nil {
		return show.fail(err)
	}
	plan := *r.Plan
	show.preview(plan)
	if err := show.checkPermitted(plan); err != nil || o.dryRun {
		return show.discard(stop, r, err)
	}
	done = show.waiting("starting the update")
	report := r.Run(stop, show.event)
	done()
	end := show.report(report)
	if r.IsDone() {
		end.next(flow.Affected(r.Rack.Name, r.Host))
	}
	return end
}

// resetRequest is the new password of a reset without questions.
func (p *program) resetRequest(ctx context.Context, o *resetOptions, r *reset.Reset) (request reset.Request, err error) {
	switch {
	case o.passwordStdin:
		text, err := p.standardInput(ctx, resetInput)
		return reset.Request{New: secret.New(convox.CutLineEnding(text)), Where: "the one you piped in"}, err
	case !o.saved: // a dry run needs any password
		return reset.Request{New: convox.NewPassword()}, nil
	}
	if request = r.ReadSaved(); request.New.IsEmpty() {
		err = usageError(fmt.Sprintf("no reset of %s was started here with a saved new password", r.Host),
			"pipe the new password in with --password-stdin",
			"or run this without --saved, on a terminal")
	}
	return request, err
}

func (p *program) logins() convox.Logins { return convox.NewLogins(p.env, p.home, p.goos) }

var resetInput = input{
	flag: "--password-stdin", longest: secretInput.longest, what: secretInput.what,
	terminal: secretInput.terminal, example: "convox-travis reset-password RACK --password-stdin --yes < FILE",
}

// askReset resets the password step by step, with the wizard's questions.
func (p *program) askReset(stop connect.Stop, show *resetReporter, finder *cfn.Finder) result {
	o := &show.o.options
	outside := p.outside(o, &wizardAWS{options: o, connections: p.connections, finder: finder}, p.repositoriesOnce(stop.Soft, o))
	outside.Clone, outside.Token, outside.Racks = nil, nil, nil // a reset doesn't need Travis
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
		report.Stopped = err // it can be continued
	}
	r := show.report(*report, f.Kept()...)
	if title, _ := f.Ending(); title != "" {
		r.shown = true
	} else if err == nil {
		r.next(f.ResetNext())
	}
	return r
}

// notReset is why a reset wasn't started.
func notReset(err error) error {
	if !errors.Is(err, tui.ErrNoMoreAnswers) {
		return err
	}
	return usageError("the input of reset-password ended before its questions did",
		"run it on a terminal, or in a script with --password-stdin --yes")
}

// guide prints a reset by hand. What AWS doesn't say is left open.
func (p *program) guide(ctx context.Context, o *resetOptions) result {
	facts := guideFacts{Rack: o.rack, Profile: cmp.Or(o.profile, p.env("AWS_PROFILE"))}
	if len(o.regions) == 1 {
		facts.Region = o.regions[0]
	}
	finder, found, err := p.resetRack(ctx, o)
	if stopped := context.Cause(ctx); stopped != nil {
		return failure(stopped)
	}
	if isUsageError(err) {
		return failure(err)
	}
	var r result
	if err == nil {
		facts.Region, facts.Host = found.Rack.Region, found.Host.String()
		facts.Stack, err = finder.StackInfo(ctx, found.Rack)
		facts.IsRead = err == nil
	}
	if err != nil {
		r.leftover, r.standing = err, []string{"the stack couldn't be read: the commands read what they need"}
	}
	r.text = resetGuide(facts)
	return r
}

// isUsageError reports whether an error is about the command line, which a guide doesn't
// help with.
func isUsageError(err error) bool {
	return err != nil && exitCode(err) == exitUsage && !problem.Has(err, cfn.CodeNoCredentials, cfn.CodeMFA)
}
