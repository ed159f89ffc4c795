package gitrepo_test

import (
	"testing"

	"convox-travis/internal/gitrepo"
)

func TestABranchIsWhatGitTakes(t *testing.T) {
	for _, good := range []string{"main", "feature/a$b", "release-1.2", "täst", "a@b"} {
		if err := gitrepo.CheckBranch(good); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
	for _, bad := range []string{"", " main", "a b", "a\nb", "a\x1b[2J", "-x", "a..b", "a~1", "a:b", "a*", "/a", "a/", "a//b", "a.lock", "a@{1}", ".a", "a."} {
		if err := gitrepo.CheckBranch(bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}
