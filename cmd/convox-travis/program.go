package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/term"

	"convox-travis/internal/pace"
	"convox-travis/tui/flow"
)

// program is what a run has of the outside. A test gives it another one.
type program struct {
	args     []string
	flags    *pflag.FlagSet // that args were parsed with, once the run has begun
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
	wizardWaits chan flow.Wait

	reach reach
	demo  bool // the world is the embedded one

	asking   atomic.Bool // the wizard's questions have the terminal
	onScreen atomic.Bool // on the full screen
	found    *term.State // of the terminal that is standard input, or nil

	// command is the one that runs, once its flags are parsed.
	command atomic.Pointer[cobra.Command]
	// signals brings what asks the run to stop, and timeout asks it to for another
	// reason.
	signals chan os.Signal
	timeout context.CancelCauseFunc
	// stopping says so to a person; a full screen says it itself.
	stopping atomic.Pointer[func()]
}

func systemProgram() *program {
	home, _ := os.UserHomeDir() // without one, nothing is found there
	cache, err := os.UserCacheDir()
	if err == nil {
		cache = filepath.Join(cache, "convox-travis")
	}
	found, _ := term.GetState(int(os.Stdin.Fd())) // nil where that is no terminal
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	outliveReaders()
	colours := term.IsTerminal(int(os.Stdout.Fd())) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
	return &program{
		colours: colours,
		in:      os.Stdin,
		out:     os.Stdout,
		err:     os.Stderr,
		typed:   term.IsTerminal(int(os.Stdin.Fd())),
		shown:   term.IsTerminal(int(os.Stderr.Fd())),
		env:     os.Getenv,
		home:    home,
		goos:    runtime.GOOS,
		dir:     ".",
		cache:   cache,
		limit:   pace.Limit{Calls: pace.TravisPosts, Per: pace.TravisWindow},
		found:   found,
		signals: signals,
	}
}
