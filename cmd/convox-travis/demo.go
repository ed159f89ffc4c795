package main

import (
	"context"
	"fmt"

	"al.essio.dev/pkg/shellescape"
	"github.com/spf13/cobra"

	"convox-travis/internal/demo"
)

func newDemo(p *program) *cobra.Command {
	var options demo.Options
	var serve bool
	cmd := &cobra.Command{
		Use:   "demo --serve",
		Short: "Serve a small Travis, AWS, Rack and Console to try it on",
		Long: `Start a small Travis, AWS, Rack and Console on loopback, print the settings that
lead any client into them, then the line "# ready", and serve until interrupted.
Nothing outside this machine is reached, and nothing is kept.`,
		Example: `  convox-travis demo --serve > demo.env
  convox-travis demo --serve --latency 50ms --repos 10000 --stacks 2000`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch {
			case !serve:
				return &usageError{what: "demo is given with --serve", hints: []string{"convox-travis demo --serve"}}
			case options.Latency < 0 || options.Repositories < 0 || options.Stacks < 0:
				return &usageError{what: "--latency, --repos and --stacks are not below zero", hints: []string{"leave them away for the usual world"}}
			}
			return p.serveDemo(cmd.Context(), options)
		},
	}
	flags := cmd.Flags()
	flags.BoolVar(&serve, "serve", false, "serve until interrupted")
	flags.DurationVar(&options.Latency, "latency", 0, "delay every answer by `TIME`, such as 50ms")
	flags.IntVar(&options.Repositories, "repos", 0, "make `N` repositories at the least (default: 30)")
	flags.IntVar(&options.Stacks, "stacks", 0, "add `N` stacks that are no Racks")
	return cmd
}

func (p *program) serveDemo(ctx context.Context, options demo.Options) error {
	world, err := demo.Start(options)
	if err != nil {
		return &usageError{what: "the demo cannot be started: there is no free port or no temporary folder", hints: []string{"set TMPDIR to a folder that can be written"}}
	}
	defer func() { _ = world.Close() }() // the temporary folder may be gone already
	for _, setting := range world.Settings() {
		fmt.Fprintf(p.out, "export %s=%s\n", setting.Name, shellescape.Quote(setting.Value))
	}
	fmt.Fprintln(p.out, "# ready")
	<-ctx.Done()
	return context.Cause(ctx)
}
