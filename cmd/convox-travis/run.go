package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"time"

	"github.com/spf13/cobra"

	"convox-travis/internal/child"
	"convox-travis/internal/crash"
	"convox-travis/internal/problem"
	"convox-travis/internal/setup"
)

// Why a run ends before its end.
var (
	errInterrupted = errors.New("interrupted")
	errTimeout     = errors.New("--timeout is over")
)

// timedOut is errTimeout with the time that was given.
func timedOut(limit time.Duration) error {
	return &problem.Error{
		Code: "timeout", Reason: fmt.Sprintf("stopped after --timeout %v", limit), Cause: errTimeout,
		Hints: []string{"run the same command again with a longer --timeout, or without it"},
	}
}

// run is one run of the program; it returns the exit code.
func run(args []string, p *program) int {
	p.args, p.form, p.status = args, jsonForm(args), &status{to: p.err}
	debug.SetTraceback("none") // what isn't caught prints no goroutine, whose values can be secrets
	crash.Handle(p.crashed)
	defer crash.Catch()
	p.err = p.status
	p.reach.retry.Tell = p.again
	p.reach.terminal = p.childTerminal
	p.reach.onWrite = p.noteWrite
	stop, finish := p.stop()
	defer finish()
	root := newRoot(p, &stop)
	root.SetArgs(args)
	root.SetIn(p.in)
	out := &output{to: p.out, status: p.status}
	p.out = out
	root.SetOut(out)
	root.SetErr(p.err)
	ended := make(chan int, 1)
	go func() {
		defer crash.Catch()
		cmd, err := root.ExecuteContextC(stop.Soft)
		if err != nil {
			p.ended = &result{err: err}
		}
		code := exitDone // of help and completions, which cobra prints
		if p.ended != nil {
			code = p.finish(cmd, *p.ended)
		}
		code = out.check(p, code)
		p.status.clear()
		ended <- code
	}()
	if code, inTime := p.inTime(stop, ended); inTime {
		return code
	}
	return p.abandon(context.Cause(stop.Soft), p.wrote.Load(), out)
}

func newRoot(p *program, stop *setup.Stop) *cobra.Command {
	var o options
	var isVersion bool
	root := p.newCommand(&cobra.Command{
		Use:   "convox-travis",
		Short: "Connect a Travis CI repository to a Convox Rack",
		Long: `convox-travis writes CONVOX_HOST and CONVOX_PASSWORD as private variables into
the settings of a Travis CI repository, so that its builds can run
"convox deploy". Without a command it asks, step by step, and writes nothing
before the review. No credential is written before the Rack or Console has
accepted it.`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Example: `  convox-travis
  convox-travis --rack production --saved
  convox-travis --console --owner acme --all --active
  convox-travis apply --console --password-stdin < deploy-key.txt`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return noSuchCommand(cmd, args[0])
			}
			return nil
		},
	}, func() document { return &runDocument{} }, nil, func(context.Context, []string) result {
		if isVersion {
			return result{text: "convox-travis " + version() + "\n"}
		}
		if err := o.check(); err != nil {
			return failure(err)
		}
		return p.wizard(*stop, &o)
	})
	o.credentialFlags(root.Flags())
	o.unverifiedFlag(root.Flags())
	o.repositoryFlags(root.Flags())
	root.Flags().Lookup("repos-from").Usage = "repositories in `FILE`, one a line" // standard input answers
	o.ownerFlags(root.Flags())
	o.writeFlags(root.Flags())
	o.runFlags(root.Flags())
	// cobra's own flag would pass over arguments that there should not be.
	root.Flags().BoolVarP(&isVersion, "version", "v", false, "print the version")
	root.PersistentPreRunE = func(cmd *cobra.Command, _ []string) error {
		p.command.Store(cmd)
		accessible, _ := cmd.Flags().GetBool("accessible") // false where there is none
		p.status.plain = accessible || p.env("ACCESSIBLE") != "" || p.env("TERM") == "dumb" || p.form == jsonLines
		if err := noEmptyFlags(cmd); err != nil {
			return err
		}
		if limit, err := cmd.Flags().GetDuration("timeout"); err == nil && limit > 0 {
			time.AfterFunc(limit, func() {
				defer crash.Catch()
				p.timeout(timedOut(limit))
			})
		}
		return nil
	}
	root.SetUsageFunc(usage)
	root.SetFlagErrorFunc(flagError)
	root.AddCommand(newApply(p, stop), newRemove(p, stop), newRacks(p), newResetPassword(p, stop), newCheck(p, stop), newYML(p), newDemo(p, stop), newCompletion(p, root))
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetHelpCommand(newHelp())
	p.complete(root)
	return root
}

