package travisapi_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"convox-travis/internal/problem"
	"convox-travis/internal/secret"
	"convox-travis/internal/secret/secrettest"
	"convox-travis/travisapi"
)

// saved writes the Travis client's file and reads it back.
func saved(t *testing.T, text string) travisapi.CLIConfig {
	t.Helper()
	config, err := readSaved(t, text)
	if err != nil {
		t.Fatal(err)
	}
	secrettest.Absent(t, "what is held", fmt.Sprintf("%v %+v %#v", config, config, config))
	return config
}

func readSaved(t *testing.T, text string) (travisapi.CLIConfig, error) {
	t.Helper()
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "config.yml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return travisapi.ReadCLIConfig(env("TRAVIS_CONFIG_PATH", folder), "/nowhere")
}

func env(pairs ...string) func(string) string {
	return func(name string) string {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1]
			}
		}
		return ""
	}
}

const (
	hosted     = "endpoints:\n  https://api.travis-ci.com/:\n    access_token: " + secrettest.Canary + "\n"
	enterprise = "endpoints:\n  https://travis.acme.com/api/:\n    access_token: ent\n    insecure: true\nenterprise:\n  default: https://travis.acme.com/api/\n"
)

func TestTheEndpointIsFound(t *testing.T) {
	for name, c := range map[string]struct {
		flag, variable, file, slug string
		want                       string
	}{
		"nothing said":                       {want: "https://api.travis-ci.com"},
		"a flag":                             {flag: "https://a.example.com/api/", variable: "https://b.example.com", want: "https://a.example.com/api"},
		"the environment":                    {variable: "https://B.example.com/", file: "default_endpoint: https://c.example.com/", want: "https://b.example.com"},
		"the repository's own":               {file: "repos:\n  Acme/API: {endpoint: https://d.example.com/}\ndefault_endpoint: https://c.example.com/", slug: "acme/api", want: "https://d.example.com"},
		"the default":                        {file: "default_endpoint: https://c.example.com/", slug: "acme/api", want: "https://c.example.com"},
		"an old default":                     {file: hosted + "default_endpoint: https://api.travis-ci.org/", want: "https://api.travis-ci.com"},
		"an Enterprise alone":                {file: enterprise, want: "https://travis.acme.com/api"},
		"an Enterprise beside travis-ci.com": {file: hosted + "enterprise: {default: https://travis.acme.com/api/}", want: "https://api.travis-ci.com"},
	} {
		got, err := travisapi.FindEndpoint(c.flag, env("TRAVIS_ENDPOINT", c.variable), saved(t, c.file), c.slug)
		if err != nil || got != c.want {
			t.Errorf("%s: %s, %v", name, got, err)
		}
	}
}

func TestAClosedEndpointIsNeverUsed(t *testing.T) {
	for _, address := range []string{"https://api.travis-ci.org", "https://API.TRAVIS-CI.ORG/", "https://api.travis-ci.org:443/v3", "https://travis-ci.org", "https://www.travis-ci.org/api", "https://api.travis-ci.org."} {
		if _, err := travisapi.FindEndpoint(address, env(), travisapi.CLIConfig{}, ""); !problem.Has(err, travisapi.CodeClosedEndpoint) {
			t.Errorf("as a flag: %v", err)
		}
		if _, err := travisapi.FindEndpoint("", env("TRAVIS_ENDPOINT", address), travisapi.CLIConfig{}, ""); !problem.Has(err, travisapi.CodeClosedEndpoint) {
			t.Errorf("in the environment: %v", err)
		}
	}
}

func TestATokenGoesToItsOwnEndpoint(t *testing.T) {
	file := saved(t, hosted+"  https://travis.acme.com/api/:\n    access_token: ent\n  https://api.travis-ci.org/:\n    access_token: old\n")
	for endpoint, want := range map[string]string{
		"https://api.travis-ci.com":   secrettest.Canary,
		"https://travis.acme.com/api": "ent",
		"https://travis.acme.com":     "",
		"https://other.example.com":   "",
	} {
		token, err := travisapi.FindToken(endpoint, env(), file)
		if err != nil || token.Reveal() != want {
			t.Errorf("%s: another token, %v", endpoint, err)
		}
	}
	token, err := travisapi.FindToken("https://api.travis-ci.com", env("TRAVIS_TOKEN", " mine\n"), file)
	if err != nil || token.Reveal() != "mine" {
		t.Errorf("the environment's: another token, %v", err)
	}
}

func TestAStrangeTokenIsRefused(t *testing.T) {
	for _, token := range []string{"a b", "a\nb", "a\x00", "ä", secrettest.Canary + "\x1b[2J"} {
		_, err := travisapi.FindToken("https://api.travis-ci.com", env("TRAVIS_TOKEN", token), travisapi.CLIConfig{})
		if err == nil {
			t.Errorf("%q was accepted", token)
			continue
		}
		secrettest.Absent(t, "the error", err.Error())
	}
	if err := travisapi.CheckToken(secret.New(secrettest.Canary)); err != nil {
		t.Error(err)
	}
}

