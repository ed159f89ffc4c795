package gitrepo

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"convox-travis/internal/problem"
)

const longestBranch = 250 // bytes; file systems allow no longer name

// refPrefixes are what git puts before a branch's name, and Travis doesn't: no build has
// such a branch.
var refPrefixes = regexp.MustCompile(`^refs/|^(?:remotes/)?origin/`)

// CheckBranch rejects names that git doesn't allow for a branch
// (https://git-scm.com/docs/git-check-ref-format), and whole references such as
// refs/heads/main and origin/main. Its error doesn't quote the text.
func CheckBranch(text string) error {
	strange := func(r rune) bool {
		return unicode.IsSpace(r) || !unicode.IsPrint(r) || strings.ContainsRune(`~^:?*[\`, r)
	}
	switch {
	case text == "", len(text) > longestBranch, !utf8.ValidString(text), strings.ContainsFunc(text, strange), strings.HasPrefix(text, "-"),
		strings.Contains(text, ".."), strings.Contains(text, "@{"), strings.Contains(text, "//"),
		strings.Trim(text, "/.") != text, strings.HasSuffix(text, ".lock"):
		return &problem.Error{
			Code: "bad_branch", Action: "read the branch", Reason: "not a valid branch name",
			Hints: []string{"write it as git branch shows it"},
		}
	}
	if refPrefixes.MatchString(text) {
		return &problem.Error{
			Code: "bad_branch", Action: "read the branch", Reason: "Travis knows branches by their name alone",
			Hints: []string{"leave out what git puts before the name, such as refs/heads/ or origin/"},
		}
	}
	return nil
}

// mostBranches limits the list.
const mostBranches = 1000

// Branches lists the branches of the clone that folder is in, and of its remote origin as
// last fetched: each once, by name, the clone's own first. Names that Travis doesn't
// accept are left out; if git fails, the list is empty. No commit is read: a partial
// clone may lack it.
func Branches(ctx context.Context, folder string) (all []string) {
	ctx, cancel := context.WithTimeout(ctx, deadline)
	defer cancel()
	found := git{folder}.ask(ctx, "for-each-ref", "--format=%(refname)", "refs/heads", "refs/remotes/origin")
	if !found.isCut && (found.err != nil || found.status != 0) {
		return nil
	}
	for name := range strings.Lines(found.text) {
		name, isWhole := strings.CutSuffix(name, "\n")
		if !isWhole { // the answer was truncated there
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

// Files lists the committed or added files of the clone that folder is in, below folder
// and relative to it, that match one of the patterns
// (https://git-scm.com/docs/gitglossary#Documentation/gitglossary.txt-pathspec); none if
// git fails.
func Files(ctx context.Context, folder string, patterns ...string) []string {
	ctx, cancel := context.WithTimeout(ctx, deadline)
	defer cancel()
	found := git{folder}.ask(ctx, append([]string{"ls-files", "-z", "--"}, patterns...)...)
	if found.err != nil || found.status != 0 {
		return nil
	}
	return strings.FieldsFunc(found.text, func(r rune) bool { return r == 0 })
}

// DefaultBranch returns the branch of the clone's origin, as git noted it when it cloned
// (https://git-scm.com/docs/git-remote#Documentation/git-remote.txt-set-head); "" if
// unknown.
func DefaultBranch(ctx context.Context, folder string) string {
	ctx, cancel := context.WithTimeout(ctx, deadline)
	defer cancel()
	found := git{folder}.ask(ctx, "symbolic-ref", "--short", "refs/remotes/origin/HEAD")
	branch, ours := strings.CutPrefix(strings.TrimSpace(found.text), "origin/")
	if found.err != nil || found.status != 0 || !ours || CheckBranch(branch) != nil {
		return ""
	}
	return branch
}
