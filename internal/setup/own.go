package setup

import (
	"convox-travis/internal/gitrepo"
	"convox-travis/travisapi"
)

// Agreed returns the provider of a remote: what its host says and what was asked
// for ("" is nothing) must not contradict each other, and one of them must speak.
// Taking a repository of another host for GitHub's would give the secret to
// whoever has that name there.
func Agreed(remote gitrepo.Remote, asked travisapi.Provider) (travisapi.Provider, bool) {
	known := travisapi.Provider(remote.Provider)
	switch {
	case known == "":
		return asked, asked != ""
	case asked == "":
		return known, true
	}
	return known, known == asked
}

// Own lists what a clone can be on Travis: what it was told to be
// (git config travis.slug), else its remotes, on the provider that was asked for
// or on any host that Travis knows.
func Own(clone gitrepo.Clone, asked travisapi.Provider) []Target {
	candidates := clone.Candidates()
	if clone.TravisSlug != "" {
		candidates = candidates[:1]
	}
	var own []Target
	for _, remote := range candidates {
		if provider, ok := Agreed(remote, asked); ok {
			own = append(own, Target{Provider: provider, Slug: remote.Slug})
		}
	}
	return own
}
