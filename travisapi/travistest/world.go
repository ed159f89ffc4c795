package travistest

import (
	"crypto/rsa"
	"slices"
	"strings"
	"time"
)

var providers = []string{"github", "gitlab", "bitbucket", "assembla"}

// Account is a person with a token.
type Account struct {
	ID            int
	Login         string
	Name          string
	Token         string
	Organizations []string // logins: their repositories are visible to the person too
	EnvVars       []EnvVar // of the account
}

// Repository is a repository as a test defines it.
type Repository struct {
	ID            int    // 0 uses the next free one
	Slug          string // OWNER/NAME
	Provider      string // "" is github
	Active        bool
	Private       bool
	DefaultBranch string // "" is main
	EnvVars       []EnvVar
	LastBuild     time.Time

	// Permissions are those that differ from an owner's, who has all of them:
	// {"create_env_var": false}.
	Permissions map[string]bool

	Unsynced       bool // Travis only knows it after a sync
	Migrated       bool // it answers with repo_migrated
	NoKeyYet       int  // this many activations fail, because the key isn't ready
	ShareWithForks bool
	SkipPushes     bool // build_pushes is off
	KeyBits        int  // of its generated key; 0 is 4096
	// Key is its generated key; nil makes one on first use, which takes longer than some
	// calls wait.
	Key *rsa.PrivateKey
}

// EnvVar is a stored variable.
type EnvVar struct {
	ID     string // "" takes a new UUID
	Name   string
	Value  string
	Branch *string // nil and "" both mean all branches, and differ
	Public bool
}

type account struct {
	Account
	syncing time.Time // until when
}

type repository struct {
	Repository
	key      func() (*rsa.PrivateKey, error)
	requests []*buildRequest
	past     []pastBuild // by ID
}

// AddAccount adds a person.
func (s *Server) AddAccount(a Account) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a.ID == 0 {
		a.ID = s.nextID()
	}
	s.accounts = append(s.accounts, &account{Account: a})
}

// Forget invalidates a token.
func (s *Server) Forget(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.accounts = slices.DeleteFunc(s.accounts, func(a *account) bool { return a.Token == token })
}

// AddRepository adds a repository.
func (s *Server) AddRepository(r Repository) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.ID == 0 {
		r.ID = s.nextID()
	}
	if r.Provider == "" {
		r.Provider = "github"
	}
	if r.DefaultBranch == "" {
		r.DefaultBranch = "main"
	}
	r.EnvVars = slices.Clone(r.EnvVars)
	for i := range r.EnvVars {
		if r.EnvVars[i].ID == "" {
			r.EnvVars[i].ID = newUUID()
		}
	}
	s.repositories = append(s.repositories, &repository{Repository: r})
}

// EnvVars returns what is stored for the repository with this slug, in order, including
// private values.
func (s *Server) EnvVars(slug string) []EnvVar {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.bySlug(slug); r != nil {
		return slices.Clone(r.EnvVars)
	}
	return nil
}

// SetEnvVars replaces what is stored for a repository, as someone else would.
func (s *Server) SetEnvVars(slug string, vars []EnvVar) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.bySlug(slug); r != nil {
		r.EnvVars = slices.Clone(vars)
	}
}

// bySlug returns the first repository with this slug, or nil; the caller holds s.mu.
func (s *Server) bySlug(slug string) *repository {
	for _, r := range s.repositories {
		if strings.EqualFold(r.Slug, slug) {
			return r
		}
	}
	return nil
}

// owner is the part of the slug before the last slash.
func (r *repository) owner() string { return r.Slug[:strings.LastIndex(r.Slug, "/")] }

func (r *repository) name() string { return r.Slug[strings.LastIndex(r.Slug, "/")+1:] }

// has reports whether the repository belongs to the account.
func (a *account) has(r *repository) bool {
	owner := r.owner()
	return strings.EqualFold(owner, a.Login) || slices.ContainsFunc(a.Organizations, func(o string) bool {
		return strings.EqualFold(owner, o) || strings.HasPrefix(strings.ToLower(owner), strings.ToLower(o)+"/")
	})
}

// sees reports whether Travis tells the account that a repository exists.
func (a *account) sees(r *repository) bool {
	return !r.Unsynced && (a.has(r) || !r.Private) && a.may(r, "read")
}

// permissions that an owner has (lib/travis/api/v3/permissions/repository.rb).
var permissions = []string{
	"read", "admin", "activate", "deactivate", "create_request", "create_cron", "create_env_var", "create_key_pair",
	"delete_key_pair", "settings_read", "settings_create", "settings_delete", "star", "unstar",
}

func (a *account) may(r *repository, permission string) bool {
	if may, said := r.Permissions[permission]; said {
		return may
	}
	return a.has(r) || permission == "read"
}

func (a *account) permissions(r *repository) map[string]bool {
	all := map[string]bool{}
	for _, permission := range permissions {
		all[permission] = a.may(r, permission)
	}
	return all
}
