// Package gitrepo tells which repositories a clone is: it reads the clone's
// remotes and knows which hosting service each of them is on, in the words of
// Travis (https://docs.travis-ci.com/user/developer/).
//
// It asks the git command (https://git-scm.com/docs) and only reads. It writes
// nothing, talks to no server, and keeps no address: an address can carry a
// token, so only the host and the slug leave the package, both held against a
// strict pattern.
//
// Next room: internal/child, for the programs that are started.
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
	// Name is the remote's name in the clone, such as "origin". It is empty for
	// a repository that was not read from a clone, and for a name that is not
	// plain letters, digits, dots, slashes, dashes and underscores.
	Name string
	// Host is in lower case and without a port: "github.com". A service's other
	// names, such as ssh.github.com, are replaced by its own.
	Host string
	// Slug is "owner/name", on GitLab also "group/subgroup/name".
	Slug string
	// Provider is one of the constants, or "" for an unknown host.
	Provider string
	// Setting is the setting of git that makes this a candidate, "travis.slug" or
	// "url.*.insteadOf"; "" for a remote as it is written.
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

// IsRemote reports whether a candidate is a remote, as it is written or rewritten.
func (r Remote) IsRemote() bool { return r.Setting != travisSlug }

// The settings that can name another repository than the remotes do.
const (
	travisSlug = "travis.slug"
	insteadOf  = "url.*.insteadOf"
)

// Clone is a git clone.
type Clone struct {
	// Root is the top folder of the work tree, of a bare repository its own
	// folder. It can hold any character: clean it before it is shown.
	Root string
	// Branch is "" when no branch is checked out, or when its name cannot be
	// shown as it is.
	Branch string
	// Remotes are the hosted ones: the current branch's first, then origin,
	// then by name. A remote that is a local path is left out. One whose address
	// the settings turn into another repository's counts as both.
	Remotes []Remote
	// TravisSlug is what the Travis client was told (git config travis.slug), or
	// "" when that is not set or no slug.
	TravisSlug string
}

// Candidates returns the repositories that this clone can be, each once: the
// remotes in their order, then what travis.slug names where that is no remote's.
// It is taken to be on the first remote's host, or on GitHub when there is none.
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

// Decide returns the candidate that this clone is beyond doubt, of those that
// fit: the only one, or the only one that travis.slug names too. A remote is
// visible and a setting isn't, so where a setting names another repository than
// the remotes do, nothing is decided. bySetting reports whether travis.slug was
// needed.
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

// key is the same for two remotes that are one repository. Two unknown hosts
// are two services.
func (r Remote) key() string {
	service := r.Provider
	if service == "" {
		service = r.Host
	}
	return service + " " + strings.ToLower(r.Slug)
}
