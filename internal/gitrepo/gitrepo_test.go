package gitrepo_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
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
			[]gitrepo.Remote{fork, mirror, origin},
		},
		"travis.slug is no remote's": {
			gitrepo.Clone{Remotes: []gitrepo.Remote{mirror, origin}, TravisSlug: "acme/web"},
			[]gitrepo.Remote{mirror, origin, {Host: "gitlab.com", Slug: "acme/web", Provider: "gitlab", Setting: "travis.slug"}},
		},
		"travis.slug without remotes": {
			gitrepo.Clone{TravisSlug: "acme/web"},
			[]gitrepo.Remote{{Host: "github.com", Slug: "acme/web", Provider: "github", Setting: "travis.slug"}},
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

func TestNoSettingDecidesWhichRepositoryACloneIs(t *testing.T) {
	const (
		origin = "remote add origin git@github.com:acme/api.git"
		fork   = "remote add fork git@github.com:me/api.git"
		mirror = "remote add mirror git@gitlab.com:acme/api.git"
		own    = "remote add own git@git.example.com:acme/api.git"
		shout  = "remote add shout https://github.com/ACME/Api"
	)
	for name, test := range map[string]struct {
		lines     []string
		want      string // the repository that is decided, or ""
		bySetting bool
		sources   string // of the candidates
	}{
		"one remote":                      {[]string{origin}, "github acme/api", false, "remote origin"},
		"two remotes":                     {[]string{origin, fork}, "", false, "remote origin, remote fork"},
		"the branch follows the second":   {[]string{origin, fork, "config branch.main.remote fork"}, "", false, "remote fork, remote origin"},
		"pushes go to the second":         {[]string{origin, fork, "config remote.pushDefault fork", "config checkout.defaultRemote fork"}, "", false, "remote origin, remote fork"},
		"one repository twice":            {[]string{origin, shout}, "github acme/api", false, "remote origin"},
		"one on a host of Travis":         {[]string{origin, own}, "github acme/api", false, "remote origin, remote own"},
		"the setting agrees":              {[]string{origin, "config travis.slug acme/api"}, "github acme/api", false, "remote origin"},
		"it agrees in another case":       {[]string{origin, "config travis.slug Acme/API"}, "github acme/api", false, "remote origin"},
		"it ends as an address does":      {[]string{origin, "config travis.slug acme/api.git"}, "github acme/api", false, "remote origin"},
		"it agrees with one of two":       {[]string{origin, fork, "config travis.slug me/api"}, "github me/api", true, "remote origin, remote fork"},
		"it and the branch differ":        {[]string{origin, fork, "config branch.main.remote fork", "config travis.slug acme/api"}, "github acme/api", true, "remote fork, remote origin"},
		"it agrees on two services":       {[]string{origin, mirror, "config travis.slug acme/api"}, "", false, "remote origin, remote mirror"},
		"it agrees on an unknown host":    {[]string{fork, own, "config travis.slug acme/api"}, "", false, "remote fork, remote own"},
		"it is stale":                     {[]string{origin, "config travis.slug acme/other"}, "", false, "remote origin, git config travis.slug"},
		"it is stale, in another file":    {[]string{origin, "config include.path ../included"}, "", false, "remote origin, git config travis.slug"},
		"it is stale, in the work tree's": {[]string{origin, "config extensions.worktreeConfig true", "config --worktree travis.slug acme/other"}, "", false, "remote origin, git config travis.slug"},
		"it is stale beside two":          {[]string{origin, fork, "config travis.slug acme/other"}, "", false, "remote origin, remote fork, git config travis.slug"},
		"it stands alone":                 {[]string{"config travis.slug acme/other"}, "", false, "git config travis.slug"},
		"it is no slug":                   {[]string{origin, "config travis.slug other"}, "github acme/api", false, "remote origin"},
		"nothing":                         {nil, "", false, ""},
		"an address in short":             {[]string{"config url.git@github.com:.insteadOf gh:", "remote add origin gh:acme/api"}, "github acme/api", false, "remote origin"},
		"another way to the same": {
			[]string{origin, "config url.https://github.com/.insteadOf git@github.com:", "config url.ssh://git@github.com/.pushInsteadOf https://github.com/"},
			"github acme/api", false, "remote origin",
		},
		"rewritten to another": {
			[]string{origin, "config url.git@github.com:evil/.insteadOf git@github.com:acme/"},
			"", false, "remote origin, remote origin, rewritten by git config url.*.insteadOf",
		},
		"rewritten to an unknown host": {
			[]string{origin, "config url.git@git.example.com:.insteadOf git@github.com:"},
			"", false, "remote origin, remote origin, rewritten by git config url.*.insteadOf",
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := clone(t, test.lines...)
			if err := os.WriteFile(filepath.Join(dir, "included"), []byte("[travis]\n\tslug = acme/other\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			got := open(t, dir)
			var sources []string
			for _, candidate := range got.Candidates() {
				sources = append(sources, candidate.Source())
			}
			if all := strings.Join(sources, ", "); all != test.sources {
				t.Errorf("the candidates come from %q, not %q", all, test.sources)
			}
			decided, bySetting, ok := got.Decide(func(r gitrepo.Remote) bool { return r.Provider != "" })
			if answer := strings.TrimSpace(decided.Provider + " " + decided.Slug); answer != test.want || ok != (test.want != "") || bySetting != test.bySetting {
				t.Errorf("decided %q (by the setting: %v), not %q (%v)", answer, bySetting, test.want, test.bySetting)
			}
		})
	}
}
