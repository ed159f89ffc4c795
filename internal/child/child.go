// Package child starts other programs, git and the credential programs of AWS
// profiles, so that they get nothing of ours: no standard input, no secret in
// their environment, and no life beyond the run that started them.
//
// Next room: internal/transport, on which all that talks to a server stands.
package child

import (
	"context"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// ours names the variables that hold secrets of this program alone. No other
// program needs them.
var ours = []string{"CONVOX_PASSWORD", "RACK_URL", "TRAVIS_TOKEN"}

// Environment returns environ, as NAME=value, without this program's secrets
// and without the variables that drop reports.
func Environment(environ []string, drop func(name string) bool) []string {
	return slices.DeleteFunc(slices.Clone(environ), func(variable string) bool {
		name, _, _ := strings.Cut(variable, "=")
		return slices.ContainsFunc(ours, func(own string) bool { return sameName(name, own) }) || drop != nil && drop(name)
	})
}

// afterEnd is how long output is read after a program has ended: what it
// started can hold the pipe open, and on a busy machine reading takes a moment.
const afterEnd = time.Second

// Command prepares a program that reads nothing, has no terminal and ends with
// ctx, together with all that it started. Its environment is the given one. Run
// it with Run.
func Command(ctx context.Context, environ []string, name string, arguments ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, arguments...)
	cmd.Env = environ
	cmd.SysProcAttr = apart()
	cmd.Cancel = func() error { return endAll(cmd.Process) }
	cmd.WaitDelay = afterEnd
	return cmd
}

// Run runs a program of Command to its end and then ends what it left behind.
// Its error is that of exec.Cmd.Run.
func Run(cmd *exec.Cmd) error {
	if err := cmd.Start(); err != nil {
		return err
	}
	err := cmd.Wait()
	_ = endAll(cmd.Process) // usually nothing is left
	return err
}

// System returns this process's environment for a child.
func System(drop func(name string) bool) []string { return Environment(os.Environ(), drop) }
