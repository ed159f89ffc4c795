package gitrepo

import (
	"bufio"
	"context"
	"io"
	"strconv"
	"strings"
	"time"
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
		if strings.Contains(listed.words, "bad revision") || strings.Contains(listed.words, "unknown revision") {
			return nil, nil // a branch without commits
		}
		if err := listed.failure(ctx); err != nil {
			return nil, err
		}
	}
	var hashes []string
	var asked strings.Builder
	for line := range strings.Lines(listed.text) {
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
	return parseBatch(read.text, hashes), nil
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
