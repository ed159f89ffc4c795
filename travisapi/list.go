package travisapi

import (
	"context"
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
// says how many there are; the others are read concurrently. Then follows what was added
// meanwhile, or everything if the count is missing.
func (c *Client) Repositories(ctx context.Context, options ListOptions) ([]Repository, error) {
	list := listing{client: c, options: options, seen: map[int]bool{}}
	var pages [][]Repository
	step := pageSize
	for known := 1; len(pages) < known; {
		more, last, err := list.readPages(ctx, len(pages), known, step)
		if err != nil {
			return nil, err
		}
		if len(pages) == 0 {
			step = max(1, len(last.Repositories)) // a server may return smaller pages than requested
		}
		pages = append(pages, more...)
		known = (max(1, last.Pagination.Count)-1)/step + 1
		if !last.isLast() {
			known = max(known, len(pages)+1)
		}
		if known > mostPages || !last.isLast() && len(pages[len(pages)-1]) == 0 {
			return nil, list.endless()
		}
	}
	return slices.Concat(pages...), nil
}

// readPages reads the pages from first to before end concurrently, and returns the last answer.
func (l *listing) readPages(ctx context.Context, first, end, step int) (pages [][]Repository, last listAnswer, err error) {
	pages = make([][]Repository, end-first)
	reads, ctx := errgroup.WithContext(ctx)
	reads.SetLimit(pagesAtATime)
	for i := range pages {
		reads.Go(func() error {
			defer crash.Catch()
			page, err := read(ctx, l.client, l.call((first+i)*step), listAnswer.isValid)
			if err != nil {
				return err
			}
			pages[i] = l.addPage(page)
			if i == len(pages)-1 {
				last = page
			}
			return nil
		})
	}
	err = reads.Wait()
	return pages, last, err
}

type listing struct {
	client  *Client
	options ListOptions

	mu   sync.Mutex
	seen map[int]bool // by ID
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

func (a listAnswer) isValid() bool {
	isInvalid := func(r repositoryAnswer) bool { return !r.isValid() }
	return a.Repositories != nil && len(a.Repositories) <= pageSize && !slices.ContainsFunc(a.Repositories, isInvalid)
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
			kept = append(kept, answer.repository())
		}
	}
	if l.options.Page != nil {
		l.options.Page(kept)
	}
	return kept
}
