// Package child starts other programs, git and the credential programs of AWS
// profiles, so that they get nothing of ours: no piped input, no secret in
// their environment, and no life beyond the run that started them.
//
// Next room: internal/transport, on which all that talks to a server stands.
package child

import (
	"context"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"

	"golang.org/x/term"
)

// ours names the variables that hold secrets of this program alone. No other
// program needs them.
var ours = []string{"CONVOX_PASSWORD", "RACK_URL", "TRAVIS_TOKEN"}

// Environment returns environ, as NAME=value, without this program's secrets
// and without the variables that drop reports.
func Environment(environ []string, drop func(name string) bool) []string {
	return slices.DeleteFunc(slices.Clone(environ), func(variable string) bool {
		name, _, _ := strings.Cut(variable, "=")
		return isOurs(name) || drop != nil && drop(name)
	})
}

func isOurs(name string) bool {
	return slices.ContainsFunc(ours, func(own string) bool { return sameName(name, own) })
}

// System returns this process's environment for a child.
func System(drop func(name string) bool) []string { return Environment(os.Environ(), drop) }

// HideSecrets takes this program's secrets out of its own environment, where a
// library that starts a program finds it, and returns what reads it as it was.
func HideSecrets() (env func(name string) string) {
	hidden := map[string]string{}
	for _, name := range ours {
		hidden[name] = os.Getenv(name)
		_ = os.Unsetenv(name) // fails for a name that can't be one
	}
	return func(name string) string {
		if isOurs(name) {
			return hidden[strings.ToUpper(name)]
		}
		return os.Getenv(name)
	}
}

// Command prepares a program that reads nothing, has no terminal and ends with
// ctx, together with all that it started. Its environment is the given one. Run
// it with Run.
func Command(ctx context.Context, environ []string, name string, arguments ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, arguments...)
	cmd.Env = append([]string{}, environ...) // nil would be ours
	cmd.SysProcAttr = apart()
	return cmd
}

// Terminal is what a program in the foreground may ask a person with.
type Terminal struct {
	In  *os.File // a terminal that nothing else reads; nil is no input
	Err *os.File // nil shows nothing
}

// ForegroundCommand prepares a program like that of Command, but one that stays
// in this process's group, as a shell's job does: it can open the terminal, and
// Ctrl-C reaches both.
func ForegroundCommand(ctx context.Context, terminal Terminal, environ []string, name string, arguments ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, arguments...)
	cmd.Env = append([]string{}, environ...) // nil would be ours
	if terminal.In != nil {                  // a nil *os.File is no nil io.Reader
		cmd.Stdin = terminal.In
	}
	if terminal.Err != nil {
		cmd.Stderr = terminal.Err
		if !term.IsTerminal(int(terminal.Err.Fd())) { // a daemon would hold our caller's pipe open
			cmd.Stderr = struct{ io.Writer }{terminal.Err}
		}
	}
	return cmd
}

// isApart reports whether a program is one of Command.
func isApart(cmd *exec.Cmd) bool { return cmd.SysProcAttr != nil }
