package travistest

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// PastBuild is a build as a test defines it, usually one that is over.
type PastBuild struct {
	Number string // "" is the next one
	State  string // "" is passed
	Event  string // "" is push
	Branch string // "" is the default branch
	Tag    string
	Commit string
	File   string            // the .travis.yml that it was made of
	Import map[string]string // the text of imported files, by source: OWNER/NAME:PATH@REF
	Jobs   []PastJob
}

// PastJob is a job of a PastBuild.
type PastJob struct {
	State        string // "" is that of the build
	Stage        string // a stage's jobs are next to each other
	AllowFailure bool
	Log          string
	LogStatus    int // 404: there is no log; 403: the settings restrict it; 0 returns Log
}

type pastBuild struct {
	PastBuild
	id, request int
	jobs        []int // IDs
}

// AddBuild adds a build to a repository's history.
func (s *Server) AddBuild(slug string, b PastBuild) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.bySlug(slug)
	made := pastBuild{PastBuild: b, id: s.nextID(), request: s.nextID()}
	made.Number = cmp.Or(b.Number, strconv.Itoa(len(r.past)+1))
	made.State, made.Event, made.Branch = cmp.Or(b.State, "passed"), cmp.Or(b.Event, "push"), cmp.Or(b.Branch, r.DefaultBranch)
	for range b.Jobs {
		made.jobs = append(made.jobs, s.nextID())
	}
	r.past = append(r.past, made)
}

// buildOrders are the orders of lib/travis/api/v3/queries/builds.rb.
var buildOrders = []string{"id", "started_at", "finished_at"}

// buildFilters are the filters that the server supports, and the includes. Travis also
// filters by previous_state and created_by.
var (
	buildFilters  = []string{"branch.name", "build.state", "state", "build.event_type", "event_type", "limit", "offset", "sort_by", "include"}
	buildIncludes = []string{"build.jobs", "build.request"}
)

