package travisapi

import (
	"context"
	"net/http"

	"convox-travis/internal/secret"
	"convox-travis/internal/transport"
)

// EnvVar is a variable of a repository's settings
// (https://developer.travis-ci.com/resource/env_var).
type EnvVar struct {
	ID     string // a UUID
	Name   string
	Branch string // "" is all branches; Travis has null and "" for it
	Public bool
	// Value is what a build puts behind "export NAME=". It is empty where the
	// variable is private: Travis never gives such a value back.
	Value secret.String
}

// NewEnvVar is a variable to be created.
type NewEnvVar struct {
	Name   string
	Value  secret.String // quoted for Bash
	Public bool
	Branch string // "" is all branches
}

// EnvVarChange is what a variable becomes. Its name and branch stay.
type EnvVarChange struct {
	Name   string        // for errors alone; it is not sent
	Value  secret.String // quoted for Bash
	Public bool
}

type envVarAnswer struct {
	ID     string  `json:"id"`
	Name   string  `json:"name"`
	Branch *string `json:"branch"`
	Public bool    `json:"public"`
	Value  *string `json:"value"`
}

func (a envVarAnswer) whole() bool { return a.ID != "" && a.Name != "" }

func (a envVarAnswer) envVar() EnvVar {
	v := EnvVar{ID: a.ID, Name: a.Name, Public: a.Public}
	if a.Branch != nil {
		v.Branch = *a.Branch
	}
	if a.Value != nil && a.Public {
		v.Value = secret.New(*a.Value)
	}
	return v
}

type envVarsAnswer struct {
	EnvVars []envVarAnswer `json:"env_vars"`
}

// whole tells an empty list from an answer that is none: taking the one for the
// other would create doubles.
func (a envVarsAnswer) whole() bool {
	for _, v := range a.EnvVars {
		if !v.whole() {
			return false
		}
	}
	return a.EnvVars != nil
}

// EnvVars lists the variables of a repository, in Travis's order: of several
// with one name and scope the last one counts in a build.
func (c *Client) EnvVars(ctx context.Context, repository Ref) ([]EnvVar, error) {
	answer, err := read(ctx, c, repository.call(http.MethodGet, "/env_vars", "read the variables of"), envVarsAnswer.whole)
	if err != nil {
		return nil, err
	}
	vars := make([]EnvVar, len(answer.EnvVars))
	for i, v := range answer.EnvVars {
		vars[i] = v.envVar()
	}
	return vars, nil
}

// CreateEnvVar creates a variable. One of the same name and branch has
// CodeDuplicate.
func (c *Client) CreateEnvVar(stop transport.Stop, repository Ref, v NewEnvVar) (EnvVar, error) {
	r := repository.call(http.MethodPost, "/env_vars", setting(v.Name))
	r.body = map[string]any{"env_var.name": v.Name, "env_var.value": v.Value, "env_var.public": v.Public}
	if v.Branch != "" {
		r.body["env_var.branch"] = v.Branch
	}
	return c.writeEnvVar(stop, r)
}

// UpdateEnvVar gives a variable another value and privacy. Travis deletes it
// and creates it anew: after an error it may be gone
// (https://github.com/travis-ci/travis-api, lib/travis/api/v3/queries/env_var.rb).
func (c *Client) UpdateEnvVar(stop transport.Stop, repository Ref, id string, change EnvVarChange) (EnvVar, error) {
	r := repository.call(http.MethodPatch, "/env_var/"+segment(id), setting(change.Name))
	r.body = map[string]any{"env_var.value": change.Value, "env_var.public": change.Public}
	return c.writeEnvVar(stop, r)
}

func (c *Client) writeEnvVar(stop transport.Stop, r call) (EnvVar, error) {
	answer, err := once(stop, c, r, envVarAnswer.whole)
	if err != nil {
		return EnvVar{}, err
	}
	return answer.envVar(), nil
}

func setting(name string) string { return "set " + name + " on" }

// DeleteEnvVar deletes a variable. One that is gone already is no error.
func (c *Client) DeleteEnvVar(stop transport.Stop, repository Ref, id string) error {
	err := c.change(stop, repository.call(http.MethodDelete, "/env_var/"+segment(id), "delete a variable of"))
	if Failed(err, CodeNotFound) {
		return nil
	}
	return err
}
