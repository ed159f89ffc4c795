package gitrepo_test

import (
	"fmt"
	"strings"
	"testing"

	"convox-travis/internal/gitrepo"
	"convox-travis/internal/problem"
	"convox-travis/internal/secret/secrettest"
)

func TestEveryFormOfAnAddressIsRead(t *testing.T) {
	acme := gitrepo.Remote{Host: "github.com", Slug: "acme/api", Provider: "github"}
	nested := gitrepo.Remote{Host: "gitlab.com", Slug: "group/sub/name", Provider: "gitlab"}
	bitbucket := gitrepo.Remote{Host: "bitbucket.org", Slug: "acme/api", Provider: "bitbucket"}
	assembla := gitrepo.Remote{Host: "git.assembla.com", Slug: "acme/api", Provider: "assembla"}
	for address, want := range map[string]gitrepo.Remote{
		"git@github.com:acme/api.git":                          acme,
		"git@github.com:acme/api":                              acme,
		"git@github.com:/acme/api.git":                         acme,
		"github.com:acme/api":                                  acme,
		"ssh://git@github.com:22/acme/api":                     acme,
		"ssh://git@github.com/acme/api.git/":                   acme,
		"git+ssh://git@github.com/acme/api":                    acme,
		"ssh://git@ssh.github.com:443/acme/api.git":            acme,
		"https://github.com/acme/api.git":                      acme,
		"https://github.com/acme/api/":                         acme,
		"HTTPS://GitHub.COM/acme/api":                          acme,
		"https://github.com./acme/api":                         acme,
		"https://www.github.com/acme/api":                      acme,
		"https://github.com:443/acme/api":                      acme,
		"http://github.com/acme/api":                           acme,
		"git://github.com/acme/api.git":                        acme,
		"https://user:token@github.com/acme/api.git":           acme,
		"https://token@github.com/acme/api.git":                acme,
		"https://user:p@ss@github.com/acme/api.git":            acme,
		"https://github.com/acme/api?ref=main#readme":          acme,
		"git@github.com-work:acme/api.git":                     acme,
		"ssh://git@github.com-work/acme/api.git":               acme,
		"git@GitHub.com:Acme/API.git":                          {Host: "github.com", Slug: "Acme/API", Provider: "github"},
		"git@github.com:a-b_c/d.e-f":                           {Host: "github.com", Slug: "a-b_c/d.e-f", Provider: "github"},
		"git@gitlab.com:group/sub/name.git":                    nested,
		"https://oauth2:token@gitlab.com/group/sub/name.git":   nested,
		"ssh://git@altssh.gitlab.com:443/group/sub/name":       nested,
		"git@bitbucket.org:acme/api.git":                       bitbucket,
		"https://someone@bitbucket.org/acme/api.git":           bitbucket,
		"ssh://git@altssh.bitbucket.org:443/acme/api.git":      bitbucket,
		"git@git.assembla.com:acme/api.git":                    assembla,
		"https://git.assembla.com/acme/api":                    assembla,
		"git@git.example.com:team/deep/api.git":                {Host: "git.example.com", Slug: "team/deep/api"},
		"https://github.example.com/acme/api":                  {Host: "github.example.com", Slug: "acme/api"},
		"https://github.com.example.com/acme/api":              {Host: "github.com.example.com", Slug: "acme/api"},
		"https://github.com-work/acme/api":                     {Host: "github.com-work", Slug: "acme/api"},
		"git@github.com-work.example.com:acme/api":             {Host: "github.com-work.example.com", Slug: "acme/api"},
		"git@notgithub.com:acme/api":                           {Host: "notgithub.com", Slug: "acme/api"},
		"git@notassembla.com:acme/api":                         {Host: "notassembla.com", Slug: "acme/api"},
		"ssh://git@git.example.com:7999/acme/api.git":          {Host: "git.example.com", Slug: "acme/api"},
		"buildserver:acme/api":                                 {Host: "buildserver", Slug: "acme/api"},
		"https://user:token@git.example.com:8443/acme/x.y.git": {Host: "git.example.com", Slug: "acme/x.y"},
	} {
		got, err := gitrepo.ParseRemote(address)
		if err != nil || got != want {
			t.Errorf("%s: got %+v, %v; want %+v", address, got, err, want)
		}
	}
}

