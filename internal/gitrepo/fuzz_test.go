package gitrepo_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"convox-travis/internal/gitrepo"
	"convox-travis/internal/secret/secrettest"
)

// Whatever stands around a token, a token before an @ is cut off.
func FuzzParseRemote(f *testing.F) {
	slug := regexp.MustCompile(`^[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)+$`)
	host := regexp.MustCompile(`^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$`)
	for _, seed := range [][2]string{
		{"", "github.com:acme/api.git"},
		{"https://user:", "github.com/acme/api.git"},
		{"https://", "gitlab.com/group/sub/name"},
		{"ssh://", "ssh.github.com:443/acme/api"},
		{"git@github.com:acme/api", ""},
		{"https://github.com/acme/api#", "x/y"},
		{"https://github.com/acme/", "/api"},
		{"file://", "/srv/git"},
		{"C:/", "/x"},
		{"ext::", " a/b"},
		{"https:/", ":a/b"},
		{"https://[", "]:1/a/b"},
		{"\x1b[31m", "\u202e:a/b"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, before, after string) {
		if strings.Contains(before+after, plainToken) {
			return // put there, it is not a token
		}
		for _, text := range []string{before + after, before + plainToken + "@" + after, before + secrettest.Canary + "@" + after} {
			got, err := gitrepo.ParseRemote(text)
			secrettest.Absent(t, "ParseRemote", printed(got)+printed(err), plainToken)
			if err != nil {
				if got != (gitrepo.Remote{}) || codeOf(err) == "" {
					t.Fatalf("%q: got %+v with %v", text, got, err)
				}
				continue
			}
			names := strings.Split(got.Slug, "/")
			if !slug.MatchString(got.Slug) || len(got.Slug) > 200 || slices.Contains(names, ".") || slices.Contains(names, "..") {
				t.Errorf("%q: the slug is %q", text, got.Slug)
			}
			if got.Provider != "" && got.Provider != gitrepo.GitLab && len(names) != 2 {
				t.Errorf("%q: %s has no slug %q", text, got.Provider, got.Slug)
			}
			if !host.MatchString(got.Host) {
				t.Errorf("%q: the host is %q", text, got.Host)
			}
		}
	})
}
