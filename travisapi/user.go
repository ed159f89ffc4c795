package travisapi

import (
	"context"
	"net/http"
	"strconv"

	"convox-travis/internal/secret"
	"convox-travis/internal/transport"
)

// User is the person with the token (https://developer.travis-ci.com/resource/user).
type User struct {
	ID      int
	Login   string
	Syncing bool // Travis is syncing the list of repositories
	EnvVars []AccountEnvVar
}

// Owner is a person or an organization (https://developer.travis-ci.com/resource/owner).
type Owner struct {
	Login   string
	EnvVars []AccountEnvVar
}

// AccountEnvVar is a variable for all builds of an account, with lower precedence than
// those of the repository.
type AccountEnvVar struct {
	Name   string
	Public bool
	Value  secret.String // empty if it is private
}

type accountAnswer struct {
	ID      int    `json:"id"`
	Login   string `json:"login"`
	Syncing bool   `json:"is_syncing"`
	EnvVars []struct {
		Name   string  `json:"name"`
		Public bool    `json:"public"`
		Value  *string `json:"value"`
	} `json:"account_env_vars"`
}

func (a accountAnswer) whole() bool { return a.ID > 0 && a.Login != "" }

func (a accountAnswer) envVars() []AccountEnvVar {
	vars := make([]AccountEnvVar, len(a.EnvVars))
	for i, v := range a.EnvVars {
		vars[i] = AccountEnvVar{Name: v.Name, Public: v.Public}
		if v.Value != nil && v.Public {
			vars[i].Value = secret.New(*v.Value)
		}
	}
	return vars
}

// User returns the person with the token.
func (c *Client) User(ctx context.Context) (User, error) {
	a, err := read(ctx, c, call{action: "ask Travis who this token belongs to", method: http.MethodGet, path: "/user"}, accountAnswer.whole)
	if err != nil {
		return User{}, err
	}
	return User{ID: a.ID, Login: a.Login, Syncing: a.Syncing, EnvVars: a.envVars()}, nil
}

// Owner reads an account by its login; an empty provider is GitHub.
func (c *Client) Owner(ctx context.Context, provider Provider, login string) (Owner, error) {
	r := call{action: "read an account on Travis", method: http.MethodGet, path: "/owner/" + providerPath(provider) + segment(login)}
	a, err := read(ctx, c, r, accountAnswer.whole)
	if err != nil {
		return Owner{}, err
	}
	return Owner{Login: a.Login, EnvVars: a.envVars()}, nil
}

// Sync asks Travis to read the person's list of repositories again, which takes seconds
// to minutes: User says when it is done.
func (c *Client) Sync(ctx context.Context, user User) error {
	return c.change(transport.Until(ctx), call{action: "sync the Travis account", method: http.MethodPost, path: "/user/" + strconv.Itoa(user.ID) + "/sync"})
}