func TestATokenOfSomebodyElseIsNotSent(t *testing.T) {
	for prefix, of := range map[string]string{"ghp_": "GitHub", "gho_": "GitHub", "ghu_": "GitHub", "ghs_": "GitHub", "ghr_": "GitHub", "github_pat_": "GitHub", "glpat-": "GitLab"} {
		_, err := travisapi.FindToken(travisapi.HostedEndpoint, env("TRAVIS_TOKEN", prefix+secrettest.Canary), travisapi.CLIConfig{})
		if !problem.Has(err, travisapi.CodeBadToken) || !strings.Contains(err.Error(), of) {
			t.Fatalf("%s: %v", prefix, err)
		}
		secrettest.Absent(t, "the error", err.Error())
	}
	for _, token := range []string{"abcdefghijklmnopqrstuv", "ghpabc", "gh_abc", "abcghp_def", "abcglpat-def"} {
		if err := travisapi.CheckToken(secret.New(token)); err != nil {
			t.Errorf("%s: %v", token, err)
		}
	}
}

func TestATokenForTheClosedTravisAloneIsCalledThat(t *testing.T) {
	const closed = "endpoints:\n  https://api.travis-ci.org/:\n    access_token: " + secrettest.Canary + "\n"
	for name, c := range map[string]struct {
		file, endpoint, token string
		want                  bool
	}{
		"it alone":               {closed, travisapi.HostedEndpoint, "", true},
		"beside travis-ci.com's": {closed + "  https://api.travis-ci.com/:\n    access_token: new\n", travisapi.HostedEndpoint, "", false},
		"beside TRAVIS_TOKEN":    {closed, travisapi.HostedEndpoint, "mine", false},
		"for an Enterprise":      {closed, "https://travis.acme.com/api", "", false},
		"none":                   {"", travisapi.HostedEndpoint, "", false},
	} {
		_, err := travisapi.FindToken(c.endpoint, env("TRAVIS_TOKEN", c.token), saved(t, c.file))
		if problem.Has(err, travisapi.CodeClosedToken) != c.want || err != nil && !slices.Contains(problem.Of(err).Hints, "run `travis login --com`") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAFingerprintTellsAccessesApartAndNothingElse(t *testing.T) {
	one := travisapi.Fingerprint("https://api.travis-ci.com", secret.New(secrettest.Canary))
	secrettest.Absent(t, "the fingerprint", one)
	if one != travisapi.Fingerprint("https://API.travis-ci.com/", secret.New(secrettest.Canary)) {
		t.Error("two spellings of an endpoint are two")
	}
	for _, other := range []string{travisapi.Fingerprint("https://api.travis-ci.com", secret.New("x")), travisapi.Fingerprint("https://travis.acme.com", secret.New(secrettest.Canary))} {
		if other == one || len(other) != 32 {
			t.Errorf("%s and %s", one, other)
		}
	}
}

func TestNoFileIsNoError(t *testing.T) {
	for name, read := range map[string]func() (travisapi.CLIConfig, error){
		"no file": func() (travisapi.CLIConfig, error) { return travisapi.ReadCLIConfig(env(), t.TempDir()) },
		"no home": func() (travisapi.CLIConfig, error) { return travisapi.ReadCLIConfig(env(), "") },
		"no folder": func() (travisapi.CLIConfig, error) {
			return travisapi.ReadCLIConfig(env("TRAVIS_CONFIG_PATH", "/nowhere"), "")
		},
		"an empty": func() (travisapi.CLIConfig, error) { return readSaved(t, "") },
	} {
		if _, err := read(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestABrokenFileIsNamedAndNotQuoted(t *testing.T) {
	for _, text := range []string{"endpoints: [" + secrettest.Canary, "endpoints: " + secrettest.Canary, "\tendpoints:", "endpoints:\n  x:\n    access_token: {a: " + secrettest.Canary + "}"} {
		_, err := readSaved(t, text)
		if !problem.Has(err, travisapi.CodeConfig) {
			t.Errorf("%q: %v", text, err)
			continue
		}
		secrettest.Absent(t, "the error", fmt.Sprintf("%v %+v", err, *problem.Of(err)))
	}
	folder := t.TempDir()
	if err := os.Mkdir(filepath.Join(folder, "config.yml"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := travisapi.ReadCLIConfig(env("TRAVIS_CONFIG_PATH", folder), ""); err == nil {
		t.Error("a folder was read")
	}
}

func FuzzTheTravisClientsFile(f *testing.F) {
	for _, seed := range []string{hosted, enterprise, "", "endpoints: {}", "a: &a [*a]", "repos: {x: {endpoint: y}}"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		config, err := readSaved(t, text)
		if err != nil {
			return
		}
		endpoint, err := travisapi.FindEndpoint("", env(), config, "acme/api")
		if err != nil {
			return
		}
		if _, err := travisapi.New(travisapi.Config{Endpoint: endpoint}); err != nil {
			t.Errorf("an endpoint was found that cannot be used: %v", err)
		}
	})
}
