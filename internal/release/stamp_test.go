package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// inRepository moves to the root of a new repository, and gives what runs git
// there.
func inRepository(t *testing.T) func(args ...string) {
	t.Helper()
	t.Chdir(t.TempDir())
	t.Setenv("GIT_CONFIG_GLOBAL", os.DevNull)
	t.Setenv("GIT_CONFIG_NOSYSTEM", "1")
	t.Setenv("GIT_COMMITTER_DATE", "2026-11-20T13:00:00+02:00")
	in := func(args ...string) {
		t.Helper()
		if out, err := exec.Command("git", args...).CombinedOutput(); err != nil {
			t.Fatalf("git %s: %v: %s", args[0], err, out)
		}
	}
	in("init", "-q")
	in("config", "user.name", "ann")
	in("config", "user.email", "ann@example.com")
	return in
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestTheStampIsOfTheCommitAndOfNothingElse(t *testing.T) {
	in := inRepository(t)
	want := func(version string) {
		t.Helper()
		s, err := readStamp()
		if err != nil || s.version != version || len(s.commit) != 40 || s.date.String() != "2026-11-20 11:00:00 +0000 UTC" {
			t.Errorf("%+v, %v; want %s", s, err, version)
		}
	}
	in("commit", "-q", "--allow-empty", "-m", "one")
	want("0.0.0-20261120110000")
	in("tag", "nightly")
	want("0.0.0-20261120110000")
	in("tag", "v1.2.3")
	want("1.2.3")
	write(t, "more.go", "package main\n")
	want("1.2.3-changed")
	in("add", "more.go")
	in("commit", "-q", "-m", "two")
	want("0.0.0-20261120110000")
}

func TestSourceWithoutAHistoryOfItsOwnHasNoStamp(t *testing.T) {
	in := inRepository(t)
	write(t, ".gitignore", "unpacked/\n")
	in("add", ".")
	in("commit", "-q", "-m", "another program")
	write(t, "unpacked/go.mod", "module convox-travis\n")
	t.Chdir("unpacked")
	if s, err := readStamp(); !errors.Is(err, errNoClone) || !strings.Contains(err.Error(), "unpacked/") {
		t.Errorf("of another repository there is %+v, %v", s, err)
	}
	t.Chdir(t.TempDir())
	if s, err := readStamp(); !errors.Is(err, errNoClone) || !strings.Contains(err.Error(), "fatal: ") {
		t.Errorf("without a repository there is %+v, %v", s, err)
	}
}