// listBuilds answers /repo/SLUG/builds (lib/travis/api/v3/services/builds/find.rb and
// renderer/build.rb), which lists test builds too. Travis warns of an unknown parameter;
// here it is refused.
func (s *Server) listBuilds(w http.ResponseWriter, t target) {
	query := t.URL.Query()
	limit, offset := number(query, "limit", 25), number(query, "offset", 0)
	field, order, _ := strings.Cut(cmp.Or(query.Get("sort_by"), "id:desc"), ":")
	var includes []string
	if query.Has("include") {
		includes = strings.Split(query.Get("include"), ",")
	}
	isUnknown := func(known []string) func(string) bool {
		return func(name string) bool { return !slices.Contains(known, name) }
	}
	if limit < 0 || offset < 0 || isUnknown(buildOrders)(field) || order != "desc" && order != "asc" ||
		slices.ContainsFunc(slices.Collect(maps.Keys(query)), isUnknown(buildFilters)) || slices.ContainsFunc(includes, isUnknown(buildIncludes)) {
		refuse(w, http.StatusBadRequest, "wrong_params", "wrong parameters", nil)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	all := slices.Clone(t.repository.past)
	for _, r := range t.repository.requests {
		state, _ := s.renderBuild(t.repository, r)["state"].(string)
		all = append(all, pastBuild{PastBuild: PastBuild{Number: strconv.Itoa(r.build), State: state, Event: "api", Branch: r.branch}, id: r.build, request: r.id})
	}
	all = slices.DeleteFunc(all, func(b pastBuild) bool { return !b.passes(query) })
	slices.SortFunc(all, func(a, b pastBuild) int {
		if order == "desc" {
			a, b = b, a
		}
		return cmp.Compare(a.id, b.id)
	})
	page := all[min(offset, len(all)):min(offset+limit, len(all))]
	rendered := make([]object, len(page))
	for i, b := range page {
		rendered[i] = b.render(t.repository, includes)
	}
	answer(w, http.StatusOK, object{
		"@type": "builds", "@href": t.URL.RequestURI(), "@representation": "standard",
		"@pagination": pagination(t.Request, limit, offset, len(all)), "builds": rendered,
	})
}

// passes applies the filters, each of which is a list.
func (b pastBuild) passes(query url.Values) bool {
	for names, value := range map[string]string{"branch.name": b.Branch, "build.state state": b.State, "build.event_type event_type": b.Event} {
		for name := range strings.FieldsSeq(names) {
			if query.Has(name) && !slices.Contains(strings.Split(query.Get(name), ","), value) {
				return false
			}
		}
	}
	return true
}

func (b pastBuild) render(r *repository, includes []string) object {
	href := "/repo/" + strconv.Itoa(r.ID)
	made := object{
		"@type": "build", "@href": "/build/" + strconv.Itoa(b.id), "@representation": "standard", "id": b.id, "number": b.Number, "state": b.State,
		"event_type": b.Event, "private": r.Private, "repository": object{"@type": "repository", "@href": href, "id": r.ID, "slug": r.Slug},
		"branch": object{"@type": "branch", "@href": href + "/branch/" + url.PathEscape(b.Branch), "@representation": "minimal", "name": b.Branch},
		"commit": object{"@type": "commit", "@representation": "minimal", "sha": b.Commit, "message": ""}, "tag": nil,
	}
	if b.Tag != "" {
		made["tag"] = object{"@type": "tag", "@representation": "minimal", "name": b.Tag}
	}
	if slices.Contains(includes, "build.request") {
		made["request"] = object{"@type": "request", "@representation": "minimal", "id": b.request, "state": "finished", "result": "approved"}
	}
	jobs, stages := []object{}, []object{}
	for i, job := range b.Jobs {
		rendered := object{"@type": "job", "@href": "/job/" + strconv.Itoa(b.jobs[i]), "@representation": "minimal", "id": b.jobs[i]}
		var stage any
		if job.Stage != "" {
			if len(stages) == 0 || stages[len(stages)-1]["name"] != job.Stage {
				stages = append(stages, object{"@type": "stage", "@representation": "minimal", "number": len(stages) + 1, "name": job.Stage})
			}
			stage = stages[len(stages)-1]
		}
		if slices.Contains(includes, "build.jobs") {
			maps.Copy(rendered, object{
				"@representation": "standard", "number": fmt.Sprintf("%s.%d", b.Number, i+1), "state": cmp.Or(job.State, b.State),
				"allow_failure": job.AllowFailure, "stage": stage,
			})
		}
		jobs = append(jobs, rendered)
	}
	made["jobs"], made["stages"] = jobs, stages
	return made
}

// renderRequest renders the request that a build was made of
// (lib/travis/api/v3/renderer/request.rb).
func (b pastBuild) renderRequest(t target) object {
	rendered := object{"@type": "request", "@representation": "standard", "id": b.request, "state": "finished", "result": "approved"}
	if t.URL.Query().Get("include") == "request.raw_configs" {
		config := func(source, text string) object {
			return object{"@type": "request_raw_configuration", "@representation": "minimal", "source": source, "config": text, "merge_mode": "deep_merge_append"}
		}
		files := []object{}
		if b.File != "" {
			files = append(files, config(t.repository.Slug+":.travis.yml@"+b.Commit, b.File))
		}
		for _, source := range slices.Sorted(maps.Keys(b.Import)) {
			files = append(files, config(source, b.Import[source]))
		}
		rendered["raw_configs"] = files
	}
	return rendered
}

// getLog answers with a job's log, as JSON or as text
// (lib/travis/api/v3/services/log/find.rb and renderer/log.rb).
func (s *Server) getLog(w http.ResponseWriter, r request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	job := s.pastJob(r)
	switch {
	case job == nil || job.LogStatus == http.StatusNotFound:
		notFound(w, "log")
	case job.LogStatus == http.StatusForbidden:
		refuse(w, http.StatusForbidden, "log_access_denied", "We're sorry, but this data is not available. Please check the repository settings in Travis CI.", nil)
	case strings.HasSuffix(r.URL.Path, ".txt") || r.Header.Get("Accept") == "text/plain":
		text(w, http.StatusOK, job.Log)
	default:
		href := "/job/" + r.PathValue("id") + "/log"
		answer(w, http.StatusOK, object{
			"@type": "log", "@href": href, "@representation": "standard", "@raw_log_href": href + ".txt", "id": r.PathValue("id"), "content": job.Log,
			"log_parts": []object{{"content": job.Log, "final": true, "number": 0}},
		})
	}
}

// pastJob finds a job that the account can see, or nil; the caller holds s.mu.
func (s *Server) pastJob(r request) *PastJob {
	for _, repository := range s.repositories {
		for _, b := range repository.past {
			for i, id := range b.jobs {
				if strconv.Itoa(id) == r.PathValue("id") && r.account.sees(repository) {
					return &b.Jobs[i]
				}
			}
		}
	}
	return nil
}
