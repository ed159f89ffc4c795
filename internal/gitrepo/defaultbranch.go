package gitrepo

import (
	"context"
	"os/exec"
	"strings"
)

// DefaultBranch returns the branch that the clone's origin is on, as git noted it
// when it cloned (https://git-scm.com/docs/git-remote#Documentation/git-remote.txt-set-head);
// "" where that is not known.
func DefaultBranch(ctx context.Context, folder string) string {
	program, err := exec.LookPath("git")
	if err != nil {
		return ""
	}
	ctx, cancel := context.WithTimeout(ctx, deadline)
	defer cancel()
	found := git{program, folder}.ask(ctx, "symbolic-ref", "--short", "refs/remotes/origin/HEAD")
	branch, ours := strings.CutPrefix(strings.TrimSpace(found.text), "origin/")
	if found.err != nil || found.status != 0 || !ours || CheckBranch(branch) != nil {
		return ""
	}
	return branch
}
