package gitrepo

import (
	"context"
	"os/exec"
	"slices"
	"strings"
)

// mostBranches that are listed.
const mostBranches = 1000

// Branches lists the branches of the clone that folder is in, and of its remote
// origin as last fetched: each once, by name, the clone's own first. Names that
// Travis doesn't take are left out; where git can't tell there are none. No commit
// is read: a partial clone may lack it.
func Branches(ctx context.Context, folder string) (all []string) {
	program, err := exec.LookPath("git")
	if err != nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, deadline)
	defer cancel()
	found := git{program, folder}.ask(ctx, "for-each-ref", "--format=%(refname)", "refs/heads", "refs/remotes/origin")
	if !found.isCut && (found.err != nil || found.status != 0) {
		return nil
	}
	for name := range strings.Lines(found.text) {
		name, isWhole := strings.CutSuffix(name, "\n")
		if !isWhole { // the answer was cut there
			break
		}
		name = strings.TrimPrefix(name, "refs/heads/")
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
