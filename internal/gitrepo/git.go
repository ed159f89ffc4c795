package gitrepo

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// git is the git command, in a folder.
type git struct {
	program string
	dir     string
}

// answer is what git said.
type answer struct {
	command string
	text    string // standard output
	words   string // standard error; never shown: it can quote an address
	status  int    // of the process, when err is nil
	err     error  // there was no process, or it was killed
}

// leftBehind is how long the answer is waited for after git has ended, or was
// killed: a process that it left behind can hold the pipes open. On a busy
// machine the reading itself can take a part of it.
const leftBehind = time.Second

// ask runs one command of git. No shell is involved, nothing is asked of the
// person, and git's words are the same in every language.
func (g git) ask(ctx context.Context, arguments ...string) answer {
	var text, words bytes.Buffer
	command := g.command(ctx, arguments...)
	command.Stdout, command.Stderr = &text, &words
	status, err := run(ctx, command)
	return answer{command: "git " + arguments[0], text: text.String(), words: words.String(), status: status, err: err}
}

func (g git) command(ctx context.Context, arguments ...string) *exec.Cmd {
	command := exec.CommandContext(ctx, g.program, arguments...)
	command.Dir = g.dir
	command.Env = append(os.Environ(), "LC_ALL=C", "GIT_TERMINAL_PROMPT=0", "GIT_OPTIONAL_LOCKS=0")
	command.WaitDelay = leftBehind
	return command
}

// run returns the status with which a command ended, or why it did not.
func run(ctx context.Context, command *exec.Cmd) (status int, err error) {
	err = command.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && ctx.Err() == nil {
		return exit.ExitCode(), nil
	}
	return 0, err
}

// root asks for the top folder. A bare repository has no work tree: there its
// own folder is asked for.
func (g git) root(ctx context.Context) answer {
	top := g.ask(ctx, "rev-parse", "--show-toplevel")
	if strings.Contains(top.words, "must be run in a work tree") {
		return g.ask(ctx, "rev-parse", "--absolute-git-dir")
	}
	return top
}

// failure returns nil for status 0 and those that are fine too.
func (a answer) failure(ctx context.Context, fine ...int) error {
	switch {
	case a.err == nil && (a.status == 0 || slices.Contains(fine, a.status)):
		return nil
	case a.err != nil && ctx.Err() != nil:
		return &Error{message: "read the clone: " + a.command + " did not finish", code: "git_unfinished", hints: []string{nameIt}, cause: context.Cause(ctx)}
	case strings.Contains(a.words, "dubious ownership"), strings.Contains(a.words, "unsafe repository"):
		return &OwnershipError{folder: trusted(a.words)}
	case strings.Contains(a.words, "not a git repository"):
		return ErrNoClone
	case strings.Contains(a.words, "xcode-select:"), strings.Contains(a.words, "xcrun:"):
		return ErrNoGit // macOS has a git that only offers to install git
	}
	return &Error{message: "read the clone: " + a.command + " failed", code: "git_failed", hints: []string{"run it here yourself to see why", nameIt}}
}

// trusted finds the folder in the command that git proposes, which names the
// clone's top as git will compare it.
func trusted(words string) string {
	_, rest, _ := strings.Cut(words, "safe.directory ")
	folder, _, _ := strings.Cut(rest, "\n")
	return shown(strings.TrimSuffix(folder, "\r"))
}
