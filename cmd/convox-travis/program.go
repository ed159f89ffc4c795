package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"sync/atomic"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"convox-travis/internal/child"
	"convox-travis/internal/pace"
	"convox-travis/internal/progress"
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
	limit   pace.Limit
	clients travisClients

	// wizardWaits carries what a call waits for to the wizard; nil means standard error.
	wizardWaits chan progress.Wait

	reach reach
	demo  bool // everything runs in the embedded world

	asking atomic.Bool // the wizard's questions own the terminal
	// held is that terminal, until its driver has restored it.
	held atomic.Pointer[tui.Held]

	blanks map[*cobra.Command]func() document // each command's empty document
	ended  *result                            // how the command ended
	// command is the one that runs, once its flags are parsed.
	command atomic.Pointer[cobra.Command]
	// signals ask the run to stop; timeout stops it for another reason.
	signals chan os.Signal
	timeout context.CancelCauseFunc
	wrote   atomic.Bool // something outside may have changed
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
	outliveReaders()
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
		limit:         pace.Limit{Calls: pace.TravisPosts, Per: pace.TravisWindow},
		signals:       signals,
	}
}

// childTerminal is the terminal that a child process may ask on, or nil while our
// questions own it. Input that isn't a terminal is never the child's.
func (p *program) childTerminal() *child.Terminal {
	errs, ok := p.status.to.(*os.File)
	if !ok || p.asking.Load() {
		return nil
	}
	terminal := &child.Terminal{Err: errs}
	if p.inIsTerminal {
		terminal.In, _ = p.in.(*os.File)
	}
	return terminal
}
