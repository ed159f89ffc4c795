package travistest

import (
	"net/http"
	"net/url"
	"strings"
)

// request is a request by a known account.
type request struct {
	*http.Request
	account *account
}

type handler func(s *Server, w http.ResponseWriter, r request)

// routes has the paths of lib/travis/api/v3/routes.rb. A slug is one segment with an
// escaped slash; of two segments, the first is the provider.
func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	for pattern, handle := range map[string]handler{
		"GET /user":                           (*Server).getUser,
		"POST /user/{id}/sync":                (*Server).sync,
		"GET /repos":                          (*Server).listRepositories,
		"GET /build/{id}":                     (*Server).getBuild,
		"GET /job/{id}/log":                   (*Server).getLog,
		"GET /job/{id}/log.txt":               (*Server).getLog,
		"GET /owner/{login}":                  (*Server).getOwner,
		"GET /owner/{login}/repos":            (*Server).listRepositories,
		"GET /owner/{provider}/{login}":       (*Server).getOwner,
		"GET /owner/{provider}/{login}/repos": (*Server).listRepositories,
	} {
		s.route(mux, pattern, handle)
	}
	for rest, handle := range map[string]repositoryHandler{
		"GET ":                    (*Server).getRepository,
		"POST /activate":          (*Server).activate,
		"GET /env_vars":           (*Server).listEnvVars,
		"POST /env_vars":          (*Server).createEnvVar,
		"PATCH /env_var/{id}":     (*Server).updateEnvVar,
		"DELETE /env_var/{id}":    (*Server).deleteEnvVar,
		"GET /key_pair/generated": (*Server).getKey,
		"GET /setting/{setting}":  (*Server).getSetting,
		"POST /requests":          (*Server).createRequest,
		"GET /request/{id}":       (*Server).getRequest,
		"GET /builds":             (*Server).listBuilds,
		"POST /request/preview":   (*Server).preview,
	} {
		method, path, _ := strings.Cut(rest, " ")
		s.route(mux, method+" /repo/{repository}"+path, handle.handler())
	}
	mux.HandleFunc("/", s.stray)
	return s.serveBelow(s.requireVersion(mux))
}

func (s *Server) route(mux *http.ServeMux, pattern string, handle handler) {
	mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		if account, ok := s.admit(w, r); ok {
			handle(s, w, request{Request: r, account: account})
		}
	})
}

// requireVersion selects version 3, by header; the older API isn't available. It
// also folds a provider into the segment of the repository, so that each route exists
// once: /repo/gitlab/a%2Fb/env_vars is /repo/gitlab:a%2Fb/env_vars.
func (s *Server) requireVersion(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Travis-API-Version") != "3" {
			s.stray(w, r)
			return
		}
		folded := r.Clone(r.Context())
		folded.URL.RawPath = foldProvider(r.URL.EscapedPath())
		folded.URL.Path, _ = url.PathUnescape(folded.URL.RawPath) // it arrived correctly escaped
		next.ServeHTTP(w, folded)
	})
}

func foldProvider(path string) string {
	rest, found := strings.CutPrefix(path, "/repo/")
	if !found {
		return path
	}
	for _, provider := range providers {
		if slug, found := strings.CutPrefix(rest, provider+"/"); found {
			return "/repo/" + provider + ":" + slug
		}
	}
	return path
}
