package setup

import (
	"cmp"
	"context"
	"strings"

	"convox-travis/internal/gitrepo"
	"convox-travis/internal/problem"
	"convox-travis/travisapi"
)

// MatchProvider returns the provider of a remote: what its host says and what was asked
// for ("" is nothing) must not contradict each other, and one of them must speak.
// Taking a repository of another host for GitHub's would give the secret to
// whoever has that name there.
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

// CloneTargets lists what a clone can be on Travis, on the provider that was asked for or
// on any host that Travis knows: its remotes, else what git config travis.slug
// names. The clone's file is theirs.
func CloneTargets(clone gitrepo.Clone, asked travisapi.Provider) []Target {
	var own []Target
	for _, remote := range clone.Candidates() {
		if provider, ok := MatchProvider(remote, asked); ok && (remote.IsRemote() || len(clone.Remotes) == 0) {
			own = append(own, Target{Provider: provider, Slug: remote.Slug})
		}
	}
	return own
}

// CloneTarget returns the one repository that a clone is on Travis beyond doubt.
// Where git config travis.slug chose among several, source says so; else it is "".
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

// OwnerTargets makes targets of the list that Travis gave of an owner's repositories. It
// refuses a list that holds another owner's, or what is no repository's name: a
// secret is to go to all of them, and nobody has chosen each.
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
		Action: "list the repositories of", Object: owner, Reason: "Travis answered with others: " + Names(foreign),
		Hints: []string{"sync the account on Travis: an owner may have been renamed"},
	}
}

// isOwnersRepository reports whether a repository is the owner's, directly or, on GitLab, in
// one of its groups.
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

// key is the same for two targets that name one repository.
func (t Target) key() Target {
	return Target{Provider: t.provider(), Slug: strings.ToLower(t.Slug)}
}

// cacheable are the repositories of a list of which nothing is left to be asked.
func cacheable(known []travisapi.Repository) map[Target]travisapi.Repository {
	listed := make(map[Target]travisapi.Repository, len(known))
	for _, r := range known {
		if _, said := r.Permissions["create_env_var"]; said {
			listed[Target{Provider: r.Provider, Slug: r.Slug}.key()] = r
		}
	}
	return listed
}

// newCachedTravis is a Travis that is not asked for a repository which a list gave, the
// zero one being none.
func newCachedTravis(travis Travis, listed travisapi.Repository) Travis {
	if listed.ID == 0 {
		return travis
	}
	return cachedTravis{travis, listed}
}

type cachedTravis struct {
	Travis
	listed travisapi.Repository
}

func (t cachedTravis) Repository(context.Context, travisapi.Ref) (travisapi.Repository, error) {
	return t.listed, nil
}
