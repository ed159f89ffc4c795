package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"convox-travis/internal/gitrepo"
	"convox-travis/internal/problem"
	"convox-travis/internal/setup"
	"convox-travis/travisapi"
)

func (o *options) readProvider() (travisapi.Provider, error) {
	if o.provider == "" {
		return "", nil
	}
	provider, err := travisapi.ParseProvider(o.provider)
	if err != nil {
		return "", &usageError{what: "--provider is none that Travis knows", hints: []string{"it is github, gitlab, bitbucket or assembla"}}
	}
	return provider, nil
}

// read makes a target of a slug or a pasted address. A slug alone is the
// clone's when the clone has it, else GitHub's.
func (r repositories) read(n named, provider travisapi.Provider) (setup.Target, error) {
	remote, err := gitrepo.ParseRepository(n.text)
	if err != nil {
		return setup.Target{}, &usageError{what: n.where + ": " + err.Error(), hints: hintsOf(err)}
	}
	candidates := []gitrepo.Remote{remote}
	if remote.Host == "" {
		if candidates = r.withSlug(remote.Slug, provider); len(candidates) == 0 {
			remote.Provider = string(cmp.Or(provider, travisapi.GitHub))
			candidates = []gitrepo.Remote{remote}
		}
	}
	var targets []setup.Target
	for _, candidate := range candidates {
		if on, ok := setup.Agreed(candidate, provider); ok {
			targets = append(targets, setup.Target{Provider: on, Slug: remote.Slug})
		}
	}
	if len(targets) != 1 {
		return setup.Target{}, whichProvider(n.where, remote.Slug, candidates)
	}
	return targets[0], nil
}

// withSlug lists the clone's remotes of this slug. Where a provider was asked
// for, those on others are mirrors, and not meant.
func (r repositories) withSlug(slug string, provider travisapi.Provider) []gitrepo.Remote {
	var same []gitrepo.Remote
	for _, remote := range r.found {
		_, ok := setup.Agreed(remote, provider)
		if remote.IsRemote() && strings.EqualFold(remote.Slug, slug) && (ok || provider == "") {
			same = append(same, remote)
		}
	}
	return same
}

func whichProvider(where, slug string, candidates []gitrepo.Remote) error {
	var hosts []string
	for _, candidate := range candidates {
		hosts = append(hosts, candidate.Host)
	}
	return &usageError{
		what:  fmt.Sprintf("%s: %s is on %s, and which provider that is for Travis is not clear", where, slug, strings.Join(hosts, " and ")),
		hints: []string{"say it with --provider github, gitlab, bitbucket or assembla, which must be the host's"},
	}
}

// missingHint says why the clone doesn't answer which repository is meant, and what
// to pass instead.
func (r repositories) missingHint() string {
	if r.unread != nil {
		return r.unread.Error() + ": " + strings.Join(slices.Concat(problem.Of(r.unread).Hints, []string{nameRepository}), "; ")
	}
	if len(r.found) == 0 {
		return "--repo OWNER/NAME, or run it inside the repository's clone"
	}
	var names []string
	for _, remote := range r.found[:min(len(r.found), mostProposed)] {
		name := "--repo " + remote.Slug
		if remote.Provider != gitrepo.GitHub {
			name += " --provider " + cmp.Or(remote.Provider, "NAME")
		}
		names = append(names, name+" ("+remote.Source()+")")
	}
	if more := len(r.found) - len(names); more > 0 {
		names = append(names, fmt.Sprintf("one of %d more", more))
	}
	hint := "the clone doesn't decide it, pass " + strings.Join(names, ", or ")
	if last := r.found[len(r.found)-1]; len(r.found) > 1 && !last.IsRemote() {
		hint += "; or update the setting: git config travis.slug " + r.found[0].Slug
	}
	return hint
}

// mostProposed candidates are proposed; nobody reads more.
const mostProposed = 5
