// Package child starts other programs, git and the credential programs of AWS profiles,
// with nothing of ours: no piped input, no secret in their environment, and no life
// beyond the run that started them.
//
// Next room: internal/transport, the base of every connection.
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

// ours are the variables that hold this program's own secrets. No other program needs
// them.
var ours = []string{"CONVOX_PASSWORD", "RACK_URL", "TRAVIS_TOKEN"}

// System returns this process's environment for a child, as NAME=value, without this
// program's secrets and the variables to drop.
func System(drop func(name string) bool) []string {
	return slices.DeleteFunc(os.Environ(), func(variable string) bool {
		name, _, _ := strings.Cut(variable, "=")
		return isOurs(name) || drop != nil && drop(name)
	})
}

func isOurs(name string) bool {
	return slices.ContainsFunc(ours, func(own string) bool { return sameName(name, own) })
}

// HideSecrets removes this program's secrets from its own environment, which libraries
// pass on to programs, and returns a function that reads the original environment.
func HideSecrets() (env func(name string) string) {
	hidden := map[string]string{}
	for _, name := range ours {
		hidden[name] = os.Getenv(name)
		_ = os.Unsetenv(name) // fails only for an invalid name
	}
	return func(name string) string {
		if isOurs(name) {
			return hidden[strings.ToUpper(name)]
		}
		return os.Getenv(name)
	}
}

// Command prepares a program that gets no input and no terminal, and ends with ctx, as
// does everything it started. env is its environment. Run it with Run.
func Command(ctx context.Context, environ []string, name string, arguments ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, arguments...)
	cmd.Env = append([]string{}, environ...) // nil would pass on ours
	cmd.SysProcAttr = apart()
	return cmd
}

// Terminal is how a program in the foreground may ask a person.
type Terminal struct {
	In  *os.File // a terminal that nothing else reads; nil is no input
	Err *os.File // nil shows nothing
}

// ForegroundCommand is Command for a program that stays in this process's group, like a
// shell's job: it can open the terminal, and Ctrl-C reaches both.
func ForegroundCommand(ctx context.Context, terminal Terminal, environ []string, name string, arguments ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, arguments...)
	cmd.Env = append([]string{}, environ...) // nil would pass on ours
	if terminal.In != nil {                  // a nil *os.File isn't a nil io.Reader
		cmd.Stdin = terminal.In
	}
	if terminal.Err != nil {
		cmd.Stderr = terminal.Err
		if !term.IsTerminal(int(terminal.Err.Fd())) { // a daemon would keep our caller's pipe open
			cmd.Stderr = struct{ io.Writer }{terminal.Err}
		}
	}
	return cmd
}

// isApart reports whether a program was prepared by Command.
func isApart(cmd *exec.Cmd) bool { return cmd.SysProcAttr != nil }

// Buffer stores the beginning of a program's output, and then fails it. It embeds no
// buffer, because ReadFrom would bypass the limit.
type Buffer struct {
	Most   int // bytes
	Text   []byte
	IsFull bool
}

// Write implements io.Writer.
func (b *Buffer) Write(text []byte) (int, error) {
	room := min(len(text), b.Most-len(b.Text))
	b.Text = append(b.Text, text[:room]...)
	if room < len(text) {
		b.IsFull = true
		return room, io.ErrShortWrite
	}
	return room, nil
}
