// Package cli is the command line: one file for each command, with its flags; one
// result for each run, which result.go prints as text, JSON or JSON lines and turns into
// the exit code; and hints.go, which says what to do about each error.
//
// Next room: tui, where the questions are asked.
package cli

import (
	"bufio"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"convox-travis/cfn"
	"convox-travis/internal/build"
	"convox-travis/internal/child"
	"convox-travis/internal/connect"
	"convox-travis/internal/convox"
	"convox-travis/internal/crash"
	"convox-travis/internal/problem"
	"convox-travis/internal/progress"
	"convox-travis/internal/ratelimit"
	"convox-travis/internal/transport"
	"convox-travis/internal/version"
	"convox-travis/tui"
)

// playerArgument, alone, makes this process play builds; build.Player starts it.
const playerArgument = "__play"

// Run runs the program with the arguments of its process, the program's own name
// excluded, and returns the exit code. It uses the whole process: its environment, its
// standard streams and its signals.
func Run(args []string) int {
	if len(args) == 1 && args[0] == playerArgument {
		if err := build.Child(os.Stdin, os.Stdout); err != nil {
			return exitFailed
		}
		return exitDone
	}
	// net/http logs what servers send unasked and, on request, every header.
	log.SetOutput(io.Discard)
	return systemProgram().runToEnd(args)
}

// player plays builds in child processes of this program.
func player() build.Player {
	executable, err := os.Executable()
	if err != nil {
		executable = "convox-travis" // starting it says why it fails
	}
	return build.Player{Executable: executable, Arguments: []string{playerArgument}}
}

// runToEnd runs p, restores the terminal, and ends what the run started.
func (p *program) runToEnd(args []string) int {
	code := run(args, p)
	p.restoreTerminal()
	child.EndAll()
	return code
}

// program is the environment of a run. Tests replace it.
type program struct {
	args     []string
	form     string // of --json; "" without it
	in       io.Reader
	out, err io.Writer
	// status wraps err once the run has started.
	status *status
	// inIsTerminal and errIsTerminal report whether a person types into in and reads err.
	inIsTerminal, errIsTerminal bool
	// colors reports whether out is a terminal that shows colors.
	colors bool

	env  func(string) string
	home string
	goos string
	dir  string
	// cache is the folder in which this user's processes share the times of their
	// calls, or "".
	cache string
	// limit applies to POSTs to Travis.
	limit  ratelimit.Limit
	travis travisClient

	// wizardWait carries what a call waits for to the wizard; nil means standard error.
	wizardWait chan progress.Wait

	connections connections
	demo        bool // everything runs in the embedded world

	isAsking atomic.Bool // the wizard reads the terminal
	// device is that terminal, until its driver has restored it.
	device atomic.Pointer[tui.Device]

	emptyDocuments map[*cobra.Command]func() document // each command's empty document
	result         *result                            // how the command ended
	// command is the one that runs, once its flags are parsed.
	command atomic.Pointer[cobra.Command]
	// signals ask the run to stop; timeout stops it for another reason.
	signals    chan os.Signal
	timeout    context.CancelCauseFunc
	hasWritten atomic.Bool // something outside may have changed
	// stopping tells the user that the run is stopping. The full screen does that itself.
	stopping atomic.Pointer[func()]
}

// systemProgram returns the program of this process. It hides the input and the
// secrets from the programs that this process starts, also through libraries.
func systemProgram() *program {
	in := os.Stdin
	if nothing, err := os.Open(os.DevNull); err == nil {
		os.Stdin = nothing
	}
	home, _ := os.UserHomeDir() // without one, nothing is found in it
	cache, err := os.UserCacheDir()
	if err == nil {
		cache = filepath.Join(cache, "convox-travis")
	}
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, endingSignals...)
	ignoreBrokenPipe()
	return &program{
		colors:        term.IsTerminal(int(os.Stdout.Fd())) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb",
		in:            in,
		out:           os.Stdout,
		err:           os.Stderr,
		inIsTerminal:  term.IsTerminal(int(in.Fd())),
		errIsTerminal: term.IsTerminal(int(os.Stderr.Fd())),
		env:           child.HideSecrets(),
		home:          home,
		goos:          runtime.GOOS,
		dir:           ".",
		cache:         cache,
		limit:         ratelimit.Limit{Calls: ratelimit.TravisPosts, Per: ratelimit.TravisWindow},
		signals:       signals,
	}
}

// childTerminal is the terminal that a child process may ask on, or nil while our
// questions own it. Input that isn't a terminal is never the child's.
func (p *program) childTerminal() *child.Terminal {
	errs, ok := p.status.to.(*os.File)
	if !ok || p.isAsking.Load() {
		return nil
	}
	terminal := &child.Terminal{Err: errs}
	if p.inIsTerminal {
		terminal.In, _ = p.in.(*os.File)
	}
	return terminal
}

