package travisapi

import (
	"context"
	"net/http"
	"strconv"

	"convox-travis/internal/secret"
	"convox-travis/internal/transport"
)

// User is the person whose token it is
// (https://developer.travis-ci.com/resource/user).
type User struct {
	ID      int
	Login   string
	Name    string
	Syncing bool // Travis is reading the list of repositories anew
	EnvVars []AccountEnvVar
}

// Owner is a person or an organization
// (https://developer.travis-ci.com/resource/owner).
type Owner struct {
	ID      int
	Login   string
	Name    string
	EnvVars []AccountEnvVar
}

// AccountEnvVar is a variable that all builds of an account get, before those
// of the repository, which win.
type AccountEnvVar struct {
	Name   string
	Public bool
	Value  secret.String // empty where it is private
}

type accountAnswer struct {
	ID      int     `json:"id"`
	Login   string  `json:"login"`
	Name    *string `json:"name"`
	Syncing bool    `json:"is_syncing"`
	EnvVars []struct {
		Name   string  `json:"name"`
		Public bool    `json:"public"`
		Value  *string `json:"value"`
	} `json:"account_env_vars"`
}

func (a accountAnswer) whole() bool { return a.ID > 0 && a.Login != "" }

func (a accountAnswer) name() string {
	if a.Name == nil {
		return ""
	}
	return *a.Name
}

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

// User tells whose token it is.
func (c *Client) User(ctx context.Context) (User, error) {
	a, err := read(ctx, c, call{action: "ask Travis whose token this is", method: http.MethodGet, path: "/user"}, accountAnswer.whole)
	if err != nil {
		return User{}, err
	}
	return User{ID: a.ID, Login: a.Login, Name: a.name(), Syncing: a.Syncing, EnvVars: a.envVars()}, nil
}

// Owner reads an account by its login; "" is GitHub for provider.
func (c *Client) Owner(ctx context.Context, provider Provider, login string) (Owner, error) {
	r := call{action: "read an account on Travis", method: http.MethodGet, path: "/owner/" + providerPath(provider) + segment(login)}
	a, err := read(ctx, c, r, accountAnswer.whole)
	if err != nil {
		return Owner{}, err
	}
	return Owner{ID: a.ID, Login: a.Login, Name: a.name(), EnvVars: a.envVars()}, nil
}

// Sync asks Travis to read the person's list of repositories anew, which takes
// seconds to minutes: User tells when it is done.
func (c *Client) Sync(ctx context.Context, user User) error {
	return c.change(transport.Until(ctx), call{action: "sync the Travis account", method: http.MethodPost, path: "/user/" + strconv.Itoa(user.ID) + "/sync"})
}
