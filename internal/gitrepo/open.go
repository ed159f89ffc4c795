package gitrepo

import (
	"context"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"convox-travis/internal/crash"
)

const deadline = 5 * time.Second // for all of git; a clone on a sleeping network drive hangs

// Open reads the clone that dir is in; "" is the current folder. GIT_DIR and the
// other variables that say where a clone is count as they do for git itself, those
// that configure git don't. Errors: ErrNoClone, ErrNoGit, *OwnershipError, or an *Error, which
// wraps the cause of ctx when that ended first. It takes 6 seconds at most.
func Open(ctx context.Context, dir string) (Clone, error) {
	return openWithin(ctx, dir, deadline)
}

func openWithin(ctx context.Context, dir string, limit time.Duration) (Clone, error) {
	program, err := exec.LookPath("git")
	if err != nil {
		return Clone{}, ErrNoGit
	}
	ctx, cancel := context.WithTimeoutCause(ctx, limit, tooSlow{limit})
	defer cancel()

	g := git{program: program, dir: dir}
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
	// With --quiet and --get-regexp, 1 means that there is none.
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
		Branch:     shown(branch),
		Remotes:    parseRemotes(remotes.text, config["branch."+branch+".remote"], config),
		TravisSlug: slugOrNone(config[travisSlug]),
	}, nil
}

// tooSlow says how long git was waited for.
type tooSlow struct{ limit time.Duration }

func (t tooSlow) Error() string { return "not within " + t.limit.String() }
func (tooSlow) Unwrap() error   { return context.DeadlineExceeded }

// line cuts the line ending that git puts after its answer, and no more: a
// folder's name may end in one too.
func line(text string) string {
	return strings.TrimSuffix(strings.TrimSuffix(text, "\n"), "\r")
}

// shown returns text when all of it can be printed, else "".
func shown(text string) string {
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
