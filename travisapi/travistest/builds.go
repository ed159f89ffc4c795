package travistest

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"time"
)

const requestsAnHour = 10

// buildRequest is a request for a build, and the resulting build.
type buildRequest struct {
	id, build int
	branch    string
	message   string
	config    json.RawMessage
	at        time.Time
	state     string // once it is over
}

// Build is a played build.
type Build struct {
	Slug   string
	Branch string
	Config json.RawMessage   // from the request; null is the branch's own .travis.yml
	Env    map[string]string // as the settings give it to the branch
}

// environment is what the settings give a build of a branch: those for it win over those
// for all, and of duplicates the last.
func (r *repository) environment(branch string) map[string]string {
	env := make(map[string]string)
	for _, own := range []bool{false, true} {
		for _, v := range r.EnvVars {
			switch {
			case !own && (v.Branch == nil || *v.Branch == ""), own && v.Branch != nil && *v.Branch == branch:
				env[v.Name] = v.Value
			}
		}
	}
	return env
}

func (s *Server) createRequest(w http.ResponseWriter, t target) {
	var body struct {
		Request struct {
			Branch  string          `json:"branch"`
			Message string          `json:"message"`
			Config  json.RawMessage `json:"config"`
			Mode    string          `json:"merge_mode"`
		} `json:"request"`
	}
	if json.NewDecoder(t.Body).Decode(&body) != nil {
		refuse(w, http.StatusBadRequest, "wrong_params", "wrong parameters", nil)
		return
	}
	if modes := []string{"", "deep_merge_append", "deep_merge_prepend", "deep_merge", "merge", "replace"}; !slices.Contains(modes, body.Request.Mode) {
		refuse(w, http.StatusBadRequest, "wrong_params", "wrong parameters", nil)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	r := t.repository
	recent := 0
	for _, earlier := range r.requests {
		if s.Now().Sub(earlier.at) < time.Hour {
			recent++
		}
	}
	switch {
	case !t.account.may(r, "create_request"):
		denied(w, "create_request", "repository")
	case !r.Active:
		refuse(w, http.StatusNotAcceptable, "repository_inactive", "cannot create requests on an inactive repository", nil)
	case recent >= requestsAnHour:
		refuse(w, http.StatusTooManyRequests, "request_limit_reached", "request limit reached for resource", nil)
	default:
		if body.Request.Branch == "" {
			body.Request.Branch = r.DefaultBranch
		}
		made := &buildRequest{id: s.nextID(), build: s.nextID(), branch: body.Request.Branch, message: body.Request.Message, config: body.Request.Config, at: s.Now()}
		r.requests = append(r.requests, made)
		answer(w, http.StatusAccepted, object{
			"@type": "pending", "remaining_requests": requestsAnHour - recent - 1, "resource_type": "request",
			"repository": object{"@type": "repository", "id": r.ID, "slug": r.Slug},
			"request":    object{"id": made.id, "branch": made.branch, "message": made.message},
		})
	}
}

func (s *Server) getRequest(w http.ResponseWriter, t target) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range t.repository.requests {
		if strconv.Itoa(r.id) == t.PathValue("id") {
			answer(w, http.StatusOK, object{
				"@type": "request", "id": r.id, "state": "finished", "result": "approved", "message": r.message,
				"builds": []object{s.renderBuild(t.repository, r)},
			})
			return
		}
	}
	for _, past := range t.repository.past {
		if strconv.Itoa(past.request) == t.PathValue("id") {
			answer(w, http.StatusOK, past.renderRequest(t))
			return
		}
	}
	notFound(w, "request")
}

func (s *Server) getBuild(w http.ResponseWriter, r request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, repository := range s.repositories {
		for _, made := range repository.requests {
			if strconv.Itoa(made.build) == r.PathValue("id") && r.account.sees(repository) {
				answer(w, http.StatusOK, s.renderBuild(repository, made))
				return
			}
		}
	}
	notFound(w, "build")
}

// PlayBuilds sets BuildTime and OnBuild of a running server.
func (s *Server) PlayBuilds(took time.Duration, play func(Build) string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.BuildTime, s.OnBuild = took, play
}

// renderBuild renders a build, which is over after BuildTime; the caller holds s.mu.
func (s *Server) renderBuild(of *repository, r *buildRequest) object {
	if r.state == "" && s.Now().Sub(r.at) >= s.BuildTime {
		r.state = "passed"
		if s.OnBuild != nil {
			r.state = s.OnBuild(Build{Slug: of.Slug, Branch: r.branch, Config: r.config, Env: of.environment(r.branch)})
		}
	}
	state := cmp.Or(r.state, "started")
	return object{"@type": "build", "@href": "/build/" + strconv.Itoa(r.build), "id": r.build, "number": strconv.Itoa(r.build), "state": state}
}
