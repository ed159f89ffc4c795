// Package travistest is a small Travis CI: it speaks version 3 of the API over real HTTP,
// has accounts, repositories and variables, and behaves like the real one in all ways
// that matter to a client. It never returns private values, a PATCH deletes before it
// creates, of two simultaneous writes to a repository one is lost, and too many POSTs ban
// the token for an hour.
//
// The behavior is taken from https://github.com/travis-ci/travis-api. Server.Faults
// simulates failing networks.
//
// Next room: cfn/cfntest, the second one.
package travistest

import (
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"convox-travis/internal/crash"
	"convox-travis/internal/faults"
)

// Server is one Travis. Make it with New or Start. It is safe for concurrent use.
type Server struct {
	URL    string // once it listens: http://127.0.0.1:PORT
	Faults faults.Layer

	// Now returns the time, for the ban and the limits.
	Now func() time.Time
	// SettingsTime is how long a write processes the settings document: another write
	// that begins meanwhile is lost.
	SettingsTime time.Duration
	// SyncTime is how long a sync takes, BuildTime how long a build takes.
	SyncTime, BuildTime time.Duration
	// OnBuild plays a build and returns its final state; nil lets all pass. Set it before
	// the first request.
	OnBuild func(Build) string
	// Enterprise serves the API below /api, like Travis CI Enterprise, where every other
	// address returns the web application's page with 200
	// (https://docs.travis-ci.com/user/enterprise/). Set it before the first request.
	Enterprise bool

	http     *http.Server
	listener net.Listener

	mu           sync.Mutex
	accounts     []*account
	repositories []*repository
	posts        map[string]*attacker // by token
	postLimit    int
	postWindow   time.Duration
	lastID       int
	brokenPatch  int
	strays       []string
	previews     []PreviewRequest
	readings     map[string]Reading // by slug

	organizationVars map[string][]EnvVar // by login in lower case
}

// New returns a Travis that isn't listening yet.
func New() *Server {
	return &Server{
		Now:          time.Now,
		SettingsTime: time.Millisecond,
		SyncTime:     100 * time.Millisecond,
		BuildTime:    100 * time.Millisecond,
		posts:        map[string]*attacker{},
		readings:     map[string]Reading{},
		postLimit:    usualPosts,
		postWindow:   usualWindow,
		lastID:       1000,
	}
}

// Tester is the part of testing.TB that Start needs. The program uses a Travis for its
// demo and must not link package testing.
type Tester interface {
	Helper()
	Cleanup(func())
	Errorf(format string, args ...any)
}

// Start returns a Travis that listens until the test ends, and fails the test if it got a
// request that Travis doesn't support.
func Start(t Tester) *Server {
	t.Helper()
	s := New()
	if err := s.Listen(); err != nil {
		panic(err) // there is no free port on this machine
	}
	t.Cleanup(func() {
		_ = s.Close() // every request has been answered or canceled
		for _, stray := range s.Strays() {
			t.Errorf("Travis doesn't support %s", stray)
		}
	})
	return s
}

// Listen makes the server listen on a free loopback port.
func (s *Server) Listen() error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	s.listener = listener
	s.URL = "http://" + listener.Addr().String()
	s.http = &http.Server{Handler: s.handler(), ReadHeaderTimeout: 10 * time.Second}
	go func() {
		defer crash.Catch()
		_ = s.http.Serve(listener) // ends with Close
	}()
	return nil
}

func (s *Server) handler() http.Handler { return s.Faults.Wrap(s.routes()) }

// serveBelow serves the API where an Enterprise has it.
func (s *Server) serveBelow(api http.Handler) http.Handler {
	below := http.StripPrefix("/api", api)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case !s.Enterprise:
			api.ServeHTTP(w, r)
		case strings.HasPrefix(r.URL.Path, "/api/"):
			below.ServeHTTP(w, r)
		default:
			w.Header().Set("Content-Type", "text/html")
			_, _ = fmt.Fprint(w, "<!DOCTYPE html>\n<title>Travis CI</title>\n") // the client may be gone
		}
	})
}

// Close ends the server and its connections.
func (s *Server) Close() error {
	_ = s.listener.Close() // the server also closes it, once it serves
	return s.http.Close()
}

// Strays lists the requests, as method and path, that Travis doesn't support.
func (s *Server) Strays() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.strays...)
}

// Writes returns the requests so far that change something. A preview doesn't.
func (s *Server) Writes() []faults.Request {
	var writes []faults.Request
	for _, r := range s.Faults.Requests() {
		if r.Method != http.MethodGet && r.Method != http.MethodHead && !strings.HasSuffix(r.Path, "/request/preview") {
			writes = append(writes, r)
		}
	}
	return writes
}

// stray records a request that no client should make.
func (s *Server) stray(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.strays = append(s.strays, fmt.Sprintf("%s %s", r.Method, r.URL.EscapedPath()))
	s.mu.Unlock()
	http.Error(w, "not found", http.StatusNotFound)
}

// nextID returns an unused number; the caller holds s.mu.
func (s *Server) nextID() int {
	s.lastID++
	return s.lastID
}
