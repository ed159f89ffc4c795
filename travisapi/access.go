package travisapi

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v3"

	"convox-travis/internal/bounded"
	"convox-travis/internal/problem"
	"convox-travis/internal/secret"
	"convox-travis/internal/transport"
)

const closedDomain = "travis-ci.org"

// The codes of Errors about an endpoint or a token. They quote neither.
const (
	// CodeClosedEndpoint: travis-ci.org is closed, and a token must not be sent to
	// whoever answers there.
	CodeClosedEndpoint = "closed_endpoint"
	CodeBadEndpoint    = "bad_endpoint"
	CodeBadToken       = "bad_token"
	// CodeClosedToken: the Travis CLI only has a token for travis-ci.org.
	CodeClosedToken = "closed_token"
)

// TokenPage is where a person copies a token for an endpoint. For an Enterprise, whose
// API is at https://HOST/api, it is below the host's address.
func TokenPage(endpoint string) string {
	web, isEnterprise := strings.CutSuffix(endpoint, "/api")
	if !isEnterprise {
		web = "https://app.travis-ci.com"
	}
	return web + "/account/preferences"
}

func readEndpoint(address string) (*url.URL, error) {
	endpoint, err := transport.ParseEndpoint(address)
	if err != nil {
		return nil, &problem.Error{
			Code: CodeBadEndpoint, Object: "the Travis endpoint", Cause: err,
			Hints: []string{"use " + HostedEndpoint + " for travis-ci.com, or https://HOST/api for an Enterprise"},
		}
	}
	if host := strings.TrimSuffix(endpoint.Hostname(), "."); host == closedDomain || strings.HasSuffix(host, "."+closedDomain) {
		return nil, &problem.Error{Code: CodeClosedEndpoint, Object: "the Travis endpoint", Reason: closedDomain + " is closed"}
	}
	return endpoint, nil
}

// FindEndpoint returns the endpoint to use: flag, else TRAVIS_ENDPOINT, else what the
// Travis CLI has saved for the repository slug, else its default, else its Enterprise if
// it has no token for travis-ci.com, else HostedEndpoint. Saved ones of travis-ci.org are
// skipped; a given one has CodeClosedEndpoint.
func FindEndpoint(flag string, env func(string) string, saved CLIConfig, slug string) (string, error) {
	for _, given := range []string{flag, env("TRAVIS_ENDPOINT")} {
		if given != "" {
			return checkEndpoint(given)
		}
	}
	candidates := []string{saved.repositories[strings.ToLower(slug)], saved.defaultEndpoint}
	if saved.tokens[HostedEndpoint].IsEmpty() {
		candidates = append(candidates, saved.enterprise)
	}
	for _, candidate := range candidates {
		if candidate == "" {
			continue
		}
		endpoint, err := checkEndpoint(candidate)
		if !problem.Has(err, CodeClosedEndpoint) {
			return endpoint, err
		}
	}
	return HostedEndpoint, nil
}

func checkEndpoint(address string) (string, error) {
	endpoint, err := readEndpoint(address)
	if err != nil {
		return "", err
	}
	return endpoint.String(), nil
}

// FindToken returns the token for an endpoint: TRAVIS_TOKEN, else what the Travis CLI has
// saved for this very endpoint. A missing token isn't an error, unless one is saved for
// travis-ci.org instead of travis-ci.com.
func FindToken(endpoint string, env func(string) string, saved CLIConfig) (secret.String, error) {
	token := secret.New(strings.TrimSpace(env("TRAVIS_TOKEN")))
	if token.IsEmpty() {
		token = saved.tokens[endpointKey(endpoint)]
	}
	switch {
	case !token.IsEmpty():
		if err := CheckToken(token); err != nil {
			return secret.String{}, err
		}
	case endpointKey(endpoint) == HostedEndpoint && !saved.tokens["https://api."+closedDomain].IsEmpty():
		return token, &problem.Error{
			Code: CodeClosedToken, Reason: "the Travis CLI only has a token for " + closedDomain + ", which is closed",
			Hints: []string{"run `travis login --com`"},
		}
	}
	return token, nil
}

// Fingerprint identifies an endpoint and a token without revealing them, for data shared
// by all processes of a machine that use them.
func Fingerprint(endpoint string, token secret.String) string {
	sum := sha256.Sum256([]byte(endpointKey(endpoint) + "\x00" + token.Reveal()))
	return hex.EncodeToString(sum[:16])
}

