package connect

import (
	"cmp"
	"strings"

	"convox-travis/internal/gitrepo"
	"convox-travis/internal/problem"
	"convox-travis/internal/text"
	"convox-travis/travisapi"
)

// Target names a repository as requested.
type Target struct {
	Provider travisapi.Provider
	Slug     string
}

// String is OWNER/NAME, prefixed by the provider unless it is GitHub.
func (t Target) String() string {
	if provider := t.provider(); provider != travisapi.GitHub {
		return string(provider) + " " + t.Slug
	}
	return t.Slug
}

// Address names the repository in a command: by its slug on GitHub, otherwise by an
// address that includes the provider.
func (t Target) Address() string {
	if provider := t.provider(); provider != travisapi.GitHub {
		return gitrepo.HostOf(string(provider)) + "/" + t.Slug
	}
	return t.Slug
}

// Ref names the repository by its slug, while its number is unknown.
func (t Target) Ref() travisapi.Ref { return travisapi.BySlug(t.provider(), t.Slug) }

// provider is the target's, or GitHub.
func (t Target) provider() travisapi.Provider { return cmp.Or(t.Provider, travisapi.GitHub) }

// Names lists repositories in a line: the first few, and how many more.
func Names(targets []Target) string {
	names := make([]string, len(targets))
	for i, target := range targets {
		names[i] = target.String()
	}
	return text.List(names)
}

// RemoveDuplicates returns targets without later ones for the same repository.
func RemoveDuplicates(targets []Target) []Target {
	seen := map[Target]bool{}
	var kept []Target
	for _, target := range targets {
		if key := target.key(); !seen[key] {
			seen[key] = true
			kept = append(kept, target)
		}
	}
	return kept
}

// MatchProvider returns the provider of a remote: its host and the requested provider (""
// is none) must not contradict each other, and at least one must be known. Treating a
// repository on another host as GitHub's would give the secret to whoever has that name
// there.
func MatchProvider(remote gitrepo.Remote, asked travisapi.Provider) (travisapi.Provider, bool) {
	known := travisapi.Provider(remote.Provider)
	switch {
	case known == "":
		return asked, asked != ""
	case asked == "":
		return known, true
	}
	return known, known == asked
}

// CloneTargets lists what a clone can be on Travis, on the requested provider or any host
// that Travis supports: its remotes, otherwise the repository in git config travis.slug.
// The clone's .travis.yml belongs to them.
func CloneTargets(clone gitrepo.Clone, asked travisapi.Provider) []Target {
	var targets []Target
	for _, remote := range clone.Candidates() {
		if provider, ok := MatchProvider(remote, asked); ok && (remote.IsRemote() || len(clone.Remotes) == 0) {
			targets = append(targets, Target{Provider: provider, Slug: remote.Slug})
		}
	}
	return targets
}

// CloneTarget returns the only repository that a clone can be on Travis. If git config
// travis.slug chose among several, source says so; otherwise it is "".
func CloneTarget(clone gitrepo.Clone, asked travisapi.Provider) (target Target, source string, ok bool) {
	remote, bySetting, ok := clone.Decide(func(r gitrepo.Remote) bool {
		_, ok := MatchProvider(r, asked)
		return ok
	})
	if !ok {
		return Target{}, "", false
	}
	if bySetting {
		source = remote.Source() + ", as git config travis.slug says"
	}
	provider, _ := MatchProvider(remote, asked)
	return Target{Provider: provider, Slug: remote.Slug}, source, true
}

// OwnerTargets makes targets of Travis's list of an owner's repositories. It rejects a
// list with another owner's, or with invalid names: all of them get a secret without
// being chosen one by one.
func OwnerTargets(owner string, asked travisapi.Provider, listed []travisapi.Repository) ([]Target, error) {
	targets := make([]Target, len(listed))
	var foreign []Target
	for i, r := range listed {
		targets[i] = Target{Provider: cmp.Or(r.Provider, asked, travisapi.GitHub), Slug: r.Slug}
		if !isOwnersRepository(owner, targets[i]) {
			foreign = append(foreign, targets[i])
		}
	}
	if len(foreign) == 0 {
		return targets, nil
	}
	return nil, &problem.Error{
		Code:   "another_owner",
		Action: "list the repositories of", Object: owner, Reason: "Travis returned others: " + Names(foreign),
		Hints: []string{"sync the account on Travis: an owner may have been renamed"},
	}
}

// isOwnersRepository reports whether a repository belongs to the owner, directly or, on
// GitLab, in one of its groups.
func isOwnersRepository(owner string, target Target) bool {
	slug, err := gitrepo.ParseSlug(target.Slug)
	if err != nil || slug != target.Slug {
		return false
	}
	of := target.Slug[:strings.LastIndex(target.Slug, "/")]
	if target.provider() == travisapi.GitLab {
		return strings.HasPrefix(strings.ToLower(of)+"/", strings.ToLower(owner)+"/")
	}
	return strings.EqualFold(of, owner)
}

// IsSame reports whether two targets name the same repository.
func (t Target) IsSame(other Target) bool { return t.key() == other.key() }

// key is equal for two targets that name the same repository.
func (t Target) key() Target {
	return Target{Provider: t.provider(), Slug: strings.ToLower(t.Slug)}
}

// byTarget returns the listed repositories, which need no other read.
func byTarget(known []travisapi.Repository) map[Target]travisapi.Repository {
	listed := make(map[Target]travisapi.Repository, len(known))
	for _, r := range known {
		listed[Target{Provider: r.Provider, Slug: r.Slug}.key()] = r
	}
	return listed
}
