package convoxtest

import (
	"fmt"
	"net/http"
	"slices"
)

// App is an application on a Rack.
type App struct {
	Name    string `json:"name"`
	Status  string `json:"status"`
	Release string `json:"release"`
}

// System is what a Rack tells about itself.
type System struct {
	Name     string `json:"name"`
	Status   string `json:"status"`
	Provider string `json:"provider"`
	Region   string `json:"region"`
	Type     string `json:"type"`
	Version  string `json:"version"`
	Count    int    `json:"count"`
}

// Rack is a small Rack. As a real one it compares what arrives as the password
// with its own, letter by letter, and does not look at the user name, but for a
// token of "convox rack access": that is accepted from the user jwt alone
// (https://github.com/convox/rack, pkg/cli/rack.go). It has one web task until
// SetTasks says otherwise.
type Rack struct {
	server
	token  string   // of "convox rack access"; "" is none
	tasks  []string // the password of each
	system System
	apps   []App
}

// NewRack starts a Rack called production, whose certificate is good for
// loopback and for names.
func NewRack(password string, names ...string) (*Rack, error) {
	r := &Rack{
		tasks: []string{password},
		system: System{
			Name: "production", Status: "running", Provider: "aws", Region: "us-east-1",
			Type: "t3.medium", Version: "20250412120000", Count: 3,
		},
	}
	return r, r.start(names, r.answer, "GET /auth", "GET /system", "GET /apps", "GET /racks")
}

// StartRack is NewRack for the time of a test.
func StartRack(t T, password string, names ...string) *Rack {
	t.Helper()
	r, err := NewRack(password, names...)
	if err != nil {
		t.Fatalf("start a Rack: %v", err)
	}
	r.closeWith(t)
	return r
}

// SetSystem changes what the Rack tells about itself.
func (r *Rack) SetSystem(system System) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.system = system
}

// SetAccessToken makes a token one of "convox rack access".
func (r *Rack) SetAccessToken(token string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.token = token
}

// SetApps changes which applications there are.
func (r *Rack) SetApps(apps ...App) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.apps = slices.Clone(apps)
}

func (r *Rack) answer(w http.ResponseWriter, request *http.Request) {
	password, up := r.taskOf(request)
	if !up {
		noTarget(w)
		return
	}
	r.mu.Lock()
	system, apps, token := r.system, slices.Clone(r.apps), r.token
	r.mu.Unlock()
	if request.URL.Path == "/racks" {
		w.WriteHeader(http.StatusNotFound) // before the password is looked at
		return
	}
	user, given, _ := request.BasicAuth()
	if isToken := token != "" && user == "jwt" && given == token; given != password && !isToken {
		unauthorized(w)
		return
	}
	switch request.URL.Path {
	case "/auth":
		_, _ = fmt.Fprintln(w, "ok") // a client that went away is not the server's trouble
	case "/system":
		writeJSON(w, system)
	case "/apps":
		writeJSON(w, append([]App{}, apps...)) // none is [], not null
	}
}
