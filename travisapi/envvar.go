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
	// Value is what a build puts after "export NAME=". It is empty if the variable is
	// private: Travis never returns such a value.
	Value secret.String
}

// NewEnvVar is a private variable to create.
type NewEnvVar struct {
	Name   string
	Value  secret.String // quoted for Bash
	Branch string        // "" is all branches
}

// EnvVarChange is a variable's new value. Its name and branch stay.
type EnvVarChange struct {
	Name  string        // for errors alone; it is not sent
	Value secret.String // quoted for Bash
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

// whole distinguishes an empty list from an invalid answer: confusing them would create
// duplicates.
func (a envVarsAnswer) whole() bool {
	for _, v := range a.EnvVars {
		if !v.whole() {
			return false
		}
	}
	return a.EnvVars != nil
}

// EnvVars lists the variables of a repository, in Travis's order: of several with one
// name and scope the last one applies in a build.
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

// CreateEnvVar creates a variable. If one with the same name and branch exists, the error
// has CodeDuplicate.
func (c *Client) CreateEnvVar(stop transport.Stop, repository Ref, v NewEnvVar) (EnvVar, error) {
	r := repository.call(http.MethodPost, "/env_vars", setting(v.Name))
	r.body = map[string]any{"env_var.name": v.Name, "env_var.value": v.Value, "env_var.public": false}
	if v.Branch != "" {
		r.body["env_var.branch"] = v.Branch
	}
	return c.writeEnvVar(stop, r)
}

// UpdateEnvVar changes a variable's value, and makes it private. Travis deletes it and creates a
// new one: after an error it may be gone (https://github.com/travis-ci/travis-api,
// lib/travis/api/v3/queries/env_var.rb).
func (c *Client) UpdateEnvVar(stop transport.Stop, repository Ref, id string, change EnvVarChange) (EnvVar, error) {
	r := repository.call(http.MethodPatch, "/env_var/"+segment(id), setting(change.Name))
	r.body = map[string]any{"env_var.value": change.Value, "env_var.public": false}
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

// DeleteEnvVar deletes a variable. One that is gone already isn't an error.
func (c *Client) DeleteEnvVar(stop transport.Stop, repository Ref, id string) error {
	err := c.change(stop, repository.call(http.MethodDelete, "/env_var/"+segment(id), "delete a variable of"))
	if Failed(err, CodeNotFound) {
		return nil
	}
	return err
}
