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
	Organizations []string // logins: their repositories are the person's too
	EnvVars       []EnvVar // of the account
}

// Repository is a repository as a test lays it.
type Repository struct {
	ID            int    // 0 takes the next free one
	Slug          string // OWNER/NAME
	Provider      string // "" is github
	Active        bool
	Private       bool
	DefaultBranch string // "" is main
	EnvVars       []EnvVar
	LastBuild     time.Time

	// Permissions are those that differ from what its owners have, which is all
	// of them: {"create_env_var": false}.
	Permissions map[string]bool

	Unsynced       bool // Travis knows it only after a sync
	Migrated       bool // it answers with repo_migrated
	NoKeyYet       int  // so many activations fail, as the key is not made yet
	ShareWithForks bool
	SkipPushes     bool // build_pushes is off
	KeyBits        int  // of its generated key; 0 is 4096
	// Key is its generated key; nil is one that is made when it is asked for,
	// which takes longer than some calls wait.
	Key *rsa.PrivateKey
}

// EnvVar is a stored variable.
type EnvVar struct {
	ID     string // "" takes a new UUID
	Name   string
	Value  string
	Branch *string // nil and "" are both all branches, and differ
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

// Forget makes a token one that nobody has.
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

// EnvVars returns what is stored for the repository of this slug, in order:
// the private values too.
func (s *Server) EnvVars(slug string) []EnvVar {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.bySlug(slug); r != nil {
		return slices.Clone(r.EnvVars)
	}
	return nil
}

// SetEnvVars replaces what is stored for a repository, as somebody else would.
func (s *Server) SetEnvVars(slug string, vars []EnvVar) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.bySlug(slug); r != nil {
		r.EnvVars = slices.Clone(vars)
	}
}

// bySlug returns the first repository of this slug, or nil; s.mu is held.
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

// has reports whether the repository is one of the account's own.
func (a *account) has(r *repository) bool {
	owner := r.owner()
	return strings.EqualFold(owner, a.Login) || slices.ContainsFunc(a.Organizations, func(o string) bool {
		return strings.EqualFold(owner, o) || strings.HasPrefix(strings.ToLower(owner), strings.ToLower(o)+"/")
	})
}

// sees reports whether Travis admits to the account that there is such a
// repository.
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
