package travisapi

import (
	"context"
	"net/http"
	"strings"
)

// Repository is a repository as Travis knows it
// (https://developer.travis-ci.com/resource/repository).
type Repository struct {
	ID              int
	Slug            string   // OWNER/NAME
	Provider        Provider // "" where Travis does not say
	Active          bool     // whether Travis builds it
	Private         bool
	Owner           string
	DefaultBranch   string
	MigrationStatus string          // "migrated" is normal on travis-ci.com
	Permissions     map[string]bool // of the person: read, activate, create_env_var, …
}

// Ref names the repository by its number, and to a person by its slug.
func (r Repository) Ref() Ref {
	ref := ByID(r.ID)
	if r.Slug != "" {
		ref.name = r.Slug
	}
	return ref
}

// Denies reports whether Travis says that the person may not do this. What it
// does not speak of is not denied.
func (r Repository) Denies(permission string) bool {
	may, said := r.Permissions[permission]
	return said && !may
}

type repositoryAnswer struct {
	ID       int     `json:"id"`
	Slug     string  `json:"slug"`
	Provider *string `json:"provider"`
	VCSType  *string `json:"vcs_type"`
	Active   bool    `json:"active"`
	Private  bool    `json:"private"`
	Owner    struct {
		Login string `json:"login"`
	} `json:"owner"`
	DefaultBranch struct {
		Name string `json:"name"`
	} `json:"default_branch"`
	MigrationStatus *string         `json:"migration_status"`
	Permissions     map[string]bool `json:"@permissions"`
}

// longestRepository bounds the texts of one repository together, in bytes. A
// list keeps those of all.
const longestRepository = 4 << 10

func (a repositoryAnswer) whole() bool {
	return a.ID > 0 && a.Slug != "" && a.length() <= longestRepository
}

func (a repositoryAnswer) length() int {
	n := len(a.Slug) + len(a.provider()) + len(a.Owner.Login) + len(a.DefaultBranch.Name)
	if a.MigrationStatus != nil {
		n += len(*a.MigrationStatus)
	}
	for permission := range a.Permissions {
		n += len(permission)
	}
	return n
}

func (a repositoryAnswer) repository() Repository {
	r := Repository{
		ID: a.ID, Slug: a.Slug, Provider: a.provider(), Active: a.Active, Private: a.Private,
		Owner: a.Owner.Login, DefaultBranch: a.DefaultBranch.Name, Permissions: a.Permissions,
	}
	if a.MigrationStatus != nil {
		r.MigrationStatus = *a.MigrationStatus
	}
	return r
}

// provider reads "github" or, from servers that do not say so, the type's
// "GithubRepository".
func (a repositoryAnswer) provider() Provider {
	said := ""
	switch {
	case a.Provider != nil:
		said = *a.Provider
	case a.VCSType != nil:
		said = strings.TrimSuffix(*a.VCSType, "Repository")
	}
	return Provider(strings.ToLower(said)) // also one that we do not know: it is another one
}

// Repository reads one repository. One that is unknown, not synced yet or not
// for this person has CodeNotFound.
func (c *Client) Repository(ctx context.Context, ref Ref) (Repository, error) {
	answer, err := read(ctx, c, ref.call(http.MethodGet, "", "find"), repositoryAnswer.whole)
	if err != nil {
		return Repository{}, err
	}
	return answer.repository(), nil
}

// Activate makes Travis build a repository. It may be repeated without harm, so
// it is tried again like a read: shortly after a sync Travis has no key for the
// repository yet.
func (c *Client) Activate(ctx context.Context, ref Ref) (Repository, error) {
	var answer repositoryAnswer
	err := c.config.Retry.Repeat(ctx, func(ctx context.Context) error {
		var err error
		answer, err = once(ctx, c, ref.call(http.MethodPost, "/activate", "activate"), repositoryAnswer.whole)
		return err
	})
	if err != nil {
		return Repository{}, err
	}
	return answer.repository(), nil
}
