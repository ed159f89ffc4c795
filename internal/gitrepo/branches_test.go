package gitrepo_test

import (
	"slices"
	"testing"

	"convox-travis/internal/gitrepo"
)

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
