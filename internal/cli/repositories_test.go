package cli

import (
	"strings"
	"testing"
)

// A secret must not go to a repository that only has the name of the one that
// was meant.
func TestARepositoryIsNotTakenForGitHubs(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		remotes []string
		args    []string
		code    int
		says    string
	}{
		"a clone of GitLab":              {remotes: []string{"git@gitlab.com:acme/embedded.git"}, says: "acme/embedded"},
		"a clone of a host of their own": {remotes: []string{"git@git.acme.example:acme/web.git"}, code: 2, says: "--provider NAME"},
		"the same with its provider":     {remotes: []string{"git@git.acme.example:acme/web.git"}, args: []string{"--provider", "github"}, says: "acme/web"},
		"its slug alone":                 {remotes: []string{"git@git.acme.example:acme/web.git"}, args: []string{"--repo", "acme/web"}, code: 2, says: "git.acme.example"},
		"an address of such a host":      {args: []string{"--repo", "https://git.acme.example/acme/web"}, code: 2, says: "git.acme.example"},
		"a slug of GitLab's clone":       {remotes: []string{"git@gitlab.com:acme/embedded.git"}, args: []string{"--repo", "acme/embedded"}, says: "acme/embedded"},
		"another slug in it":             {remotes: []string{"git@gitlab.com:acme/embedded.git"}, args: []string{"--repo", "acme/web"}, says: "acme/web"},
		"a contradiction":                {args: []string{"--repo", "https://gitlab.com/acme/embedded", "--provider", "github"}, code: 2, says: "gitlab.com"},
		"a clone that contradicts":       {remotes: []string{"git@gitlab.com:acme/embedded.git"}, args: []string{"--provider", "github"}, code: 2, says: "--provider gitlab"},
		"one slug on two hosts":          {remotes: []string{"git@gitlab.com:acme/web.git", "git@github.com:acme/web.git"}, args: []string{"--repo", "acme/web"}, code: 2, says: "--provider"},
		"one of two hosts":               {remotes: []string{"git@gitlab.com:acme/web.git", "git@github.com:acme/web.git"}, args: []string{"--provider", "github"}, says: "acme/web"},
		"a mirror of their own":          {remotes: []string{"git@github.com:acme/web.git", "git@git.acme.example:acme/web.git"}, says: "acme/web"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			git(t, w.dir, "init", "-q")
			for i, remote := range c.remotes {
				git(t, w.dir, "remote", "add", string(rune('a'+i)), remote)
			}
			args := append([]string{"apply", "--host", w.setting("DEMO_RACK_HOST"), "--password-stdin"}, c.args...)
			w.want(w.run(w.password(), args...), c.code, c.says)
			if c.code != 0 {
				w.wantNoWrite()
			}
		})
	}
}

func TestAMistypedRepositoryNamesTheNearest(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		args, repo, want string
		code             int
	}{
		"apply":                  {"apply --host RACK --password-stdin", "acme/wbe", `Did you mean "acme/web"?`, 1},
		"remove":                 {"remove --yes", "acme/wbe", `Did you mean "acme/web"?`, 1},
		"check":                  {"check", "acme/wbe", `Did you mean "acme/web"?`, 5},
		"several are near":       {"check", "acme/webs", `Did you mean "acme/web"?`, 5},
		"nothing is near":        {"check", "acme/something-else", "", 5},
		"an owner that isn't":    {"check", "nobody/web", "", 5},
		"one that can't be seen": {"check", "acme/nothere", "", 5},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			e := w.run(w.password(), strings.Fields(strings.Replace(c.args, "RACK", w.setting("DEMO_RACK_HOST"), 1)+" --repo "+c.repo)...)
			w.want(e, c.code, c.want)
			if c.want == "" && strings.Contains(e.out+e.err, "Did you mean") {
				t.Errorf("it suggests something:\n%s%s", e.out, e.err)
			}
			w.wantNoWrite()
		})
	}
}
