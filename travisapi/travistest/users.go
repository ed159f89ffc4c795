package travistest

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

func (s *Server) getUser(w http.ResponseWriter, r request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := r.account
	answer(w, http.StatusOK, object{
		"@type": "user", "@href": "/user/" + strconv.Itoa(a.ID), "@representation": "standard",
		"@permissions": object{"read": true, "sync": true},
		"id":           a.ID, "login": a.Login, "name": a.Name, "vcs_type": "GithubUser",
		"is_syncing": s.endSync(a), "synced_at": nil, "account_env_vars": accountVars(a.EnvVars),
	})
}

// sync reveals the repositories that weren't synced; it takes SyncTime.
func (s *Server) sync(w http.ResponseWriter, r request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case r.PathValue("id") != strconv.Itoa(r.account.ID):
		denied(w, "sync", "user")
	case s.endSync(r.account):
		refuse(w, http.StatusConflict, "already_syncing", "sync already in progress", nil)
	default:
		r.account.syncing = s.Now().Add(s.SyncTime)
		answer(w, http.StatusOK, object{"@type": "user", "id": r.account.ID, "login": r.account.Login, "is_syncing": true})
	}
}

// endSync ends a sync whose time is over, and reports whether one is running; the caller
// holds s.mu.
func (s *Server) endSync(a *account) bool {
	if a.syncing.IsZero() {
		return false
	}
	if s.Now().Before(a.syncing) {
		return true
	}
	for _, r := range s.repositories {
		if a.has(r) {
			r.Unsynced = false
		}
	}
	a.syncing = time.Time{}
	return false
}

func (s *Server) getOwner(w http.ResponseWriter, r request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	body, found := s.ownerOf(r.PathValue("login"))
	if !found {
		notFound(w, "owner")
		return
	}
	answer(w, http.StatusOK, body)
}

// ownerOf renders an account or an organization; the caller holds s.mu.
func (s *Server) ownerOf(login string) (object, bool) {
	for i, a := range s.accounts {
		if strings.EqualFold(a.Login, login) {
			return object{
				"@type": "user", "@href": "/user/" + strconv.Itoa(a.ID), "id": a.ID, "login": a.Login, "name": a.Name,
				"account_env_vars": accountVars(a.EnvVars),
			}, true
		}
		for j, organization := range a.Organizations {
			if strings.EqualFold(organization, login) {
				id := 100*(i+1) + j
				return object{
					"@type": "organization", "@href": "/org/" + strconv.Itoa(id), "id": id, "login": organization, "name": organization,
					"account_env_vars": accountVars(s.organizationVars[strings.ToLower(organization)]),
				}, true
			}
		}
	}
	return nil, false
}

// SetOrganizationEnvVars sets the variables for all builds of an organization.
func (s *Server) SetOrganizationEnvVars(login string, vars []EnvVar) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.organizationVars == nil {
		s.organizationVars = map[string][]EnvVar{}
	}
	s.organizationVars[strings.ToLower(login)] = vars
}

func accountVars(vars []EnvVar) []object {
	shown := make([]object, len(vars))
	for i, v := range vars {
		shown[i] = object{"@type": "account_env_var", "id": i + 1, "name": v.Name, "public": v.Public}
		if v.Public {
			shown[i]["value"] = v.Value
		}
	}
	return shown
}
