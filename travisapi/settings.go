package travisapi

import (
	"context"
	"net/http"
	"strings"
)

// Key is the public half of the pair that Travis made for a repository
// (https://docs.travis-ci.com/user/encryption-keys/).
type Key struct {
	PEM         string // PKIX or PKCS #1
	Fingerprint string
}

type keyAnswer struct {
	PEM         string `json:"public_key"`
	Fingerprint string `json:"fingerprint"`
}

func (a keyAnswer) whole() bool { return strings.HasPrefix(strings.TrimSpace(a.PEM), "-----BEGIN ") }

// GeneratedKey reads the key that variables for .travis.yml are encrypted with.
func (c *Client) GeneratedKey(ctx context.Context, repository Ref) (Key, error) {
	answer, err := read(ctx, c, repository.call(http.MethodGet, "/key_pair/generated", "read the public key of"), keyAnswer.whole)
	return Key(answer), err
}

type settingAnswer struct {
	Value *bool `json:"value"`
}

func (a settingAnswer) whole() bool { return a.Value != nil }

// SharesWithForks reports whether builds of pull requests from forks get the
// private variables, so that whoever opens one can read them
// (https://docs.travis-ci.com/user/pull-requests/).
func (c *Client) SharesWithForks(ctx context.Context, repository Ref) (bool, error) {
	return c.setting(ctx, repository, "share_encrypted_env_with_forks")
}

// BuildsPushes reports whether Travis builds the pushes to a repository
// (https://docs.travis-ci.com/user/web-ui/#build-pushes).
func (c *Client) BuildsPushes(ctx context.Context, repository Ref) (bool, error) {
	return c.setting(ctx, repository, "build_pushes")
}

func (c *Client) setting(ctx context.Context, repository Ref, name string) (bool, error) {
	answer, err := read(ctx, c, repository.call(http.MethodGet, "/setting/"+name, "read the settings of"), settingAnswer.whole)
	if err != nil {
		return false, err
	}
	return *answer.Value, nil
}
