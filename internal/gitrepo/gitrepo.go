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

import "strings"

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
}

// Clone is a git clone.
type Clone struct {
	// Root is the top folder of the work tree, of a bare repository its own
	// folder. It can hold any character: clean it before it is shown.
	Root string
	// Branch is "" when no branch is checked out, or when its name cannot be
	// shown as it is.
	Branch string
	// Remotes are the hosted ones: the current branch's first, then origin,
	// then by name. A remote that is a local path is left out.
	Remotes []Remote
	// TravisSlug is what the Travis client was told (git config travis.slug), or
	// "" when that is not set or no slug.
	TravisSlug string
}

// Candidates returns the repositories that this clone can be, each once, the
// likeliest first: what travis.slug says, then the remotes in their order.
// When travis.slug is the slug of no remote, it is taken to be on the first
// remote's host, or on GitHub when there is none.
func (c Clone) Candidates() []Remote {
	var candidates []Remote
	if c.TravisSlug != "" {
		candidates = append(candidates, c.configured())
	}
	candidates = append(candidates, c.Remotes...)

	seen := make(map[string]bool)
	distinct := candidates[:0]
	for _, remote := range candidates {
		if key := remote.key(); !seen[key] {
			seen[key] = true
			distinct = append(distinct, remote)
		}
	}
	return distinct
}

func (c Clone) configured() Remote {
	for _, remote := range c.Remotes {
		if strings.EqualFold(remote.Slug, c.TravisSlug) {
			return remote
		}
	}
	if len(c.Remotes) > 0 {
		first := c.Remotes[0]
		return Remote{Host: first.Host, Slug: c.TravisSlug, Provider: first.Provider}
	}
	return Remote{Host: "github.com", Slug: c.TravisSlug, Provider: GitHub}
}

// key is the same for two remotes that are one repository. Two unknown hosts
// are two services.
func (r Remote) key() string {
	service := r.Provider
	if service == "" {
		service = r.Host
	}
	return service + " " + strings.ToLower(r.Slug)
}
