package travisapi

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"

	"convox-travis/internal/secret"
	"convox-travis/internal/transport"
)

// EnvVar is a variable of a repository's settings
// (https://developer.travis-ci.com/resource/env_var).
type EnvVar struct {
	ID     string // a UUID; "" for an account's
	Name   string
	Branch string // "" is all branches; Travis has null and "" for it
	Public bool
	// Value is what a build puts after "export NAME=". It is empty if the variable is
	// private: Travis never returns such a value.
	Value secret.String
}

// UnmarshalJSON implements json.Unmarshaler.
func (v *EnvVar) UnmarshalJSON(text []byte) error {
	var read struct {
		ID                  any    // a number for an account's
		Name, Branch, Value string // null is ""
		Public              bool
	}
	if err := json.Unmarshal(text, &read); err != nil {
		return err
	}
	*v = EnvVar{Name: read.Name, Branch: read.Branch, Public: read.Public}
	v.ID, _ = read.ID.(string)
	if v.Public {
		v.Value = secret.New(read.Value)
	}
	return nil
}

func (v EnvVar) isValid() bool { return v.ID != "" && v.Name != "" }

type envVarsAnswer struct {
	EnvVars []EnvVar `json:"env_vars"`
}

// isValid distinguishes an empty list from an invalid answer: confusing them would create
// duplicates.
func (a envVarsAnswer) isValid() bool {
	return a.EnvVars != nil && !slices.ContainsFunc(a.EnvVars, func(v EnvVar) bool { return !v.isValid() })
}

// EnvVars lists the variables of a repository, in Travis's order: of several with one
// name and scope the last one applies in a build.
func (c *Client) EnvVars(ctx context.Context, repository Ref) ([]EnvVar, error) {
	answer, err := read(ctx, c, repository.call(http.MethodGet, "/env_vars", "read the variables of"), envVarsAnswer.isValid)
	return answer.EnvVars, err
}

// CreateEnvVar creates a private variable with a name, a value that is quoted for Bash, and
// a branch. If one with the same name and branch exists, the error has CodeDuplicate.
func (c *Client) CreateEnvVar(stop transport.Stop, repository Ref, v EnvVar) (EnvVar, error) {
	r := repository.call(http.MethodPost, "/env_vars", setting(v.Name))
	r.body = map[string]any{"env_var.name": v.Name, "env_var.value": v.Value, "env_var.public": false}
	if v.Branch != "" {
		r.body["env_var.branch"] = v.Branch
	}
	return once(stop, c, r, EnvVar.isValid)
}

// UpdateEnvVar changes the value of the variable with an ID, and makes it private. Its name,
// which is for errors alone, and its branch stay. Travis deletes it and creates a new one:
// after an error it may be gone (https://github.com/travis-ci/travis-api,
// lib/travis/api/v3/queries/env_var.rb).
func (c *Client) UpdateEnvVar(stop transport.Stop, repository Ref, v EnvVar) (EnvVar, error) {
	r := repository.call(http.MethodPatch, "/env_var/"+segment(v.ID), setting(v.Name))
	r.body = map[string]any{"env_var.value": v.Value, "env_var.public": false}
	return once(stop, c, r, EnvVar.isValid)
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
