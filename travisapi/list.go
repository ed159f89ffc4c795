package travisapi

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"sync"

	"golang.org/x/sync/errgroup"

	"convox-travis/internal/crash"
)

const (
	pageSize     = 100 // the most that Travis returns
	pagesAtATime = 8
	mostPages    = 1000 // a list with more pages is endless
)

// ListOptions says which repositories to list. The zero value lists all that the account
// can see.
type ListOptions struct {
	Owner    string   // the login of a person or organization; "" is all
	Provider Provider // of Owner; "" is GitHub
	Active   bool     // only those that Travis builds
	Search   string   // only those whose slug Travis considers similar

	// Page gets each page as it arrives, one at a time and in any order; it may be nil.
	Page func([]Repository)
}

// Repositories lists repositories, those built last first, from all pages. The first page
// says how many there are; the others are read concurrently.
func (c *Client) Repositories(ctx context.Context, options ListOptions) ([]Repository, error) {
	list := listing{client: c, options: options, seen: map[int]bool{}}
	last, err := list.read(ctx, 0)
	if err != nil {
		return nil, err
	}
	pages := [][]Repository{list.addPage(last)}
	step := max(1, len(last.Repositories)) // a server may return smaller pages than requested
	if rest := (max(1, last.Pagination.Count) - 1) / step; rest > 0 {
		if rest >= mostPages {
			return nil, list.endless()
		}
		more, end, err := list.readSideBySide(ctx, step, rest)
		if err != nil {
			return nil, err
		}
		pages, last = append(pages, more...), end
	}
	// What was added meanwhile, or everything if the count is missing.
	for !last.isLast() {
		if len(pages) == mostPages || len(pages[len(pages)-1]) == 0 {
			return nil, list.endless()
		}
		if last, err = list.read(ctx, len(pages)*step); err != nil {
			return nil, err
		}
		pages = append(pages, list.addPage(last))
	}
	return slices.Concat(pages...), nil
}

// readSideBySide reads n pages after the first one concurrently.
func (l *listing) readSideBySide(ctx context.Context, step, n int) (pages [][]Repository, last listAnswer, err error) {
	pages = make([][]Repository, n)
	reads, ctx := errgroup.WithContext(ctx)
	reads.SetLimit(pagesAtATime)
	for i := range n {
		reads.Go(func() error {
			defer crash.Catch()
			page, err := l.read(ctx, (i+1)*step)
			if err != nil {
				return err
			}
			pages[i] = l.addPage(page)
			if i == n-1 {
				last = page
			}
			return nil
		})
	}
	err = reads.Wait()
	return pages, last, err
}

// listing is one walk through all pages.
type listing struct {
	client  *Client
	options ListOptions

	mu          sync.Mutex
	seen        map[int]bool
	permissions []map[string]bool // distinct ones, up to mostPermissions
}

type listAnswer struct {
	Repositories []repositoryAnswer `json:"repositories"`
	Pagination   struct {
		Count  int   `json:"count"`
		IsLast *bool `json:"is_last"`
	} `json:"@pagination"`
}

func (a listAnswer) isLast() bool {
	if len(a.Repositories) == 0 || a.Pagination.IsLast == nil {
		return len(a.Repositories) < pageSize
	}
	return *a.Pagination.IsLast
}

func (a listAnswer) whole() bool {
	return a.Repositories != nil && len(a.Repositories) <= pageSize && !slices.ContainsFunc(a.Repositories, func(r repositoryAnswer) bool { return !r.whole() })
}

func (l *listing) read(ctx context.Context, offset int) (listAnswer, error) {
	return read(ctx, l.client, l.call(offset), listAnswer.whole)
}

func (l *listing) call(offset int) call {
	query := url.Values{
		"limit":   {strconv.Itoa(pageSize)},
		"offset":  {strconv.Itoa(offset)},
		"sort_by": {"default_branch.last_build:desc"},
	}
	if l.options.Active {
		query.Set("repository.active", "true")
	}
	if l.options.Search != "" {
		query.Set("repository.slug_filter", l.options.Search)
	}
	path := "/repos"
	if l.options.Owner != "" {
		path = "/owner/" + providerPath(l.options.Provider) + segment(l.options.Owner) + "/repos"
	}
	return call{action: "list the repositories", method: http.MethodGet, path: path, query: query}
}

// endless is a list that no real server has.
func (l *listing) endless() error {
	return l.call(0).failed(CodeMalformed, "its list of repositories doesn't end", Failure{})
}

// addPage adds a page. A build that ends meanwhile moves a repository to another page, so
// duplicates are dropped.
func (l *listing) addPage(page listAnswer) []Repository {
	l.mu.Lock()
	defer l.mu.Unlock()
	kept := make([]Repository, 0, len(page.Repositories))
	for _, answer := range page.Repositories {
		if !l.seen[answer.ID] {
			l.seen[answer.ID] = true
			answer.Permissions = l.sharePermissions(answer.Permissions)
			kept = append(kept, answer.repository())
		}
	}
	if l.options.Page != nil {
		l.options.Page(kept)
	}
	return kept
}

// mostPermissions is far more than an account has: a few roles.
const mostPermissions = 16

// sharePermissions returns one map for all repositories with the same permissions: they
// are the largest part of a repository.
func (l *listing) sharePermissions(permissions map[string]bool) map[string]bool {
	for _, known := range l.permissions {
		if maps.Equal(known, permissions) {
			return known
		}
	}
	if len(l.permissions) < mostPermissions {
		l.permissions = append(l.permissions, permissions)
	}
	return permissions
}
