package gitrepo_test

import (
	"testing"

	"convox-travis/internal/gitrepo"
)

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
