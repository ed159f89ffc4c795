package cli

import (
	"bufio"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"convox-travis/cfn"
	"convox-travis/internal/child"
	"convox-travis/internal/convox"
	"convox-travis/internal/crash"
	"convox-travis/internal/progress"
	"convox-travis/internal/ratelimit"
	"convox-travis/internal/secret"
	"convox-travis/internal/transport"
	"convox-travis/internal/version"
	"convox-travis/travisapi"
	"convox-travis/tui"
)

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
	limit   ratelimit.Limit
	clients travisClients

	// wizardWait carries what a call waits for to the wizard; nil means standard error.
	wizardWait chan progress.Wait

	connections connections
	demo        bool // everything runs in the embedded world

	isAsking atomic.Bool // the wizard's questions own the terminal
	// heldTerminal is that terminal, until its driver has restored it.
	heldTerminal atomic.Pointer[tui.Held]

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
	colors := term.IsTerminal(int(os.Stdout.Fd())) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
	return &program{
		colors:        colors,
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
			return "", errAsking // the wizard owns the terminal
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
	ended := make(chan result, 1)
	go func() {
		defer crash.Catch()
		value, err := f()
		ended <- result{value, err}
	}()
	select {
	case <-ctx.Done():
		var none T
		return none, context.Cause(ctx)
	case r := <-ended:
		return r.value, r.err
	}
}

// travisPlace is Travis's endpoint, and what the Travis CLI has saved.
type travisPlace struct {
	endpoint string
	saved    travisapi.CLIConfig
}

// travisPlace finds the endpoint without a call. slug is the repository for which the
// Travis CLI may have saved one.
func (p *program) travisPlace(o *options, slug string) (travisPlace, error) {
	saved, err := travisapi.ReadCLIConfig(p.env, p.home)
	if err != nil && o.travisEndpoint == "" && p.env("TRAVIS_ENDPOINT") == "" {
		return travisPlace{}, err // a token may belong to the endpoint in that file
	}
	endpoint, err := travisapi.FindEndpoint(o.travisEndpoint, p.env, saved, slug)
	if err != nil {
		return travisPlace{}, usageError(err.Error(), hintsOf(err)...)
	}
	return travisPlace{endpoint: endpoint, saved: saved}, nil
}

// token is the token for the endpoint, or empty.
func (t travisPlace) token(env func(string) string) (secret.String, error) {
	token, err := travisapi.FindToken(t.endpoint, env, t.saved)
	if err != nil {
		return token, usageError(err.Error(), hintsOf(err)...)
	}
	return token, nil
}

// travisClients are the clients of this run, by endpoint and token: Travis counts and
// refuses calls by those.
type travisClients struct {
	mu     sync.Mutex
	byName map[string]*travisapi.Client
}

// travisClient returns the client for an endpoint and a token. All runs with that token
// share one pace. A client whose token was refused is replaced, since only a person
// retries that; a ban has to be waited for.
func (p *program) travisClient(endpoint string, token secret.String) (*travisapi.Client, error) {
	name := travisapi.Fingerprint(endpoint, token)
	p.clients.mu.Lock()
	defer p.clients.mu.Unlock()
	if known := p.clients.byName[name]; known != nil && (known.Refused() == nil || !travisapi.RefusedUntil(known.Refused()).IsZero()) {
		return known, nil
	}
	client, err := travisapi.New(travisapi.Config{
		Endpoint: endpoint, Token: token, UserAgent: userAgent(), HTTP: transport.NewClient(nil, p.connections.dial),
		Retry: p.connections.retry, Posts: p.posts(name).Begin, Calls: p.calls().Wait, OnWrite: p.connections.onWrite,
	})
	if err != nil {
		return nil, usageError(err.Error(), hintsOf(err)...)
	}
	if p.clients.byName == nil {
		p.clients.byName = map[string]*travisapi.Client{}
	}
	p.clients.byName[name] = client
	return client, nil
}
