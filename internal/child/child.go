// Package child starts other programs, git and the credential programs of AWS profiles,
// with nothing of ours: no piped input, no secret in their environment, and no life
// beyond the run that started them.
//
// Next room: internal/transport, the base of every connection.
package child

import (
	"context"
	"errors"
	"io"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"time"

	"convox-travis/internal/crash"

	"golang.org/x/term"
)

// secrets are the variables that hold this program's own secrets. No other program needs
// them.
var secrets = []string{"CONVOX_PASSWORD", "RACK_URL", "TRAVIS_TOKEN"}

// System returns this process's environment for a child, as NAME=value, without this
// program's secrets and the variables to drop.
func System(drop func(name string) bool) []string {
	return slices.DeleteFunc(os.Environ(), func(variable string) bool {
		name, _, _ := strings.Cut(variable, "=")
		return isOurs(name) || drop != nil && drop(name)
	})
}

func isOurs(name string) bool {
	return slices.ContainsFunc(secrets, func(secret string) bool { return sameName(name, secret) })
}

// HideSecrets removes this program's secrets from its own environment, which libraries
// pass on to programs, and returns a function that reads the original environment.
func HideSecrets() (env func(name string) string) {
	hidden := map[string]string{}
	for _, name := range secrets {
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

// outputGrace is how long output is read after a program has ended: a daemon that it
// started can keep the pipe open, and reading can lag on a busy machine.
const outputGrace = time.Second

var errOver = errors.New("no more programs are started")

// running are the programs of this process, with what closes when each ends.
var running = struct {
	sync.Mutex
	trees map[*tree]chan struct{}
	over  bool // EndAll was called
}{trees: map[*tree]chan struct{}{}}

// foreground is locked by the program that may ask, so that no two ask at once.
var foreground sync.Mutex

// Run runs a program of Command or ForegroundCommand to its end. It then kills what the
// program left behind and restores the terminal's state. A daemon, which is an orphan
// with its own session, stays; its output isn't waited for. The error is that of
// exec.Cmd.Run. If Stdout or Stderr fails, the program is killed.
func Run(cmd *exec.Cmd) error {
	restore := func() {}
	if !isApart(cmd) {
		foreground.Lock()
		defer foreground.Unlock()
		restore = keepTerminal(cmd)
	}
	t := newTree(cmd)
	for _, stream := range []*io.Writer{&cmd.Stdout, &cmd.Stderr} {
		if _, isFile := (*stream).(*os.File); !isFile && *stream != nil {
			*stream = output{*stream, t}
		}
	}
	cmd.WaitDelay = outputGrace
	if err := start(cmd, t); err != nil {
		return err
	}
	err := cmd.Wait()
	t.end()
	restore()
	finish(t)
	if errors.Is(err, exec.ErrWaitDelay) {
		return nil
	}
	return err
}

// output kills a program when its writer fails.
type output struct {
	io.Writer
	t *tree
}

// Write implements io.Writer.
func (o output) Write(text []byte) (int, error) {
	defer crash.Catch()
	n, err := o.Writer.Write(text)
	if err != nil {
		o.t.end()
	}
	return n, err
}

func start(cmd *exec.Cmd, t *tree) error {
	running.Lock()
	defer running.Unlock()
	if running.over {
		return errOver
	}
	cmd.Cancel = func() error {
		t.end()
		return nil
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	t.started()
	running.trees[t] = make(chan struct{})
	return nil
}

func finish(t *tree) {
	running.Lock()
	defer running.Unlock()
	close(running.trees[t])
	delete(running.trees, t)
}

// EndAll kills all running programs and everything they started, and prevents new ones
// from starting. Call it at the end of this process. It takes at most a second.
func EndAll() {
	running.Lock()
	running.over = true
	trees := maps.Clone(running.trees)
	running.Unlock()
	for t := range trees {
		t.end()
	}
	late := time.After(outputGrace)
	for _, ended := range trees {
		select {
		case <-ended:
		case <-late:
			return
		}
	}
}
