package travistest

import (
	"net/http"
	"strconv"
	"strings"
)

// target is a request about a repository that the account can see.
type target struct {
	request
	repository *repository
}

type repositoryHandler func(s *Server, w http.ResponseWriter, t target)

// handler finds the repository first; it calls the handler without s.mu.
func (handle repositoryHandler) handler() handler {
	return func(s *Server, w http.ResponseWriter, r request) {
		found := s.find(r)
		switch {
		case found == nil:
			notFound(w, "repository")
		case found.Migrated:
			refuse(w, http.StatusForbidden, "repo_migrated", "This repository has been migrated to travis-ci.com", nil)
		default:
			handle(s, w, target{request: r, repository: found})
		}
	}
}

// find looks up a repository by number, or by provider and slug: a slug without one is
// GitHub's.
func (s *Server) find(r request) *repository {
	s.mu.Lock()
	defer s.mu.Unlock()
	name, provider := r.PathValue("repository"), "github"
	if before, slug, found := strings.Cut(name, ":"); found {
		provider, name = before, slug
	}
	id, err := strconv.Atoi(name)
	for _, candidate := range s.repositories {
		byID := err == nil && candidate.ID == id
		bySlug := err != nil && candidate.Provider == provider && strings.EqualFold(candidate.Slug, name)
		if (byID || bySlug) && r.account.sees(candidate) {
			return candidate
		}
	}
	return nil
}

func (s *Server) getRepository(w http.ResponseWriter, t target) {
	s.mu.Lock()
	body := render(t.account, t.repository)
	s.mu.Unlock()
	answer(w, http.StatusOK, body)
}

// render renders a repository; the caller holds s.mu.
func render(a *account, r *repository) object {
	href := "/repo/" + strconv.Itoa(r.ID)
	return object{
		"@type": "repository", "@href": href, "@representation": "standard", "@permissions": a.permissions(r),
		"id": r.ID, "name": r.name(), "slug": r.Slug, "vcs_name": r.name(), "owner_name": r.owner(),
		"vcs_type": strings.ToUpper(r.Provider[:1]) + r.Provider[1:] + "Repository", "provider": r.Provider,
		"active": r.Active, "private": r.Private, "starred": false, "managed_by_installation": true,
		"description": nil, "server_type": "git", "migration_status": nil,
		"owner":          object{"@type": "organization", "login": r.owner(), "@href": "/owner/" + r.owner()},
		"default_branch": object{"@type": "branch", "@href": href + "/branch/" + r.DefaultBranch, "name": r.DefaultBranch},
	}
}

func (s *Server) activate(w http.ResponseWriter, t target) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case !t.account.may(t.repository, "activate"):
		denied(w, "activate", "repository")
	case t.repository.NoKeyYet > 0:
		t.repository.NoKeyYet--
		refuse(w, http.StatusConflict, "repo_ssh_key_missing", "request cannot be completed because the repository's SSH key is missing", nil)
	default:
		t.repository.Active = true
		answer(w, http.StatusOK, render(t.account, t.repository))
	}
}
