package gitrepo_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"convox-travis/internal/gitrepo"
)

// person gives the test a git without the settings of the person who runs it,
// and a folder of its own that is inside no clone.
func person(t testing.TB) string {
	t.Helper()
	for _, entry := range os.Environ() {
		if name, _, _ := strings.Cut(entry, "="); strings.HasPrefix(name, "GIT_") {
			t.Setenv(name, "") // so that the test's end puts it back
			if err := os.Unsetenv(name); err != nil {
				t.Fatal(err)
			}
		}
	}
	home, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("HOME", home)
	t.Setenv("XDG_CONFIG_HOME", home)
	t.Setenv("GIT_CONFIG_GLOBAL", os.DevNull)
	t.Setenv("GIT_CONFIG_NOSYSTEM", "1")
	t.Setenv("GIT_CEILING_DIRECTORIES", home)
	t.Setenv("GIT_AUTHOR_NAME", "Test")
	t.Setenv("GIT_AUTHOR_EMAIL", "test@example.com")
	t.Setenv("GIT_COMMITTER_NAME", "Test")
	t.Setenv("GIT_COMMITTER_EMAIL", "test@example.com")
	return home
}

// clone makes a clone on branch main without a commit, and runs git in it with
// each line's words.
func clone(t testing.TB, lines ...string) string {
	t.Helper()
	dir := filepath.Join(person(t), "api")
	run(t, "", "init", "--quiet", dir)
	run(t, dir, "symbolic-ref", "HEAD", "refs/heads/main")
	for _, line := range lines {
		run(t, dir, strings.Fields(line)...)
	}
	return dir
}

func run(t testing.TB, dir string, arguments ...string) {
	t.Helper()
	command := exec.Command("git", arguments...)
	command.Dir = dir
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("git %s: %v\n%s", arguments[0], err, out)
	}
}

func open(t testing.TB, dir string) gitrepo.Clone {
	t.Helper()
	got, err := gitrepo.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func names(remotes []gitrepo.Remote) string {
	var all []string
	for _, remote := range remotes {
		all = append(all, remote.Name+"="+remote.Slug)
	}
	return strings.Join(all, " ")
}
