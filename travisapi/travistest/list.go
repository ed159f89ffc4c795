package travistest

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

const longestPage = 100

// listRepositories answers /repos and /owner/LOGIN/repos.
func (s *Server) listRepositories(w http.ResponseWriter, r request) {
	query := r.URL.Query()
	limit, offset := number(query, "limit", longestPage), number(query, "offset", 0)
	if order := query.Get("sort_by"); limit < 0 || offset < 0 || order != "" && order != byLastBuild {
		refuse(w, http.StatusBadRequest, "wrong_params", "wrong parameters", nil)
		return
	}
	limit = min(limit, longestPage)
	s.mu.Lock()
	defer s.mu.Unlock()
	login, provider := r.PathValue("login"), cmp.Or(r.PathValue("provider"), "github")
	if _, found := s.ownerOf(login); login != "" && !found {
		notFound(w, "owner")
		return
	}
	all := make([]*repository, 0, len(s.repositories))
	for _, candidate := range s.repositories {
		switch {
		case !r.account.sees(candidate):
		case login == "" && !r.account.has(candidate):
		case login != "" && (!strings.EqualFold(candidate.owner(), login) || candidate.Provider != provider):
		case !matches(candidate, query):
		default:
			all = append(all, candidate)
		}
	}
	slices.SortStableFunc(all, func(a, b *repository) int {
		if query.Has("sort_by") {
			return b.LastBuild.Compare(a.LastBuild)
		}
		return cmp.Compare(a.ID, b.ID)
	})
	page := all[min(offset, len(all)):min(offset+limit, len(all))]
	rendered := make([]object, len(page))
	for i, repository := range page {
		rendered[i] = render(r.account, repository)
	}
	answer(w, http.StatusOK, object{
		"@type": "repositories", "@href": r.URL.RequestURI(), "@representation": "standard",
		"@pagination": pagination(r.Request, limit, offset, len(all)), "repositories": rendered,
	})
}

// byLastBuild is the order that a client asks for.
const byLastBuild = "default_branch.last_build:desc"

// matches applies the filters.
func matches(r *repository, query url.Values) bool {
	if active := query.Get("repository.active"); active != "" && active != strconv.FormatBool(r.Active) {
		return false
	}
	// Travis matches a filter's letters in order, with gaps.
	slug := strings.ToLower(r.Slug)
	for _, letter := range strings.ToLower(query.Get("repository.slug_filter")) {
		at := strings.IndexRune(slug, letter)
		if at < 0 {
			return false
		}
		slug = slug[at+1:]
	}
	return true
}

// number reads a parameter; -1 if it isn't a number.
func number(query url.Values, name string, none int) int {
	if !query.Has(name) {
		return none
	}
	n, err := strconv.Atoi(query.Get(name))
	if err != nil {
		return -1
	}
	return n
}

func pagination(r *http.Request, limit, offset, count int) object {
	last := max(0, (count-1)/max(limit, 1)*limit)
	at := func(offset int) object {
		query := r.URL.Query()
		query.Set("limit", strconv.Itoa(limit))
		query.Set("offset", strconv.Itoa(offset))
		return object{"@href": fmt.Sprintf("%s?%s", r.URL.EscapedPath(), query.Encode()), "offset": offset, "limit": limit}
	}
	p := object{
		"limit": limit, "offset": offset, "count": count, "is_first": offset == 0, "is_last": offset+limit >= count,
		"next": nil, "prev": nil, "first": at(0), "last": at(last),
	}
	if offset+limit < count {
		p["next"] = at(offset + limit)
	}
	if offset > 0 {
		p["prev"] = at(max(0, offset-limit))
	}
	return p
}
