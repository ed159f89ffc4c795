package gitrepo

import (
	"cmp"
	"context"
	"errors"
	"os"
	"os/exec"
	"slices"
	"strings"

	"convox-travis/internal/child"
	"convox-travis/internal/problem"
)

// answerBytes limits an answer: 5,000 remotes, or 15,000 branches. Real ones have a few
// hundred bytes.
const answerBytes = 1 << 20

// git is the git command, in a folder.
type git struct{ dir string }

// answer is the result of a git command.
type answer struct {
	command string
	stdout  string
	stderr  string // never shown: it can quote an address
	isCut   bool   // there was more text
	status  int    // of the process, when err is nil
	err     error  // there was no process, or it was killed
}

// ask runs a git command. No shell is involved, and git's messages are in English.
func (g git) ask(ctx context.Context, arguments ...string) answer {
	return g.askAbout(ctx, "", answerBytes, arguments...)
}

// askAbout is ask with standard input and its own limit.
func (g git) askAbout(ctx context.Context, input string, limit int, arguments ...string) answer {
	stdout, stderr := child.Buffer{Most: limit}, child.Buffer{Most: answerBytes}
	command := g.command(ctx, arguments...)
	if input != "" {
		command.Stdin = strings.NewReader(input)
	}
	command.Stdout, command.Stderr = &stdout, &stderr
	a := answer{command: "git " + arguments[0], err: child.Run(command)}
	a.stdout, a.stderr, a.isCut = string(stdout.Text), string(stderr.Text), stdout.IsFull || stderr.IsFull
	if exit, ok := errors.AsType[*exec.ExitError](a.err); ok && ctx.Err() == nil {
		a.status, a.err = exit.ExitCode(), nil
	}
	return a
}

// output is the standard output of a git command that has succeeded, or whose output is
// truncated; otherwise "".
func (g git) output(ctx context.Context, arguments ...string) string {
	ctx, cancel := context.WithTimeout(ctx, deadline)
	defer cancel()
	a := g.ask(ctx, arguments...)
	if !a.isCut && (a.err != nil || a.status != 0) {
		return ""
	}
	return a.stdout
}

// settings override the configuration of the clone and the person: no pager, no hook, no
// file watcher.
var settings = []string{"--no-pager", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=" + os.DevNull}

// variables are git's environment: it prompts for nothing, takes no locks, writes no
// logs, and fetches nothing. Git before 2.45 doesn't support GIT_NO_LAZY_FETCH and starts
// to fetch what a partial clone lacks; without an allowed protocol that fails before
// anything runs.
var variables = []string{
	"LC_ALL=C", "GIT_TERMINAL_PROMPT=0", "GIT_OPTIONAL_LOCKS=0",
	"GIT_NO_LAZY_FETCH=1", "GIT_ALLOW_PROTOCOL=none",
	"GIT_TRACE2=0", "GIT_TRACE2_EVENT=0", "GIT_TRACE2_PERF=0",
}

// places are the variables that say where the clone is, as git passes them to a hook.
// Every other GIT_ variable configures git, or makes it run or write something.
var places = []string{
	"GIT_DIR", "GIT_COMMON_DIR", "GIT_WORK_TREE", "GIT_CEILING_DIRECTORIES", "GIT_DISCOVERY_ACROSS_FILESYSTEM",
	"GIT_TEST_ASSUME_DIFFERENT_OWNER", // makes git stricter
}

// isDropped reports whether git doesn't get a variable: it needs nothing of AWS, and of
// its own variables only places. Windows ignores the case of names.
func isDropped(name string) bool {
	name = strings.ToUpper(name)
	return strings.HasPrefix(name, "AWS_") || name == "SSH_ASKPASS" || strings.HasPrefix(name, "GIT_") && !slices.Contains(places, name)
}

// command prepares git so that it can't fetch and runs nothing that the clone or the
// environment configures.
func (g git) command(ctx context.Context, arguments ...string) *exec.Cmd {
	environ := append(child.System(isDropped), variables...)
	command := child.Command(ctx, environ, "git", slices.Concat(settings, arguments)...)
	command.Dir = g.dir
	return command
}

// root asks for the top folder. A bare repository has no work tree, so for that it asks
// for the repository's own folder.
func (g git) root(ctx context.Context) answer {
	top := g.ask(ctx, "rev-parse", "--show-toplevel")
	if strings.Contains(top.stderr, "must be run in a work tree") {
		return g.ask(ctx, "rev-parse", "--absolute-git-dir")
	}
	return top
}

// The codes of Open's errors.
const (
	CodeNoClone    = "no_clone"          // nothing can be read: the repository can still be asked for
	CodeNoGit      = "no_git"            // like CodeNoClone
	CodeOwnership  = "dubious_ownership" // the clone belongs to another user, so git doesn't read it
	CodeFailed     = "git_failed"
	CodeUnfinished = "git_unfinished" // Cause is that of the context
)

// cloneError is the error for a clone. It quotes neither addresses nor git's output,
// which can contain a token.
func cloneError(code, why string, hints ...string) *problem.Error {
	return &problem.Error{Code: code, Action: "read the clone", Reason: why, Hints: hints}
}

// failure returns nil for status 0 and the other successful ones.
func (a answer) failure(ctx context.Context, fine ...int) error {
	switch {
	case a.isCut:
		return cloneError(CodeFailed, a.command+" answers with more than 1 MiB", "run it yourself to see what it lists")
	case a.err == nil && (a.status == 0 || slices.Contains(fine, a.status)):
		return nil
	case a.err != nil && ctx.Err() != nil:
		e := cloneError(CodeUnfinished, a.command+" didn't finish: "+context.Cause(ctx).Error())
		e.Cause = context.Cause(ctx)
		return e
	case strings.Contains(a.stderr, "dubious ownership"), strings.Contains(a.stderr, "unsafe repository"):
		// https://git-scm.com/docs/git-config#Documentation/git-config.txt-safedirectory
		return cloneError(CodeOwnership, "its folder belongs to another user, so git doesn't trust it",
			"trust it with: git config --global --add safe.directory "+cmp.Or(proposedFolder(a.stderr), "FOLDER"))
	case strings.Contains(a.stderr, "not a git repository"):
		return &problem.Error{Code: CodeNoClone, Reason: "not inside a git clone"}
	case errors.Is(a.err, exec.ErrNotFound), strings.Contains(a.stderr, "xcode-select:"), strings.Contains(a.stderr, "xcrun:"): // macOS has a stub that only offers to install git
		return &problem.Error{
			Code: CodeNoGit, Reason: "git is not installed, or not on PATH",
			Hints: []string{"install git (https://git-scm.com/downloads)"},
		}
	}
	return cloneError(CodeFailed, a.command+" failed", "run it yourself to see why")
}

// proposedFolder returns the clone's top folder from the command that git proposes,
// quoted for a shell, in the form in which git will compare it; "" if it can't be shown.
func proposedFolder(stderr string) string {
	_, rest, _ := strings.Cut(stderr, "safe.directory ")
	folder, _, _ := strings.Cut(rest, "\n")
	return printable(strings.TrimSuffix(folder, "\r"))
}
