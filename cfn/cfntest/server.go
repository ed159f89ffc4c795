// Package cfntest is a small CloudFormation, STS, ECS and SSM, for tests and the
// demo. It speaks the AWS Query and JSON protocols, verifies signatures, keeps
// its state in memory, and has the habits of the real services. Any client
// works with it that is given its address (AWS_ENDPOINT_URL): the SDKs, the AWS
// CLI, curl.
//
// It is not IAM: whoever signs may do everything in their own account that was
// not denied with Deny.
//
// Next room: internal/convox/convoxtest, the last one.
package cfntest

import (
	"fmt"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"convox-travis/internal/crash"
	"convox-travis/internal/faults"
)

// Server is the small AWS. Its methods may be called while it runs.
type Server struct {
	URL    string // set by Start
	Faults faults.Layer
	// PageSize is how many stacks, events or changes a page of a list has. Set it
	// before the first request.
	PageSize int
	// MostChangeSets is how many change sets a stack can have; 0 is any number. Set
	// it before the first request.
	MostChangeSets int

	actions map[string]service

	mu       sync.Mutex
	keys     map[string]*key // by access key ID
	account  string          // of the first user
	roles    map[string]Role // by ARN
	devices  map[string][]string
	stacks   map[place][]*stack
	made     int // stacks so far
	pages    map[string]position
	troubles map[string]*trouble // by region
	calls    []Call
	strays   []string
	pace     Pace
	closed   bool // nothing continues
	hooks    hooks
	tasks    map[place]map[string]*taskDefinition // by ARN
	services map[place][]*ecsService
	stored   map[place]map[string]string // Parameter Store, by name
	public   map[string]string           // that of AWS itself, by region and name
}

// place is a region of an account.
type place struct{ account, region string }

// Call is a request that was understood, also when it was refused then.
type Call struct {
	Region string
	Action string // with its service: "cloudformation:DescribeStacks"
	KeyID  string
}

// T is what Start needs of a test.
type T interface {
	Helper()
	Cleanup(func())
	Errorf(format string, arguments ...any)
}

// New returns a server without users and stacks, that does not listen.
func New() *Server {
	return &Server{
		PageSize: 100,
		actions:  actions(),
		keys:     make(map[string]*key),
		roles:    make(map[string]Role),
		devices:  make(map[string][]string),
		stacks:   make(map[place][]*stack),
		pages:    make(map[string]position),
		troubles: make(map[string]*trouble),
		tasks:    make(map[place]map[string]*taskDefinition),
		services: make(map[place][]*ecsService),
		stored:   make(map[place]map[string]string),
		public:   make(map[string]string),
	}
}

// Start serves on loopback until the test ends. A request that is none of the
// protocol fails the test.
func Start(t T) *Server {
	t.Helper()
	s := New()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err) // without an address, a test would call the real AWS
	}
	s.URL = "http://" + listener.Addr().String()
	server := &http.Server{Handler: s.Handler(), ReadHeaderTimeout: 10 * time.Second}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		defer crash.Catch()
		_ = server.Serve(listener) // it ends when it is closed
	}()
	t.Cleanup(func() {
		t.Helper()
		s.stop()
		_ = server.Close() // requests that hang are cut off, as meant
		<-ended
		for _, stray := range s.Strays() {
			t.Errorf("cfntest: unknown request: %s", stray)
		}
	})
	return s
}

// Handler returns the server behind its layer of faults.
func (s *Server) Handler() http.Handler { return s.Faults.Wrap(http.HandlerFunc(s.serve)) }

// Calls returns what was asked so far, in the order of arrival.
func (s *Server) Calls() []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.calls)
}

// Strays returns the requests that are none of the protocol: method and path.
func (s *Server) Strays() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.strays)
}

func (s *Server) stray(r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.strays = append(s.strays, fmt.Sprintf("%s %s", r.Method, r.URL.EscapedPath()))
}

// Pace is how long things take. The zero value finishes all of them at once.
type Pace struct {
	ChangeSet time.Duration // a change set
	Resource  time.Duration // each resource of an update
	Task      time.Duration // each task of a service
}

// SetPace changes how long things take that haven't started.
func (s *Server) SetPace(pace Pace) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pace = pace
}

// after calls do after d, or now if d is 0, with s.mu locked. The caller holds s.mu.
func (s *Server) after(d time.Duration, do func()) {
	if d <= 0 {
		do()
		return
	}
	time.AfterFunc(d, func() {
		defer crash.Catch()
		s.mu.Lock()
		if !s.closed {
			do()
		}
		s.mu.Unlock()
		s.runHooks()
	})
}

func (s *Server) stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
}
