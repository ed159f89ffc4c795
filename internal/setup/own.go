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

// Own lists what a clone can be on Travis, on the provider that was asked for or
// on any host that Travis knows: its remotes, else what git config travis.slug
// names. The clone's file is theirs.
func Own(clone gitrepo.Clone, asked travisapi.Provider) []Target {
	var own []Target
	for _, remote := range clone.Candidates() {
		if provider, ok := Agreed(remote, asked); ok && (remote.IsRemote() || len(clone.Remotes) == 0) {
			own = append(own, Target{Provider: provider, Slug: remote.Slug})
		}
	}
	return own
}

// OwnOne returns the one repository that a clone is on Travis beyond doubt.
// Where git config travis.slug chose among several, source says so; else it is "".
func OwnOne(clone gitrepo.Clone, asked travisapi.Provider) (target Target, source string, ok bool) {
	remote, bySetting, ok := clone.Decide(func(r gitrepo.Remote) bool {
		_, ok := Agreed(r, asked)
		return ok
	})
	if !ok {
		return Target{}, "", false
	}
	if bySetting {
		source = remote.Source() + ", as git config travis.slug says"
	}
	provider, _ := Agreed(remote, asked)
	return Target{Provider: provider, Slug: remote.Slug}, source, true
}
