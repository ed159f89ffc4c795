package setup

import (
	"cmp"
	"fmt"
	"strings"

	"convox-travis/internal/gitrepo"
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
	return nil, &Error{
		code:  "another_owner",
		text:  fmt.Sprintf("list the repositories of %s: Travis answered with others: %s", owner, Names(foreign)),
		hints: []string{"name those that are meant with --repo OWNER/NAME, or in a file with --repos-from", "sync the account on Travis: an owner may have been renamed"},
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