// stop turns signals into a setup.Stop: the first one asks, the second one
// ends everything at once.
func (p *program) stop() (setup.Stop, func()) {
	p.sayStopping(func() { p.say("stopping; a second Ctrl-C leaves at once") })
	hard, abort := context.WithCancelCause(context.Background())
	soft, ask := context.WithCancelCause(hard)
	p.timeout = ask
	done := make(chan struct{})
	go func() {
		defer crash.Catch()
		for count := 1; ; count++ {
			select {
			case <-done:
				return
			case <-p.signals:
			}
			if count > 1 {
				abort(errInterrupted)
				return
			}
			if say := p.stopping.Load(); say != nil {
				(*say)()
			}
			ask(errInterrupted)
		}
	}()
	return setup.Stop{Soft: soft, Hard: hard}, func() {
		close(done)
		abort(context.Canceled)
	}
}

// noteWrite notes that something outside may be different from now on: a run that
// is asked to stop has something to end, and to report.
func (p *program) noteWrite() { p.wrote.Store(true) }

// sayStopping sets how a person is told that the run is being stopped.
func (p *program) sayStopping(say func()) { p.stopping.Store(&say) }

// interrupt asks the run to stop, as a signal does.
func (p *program) interrupt() {
	select {
	case p.signals <- os.Interrupt:
	default: // two are on their way already
	}
}

// patience is how long a run that was asked to stop may take to report that by
// itself. Its caller waits for a second.
const patience = 750 * time.Millisecond

// inTime waits for a command to end. One that was asked to stop has patience for
// that, and once something was written also the grace of its writes; after a
// second signal, patience alone. Whatever code it runs then has nothing to lose.
func (p *program) inTime(stop setup.Stop, ended <-chan int) (code int, inTime bool) {
	select {
	case code = <-ended:
		return code, true
	case <-stop.Soft.Done():
	}
	limit := time.NewTimer(patience)
	defer limit.Stop()
	hard, last := stop.Hard.Done(), false
	for {
		select {
		case code = <-ended:
			return code, true
		case <-hard:
			hard, last = nil, true
			limit.Reset(patience)
		case <-limit.C:
			if last || !p.wrote.Load() {
				return 0, false
			}
			last = true
			limit.Reset(setup.Grace)
		}
	}
}

// abandon ends the run while its command still runs. The process has to exit
// then.
func (p *program) abandon(cause error, wrote bool, out *output) int {
	out.shut.Store(true)
	p.status.shut.Store(true)
	p.status.clear()
	r := result{err: cause, stopped: cause}
	if wrote {
		r.code = exitPartial
		r.err = &problem.Error{
			Code: codeOf(cause), Reason: fmt.Sprintf("%v; what was being written may be there or not", cause), Cause: cause,
			Hints: []string{"run the same command again: it ends in the same state"},
		}
	}
	told := make(chan struct{})
	go func() {
		defer close(told)
		defer crash.Catch()
		p.restoreTerminal()
		// The command may still use p.
		last := &program{args: p.args, form: p.form, blanks: p.blanks, out: out.to, err: p.status.to, env: p.env}
		last.finish(p.command.Load(), r)
	}()
	select {
	case <-told:
	case <-time.After(patience / 5): // nobody reads it
	}
	return r.exitCode()
}

// quit ends the process wherever it is, from any goroutine, and leaves the
// terminal as it was found.
func (p *program) quit(code int) {
	p.restoreTerminal()
	child.EndAll()
	os.Exit(code)
}

func (p *program) restoreTerminal() {
	if held := p.held.Swap(nil); held != nil {
		held.Restore()
	}
}

// crashed ends the process after a panic. Nothing of the run is used that the
// panicking goroutine may hold.
func (p *program) crashed(place string) {
	p.restoreTerminal()
	time.AfterFunc(time.Second, func() { // standard error may take no more
		defer crash.Catch()
		os.Exit(exitFailed)
	})
	p.status.clear()
	fmt.Fprintf(p.status.to, "error: internal error in %s\nhint: run the same command again: it reads first what is there already\n", place)
	p.quit(exitFailed)
}
