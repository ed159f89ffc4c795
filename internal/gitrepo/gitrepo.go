// Package gitrepo finds out which repositories a clone is: it reads the clone's remotes
// and recognizes the hosting service of each, by Travis's names
// (https://docs.travis-ci.com/user/developer/).
//
// It runs the git command (https://git-scm.com/docs), and only to read. It writes
// nothing, connects to no server, and stores no address: an address can contain a token,
// so only the host and the slug leave the package, both validated by a strict pattern.
//
// Next room: internal/child, which starts programs.
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

// The providers, as Travis spells them in a path.
const (
	GitHub    = "github"
	GitLab    = "gitlab"
	Bitbucket = "bitbucket"
	Assembla  = "assembla"
)

// Remote is a repository on a server.
type Remote struct {
	// Name is the remote's name in the clone, such as "origin". It is empty for a
	// repository that wasn't read from a clone, and for a name with characters other than
	// letters, digits, dots, slashes, dashes and underscores.
	Name string
	// Host is in lower case and without a port: "github.com". Alternative names of a
	// service, such as ssh.github.com, are replaced by the main one.
	Host string
	// Slug is "owner/name", on GitLab also "group/subgroup/name".
	Slug string
	// Provider is one of the constants, or "" for an unknown host.
	Provider string
	// Setting is the git setting that makes this a candidate, "travis.slug" or
	// "url.*.insteadOf"; "" for a remote as written.
	Setting string
}

// Source says where a candidate comes from: "remote origin".
func (r Remote) Source() string {
	remote := strings.TrimSpace("remote " + r.Name)
	switch r.Setting {
	case "":
		return remote
	case travisSlug:
		return "git config " + travisSlug
	}
	return remote + ", rewritten by git config " + r.Setting
}

// IsRemote reports whether a candidate is a remote, as written or rewritten.
func (r Remote) IsRemote() bool { return r.Setting != travisSlug }

// The settings that can name another repository than the remotes.
const (
	travisSlug = "travis.slug"
	insteadOf  = "url.*.insteadOf"
)

// Clone is a git clone.
type Clone struct {
	// Root is the top folder of the work tree, or a bare repository's own folder. It can
	// contain any character: clean it before showing it.
	Root string
	// Branch is "" if no branch is checked out, or if its name can't be shown unchanged.
	Branch string
	// Remotes are the hosted ones: the current branch's first, then origin, then by name.
	// Local paths are left out. A remote whose address is rewritten to another repository
	// by a setting counts as both.
	Remotes []Remote
	// TravisSlug is the repository set for the Travis CLI (git config travis.slug), or ""
	// if it isn't set or not a slug.
	TravisSlug string
}

// Candidates returns the repositories that this clone can be, each once: the remotes in
// order, then travis.slug if it isn't one of them. Its host is assumed to be the first
// remote's, or GitHub without a remote.
func (c Clone) Candidates() []Remote {
	var distinct []Remote
	seen := make(map[string]bool)
	for _, remote := range c.Remotes {
		if key := remote.key(); !seen[key] {
			seen[key] = true
			distinct = append(distinct, remote)
		}
	}
	if c.TravisSlug == "" || slices.ContainsFunc(distinct, c.isTravisSlug) {
		return distinct
	}
	configured := Remote{Host: "github.com", Slug: c.TravisSlug, Provider: GitHub, Setting: travisSlug}
	if len(c.Remotes) > 0 {
		configured.Host, configured.Provider = c.Remotes[0].Host, c.Remotes[0].Provider
	}
	return append(distinct, configured)
}

// Decide returns the candidate that this clone certainly is, among those that fit: the
// only one, or the only one that travis.slug names too. People see remotes but not
// settings, so if a setting names another repository than the remotes, nothing is
// decided. bySetting reports whether travis.slug was needed.
func (c Clone) Decide(fits func(Remote) bool) (decided Remote, bySetting, ok bool) {
	candidates := c.Candidates()
	if slices.ContainsFunc(candidates, func(r Remote) bool { return r.Setting != "" }) {
		return Remote{}, false, false
	}
	candidates = slices.DeleteFunc(candidates, func(r Remote) bool { return !fits(r) })
	all := len(candidates)
	if c.TravisSlug != "" {
		candidates = slices.DeleteFunc(candidates, func(r Remote) bool { return !c.isTravisSlug(r) })
	}
	if len(candidates) != 1 {
		return Remote{}, false, false
	}
	return candidates[0], all > 1, true
}

func (c Clone) isTravisSlug(r Remote) bool { return strings.EqualFold(r.Slug, c.TravisSlug) }

// key is equal for two remotes that are the same repository. Two unknown hosts are two
// services.
func (r Remote) key() string {
	service := r.Provider
	if service == "" {
		service = r.Host
	}
	return service + " " + strings.ToLower(r.Slug)
}

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
	ask := func(to *answer, arguments ...string) {
		all.Go(func() {
			defer crash.Catch()
			*to = g.ask(ctx, arguments...)
		})
	}
	all.Go(func() {
		defer crash.Catch()
		root = g.root(ctx)
	})
	ask(&head, "symbolic-ref", "--quiet", "HEAD")
	ask(&remotes, "remote", "--verbose")
	ask(&settings, "config", "--null", "--get-regexp", `^(branch\..*\.remote|remote\..*\.url|travis\.slug)$`)
	all.Wait()

	// With --quiet and --get-regexp, 1 means none.
	if err := cmp.Or(root.failure(ctx), head.failure(ctx, 1), remotes.failure(ctx), settings.failure(ctx, 1)); err != nil {
		return Clone{}, err
	}
	branch, isBranch := strings.CutPrefix(line(head.stdout), "refs/heads/")
	if !isBranch {
		branch = ""
	}
	config := parseSettings(settings.stdout)
	slug, err := ParseSlug(config[travisSlug])
	if err != nil {
		slug = ""
	}
	return Clone{
		Root:       filepath.FromSlash(line(root.stdout)),
		Branch:     printable(branch),
		Remotes:    parseRemotes(remotes.stdout, config["branch."+branch+".remote"], config),
		TravisSlug: slug,
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
