package gitrepo_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"convox-travis/internal/gitrepo"
)

const file = ".travis.yml"

// commit commits a text as file, or its absence where the text is "".
func commit(t *testing.T, dir, text string) {
	t.Helper()
	name := filepath.Join(dir, file)
	if text == "" {
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
	} else if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, dir, "add", "--all")
	run(t, dir, "commit", "--quiet", "--allow-empty", "-m", "change")
}

func history(t *testing.T, dir string, commits int) string {
	t.Helper()
	versions, err := open(t, dir).History(t.Context(), file, commits)
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	for _, v := range versions {
		texts = append(texts, v.Text)
		run(t, dir, "cat-file", "-e", v.Commit+"^{commit}")
	}
	return strings.Join(texts, "|")
}

func TestTheLastVersionsOfAFileAreReadNewestFirst(t *testing.T) {
	dir := clone(t)
	for _, text := range []string{"one", "two\nlines\n", "", "three", "one"} {
		commit(t, dir, text)
	}
	if got := history(t, dir, 50); got != "one|three|two\nlines\n" {
		t.Errorf("got %q", got)
	}
	if got := history(t, dir, 2); got != "one|three" {
		t.Errorf("of two commits: got %q", got)
	}
	deep := filepath.Join(dir, "deep")
	if err := os.Mkdir(deep, 0o755); err != nil {
		t.Fatal(err)
	}
	if got := history(t, deep, 1); got != "one" {
		t.Errorf("from a subfolder: got %q", got)
	}
}

func TestAVersionOfABranchThatWasMergedIsRead(t *testing.T) {
	dir := clone(t)
	commit(t, dir, "plain")
	run(t, dir, "checkout", "--quiet", "-b", "topic")
	commit(t, dir, "with a secret")
	commit(t, dir, "plain")
	run(t, dir, "checkout", "--quiet", "main")
	run(t, dir, "merge", "--quiet", "--no-ff", "-m", "merge", "topic")
	if got := history(t, dir, 50); got != "plain|with a secret" {
		t.Errorf("got %q", got)
	}
}

func TestACloneWithoutACommitOrTheFileHasNoHistory(t *testing.T) {
	dir := clone(t)
	if got := history(t, dir, 50); got != "" {
		t.Errorf("got %q", got)
	}
	run(t, dir, "commit", "--quiet", "--allow-empty", "-m", "first")
	if got := history(t, dir, 50); got != "" {
		t.Errorf("got %q", got)
	}
}

func TestAHistoryRunsNoProgramThatTheCloneNames(t *testing.T) {
	dir := clone(t)
	commit(t, dir, "one")
	trap := filepath.Join(t.TempDir(), "ran")
	script := filepath.Join(dir, "trap.sh")
	if err := os.WriteFile(script, []byte("#!/bin/sh\ntouch '"+trap+"'\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, setting := range []string{"gpg.program", "core.pager", "diff.external", "core.sshCommand", "diff.evil.textconv", "filter.evil.smudge"} {
		run(t, dir, "config", setting, script)
	}
	run(t, dir, "config", "log.showSignature", "true")
	attributes := filepath.Join(dir, ".git", "info", "attributes")
	if err := os.WriteFile(attributes, []byte("* diff=evil filter=evil\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := history(t, dir, 50); got != "one" {
		t.Errorf("got %q", got)
	}
	if _, err := os.Stat(trap); err == nil {
		t.Error("a program that the clone names was run")
	}
}

func TestAPartialCloneFetchesNothing(t *testing.T) {
	dir := clone(t)
	commit(t, dir, "one")
	commit(t, dir, "two")
	run(t, dir, "config", "uploadpack.allowFilter", "true")
	partial := filepath.Join(filepath.Dir(dir), "partial")
	run(t, "", "clone", "--quiet", "--filter=blob:none", "file://"+dir, partial)
	if got := history(t, partial, 50); got != "two" {
		t.Errorf("got %q: the older version is not in the clone", got)
	}
}

func TestAHistoryThatTakesTooLongIsWhatWasTold(t *testing.T) {
	dir := clone(t)
	commit(t, dir, "one")
	versions, err := gitrepo.HistoryWithin(open(t, dir), t.Context(), file, 50, time.Nanosecond)
	if err != nil || len(versions) != 0 {
		t.Errorf("got %v and %v", versions, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := open(t, dir).History(ctx, file, 50); err == nil {
		t.Error("a run that was stopped has a history")
	}
}

func TestALargeHistoryIsCutOff(t *testing.T) {
	dir := clone(t)
	commit(t, dir, strings.Repeat("old\n", 3<<20))
	commit(t, dir, strings.Repeat("new\n", 3<<20))
	if got := history(t, dir, 50); !strings.HasPrefix(got, "new") || strings.Contains(got, "old") {
		t.Errorf("got %d bytes", len(got))
	}
}

func TestABranchIsWhatGitTakes(t *testing.T) {
	for _, good := range []string{"main", "feature/a$b", "release-1.2", "täst", "a@b", "refs", "heads/a", "original/a"} {
		if err := gitrepo.CheckBranch(good); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
	for _, bad := range []string{"", " main", "a b", "a\nb", "a\x1b[2J", "-x", "a..b", "a~1", "a:b", "a*", "/a", "a/", "a//b", "a.lock", "a@{1}", ".a", "a.", "refs/heads/main", "refs/tags/v1", "origin/main", "remotes/origin/main"} {
		if err := gitrepo.CheckBranch(bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

func TestBranchesAreListedOnceWithThoseOfTheRemote(t *testing.T) {
	dir := t.TempDir()
	for _, args := range [][]string{
		{"init", "-q", "-b", "main"},
		{"-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "-q", "--allow-empty", "-m", "one"},
		{"update-ref", "refs/remotes/origin/main", "HEAD"},
		{"update-ref", "refs/remotes/origin/release/2", "HEAD"},
		{"symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main"},
		{"update-ref", "refs/remotes/fork/theirs", "HEAD"},
		{"branch", "topic"},
	} {
		run(t, dir, args...)
	}
	all := gitrepo.Branches(t.Context(), dir)
	slices.Sort(all)
	if want := []string{"main", "release/2", "topic"}; !slices.Equal(all, want) {
		t.Errorf("%q, not %q", all, want)
	}
	if all := gitrepo.Branches(t.Context(), t.TempDir()); len(all) > 0 {
		t.Errorf("outside of a clone there is %q", all)
	}
}

func TestTheDefaultBranchIsTheOneThatOriginIsOn(t *testing.T) {
	dir := clone(t)
	if branch := gitrepo.DefaultBranch(t.Context(), dir); branch != "" {
		t.Errorf("without an origin it is %q", branch)
	}
	run(t, dir, "symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/trunk/main")
	if branch := gitrepo.DefaultBranch(t.Context(), dir); branch != "trunk/main" {
		t.Errorf("it is %q", branch)
	}
	if branch := gitrepo.DefaultBranch(t.Context(), t.TempDir()); branch != "" {
		t.Errorf("outside of a clone it is %q", branch)
	}
}
