package gitrepo_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"convox-travis/internal/gitrepo"
	"convox-travis/internal/secret/secrettest"
)

// Whatever is typed, or stands in a list, is a repository in plain letters or an
// error that quotes nothing of it.
func FuzzParseRepository(f *testing.F) {
	slug := regexp.MustCompile(`^[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)+$`)
	host := regexp.MustCompile(`^([a-z0-9]([a-z0-9.-]*[a-z0-9])?)?$`)
	for _, seed := range []string{
		"acme/api", "acme/api.git", " acme/api\r\n", "github.com/acme/api/settings/secrets", "https://gitlab.com/a/b/c/-/tree/main", "app.travis-ci.com/github/acme/api/builds/1",
		"git@github.com:acme/api.git", "acme/\x1b[2Japi", "acme/\u202eapi", "../..", "a/..", "https://x:" + secrettest.Canary + "@github.com/a/b", "acme/" + secrettest.Canary, "\x9b/a",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, text := range []string{text, text + secrettest.Canary} {
			got, err := gitrepo.ParseRepository(text)
			secrettest.Absent(t, "ParseRepository", printed(got)+printed(err))
			if err != nil {
				if got != (gitrepo.Remote{}) || codeOf(err) == "" {
					t.Errorf("%q: got %+v with %v", text, got, err)
				}
				continue
			}
			names := strings.Split(got.Slug, "/")
			if !slug.MatchString(got.Slug) || len(got.Slug) > 200 || slices.Contains(names, ".") || slices.Contains(names, "..") || !host.MatchString(got.Host) {
				t.Errorf("%q: got %+v", text, got)
			}
		}
	})
}

// What passes for a branch can be shown and pasted as it is.
func FuzzCheckBranch(f *testing.F) {
	for _, seed := range []string{"main", "feature/a$b", "-x", "a..b", "a@{b", "a\x1b[2J", "\u202ea", "a\u200bb", "a\x9bb", "日本", secrettest.Canary} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if err := gitrepo.CheckBranch(text); err != nil {
			secrettest.Absent(t, "the error", printed(err))
			return
		}
		strange := func(r rune) bool { return !unicode.IsPrint(r) || r == ' ' }
		if text == "" || len(text) > 250 || !utf8.ValidString(text) || strings.ContainsFunc(text, strange) || text[0] == '-' {
			t.Errorf("%q passes for a branch", text)
		}
	})
}
