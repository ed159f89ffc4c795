package setup

import (
	"cmp"
	"strings"

	"convox-travis/internal/gitrepo"
	"convox-travis/internal/problem"
	"convox-travis/travisapi"
)

// OwnedBy makes targets of the list that Travis gave of an owner's repositories. It
// refuses a list that holds another owner's, or what is no repository's name: a
// secret is to go to all of them, and nobody has chosen each.
func OwnedBy(owner string, asked travisapi.Provider, listed []travisapi.Repository) ([]Target, error) {
	targets := make([]Target, len(listed))
	var foreign []Target
	for i, r := range listed {
		targets[i] = Target{Provider: cmp.Or(r.Provider, asked, travisapi.GitHub), Slug: r.Slug}
		if !isOwnedBy(owner, targets[i]) {
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

// isOwnedBy reports whether a repository is the owner's, directly or, on GitLab, in
// one of its groups.
func isOwnedBy(owner string, target Target) bool {
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
