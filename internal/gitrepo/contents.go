package gitrepo

import (
	"bufio"
	"context"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"convox-travis/internal/problem"
)

const (
	historyTime  = 5 * time.Second // a long history without a commit graph takes minutes
	historyBytes = 16 << 20        // for all versions together
	hashLetters  = "0123456789abcdef"
	shortHash    = 10 // letters; enough for the largest repositories
)

// Version is a file as of a commit.
type Version struct {
	Commit string // its hash, abbreviated
	Text   string
}

// History returns the versions of a file of the top folder, newest first, each text once,
// limited by a number of commits, 5 seconds and 16 MiB of text. It reads only what is in
// the clone: git fetches nothing. Without a commit it returns none.
func (c Clone) History(ctx context.Context, file string, commits int) ([]Version, error) {
	return c.historyWithin(ctx, file, commits, historyTime)
}

func (c Clone) historyWithin(ctx context.Context, file string, commits int, limit time.Duration) ([]Version, error) {
	limited, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	g := git{c.Root}

	// rev-list and cat-file are plumbing: no setting of the clone makes them run a
	// program, as log does for signatures. Objects that a partial clone left on its
	// server (https://git-scm.com/docs/partial-clone) are missing.
	listed := g.ask(limited, "rev-list", "--full-history", "--max-count="+strconv.Itoa(commits), "HEAD", "--", file)
	if ctx.Err() == nil && limited.Err() == nil {
		if strings.Contains(listed.stderr, "bad revision") || strings.Contains(listed.stderr, "unknown revision") {
			return nil, nil // a branch without commits
		}
		if err := listed.failure(ctx); err != nil {
			return nil, err
		}
	}
	var hashes []string
	var asked strings.Builder
	for line := range strings.Lines(listed.stdout) {
		hash, whole := strings.CutSuffix(line, "\n") // the last line may be truncated
		if whole && len(hash) >= shortHash && strings.Trim(hash, hashLetters) == "" {
			hashes = append(hashes, hash)
			asked.WriteString(hash + ":" + file + "\n")
		}
	}
	if ctx.Err() != nil {
		return nil, listed.failure(ctx)
	}
	if len(hashes) == 0 {
		return nil, nil
	}
	// If time ran out, there is still a moment to read the output.
	reading, end := context.WithTimeout(ctx, limit)
	defer end()
	read := g.askAbout(reading, asked.String(), historyBytes, "cat-file", "--batch")
	if ctx.Err() != nil {
		return nil, read.failure(ctx)
	}
	return parseBatch(read.stdout, hashes), nil
}

// parseBatch reads the output of git cat-file --batch: a line per requested object,
// followed by the object if it exists. It ends where the text was truncated.
func parseBatch(text string, hashes []string) []Version {
	var versions []Version
	seen := make(map[string]bool)
	from := bufio.NewReader(strings.NewReader(text))
	for _, hash := range hashes {
		line, err := from.ReadString('\n')
		if err != nil {
			break
		}
		words := strings.Fields(line)
		if len(words) != 3 || words[1] == "missing" {
			continue // the commit deletes the file
		}
		size, err := strconv.Atoi(words[2])
		if err != nil || size < 0 || size > historyBytes {
			break
		}
		body := make([]byte, size+1) // a line break follows
		if _, err := io.ReadFull(from, body); err != nil {
			break
		}
		if words[1] == "blob" && !seen[words[0]] {
			seen[words[0]] = true
			versions = append(versions, Version{Commit: hash[:shortHash], Text: string(body[:size])})
		}
	}
	return versions
}

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
	for name := range strings.Lines(git{folder}.output(ctx, "for-each-ref", "--format=%(refname)", "refs/heads", "refs/remotes/origin")) {
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
	found := git{folder}.output(ctx, append([]string{"ls-files", "-z", "--"}, patterns...)...)
	return strings.FieldsFunc(found, func(r rune) bool { return r == 0 })
}

// DefaultBranch returns the branch of the clone's origin, as git noted it when it cloned
// (https://git-scm.com/docs/git-remote#Documentation/git-remote.txt-set-head); "" if
// unknown.
func DefaultBranch(ctx context.Context, folder string) string {
	found := git{folder}.output(ctx, "symbolic-ref", "--short", "refs/remotes/origin/HEAD")
	branch, isOrigins := strings.CutPrefix(strings.TrimSpace(found), "origin/")
	if !isOrigins || CheckBranch(branch) != nil {
		return ""
	}
	return branch
}