// foreignToken matches tokens of GitHub and GitLab
// (https://github.blog/engineering/platform-security/behind-githubs-new-authentication-token-formats/,
// https://docs.gitlab.com/security/tokens/#token-prefixes).
var foreignToken = regexp.MustCompile(`^(gh[pousr]_|github_pat_|glpat-)`)

// CheckToken rejects what can't be a token, what no header can contain, and tokens of
// other services.
func CheckToken(token secret.String) error {
	strange := func(r rune) bool { return r > unicode.MaxASCII || !unicode.IsGraphic(r) || r == ' ' }
	if text := token.Reveal(); text == "" || len(text) > 4096 || strings.ContainsFunc(text, strange) {
		return &problem.Error{
			Code: CodeBadToken, Reason: "the Travis token has white space or other characters that no token has",
			Hints: []string{"copy it again from your preferences on Travis: " + TokenPage(HostedEndpoint)},
		}
	}
	if kind := foreignToken.FindString(token.Reveal()); kind != "" {
		of := "GitHub"
		if kind == "glpat-" {
			of = "GitLab"
		}
		return &problem.Error{
			Code: CodeBadToken, Reason: "the Travis token is one of " + of + ", and isn't sent to Travis",
			Hints: []string{"copy the API token from your preferences on Travis: " + TokenPage(HostedEndpoint)},
		}
	}
	return nil
}

const longestConfig = 1 << 20

// CLIConfig is what the Travis CLI has saved (https://github.com/travis-ci/travis.rb,
// lib/travis/cli/api_command.rb). The zero value is that of a person who never used it.
type CLIConfig struct {
	tokens          map[string]secret.String // by endpoint, without a trailing slash
	repositories    map[string]string        // endpoint by slug in lower case
	defaultEndpoint string
	enterprise      string
}

// CodeConfig means that the Travis CLI's file exists and can't be used.
const CodeConfig = "travis_config"

// ReadCLIConfig reads config.yml in $TRAVIS_CONFIG_PATH, else in ~/.travis. A missing
// file isn't an error. The error for an unreadable one quotes nothing of it.
func ReadCLIConfig(env func(string) string, home string) (CLIConfig, error) {
	folder := env("TRAVIS_CONFIG_PATH")
	if folder == "" {
		if home == "" {
			return CLIConfig{}, nil
		}
		folder = filepath.Join(home, ".travis")
	}
	path := filepath.Join(folder, "config.yml")
	broken := func(why string) error {
		return &problem.Error{Code: CodeConfig, Action: "read the Travis CLI's settings in", Object: path, Reason: why}
	}
	text, err := bounded.File(path, longestConfig)
	if errors.Is(err, fs.ErrNotExist) {
		return CLIConfig{}, nil
	}
	if err != nil {
		return CLIConfig{}, broken("it can't be read")
	}
	var file configFile
	if yaml.Unmarshal(text, &file) != nil { // its error quotes the file
		return CLIConfig{}, broken("it isn't the YAML that the Travis CLI writes")
	}
	return file.config(), nil
}

type configFile struct {
	Endpoints map[string]struct {
		AccessToken string `yaml:"access_token"`
	} `yaml:"endpoints"`
	DefaultEndpoint string `yaml:"default_endpoint"`
	Repositories    map[string]struct {
		Endpoint string `yaml:"endpoint"`
	} `yaml:"repos"`
	Enterprise map[string]string `yaml:"enterprise"`
}

func (f configFile) config() CLIConfig {
	c := CLIConfig{
		tokens: map[string]secret.String{}, repositories: map[string]string{},
		defaultEndpoint: f.DefaultEndpoint, enterprise: f.Enterprise["default"],
	}
	for endpoint, saved := range f.Endpoints {
		if saved.AccessToken != "" {
			c.tokens[endpointKey(endpoint)] = secret.New(saved.AccessToken)
		}
	}
	for slug, saved := range f.Repositories {
		c.repositories[strings.ToLower(slug)] = saved.Endpoint
	}
	return c
}

// endpointKey is equal for two spellings of an endpoint.
func endpointKey(endpoint string) string {
	return strings.ToLower(strings.TrimRight(strings.TrimSpace(endpoint), "/"))
}
