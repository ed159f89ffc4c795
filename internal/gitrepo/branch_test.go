package gitrepo_test

import (
	"testing"

	"convox-travis/internal/gitrepo"
)

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
