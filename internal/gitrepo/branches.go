package gitrepo

import (
	"context"
	"os/exec"
	"slices"
	"strings"
)

// mostBranches that are listed.
const mostBranches = 1000

// Branches are those of the clone that folder is in, and of its remote origin as
// it was when it was fetched last: each once, the one that was committed to last
// first. Those whose names Travis could not be given are left out; where git
// cannot tell there are none.
func Branches(ctx context.Context, folder string) (all []string) {
	program, err := exec.LookPath("git")
	if err != nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, deadline)
	defer cancel()
	found := git{program, folder}.ask(ctx, "for-each-ref", "--sort=-committerdate", "--format=%(refname)", "refs/heads", "refs/remotes/origin")
	if found.err != nil || found.status != 0 {
		return nil
	}
	for name := range strings.Lines(found.text) {
		name = strings.TrimPrefix(strings.TrimSpace(name), "refs/heads/")
		name = strings.TrimPrefix(name, "refs/remotes/origin/")
		if name == "HEAD" || CheckBranch(name) != nil || slices.Contains(all, name) {
			continue
		}
		if all = append(all, name); len(all) == mostBranches {
			break
		}
	}
	return all
}
