package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"convox-travis/internal/setup"
)

// Why a run ends before its end.
var (
	errInterrupted = errors.New("interrupted")
	errTimeout     = errors.New("the time given with --timeout is over")
)

// run is one run of the program; it returns the exit code.
func run(args []string, p *program) int {
	stop, finish := p.stop()
	defer finish()
	root := newRoot(p, &stop)
	root.SetArgs(args)
	root.SetIn(p.in)
	root.SetOut(p.out)
	root.SetErr(p.err)
	return p.exit(root.ExecuteContext(stop.Soft))
}

func newRoot(p *program, stop *setup.Stop) *cobra.Command {
	root := &cobra.Command{
		Use:   "convox-travis",
		Short: "Connect a Travis CI repository to a Convox Rack",
		Long: `convox-travis writes CONVOX_HOST and CONVOX_PASSWORD as private variables into
the settings of a Travis CI repository, so that its builds can run
"convox deploy". No credential is written before the Rack or Console has
accepted it.`,
		Version:       version(),
		SilenceErrors: true,
		SilenceUsage:  true,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return &usageError{what: "there is no such command", hints: []string{"convox-travis --help lists the commands"}}
			}
			return nil
		},
		RunE: func(*cobra.Command, []string) error {
			return &usageError{what: "no command was given", hints: []string{"convox-travis apply --help", "convox-travis --help lists the commands"}}
		},
	}
	root.SetVersionTemplate("convox-travis {{.Version}}\n")
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return flagError(err) })
	root.AddCommand(newApply(p, stop), newRemove(p, stop), newRacks(p), newDemo(p))
	return root
}

// stop turns signals into a setup.Stop: the first one asks, the second one
// ends everything at once.
func (p *program) stop() (setup.Stop, func()) {
	hard, abort := context.WithCancelCause(context.Background())
	soft, ask := context.WithCancelCause(hard)
	done := make(chan struct{})
	go func() {
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
			fmt.Fprintln(p.err, "stopping; a second Ctrl-C leaves at once")
			ask(errInterrupted)
		}
	}()
	return setup.Stop{Soft: soft, Hard: hard}, func() {
		close(done)
		abort(context.Canceled)
	}
}

// withTimeout ends a run softly after d; 0 is never.
func withTimeout(stop setup.Stop, d time.Duration) (setup.Stop, context.CancelFunc) {
	if d <= 0 {
		return stop, func() {}
	}
	soft, cancel := context.WithTimeoutCause(stop.Soft, d, errTimeout)
	return setup.Stop{Soft: soft, Hard: stop.Hard}, cancel
}
