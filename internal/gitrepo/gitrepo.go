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
	"slices"
	"strings"
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
