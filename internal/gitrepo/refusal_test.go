package gitrepo_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"convox-travis/internal/gitrepo"
	"convox-travis/internal/problem"
	"convox-travis/internal/secret/secrettest"
)

// The test's own program plays a git that misbehaves.
func TestMain(m *testing.M) {
	switch os.Getenv("PLAY_GIT") {
	case "":
		os.Exit(m.Run())
	case "hang":
		time.Sleep(time.Minute) // it is killed
	case "linger": // a process of its own keeps the pipe open for a while
		child := exec.Command(os.Args[0])
		child.Env, child.Stdout = append(os.Environ(), "PLAY_GIT=stay"), os.Stdout
		if err := child.Start(); err != nil {
			panic(err)
		}
	case "stay":
		time.Sleep(300 * time.Millisecond)
	case "record":
		file, err := os.OpenFile(os.Getenv("PLAY_GIT_RECORD"), os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			panic(err)
		}
		fmt.Fprintln(file, strings.Join(os.Args[1:], " "), os.Getenv("LC_ALL"), os.Getenv("GIT_TERMINAL_PROMPT"), os.Getenv("GIT_OPTIONAL_LOCKS"))
	default:
		fmt.Fprintln(os.Stderr, os.Getenv("PLAY_GIT"))
		os.Exit(128)
	}
}

// play puts a git on PATH that does nothing but play its part.
func play(t *testing.T, part string) {
	t.Helper()
	person(t)
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir, name := t.TempDir(), "git"
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	if err := os.Symlink(program, filepath.Join(dir, name)); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir)
	t.Setenv("PLAY_GIT", part)
}

func TestOutsideAClone(t *testing.T) {
	dir := person(t)
	if _, err := gitrepo.Open(t.Context(), dir); codeOf(err) != gitrepo.CodeNoClone {
		t.Errorf("got %v", err)
	}
}

func TestWithoutGit(t *testing.T) {
	dir := clone(t)
	t.Setenv("PATH", t.TempDir())
	if _, err := gitrepo.Open(t.Context(), dir); codeOf(err) != gitrepo.CodeNoGit {
		t.Errorf("got %v", err)
	}
}

func TestAGitThatOnlyOffersToInstallGitIsNone(t *testing.T) {
	play(t, "xcode-select: note: No developer tools were found, requesting install.")
	if _, err := gitrepo.Open(t.Context(), ""); codeOf(err) != gitrepo.CodeNoGit {
		t.Errorf("got %v", err)
	}
}

func TestACloneOfAnotherUserIsRefusedWithWhatGitProposes(t *testing.T) {
	dir := clone(t, "remote add origin git@github.com:acme/api.git")
	t.Setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
	_, err := gitrepo.Open(t.Context(), dir)
	if codeOf(err) != gitrepo.CodeOwnership {
		t.Fatalf("got %v", err)
	}
	want := "trust it with: git config --global --add safe.directory " + dir
	if hints := problem.Of(err).Hints; !slices.Contains(hints, want) {
		t.Errorf("the hints are %q", hints)
	}
}

func TestTheHintOfAnotherUsersCloneSteersNoTerminal(t *testing.T) {
	play(t, "fatal: detected dubious ownership in repository at '/x'\n\n\tgit config --global --add safe.directory /\x1b[31mx\n")
	_, err := gitrepo.Open(t.Context(), "")
	if codeOf(err) != gitrepo.CodeOwnership || !strings.HasSuffix(problem.Of(err).Hints[0], " safe.directory FOLDER") {
		t.Errorf("got %v", err)
	}
}

func TestAFailureOfGitIsToldWithoutItsWords(t *testing.T) {
	play(t, "fatal: bad address https://"+secrettest.Canary+"@github.com/acme/api")
	_, err := gitrepo.Open(t.Context(), "")
	if codeOf(err) != "git_failed" || !strings.Contains(err.Error(), "git rev-parse") {
		t.Errorf("got %v", err)
	}
	secrettest.Absent(t, "the error", printed(err)+printed(errors.Unwrap(err)))
}

func TestAMissingFolderIsAnError(t *testing.T) {
	if _, err := gitrepo.Open(t.Context(), filepath.Join(person(t), "none")); codeOf(err) != "git_failed" {
		t.Errorf("got %v", err)
	}
}

func TestAGitThatHangsIsGivenUp(t *testing.T) {
	play(t, "hang")
	_, err := gitrepo.OpenWithin(t.Context(), "", 50*time.Millisecond)
	if codeOf(err) != "git_unfinished" || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("after the limit: got %v", err)
	}
	stop := errors.New("interrupted")
	ctx, cancel := context.WithCancelCause(t.Context())
	time.AfterFunc(20*time.Millisecond, func() { cancel(stop) })
	if _, err := gitrepo.Open(ctx, ""); codeOf(err) != "git_unfinished" || !errors.Is(err, stop) {
		t.Errorf("interrupted: got %v", err)
	}
}

func TestAnAnswerMayEndLaterThanGit(t *testing.T) {
	play(t, "linger")
	if _, err := gitrepo.Open(t.Context(), ""); err != nil {
		t.Error(err)
	}
}

func TestGitIsAskedFewThingsAndAsksNothing(t *testing.T) {
	play(t, "record")
	record := filepath.Join(t.TempDir(), "record")
	if err := os.WriteFile(record, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PLAY_GIT_RECORD", record)
	open(t, "")
	text, err := os.ReadFile(record)
	if err != nil {
		t.Fatal(err)
	}
	asked := strings.Split(strings.TrimSpace(string(text)), "\n")
	if len(asked) != 4 {
		t.Errorf("git was started %d times", len(asked))
	}
	for _, line := range asked {
		if !strings.HasSuffix(line, " C 0 0") {
			t.Errorf("git was asked %q", line)
		}
	}
}