func TestWhatIsNoHostedRepositoryIsRefused(t *testing.T) {
	for address, code := range map[string]string{
		"/srv/git/api.git":                   "not_hosted",
		"../api":                             "not_hosted",
		"api":                                "not_hosted",
		"./a:b/c":                            "not_hosted",
		`C:\git\api`:                         "not_hosted",
		"C:/git/api":                         "not_hosted",
		`\\server\share\api`:                 "not_hosted",
		"file:///srv/git/acme/api":           "not_hosted",
		"FILE://host/acme/api":               "not_hosted",
		"":                                   "not_hosted",
		"codecommit://acme/api":              "bad_address",
		"ext::sh -c acme/api":                "bad_address",
		"gcrypt::https://github.com/a/b":     "bad_address",
		"https://github.com":                 "bad_address",
		"https://github.com/":                "bad_address",
		"https://github.com/acme":            "bad_address",
		"https://github.com/acme/.git":       "bad_address",
		"https://github.com/acme//api":       "bad_address",
		"https://github.com/acme/api/tree/x": "bad_address",
		"https://bitbucket.org/a/b/c":        "bad_address",
		"https://github.com/../api":          "bad_address",
		"https://github.com/acme/..":         "bad_address",
		"https://github.com/acme/%2e%2e":     "bad_address",
		"https://github.com/acme%2Fapi":      "bad_address",
		"https://github.com/acme/a b":        "bad_address",
		"https://github.com/acme/a\x1b[31m":  "bad_address",
		"https://github.com/acme/\u202eipa":  "bad_address",
		"https://github.com/~acme/api":       "bad_address",
		"https:///acme/api":                  "bad_address",
		"https://[::1]/acme/api":             "bad_address",
		"https://ex_ample/acme/api":          "bad_address",
		"https://-o.com/acme/api":            "bad_address",
		"https://a..b/acme/api":              "bad_address",
		"https://" + strings.Repeat("a.", 127) + "b/acme/api": "bad_address",
		"git@github.com\n:acme/api":                           "bad_address",
		"git@github.com:acme/api\n":                           "bad_address",
		"https://gïthub.com/acme/api":                         "bad_address",
	} {
		got, err := gitrepo.ParseRemote(address)
		if got != (gitrepo.Remote{}) || codeOf(err) != code {
			t.Errorf("%q: got %+v, %v; want %s", address, got, err, code)
		}
	}
}

func TestNoTokenOfAnAddressComesOut(t *testing.T) {
	for _, pattern := range []string{
		"https://user:%s@github.com/acme/api.git",
		"https://%s@github.com/acme/api.git",
		"https://%s:x-oauth-basic@github.com/acme/api.git",
		"ssh://%s@github.com/acme/api",
		"%s@github.com:acme/api",
		"https://github.com/acme/api?private_token=%s",
		"https://github.com/acme/api#%s",
		"https://user:%s@github.com/acme",
		"https://user:%%zz%s@github.com/acme/api",
		"https://user:%s@github.com:port/acme/api",
		"https://user:%s/@github.com/acme/api",
		"https://user:%s#@github.com/acme/api",
		"https:/user:%s@github.com/acme/api",
		"user:%s@github.com:acme/api",
		"file://user:%s@host/acme/api",
		"other://user:%s@github.com/acme/api",
		"/srv/%s@github.com/acme/api",
	} {
		for _, token := range []string{secrettest.Canary, plainToken} {
			address := fmt.Sprintf(pattern, token)
			for name, parse := range map[string]func(string) (gitrepo.Remote, error){
				"ParseRemote": gitrepo.ParseRemote, "ParseRepository": gitrepo.ParseRepository,
			} {
				got, err := parse(address)
				secrettest.Absent(t, name+" of "+pattern, printed(got)+printed(err), plainToken)
			}
		}
	}
}

// plainToken, unlike the canary, is made of what a slug may hold.
const plainToken = "ghp-c4n4ry-w1th0ut-m4rks"

// printed is v in every form in which a program may show it.
func printed(v any) string {
	return fmt.Sprintf("%v %+v %#v %q", v, v, v, v)
}

func codeOf(err error) string { return problem.Code(err) }
