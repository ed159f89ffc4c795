package gitrepo_test

import (
	"strings"
	"testing"

	"convox-travis/internal/gitrepo"
)

func TestASlugIsReadAsTyped(t *testing.T) {
	for text, want := range map[string]string{
		"acme/api":         "acme/api",
		"Acme/API.v2":      "Acme/API.v2",
		"a_b-c/d":          "a_b-c/d",
		"acme/api.git":     "acme/api",
		"group/sub/name":   "group/sub/name",
		"a/b/c/d/e":        "a/b/c/d/e",
		"acme/...":         "acme/...",
		long(100, 99):      long(100, 99),
		"github/gitignore": "github/gitignore",
	} {
		if got, err := gitrepo.ParseSlug(text); err != nil || got != want {
			t.Errorf("%q: got %q, %v", text, got, err)
		}
	}
}

func TestWhatIsNoSlugIsRefused(t *testing.T) {
	for _, text := range []string{
		"", "/", "acme", "acme/", "/api", "acme//api", "/acme/api", "acme/api/", "./api", "../api", "acme/..", "acme/.",
		"a/../b", "acme/.git", " acme/api", "acme/api ", "acme/api\n", "acme/a\x00pi", "acme/\x1b[2Japi", "acme/a\u009bpi",
		"acme/\u202eipa", "ácme/api", "acme/ａｐｉ", "acme/a%2fb", `acme\api`, "acme/a:b", "acme/a@b", "acme/a?b", "acme/a#b",
		"acme/~api", "acme/\xff", "https://github.com/acme/api", "git@github.com:acme/api", long(100, 100),
	} {
		if got, err := gitrepo.ParseSlug(text); got != "" || codeOf(err) != "bad_slug" {
			t.Errorf("%q: got %q, %v", text, got, err)
		}
	}
}

func TestARepositoryIsReadAsTypedOrPasted(t *testing.T) {
	acme := gitrepo.Remote{Host: "github.com", Slug: "acme/api", Provider: "github"}
	nested := gitrepo.Remote{Host: "gitlab.com", Slug: "group/sub/name", Provider: "gitlab"}
	for text, want := range map[string]gitrepo.Remote{
		"acme/api":                    {Slug: "acme/api"},
		"  acme/api\n":                {Slug: "acme/api"},
		"group/sub/name":              {Slug: "group/sub/name"},
		"group.with.dots/name":        {Slug: "group.with.dots/name"},
		"https://github.com/acme/api": acme,
		"https://user:token@github.com/acme/api.git\r\n":     acme,
		"git@github.com:acme/api.git":                        acme,
		"ssh://git@github.com/acme/api":                      acme,
		"github.com/acme/api":                                acme,
		"GitHub.com/acme/api":                                acme,
		"www.github.com/acme/api/":                           acme,
		"https://github.com/acme/api/tree/main/docs":         acme,
		"https://github.com/acme/api/settings#danger":        acme,
		"https://app.travis-ci.com/github/acme/api":          acme,
		"https://app.travis-ci.com/github/acme/api/builds/7": acme,
		"app.travis-ci.com/github/acme/api/settings":         acme,
		"https://app.travis-ci.com/gitlab/acme/api":          {Host: "gitlab.com", Slug: "acme/api", Provider: "gitlab"},
		"https://app.travis-ci.com/bitbucket/acme/api":       {Host: "bitbucket.org", Slug: "acme/api", Provider: "bitbucket"},
		"https://app.travis-ci.com/assembla/acme/api":        {Host: "git.assembla.com", Slug: "acme/api", Provider: "assembla"},
		"https://gitlab.com/group/sub/name":                  nested,
		"gitlab.com/group/sub/name":                          nested,
		"https://gitlab.com/group/sub/name/-/tree/main":      nested,
		"https://bitbucket.org/acme/api/src/main/":           {Host: "bitbucket.org", Slug: "acme/api", Provider: "bitbucket"},
		"https://gitlab.example.com/group/name/-/issues":     {Host: "gitlab.example.com", Slug: "group/name"},
	} {
		if got, err := gitrepo.ParseRepository(text); err != nil || got != want {
			t.Errorf("%q: got %+v, %v; want %+v", text, got, err, want)
		}
	}
}

func TestWhatNamesNoRepositoryIsRefused(t *testing.T) {
	for text, code := range map[string]string{
		"":                                        "bad_slug",
		"acme":                                    "bad_slug",
		"acme api":                                "bad_slug",
		"/srv/git/api":                            "bad_slug",
		"https://github.com":                      "bad_address",
		"https://github.com/acme":                 "bad_address",
		"github.com/acme":                         "bad_address",
		"https://app.travis-ci.com/":              "bad_address",
		"https://app.travis-ci.com/account/x/y":   "bad_address",
		"https://app.travis-ci.com/github/acme":   "bad_address",
		"file:///srv/git/acme/api":                "not_hosted",
		`C:\git\api`:                              "not_hosted",
		"git@github.com:acme/api/tree/main":       "bad_address",
		"https://github.com/acme/a\x1b[31m/pulls": "bad_address",
	} {
		got, err := gitrepo.ParseRepository(text)
		if got != (gitrepo.Remote{}) || codeOf(err) != code {
			t.Errorf("%q: got %+v, %v; want %s", text, got, err, code)
		}
	}
}

// long is a slug with an owner and a name of so many bytes.
func long(owner, name int) string {
	return strings.Repeat("o", owner) + "/" + strings.Repeat("n", name)
}
