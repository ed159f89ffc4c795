package cli

import (
	"context"
	"fmt"
	"os"
	"time"

	"al.essio.dev/pkg/shellescape"
	"github.com/spf13/cobra"

	"convox-travis/internal/connect"
	"convox-travis/internal/demo"
	"convox-travis/tui/flow"
)

func newDemo(p *program, stop *connect.Stop) *cobra.Command {
	var o options
	var world demo.Options
	var serve bool
	cmd := p.newCommand(&cobra.Command{
		Use:   "demo",
		Short: "Try the wizard with servers on this machine",
		Long: `Run the wizard against a small Travis, AWS, Rack and Console on this machine, in
a clone in a temporary folder. It uses nothing else, and nothing remains.

With --serve, it prints the settings with which any client uses these servers,
then the line "# ready", and serves until Ctrl-C. It then exits with code 0.`,
		Example: `  convox-travis demo
  convox-travis demo --serve > demo.env
  convox-travis demo --serve --latency 50ms --repos 10000 --stacks 2000`,
		Args: noArguments,
	}, nil, nil, func(context.Context, []string) result {
		p.noteWrite() // the world has to be removed
		if serve {
			return failure(p.serveDemo(stop.Soft, world))
		}
		return p.runDemo(*stop, &o, world)
	})
	flags := cmd.Flags()
	flags.BoolVar(&serve, "serve", false, "serve any client until Ctrl-C, without the wizard")
	o.accessibleFlag(flags)
	flags.DurationVar(&world.Pace, "pace", 600*time.Millisecond, "let each change in AWS take `TIME`")
	flags.DurationVar(&world.Latency, "latency", 0, "delay every answer by `TIME`, such as 50ms")
	flags.IntVar(&world.Repositories, "repos", 0, "create at least `N` repositories (default: 30)")
	flags.IntVar(&world.Stacks, "stacks", 0, "add `N` stacks that aren't Racks")
	return cmd
}

var errNoDemo = usageError("can't start the demo: there is no free port or no temporary folder",
	"set TMPDIR to a writable folder")

func (p *program) serveDemo(ctx context.Context, options demo.Options) error {
	world, err := demo.Start(options)
	if err != nil {
		return errNoDemo
	}
	defer func() { _ = world.Close() }() // the temporary folder may be gone already
	for _, setting := range world.Settings() {
		fmt.Fprintf(p.out, "export %s=%s\n", setting.Name, shellescape.Quote(setting.Value))
	}
	p.onStopping(func() {}) // that is how it ends
	if _, err := fmt.Fprintln(p.out, "# ready"); err != nil {
		return errOutput
	}
	<-ctx.Done()
	return nil
}

// runDemo runs the wizard in a world of its own.
func (p *program) runDemo(stop connect.Stop, o *options, options demo.Options) result {
	if !p.isPlain(o) && !(p.inIsTerminal && p.errIsTerminal) {
		return failure(usageError("the wizard needs a terminal", "in a script, run convox-travis demo --serve"))
	}
	// The secrets are short, and shown on the screen.
	options.RackPassword, options.DeployKey, options.RealHosts = "demo-password", "demo-key", true
	world, err := demo.Start(options)
	if err != nil {
		return failure(errNoDemo)
	}
	defer func() { _ = world.Close() }() // the temporary folder may be gone already
	if p.home, err = world.Home(); err != nil {
		return failure(errNoDemo)
	}
	if err := p.useWorld(world); err != nil {
		return failure(errNoDemo)
	}
	if p.dir, err = world.Clone(stop.Soft); err != nil { // git reads the new environment
		return failure(errNoDemo)
	}
	outside := p.outside(o, &wizardAWS{options: o, connections: p.connections}, p.repositoriesOnce(stop.Soft, o))
	tip, back := "Press Enter six times to see it work. Also try", "Esc"
	if p.isPlain(o) { // there, the review needs a yes
		tip, back = "Try", "<"
	}
	outside.Tip = func(step string) string {
		return map[string]string{
			flow.StepSignIn:   tip + " the deploy key " + options.DeployKey + ", the lost password of Rack reports, and several repositories (" + back + " at the review).",
			flow.StepKey:      "In this demo: " + options.DeployKey,
			flow.StepPassword: "In this demo: " + options.RackPassword + ", for production",
			flow.StepHost:     "In this demo: " + world.Rack.Host,
		}[step]
	}
	f := flow.New(outside, flow.Given{})
	r := p.wizardResult(o, f, p.drive(stop, o, f))
	r.lasting = append(r.lasting, "the demo is over: the commands it showed don't work without its servers", "to set up a real repository, run convox-travis inside its clone")
	return r
}

// demoVariables are the environment variables that the demo may see: where programs and
// temporary files are, and what the terminal can do.
var demoVariables = []string{
	"PATH", "PATHEXT", "SYSTEMROOT", "TMPDIR", "TEMP", "TMP", "TERM", "COLORTERM", "TERM_PROGRAM", "NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE",
	"ACCESSIBLE", "LANG", "LC_ALL", "LC_CTYPE", "COLUMNS", "LINES", "TMUX", "TZ",
}

// useWorld replaces this process's environment by the world's, because libraries read
// it.
func (p *program) useWorld(world *demo.World) error {
	var settings []demo.Setting
	for _, name := range demoVariables {
		if value, set := os.LookupEnv(name); set {
			settings = append(settings, demo.Setting{Name: name, Value: value})
		}
	}
	os.Clearenv()
	settings = append(settings, world.Settings()...)
	for _, setting := range append(settings,
		demo.Setting{Name: "HOME", Value: p.home}, demo.Setting{Name: "USERPROFILE", Value: p.home},
		demo.Setting{Name: "GIT_CONFIG_NOSYSTEM", Value: "1"}, demo.Setting{Name: "AWS_EC2_METADATA_DISABLED", Value: "true"},
		demo.Setting{Name: "AWS_CONFIG_FILE", Value: os.DevNull}, demo.Setting{Name: "AWS_SHARED_CREDENTIALS_FILE", Value: os.DevNull}) {
		if err := os.Setenv(setting.Name, setting.Value); err != nil {
			return err
		}
	}
	p.goos = "linux" // the home has its paths
	p.env, p.cache, p.demo = os.Getenv, "", true
	p.connections.dial = world.Dial
	return nil
}
