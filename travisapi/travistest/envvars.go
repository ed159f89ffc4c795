package travistest

import (
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"time"
)

func (s *Server) listEnvVars(w http.ResponseWriter, t target) {
	s.mu.Lock()
	defer s.mu.Unlock()
	vars := make([]object, len(t.repository.EnvVars))
	for i, v := range t.repository.EnvVars {
		vars[i] = renderVar(t, v)
	}
	answer(w, http.StatusOK, object{
		"@type": "env_vars", "@href": "/repo/" + strconv.Itoa(t.repository.ID) + "/env_vars", "@representation": "standard", "env_vars": vars,
	})
}

// renderVar omits the value of a private variable (lib/travis/api/v3/model_renderer.rb);
// the caller holds s.mu.
func renderVar(t target, v EnvVar) object {
	body := object{
		"@type": "env_var", "@href": "/repo/" + strconv.Itoa(t.repository.ID) + "/env_var/" + v.ID, "@representation": "standard",
		"@permissions": object{"read": true, "write": t.account.may(t.repository, "create_env_var")},
		"id":           v.ID, "name": v.Name, "public": v.Public, "branch": v.Branch,
	}
	if v.Public {
		body["value"] = v.Value
	}
	return body
}

// createEnvVar rejects a name that exists with the same branch; null and "" differ.
func (s *Server) createEnvVar(w http.ResponseWriter, t target) {
	change, ok := readChange(w, t)
	if !ok {
		return
	}
	if !t.account.may(t.repository, "create_env_var") {
		denied(w, "create_env_var", "repository")
		return
	}
	vars := s.open(t.repository)
	v := change.applied(EnvVar{ID: newUUID()})
	switch {
	case v.Name == "" || change.Value == nil:
		refuse(w, http.StatusUnprocessableEntity, "unprocessable_entity", "Variable name can't be blank", nil)
		return
	case slices.ContainsFunc(vars, func(other EnvVar) bool { return other.Name == v.Name && sameBranch(other.Branch, v.Branch) }):
		refuse(w, http.StatusConflict, "duplicate_resource", "resource already exists", nil)
		return
	}
	s.save(t.repository, append(vars, v))
	s.mu.Lock()
	defer s.mu.Unlock()
	answer(w, http.StatusCreated, renderVar(t, v))
}

// updateEnvVar deletes, saves, creates and saves again.
func (s *Server) updateEnvVar(w http.ResponseWriter, t target) {
	change, ok := readChange(w, t)
	if !ok {
		return
	}
	vars := s.open(t.repository)
	at := indexOf(vars, t.PathValue("id"))
	switch {
	case at < 0:
		notFound(w, "env_var")
		return
	case !t.account.may(t.repository, "create_env_var"):
		denied(w, "write", "env_var")
		return
	case change.Name != nil && *change.Name == "":
		refuse(w, http.StatusUnprocessableEntity, "unprocessable_entity", "Variable name can't be blank", nil)
		return
	}
	v := change.applied(vars[at])
	vars = slices.Delete(vars, at, at+1)
	s.save(t.repository, vars)
	if s.losesPatch() {
		text(w, http.StatusInternalServerError, "Internal Server Error")
		return
	}
	s.save(t.repository, append(vars, v))
	s.mu.Lock()
	defer s.mu.Unlock()
	answer(w, http.StatusOK, renderVar(t, v))
}

func (s *Server) deleteEnvVar(w http.ResponseWriter, t target) {
	vars := s.open(t.repository)
	at := indexOf(vars, t.PathValue("id"))
	switch {
	case at < 0:
		notFound(w, "env_var")
	case !t.account.may(t.repository, "create_env_var"):
		denied(w, "write", "env_var")
	default:
		s.save(t.repository, slices.Delete(vars, at, at+1))
		w.WriteHeader(http.StatusNoContent)
	}
}

// open reads the settings document, and save writes it back whole: a write that was saved
// in between is lost (lib/travis/model/settings, json_sync.rb).
func (s *Server) open(r *repository) []EnvVar {
	s.mu.Lock()
	vars := slices.Clone(r.EnvVars)
	s.mu.Unlock()
	time.Sleep(s.SettingsTime)
	return vars
}

func (s *Server) save(r *repository, vars []EnvVar) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r.EnvVars = slices.Clone(vars)
}

// BreakNextPatch makes the next n PATCHes of variables fail between their delete and
// their create, so that the variables are lost.
func (s *Server) BreakNextPatch(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.brokenPatch = n
}

func (s *Server) losesPatch() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.brokenPatch == 0 {
		return false
	}
	s.brokenPatch--
	return true
}

// change is the body of a write: any subset of these keys.
type change struct {
	Name   *string         `json:"env_var.name"`
	Value  *string         `json:"env_var.value"`
	Public *bool           `json:"env_var.public"`
	Branch json.RawMessage `json:"env_var.branch"` // null differs from a missing one
}

func readChange(w http.ResponseWriter, t target) (change, bool) {
	var c change
	body, err := io.ReadAll(t.Body)
	kind, _, _ := mime.ParseMediaType(t.Header.Get("Content-Type"))
	if err == nil && kind == "application/json" && json.Unmarshal(body, &c) == nil {
		var branch *string
		if c.Branch == nil || json.Unmarshal(c.Branch, &branch) == nil {
			return c, true
		}
	}
	refuse(w, http.StatusBadRequest, "wrong_params", "wrong parameters", nil)
	return c, false
}

func (c change) applied(v EnvVar) EnvVar {
	if c.Name != nil {
		v.Name = *c.Name
	}
	if c.Value != nil {
		v.Value = *c.Value
	}
	if c.Public != nil {
		v.Public = *c.Public
	}
	if c.Branch != nil {
		v.Branch = nil
		_ = json.Unmarshal(c.Branch, &v.Branch) // it was read before
	}
	return v
}

func sameBranch(a, b *string) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b
}

func indexOf(vars []EnvVar, id string) int {
	return slices.IndexFunc(vars, func(v EnvVar) bool { return v.ID == id })
}
