package travisapi

import (
	"errors"
	"io/fs"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v3"

	"convox-travis/internal/bounded"
	"convox-travis/internal/problem"
	"convox-travis/internal/secret"
)

// longestConfig bounds what is read of the Travis client's file, in bytes.
const longestConfig = 1 << 20

// CLIConfig is what the Travis client has saved
// (https://github.com/travis-ci/travis.rb, lib/travis/cli/api_command.rb). The
// zero value is that of a person who never used it.
type CLIConfig struct {
	tokens          map[string]secret.String // by endpoint, without a slash at its end
	repositories    map[string]string        // endpoint by slug in lower case
	defaultEndpoint string
	enterprise      string
}

// CodeConfig means that the Travis client's file is there and cannot be used.
const CodeConfig = "travis_config"

// ReadCLIConfig reads config.yml in $TRAVIS_CONFIG_PATH, else in ~/.travis. A
// file that is not there is no error. The error for one that cannot be read
// quotes nothing of it.
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
		return &problem.Error{Code: CodeConfig, Action: "read the Travis client's settings in", Object: path, Reason: why}
	}
	text, err := bounded.File(path, longestConfig)
	if errors.Is(err, fs.ErrNotExist) {
		return CLIConfig{}, nil
	}
	if err != nil {
		return CLIConfig{}, broken("it cannot be read")
	}
	var file configFile
	if yaml.Unmarshal(text, &file) != nil { // its error quotes the file
		return CLIConfig{}, broken("it is not the YAML that the Travis client writes")
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

// endpointKey is the same for two spellings of an endpoint.
func endpointKey(endpoint string) string {
	return strings.ToLower(strings.TrimRight(strings.TrimSpace(endpoint), "/"))
}
