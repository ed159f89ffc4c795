package gitrepo

import (
	"cmp"
	"context"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"convox-travis/internal/crash"
	"convox-travis/internal/problem"
)

const deadline = 5 * time.Second // for all git commands; a clone on a sleeping network drive hangs

// Open reads the clone that dir is in; "" is the current folder. GIT_DIR and the other
// variables that say where a clone is apply as for git itself; those that configure git
// don't. It takes at most 6 seconds.
func Open(ctx context.Context, dir string) (Clone, error) {
	return openWithin(ctx, dir, deadline)
}

func openWithin(ctx context.Context, dir string, limit time.Duration) (Clone, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, limit, &problem.Error{Reason: "not within " + limit.String(), Cause: context.DeadlineExceeded})
	defer cancel()

	g := git{dir}
	var root, head, remotes, settings answer
	var all sync.WaitGroup
	all.Go(func() {
		defer crash.Catch()
		root = g.root(ctx)
	})
	all.Go(func() {
		defer crash.Catch()
		head = g.ask(ctx, "symbolic-ref", "--quiet", "HEAD")
	})
	all.Go(func() {
		defer crash.Catch()
		remotes = g.ask(ctx, "remote", "--verbose")
	})
	all.Go(func() {
		defer crash.Catch()
		settings = g.ask(ctx, "config", "--null", "--get-regexp", `^(branch\..*\.remote|remote\..*\.url|travis\.slug)$`)
	})
	all.Wait()

	if err := root.failure(ctx); err != nil {
		return Clone{}, err
	}
	// With --quiet and --get-regexp, 1 means none.
	if err := head.failure(ctx, 1); err != nil {
		return Clone{}, err
	}
	if err := remotes.failure(ctx); err != nil {
		return Clone{}, err
	}
	if err := settings.failure(ctx, 1); err != nil {
		return Clone{}, err
	}
	branch, found := strings.CutPrefix(line(head.text), "refs/heads/")
	if !found {
		branch = ""
	}
	config := parseSettings(settings.text)
	return Clone{
		Root:       filepath.FromSlash(line(root.text)),
		Branch:     printable(branch),
		Remotes:    parseRemotes(remotes.text, config["branch."+branch+".remote"], config),
		TravisSlug: slugOrNone(config[travisSlug]),
	}, nil
}

// line removes the line break that git adds to its answer, and nothing else: a folder's
// name can end in one too.
func line(text string) string {
	return strings.TrimSuffix(strings.TrimSuffix(text, "\n"), "\r")
}

// printable returns text if all of it can be printed, otherwise "".
func printable(text string) string {
	unprintable := func(r rune) bool { return !unicode.IsPrint(r) }
	if !utf8.ValidString(text) || strings.ContainsFunc(text, unprintable) {
		return ""
	}
	return text
}

func slugOrNone(text string) string {
	slug, err := ParseSlug(text)
	if err != nil {
		return ""
	}
	return slug
}

// parseRemotes reads the output of git remote --verbose, after the settings that rewrite
// addresses (url.*.insteadOf). config has the addresses as written: one that is another
// repository of a known service comes first. first is the remote to list first.
//
// A branch can also follow an address without a remote. That is usually somebody else's
// fork, checked out for review, so it isn't a candidate.
func parseRemotes(text, first string, config map[string]string) []Remote {
	addresses := make(map[string]string)
	for entry := range strings.Lines(text) {
		name, rest, _ := strings.Cut(entry, "\t")
		// In a partial clone the filter follows.
		end := strings.LastIndex(rest, " (fetch)")
		if _, known := addresses[name]; end >= 0 && !known {
			addresses[name] = rest[:end]
		}
	}
	rank := func(name string) int {
		return slices.Index([]string{first, "origin", name}, name)
	}
	names := slices.SortedFunc(maps.Keys(addresses), func(a, b string) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a, b))
	})
	var remotes []Remote
	for _, name := range names {
		remote, err := ParseRemote(addresses[name])
		if err != nil {
			continue
		}
		if isPlain(name, "._-/") {
			remote.Name = name
		}
		if written, err := ParseRemote(config["remote."+name+".url"]); err == nil && written.Provider != "" && written.key() != remote.key() {
			written.Name, remote.Setting = remote.Name, insteadOf
			remotes = append(remotes, written)
		}
		remotes = append(remotes, remote)
	}
	return remotes
}

// parseSettings reads the answer of git config --null: names and values. The
// last value of a name counts, but of a remote's addresses the first.
func parseSettings(text string) map[string]string {
	settings := make(map[string]string)
	for entry := range strings.SplitSeq(text, "\x00") {
		name, value, _ := strings.Cut(entry, "\n")
		if _, known := settings[name]; known && strings.HasPrefix(name, "remote.") {
			continue
		}
		settings[name] = value
	}
	return settings
}
