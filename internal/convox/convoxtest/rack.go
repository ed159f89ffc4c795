package convoxtest

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// App is an app on a Rack.
type App struct {
	Name    string `json:"name"`
	Status  string `json:"status"`
	Release string `json:"release"`
}

// System is what a Rack says about itself.
type System struct {
	Name     string `json:"name"`
	Status   string `json:"status"`
	Provider string `json:"provider"`
	Region   string `json:"region"`
	Type     string `json:"type"`
	Version  string `json:"version"`
	Count    int    `json:"count"`
}

// Rack is a small Rack. Like a real one, it compares the password letter by letter and
// ignores the user name, except for a token of "convox rack access", which it accepts
// only from the user jwt (https://github.com/convox/rack, pkg/cli/rack.go). It has one
// web task unless SetTasks sets others.
type Rack struct {
	server
	token  string   // of "convox rack access"; "" is none
	tasks  []string // one password per task
	system System
	apps   []App // nil has every app that is asked for
}

// NewRack starts a Rack called production, whose certificate is valid for loopback and
// for names.
func NewRack(password string, names ...string) (*Rack, error) {
	r := &Rack{
		tasks: []string{password},
		system: System{
			Name: "production", Status: "running", Provider: "aws", Region: "us-east-1",
			Type: "t3.medium", Version: "20250412120000", Count: 3,
		},
	}
	return r, r.start(names, r.answer, "GET /auth", "GET /system", "GET /apps", "GET /apps/", "GET /racks")
}

// StartRack is NewRack for the duration of a test.
func StartRack(t T, password string, names ...string) *Rack {
	t.Helper()
	r, err := NewRack(password, names...)
	if err != nil {
		t.Fatalf("start a Rack: %v", err)
	}
	r.closeWith(t)
	return r
}

// SetSystem changes what the Rack says about itself.
func (r *Rack) SetSystem(system System) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.system = system
}

// SetAccessToken accepts a token of "convox rack access".
func (r *Rack) SetAccessToken(token string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.token = token
}

// SetApps sets the Rack's apps. Before, it has every app that it is asked for by name.
func (r *Rack) SetApps(apps ...App) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.apps = append([]App{}, apps...)
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
		w.WriteHeader(http.StatusNotFound) // before the password is checked
		return
	}
	user, given, _ := request.BasicAuth()
	if isToken := token != "" && user == "jwt" && given == token; given != password && !isToken {
		unauthorized(w)
		return
	}
	switch request.URL.Path {
	case "/auth":
		_, _ = fmt.Fprintln(w, "ok") // a client that went away isn't the server's problem
	case "/system":
		writeJSON(w, system)
	case "/apps":
		writeJSON(w, append([]App{}, apps...)) // none is [], not null
	default:
		writeApp(w, request, apps, "no such app: %s") // https://github.com/convox/rack, provider/aws/apps.go
	}
}

// writeApp answers GET /apps/NAME.
func writeApp(w http.ResponseWriter, request *http.Request, apps []App, missing string) {
	name := strings.TrimPrefix(request.URL.Path, "/apps/")
	i := slices.IndexFunc(apps, func(app App) bool { return app.Name == name })
	switch {
	case apps == nil:
		writeJSON(w, App{Name: name, Status: "running"})
	case i < 0:
		http.Error(w, fmt.Sprintf(missing, name), http.StatusNotFound)
	default:
		writeJSON(w, apps[i])
	}
}
