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

// program is what a run has of the outside. A test gives it another one.
type program struct {
	args     []string
	form     string // of --json, "" for none
	in       io.Reader
	out, err io.Writer
	// status is err, once it runs.
	status *status
	// typed reports whether a person sits at in; shown, whether one looks at err.
	typed, shown bool
	// colours reports whether out shows colours to a person.
	colours bool

	env  func(string) string
	home string
	goos string
	dir  string
	// cache is the folder in which the processes of this person share the times
	// of their calls, or "".
	cache string
	// limit is that of Travis's POSTs.
	limit pace.Limit
	// clients are those of Travis that were made, by whose they are.
	clients travisClients

	// wizardWaits takes what a call waits for to where the wizard asks; nil is
	// standard error.
	wizardWaits chan progress.Wait

	reach reach
	demo  bool // the world is the embedded one

	asking atomic.Bool // the wizard's questions have the terminal
	// held is that terminal, until its driver has restored it.
	held atomic.Pointer[tui.Held]

	blanks map[*cobra.Command]func() document // of the commands
	ended  *result                            // of the command, once it ended
	// command is the one that runs, once its flags are parsed.
	command atomic.Pointer[cobra.Command]
	// signals brings what asks the run to stop, and timeout asks it to for another
	// reason.
	signals chan os.Signal
	timeout context.CancelCauseFunc
	wrote   atomic.Bool // something outside may be different from before the run
	// stopping says so to a person; a full screen says it itself.
	stopping atomic.Pointer[func()]
}

// systemProgram takes what is the program's own out of this process: what
// starts another program finds no input and no secret, libraries included.
func systemProgram() *program {
	in := os.Stdin
	if nothing, err := os.Open(os.DevNull); err == nil {
		os.Stdin = nothing
	}
	home, _ := os.UserHomeDir() // without one, nothing is found there
	cache, err := os.UserCacheDir()
	if err == nil {
		cache = filepath.Join(cache, "convox-travis")
	}
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, endingSignals...)
	outliveReaders()
	colours := term.IsTerminal(int(os.Stdout.Fd())) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
	return &program{
		colours: colours,
		in:      in,
		out:     os.Stdout,
		err:     os.Stderr,
		typed:   term.IsTerminal(int(in.Fd())),
		shown:   term.IsTerminal(int(os.Stderr.Fd())),
		env:     child.HideSecrets(),
		home:    home,
		goos:    runtime.GOOS,
		dir:     ".",
		cache:   cache,
		limit:   pace.Limit{Calls: pace.TravisPosts, Per: pace.TravisWindow},
		signals: signals,
	}
}

// childTerminal is what a program that is started now may ask a person with, or
// nil while our questions have the terminal. Input that is no terminal is ours.
func (p *program) childTerminal() *child.Terminal {
	errs, ok := p.status.to.(*os.File)
	if !ok || p.asking.Load() {
		return nil
	}
	terminal := &child.Terminal{Err: errs}
	if p.typed {
		terminal.In, _ = p.in.(*os.File)
	}
	return terminal
}