// connections is how servers are called. The zero value uses the network; the demo and the
// tests stay on this machine.
type connections struct {
	retry transport.Retry
	roots *x509.CertPool // issuers of a Console's certificate; nil means the system's
	dial  func(ctx context.Context, network, address string) (net.Conn, error)
	// terminal is for programs that sign in to AWS; nil means none.
	terminal func() *child.Terminal
	// onWrite is called before each write; it may be nil.
	onWrite func()
}

// userAgent names this program to the servers.
func userAgent() string {
	return strings.TrimSuffix("convox-travis/"+version.Read().Version, "/")
}

// checker fails with convox.CodeFingerprint alone.
func (c connections) checker(fingerprint string) (*convox.Checker, error) {
	return convox.NewChecker(convox.CheckerOptions{
		Fingerprint: fingerprint, UserAgent: userAgent(), Retry: c.retry, Roots: c.roots, DialContext: c.dial,
	})
}

// finder searches AWS with a profile. mfaCode asks for an MFA code; nil means that
// nobody can be asked.
func (c connections) finder(profile string, mfaCode func(context.Context) (string, error)) (*cfn.Finder, error) {
	return cfn.NewFinder(cfn.Options{
		Profile: profile, MFACode: mfaCode, Terminal: c.terminal, UserAgent: userAgent(), Retry: c.retry, DialContext: c.dial, OnWrite: c.onWrite,
	})
}

// mfaCode returns a function that asks for the code of an AWS profile with MFA, or nil
// without a terminal. A code works once, so it is echoed.
func (p *program) mfaCode() func(context.Context) (string, error) {
	if !p.inIsTerminal {
		return nil
	}
	return func(ctx context.Context) (string, error) {
		if p.isAsking.Load() {
			return "", errAsking
		}
		fmt.Fprint(p.err, "MFA code of the AWS profile: ")
		return p.line(ctx)
	}
}

var errAsking = errors.New("the terminal is in use")

// line reads one typed line, or until ctx ends.
func (p *program) line(ctx context.Context) (string, error) {
	return waitFor(ctx, func() (string, error) {
		text, err := bufio.NewReader(p.in).ReadString('\n')
		return strings.TrimSpace(text), err
	})
}

// waitFor returns what f returns. If ctx ends first, it returns the cause and leaves f
// running, which can't be canceled.
func waitFor[T any](ctx context.Context, f func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		defer crash.Catch()
		value, err := f()
		done <- result{value, err}
	}()
	select {
	case <-ctx.Done():
		var none T
		return none, context.Cause(ctx)
	case r := <-done:
		return r.value, r.err
	}
}

// Why a run is stopped.
var (
	errInterrupted = errors.New("interrupted")
	errTimeout     = errors.New("timed out")
)

// timeoutError is errTimeout after a limit.
func timeoutError(limit time.Duration) error {
	return &problem.Error{Code: "timeout", Reason: fmt.Sprintf("stopped after --timeout %v", limit), Cause: errTimeout}
}

// run runs the program once and returns the exit code.
func run(args []string, p *program) int {
	p.args, p.form, p.status = args, jsonForm(args), &status{to: p.err}
	debug.SetTraceback("none") // an uncaught panic prints no stack, whose values can be secrets
	crash.Handle(p.crashed)
	defer crash.Catch()
	p.err = p.status
	p.connections.retry.Tell = p.showRetry
	p.connections.terminal = p.childTerminal
	p.connections.onWrite = p.noteWrite
	stop, finish := p.watchSignals()
	defer finish()
	root := newRoot(p, &stop)
	root.SetArgs(args)
	root.SetIn(p.in)
	out := &output{to: p.out, status: p.status}
	p.out = out
	root.SetOut(out)
	root.SetErr(p.err)
	exited := make(chan int, 1)
	go func() {
		defer crash.Catch()
		cmd, err := root.ExecuteContextC(stop.Soft)
		if err != nil {
			p.result = &result{err: err}
		}
		code := exitDone // cobra prints help and completions
		if p.result != nil {
			code = p.finish(cmd, *p.result)
		}
		code = out.check(p, code)
		p.status.clear()
		exited <- code
	}()
	if code, isDone := p.await(stop, exited); isDone {
		return code
	}
	return p.abandon(context.Cause(stop.Soft), p.hasWritten.Load(), out)
}

