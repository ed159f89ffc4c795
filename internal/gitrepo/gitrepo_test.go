package gitrepo_test

import (
	"slices"
	"testing"

	"convox-travis/internal/gitrepo"
)

func TestCandidatesAreDistinctAndTheLikeliestComesFirst(t *testing.T) {
	origin := gitrepo.Remote{Name: "origin", Host: "github.com", Slug: "acme/api", Provider: "github"}
	shouting := gitrepo.Remote{Name: "zz", Host: "github.com", Slug: "ACME/Api", Provider: "github"}
	fork := gitrepo.Remote{Name: "fork", Host: "github.com", Slug: "me/api", Provider: "github"}
	mirror := gitrepo.Remote{Name: "mirror", Host: "gitlab.com", Slug: "acme/api", Provider: "gitlab"}
	own := gitrepo.Remote{Name: "own", Host: "git.example.com", Slug: "acme/api"}
	other := gitrepo.Remote{Name: "other", Host: "git.example.org", Slug: "acme/api"}
	for name, test := range map[string]struct {
		clone gitrepo.Clone
		want  []gitrepo.Remote
	}{
		"nothing": {gitrepo.Clone{}, nil},
		"one repository under two names": {
			gitrepo.Clone{Remotes: []gitrepo.Remote{origin, fork, shouting}},
			[]gitrepo.Remote{origin, fork},
		},
		"one slug on several services": {
			gitrepo.Clone{Remotes: []gitrepo.Remote{origin, mirror, own, other}},
			[]gitrepo.Remote{origin, mirror, own, other},
		},
		"travis.slug is a remote's": {
			gitrepo.Clone{Remotes: []gitrepo.Remote{fork, mirror, origin}, TravisSlug: "Acme/api"},
			[]gitrepo.Remote{mirror, fork, origin},
		},
		"travis.slug is no remote's": {
			gitrepo.Clone{Remotes: []gitrepo.Remote{mirror, origin}, TravisSlug: "acme/web"},
			[]gitrepo.Remote{{Host: "gitlab.com", Slug: "acme/web", Provider: "gitlab"}, mirror, origin},
		},
		"travis.slug without remotes": {
			gitrepo.Clone{TravisSlug: "acme/web"},
			[]gitrepo.Remote{{Host: "github.com", Slug: "acme/web", Provider: "github"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			before := slices.Clone(test.clone.Remotes)
			if got := test.clone.Candidates(); !slices.Equal(got, test.want) {
				t.Errorf("got %+v", got)
			}
			if !slices.Equal(test.clone.Remotes, before) {
				t.Error("the clone was changed")
			}
		})
	}
}
