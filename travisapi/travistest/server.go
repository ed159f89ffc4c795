// Package travistest is a small Travis CI: it speaks version 3 of the API over
// real HTTP, keeps accounts, repositories and variables, and has the habits of
// the real one that a client has to live with. Private values are never given
// back, a PATCH deletes before it creates, two writes to one repository at the
// same time lose one, and too many POSTs ban the token for an hour.
//
// The habits are read from https://github.com/travis-ci/travis-api. Failing
// networks are played by Server.Faults.
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

// Server is one Travis. Make it with New or Start; its methods may be called
// while it runs.
type Server struct {
	URL    string // once it listens: http://127.0.0.1:PORT
	Faults faults.Layer

	// Now tells the time, for the ban and the limits.
	Now func() time.Time
	// SettingsTime is how long a write has the settings document in hand: another
	// write that begins meanwhile is lost.
	SettingsTime time.Duration
	// SyncTime is how long a sync takes, BuildTime how long a build.
	SyncTime, BuildTime time.Duration
	// OnBuild plays a build and returns its last state; nil lets all pass. Set it
	// before the first request.
	OnBuild func(Build) string
	// Enterprise puts the API below /api, as Travis CI Enterprise does, where everything
	// else is the web application's page, with 200
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

// New returns a Travis that does not listen yet.
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

// Tester is the part of testing.TB that Start needs; the program, which has a
// Travis for its demo, is not to be linked with package testing.
type Tester interface {
	Helper()
	Cleanup(func())
	Errorf(format string, args ...any)
}

// Start returns a Travis that listens until the test ends, and fails the test
// when it was asked something that Travis does not know.
func Start(t Tester) *Server {
	t.Helper()
	s := New()
	if err := s.Listen(); err != nil {
		panic(err) // there is no port on this machine
	}
	t.Cleanup(func() {
		_ = s.Close() // every request has been answered or given up
		for _, stray := range s.Strays() {
			t.Errorf("Travis does not know %s", stray)
		}
	})
	return s
}

// Listen makes the server answer on a free port of loopback.
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

// placed puts the API where an Enterprise has it.
func (s *Server) placed(api http.Handler) http.Handler {
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
	_ = s.listener.Close() // the server closes it as well, once it serves
	return s.http.Close()
}

// Strays lists the requests, as method and path, that Travis does not know.
func (s *Server) Strays() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.strays...)
}

// Writes returns the requests so far that asked for a change. A preview isn't one.
func (s *Server) Writes() []faults.Request {
	var writes []faults.Request
	for _, r := range s.Faults.Requests() {
		if r.Method != http.MethodGet && r.Method != http.MethodHead && !strings.HasSuffix(r.Path, "/request/preview") {
			writes = append(writes, r)
		}
	}
	return writes
}

// stray notes a request that no client should make.
func (s *Server) stray(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.strays = append(s.strays, fmt.Sprintf("%s %s", r.Method, r.URL.EscapedPath()))
	s.mu.Unlock()
	http.Error(w, "not found", http.StatusNotFound)
}

// nextID returns a number that nothing has yet; s.mu is held.
func (s *Server) nextID() int {
	s.lastID++
	return s.lastID
}