func newRoot(p *program, stop *connect.Stop) *cobra.Command {
	var o options
	var isVersion bool
	root := p.newCommand(&cobra.Command{
		Use:   "convox-travis",
		Short: "Connect a Travis CI repository to a Convox Rack",
		Long: `Connect a Travis CI repository to a Convox Rack: a wizard verifies a credential,
and writes CONVOX_HOST and CONVOX_PASSWORD after you have confirmed.`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Example:       "  convox-travis --rack production --saved",
		Annotations:   map[string]string{helpFooter: "Docs: " + docs},
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return unknownCommand(cmd, args[0])
			}
			return nil
		},
	}, func() document { return &runDocument{} }, nil, func(context.Context, []string) result {
		if isVersion {
			return result{text: "convox-travis " + version.Read().String() + "\n"}
		}
		if err := o.check(); err != nil {
			return failure(err)
		}
		return p.wizard(*stop, &o)
	})
	o.credentialFlags(root.Flags())
	o.unverifiedFlag(root.Flags())
	o.repositoryFlags(root.Flags())
	root.Flags().Lookup("repos-from").Usage = "repositories in `FILE`, one per line" // answers come from standard input
	o.ownerFlags(root.Flags())
	o.existingFlags(root.Flags())
	o.writeFlags(root.Flags())
	o.runFlags(root.Flags())
	// cobra's own flag would ignore unexpected arguments.
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
				p.timeout(timeoutError(limit))
			})
		}
		return nil
	}
	root.SetUsageFunc(usage)
	root.SetFlagErrorFunc(flagError)
	root.AddCommand(newApply(p, stop), newRemove(p, stop), newRacks(p), newResetPassword(p, stop), newCheck(p, stop), newYML(p), newDemo(p, stop), newCompletion(p, root))
	root.AddCommand(newMan(p, root))
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetHelpCommand(newHelp())
	p.complete(root)
	return root
}

// watchSignals turns signals into a connect.Stop: the first one asks the run to
// stop, the second one aborts it.
func (p *program) watchSignals() (connect.Stop, func()) {
	p.onStopping(func() { p.say("stopping; press Ctrl-C again to quit at once") })
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
			if tell := p.stopping.Load(); tell != nil {
				(*tell)()
			}
			ask(errInterrupted)
		}
	}()
	return connect.Stop{Soft: soft, Hard: hard}, func() {
		close(done)
		abort(context.Canceled)
	}
}

// noteWrite notes that something outside may change from now on, so that a run that
// is asked to stop has something to finish and to report.
func (p *program) noteWrite() { p.hasWritten.Store(true) }

// onStopping sets how the user learns that the run is stopping.
func (p *program) onStopping(tell func()) { p.stopping.Store(&tell) }

// interrupt asks the run to stop, as a signal does.
func (p *program) interrupt() {
	select {
	case p.signals <- os.Interrupt:
	default: // two are pending already
	}
}

// patience is how long a run that was asked to stop may take to report it. The
// caller waits for a second.
const patience = 750 * time.Millisecond

// await waits for the command to end. After a request to stop it waits for patience,
// and, once something was written, for the grace of writes as well; after a second
// signal, for patience alone. isDone is false if the command is still running.
func (p *program) await(stop connect.Stop, exited <-chan int) (code int, isDone bool) {
	select {
	case code = <-exited:
		return code, true
	case <-stop.Soft.Done():
	}
	limit := time.NewTimer(patience)
	defer limit.Stop()
	hard, isLast := stop.Hard.Done(), false
	for {
		select {
		case code = <-exited:
			return code, true
		case <-hard:
			hard, isLast = nil, true
			limit.Reset(patience)
		case <-limit.C:
			if isLast || !p.hasWritten.Load() {
				return 0, false
			}
			isLast = true
			limit.Reset(connect.Grace)
		}
	}
}

// abandon reports the end of a run whose command is still running. The process has
// to exit then.
func (p *program) abandon(cause error, wrote bool, out *output) int {
	out.shut.Store(true)
	p.status.shut.Store(true)
	p.status.clear()
	r := result{err: cause, stopped: cause}
	if wrote {
		r.code = exitPartial
		r.err = &problem.Error{
			Code: codeOf(cause), Reason: fmt.Sprintf("%v; the last write may or may not have happened", cause), Cause: cause,
			Hints: []string{"run the same command again: it completes what is missing"},
		}
	}
	reported := make(chan struct{})
	go func() {
		defer close(reported)
		defer crash.Catch()
		p.restoreTerminal()
		// The command may still use p.
		last := &program{args: p.args, form: p.form, emptyDocuments: p.emptyDocuments, out: out.to, err: p.status.to, env: p.env}
		last.finish(p.command.Load(), r)
	}()
	select {
	case <-reported:
	case <-time.After(patience / 5): // nobody reads the output
	}
	return r.exitCode()
}

func (p *program) restoreTerminal() {
	if device := p.device.Swap(nil); device != nil {
		device.Restore()
	}
}

// crashed ends the process after a panic. It uses nothing that the panicking
// goroutine may hold.
func (p *program) crashed(place string) {
	p.restoreTerminal()
	time.AfterFunc(time.Second, func() { // standard error may block
		defer crash.Catch()
		os.Exit(exitFailed)
	})
	p.status.clear()
	fmt.Fprintf(p.status.to, "error: internal error in %s\nhint: run the same command again: it reads what exists before it writes\n", place)
	child.EndAll()
	os.Exit(exitFailed)
}
