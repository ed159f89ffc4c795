package travisapi

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"convox-travis/internal/transport"
)

// Repository is a repository on Travis
// (https://developer.travis-ci.com/resource/repository).
type Repository struct {
	ID            int
	Slug          string   // OWNER/NAME
	Provider      Provider // "" where Travis does not say
	Active        bool     // whether Travis builds it
	Private       bool
	Owner         string
	DefaultBranch string
	Denied        []string // of create_env_var and create_request, what Travis says the account may not do
}

// Ref names the repository by its number, and by its slug for people.
func (r Repository) Ref() Ref {
	ref := ByID(r.ID)
	if r.Slug != "" {
		ref.name = r.Slug
	}
	return ref
}

// Denies reports whether Denied has a permission.
func (r Repository) Denies(permission string) bool { return slices.Contains(r.Denied, permission) }

type repositoryAnswer struct {
	ID       int    `json:"id"`
	Slug     string `json:"slug"`
	Provider string `json:"provider"`
	Active   bool   `json:"active"`
	Private  bool   `json:"private"`
	Owner    struct {
		Login string `json:"login"`
	} `json:"owner"`
	DefaultBranch struct {
		Name string `json:"name"`
	} `json:"default_branch"`
	Permissions map[string]bool `json:"@permissions"`
}

// longestRepository limits the texts of one repository together, in bytes. A list stores
// all of them.
const longestRepository = 4 << 10

func (a repositoryAnswer) isValid() bool {
	return a.ID > 0 && a.Slug != "" && len(a.Slug)+len(a.Provider)+len(a.Owner.Login)+len(a.DefaultBranch.Name) <= longestRepository
}

func (a repositoryAnswer) repository() Repository {
	r := Repository{
		ID: a.ID, Slug: a.Slug, Provider: Provider(strings.ToLower(a.Provider)), Active: a.Active, Private: a.Private,
		Owner: a.Owner.Login, DefaultBranch: a.DefaultBranch.Name,
	}
	for _, permission := range []string{"create_env_var", "create_request"} {
		if may, said := a.Permissions[permission]; said && !may {
			r.Denied = append(r.Denied, permission)
		}
	}
	return r
}

// Repository reads one repository. The error for one that is unknown, not synced yet or
// not visible to the account has CodeNotFound.
func (c *Client) Repository(ctx context.Context, ref Ref) (Repository, error) {
	answer, err := read(ctx, c, ref.call(http.MethodGet, "", "find"), repositoryAnswer.isValid)
	return answer.repository(), err
}

// Activate makes Travis build a repository. It is safe to repeat, so it is retried like a
// read: shortly after a sync Travis doesn't have the repository's key yet.
func (c *Client) Activate(stop transport.Stop, ref Ref) (Repository, error) {
	answer, err := repeat(stop, c, ref.call(http.MethodPost, "/activate", "activate"), repositoryAnswer.isValid)
	return answer.repository(), err
}

// Provider is a repository's hosting service, as Travis spells it in a path.
type Provider string

const (
	GitHub    Provider = "github"
	GitLab    Provider = "gitlab"
	Bitbucket Provider = "bitbucket"
	Assembla  Provider = "assembla"
)

// Ref names a repository in a call. The number is safest: a slug without a provider is
// GitHub's, whoever has that name there.
type Ref struct {
	path string // escaped
	name string // for a person

	onGitHub bool
}

// ByID names a repository by its number on Travis.
func ByID(id int) Ref {
	number := strconv.Itoa(id)
	return Ref{path: number, name: "repository " + number}
}

// BySlug names a repository by OWNER/NAME on a provider.
func BySlug(provider Provider, slug string) Ref {
	return Ref{path: providerPath(provider) + segment(slug), name: slug, onGitHub: providerPath(provider) == ""}
}

// String is the name for people.
func (r Ref) String() string { return r.name }

// providerPath is the prefix of a slug or login: nothing for GitHub
// (https://github.com/travis-ci/travis-api, lib/travis/api/v3/routes.rb).
func providerPath(provider Provider) string {
	if provider == GitHub || provider == "" {
		return ""
	}
	return segment(string(provider)) + "/"
}

// call is a request about the repository. The error starts with verb and the repository's
// name.
func (r Ref) call(method, rest, verb string) call {
	return call{action: verb, object: r.name, method: method, path: "/repo/" + r.path + rest, onGitHub: r.onGitHub}
}

// Key is the public half of the key pair that Travis made for a repository
// (https://docs.travis-ci.com/user/encryption-keys/).
type Key struct {
	PEM string // PKIX or PKCS #1
}

type keyAnswer struct {
	PEM string `json:"public_key"`
}

func (a keyAnswer) isValid() bool { return strings.HasPrefix(strings.TrimSpace(a.PEM), "-----BEGIN ") }

// GeneratedKey reads the key for encrypting variables of .travis.yml.
func (c *Client) GeneratedKey(ctx context.Context, repository Ref) (Key, error) {
	answer, err := read(ctx, c, repository.call(http.MethodGet, "/key_pair/generated", "read the public key of"), keyAnswer.isValid)
	return Key(answer), err
}

type settingAnswer struct {
	Value *bool `json:"value"`
}

func (a settingAnswer) isValid() bool { return a.Value != nil }

// SharesWithForks reports whether builds of pull requests from forks get the private
// variables, which whoever opens one can then read
// (https://docs.travis-ci.com/user/pull-requests/).
func (c *Client) SharesWithForks(ctx context.Context, repository Ref) (bool, error) {
	return c.setting(ctx, repository, "share_encrypted_env_with_forks")
}

// BuildsPushes reports whether Travis builds pushes to a repository
// (https://docs.travis-ci.com/user/web-ui/#build-pushes).
func (c *Client) BuildsPushes(ctx context.Context, repository Ref) (bool, error) {
	return c.setting(ctx, repository, "build_pushes")
}

func (c *Client) setting(ctx context.Context, repository Ref, name string) (bool, error) {
	answer, err := read(ctx, c, repository.call(http.MethodGet, "/setting/"+name, "read the settings of"), settingAnswer.isValid)
	if err != nil {
		return false, err
	}
	return *answer.Value, nil
}

// User is an account: the person with the token, or a person or organization that owns
// repositories (https://developer.travis-ci.com/resource/user,
// https://developer.travis-ci.com/resource/owner).
type User struct {
	ID      int    `json:"id"`
	Login   string `json:"login"`
	Syncing bool   `json:"is_syncing"` // Travis is syncing the list of repositories
	// EnvVars are for all builds of the account, with lower precedence than those of the
	// repository.
	EnvVars []EnvVar `json:"account_env_vars"`
}

func (u User) isValid() bool { return u.ID > 0 && u.Login != "" }

// User returns the person with the token.
func (c *Client) User(ctx context.Context) (User, error) {
	return read(ctx, c, call{action: "ask Travis who this token belongs to", method: http.MethodGet, path: "/user"}, User.isValid)
}

// Owner reads an account by its login; an empty provider is GitHub.
func (c *Client) Owner(ctx context.Context, provider Provider, login string) (User, error) {
	r := call{action: "read an account on Travis", method: http.MethodGet, path: "/owner/" + providerPath(provider) + segment(login)}
	return read(ctx, c, r, User.isValid)
}

// Sync asks Travis to read the person's list of repositories again, which takes seconds
// to minutes: User says when it is done.
func (c *Client) Sync(ctx context.Context, user User) error {
	return c.change(transport.Until(ctx), call{action: "sync the Travis account", method: http.MethodPost, path: "/user/" + strconv.Itoa(user.ID) + "/sync"})
}
