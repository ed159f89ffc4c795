package convoxtest

import (
	"net/http"
	"slices"
	"strings"

	"convox-travis/internal/convox"
)

// Key is a credential of a Console. A deploy key belongs to one organization and may do
// little; a person's own key may do what the person can.
type Key struct {
	Value         string
	Person        string   // the person's id; "" is a deploy key
	Organizations []string // whose Racks it can see
}

// Console is a small Console.
type Console struct {
	server
	keys  []Key
	racks []convox.Rack
	apps  map[string][]App // by ORG/NAME
}

// NewConsole starts a Console without Racks and keys, whose certificate is valid for
// loopback and for names.
func NewConsole(names ...string) (*Console, error) {
	c := &Console{apps: make(map[string][]App)}
	return c, c.start(names, c.answer, "GET /auth", "GET /racks", "GET /system", "GET /apps", "GET /apps/")
}

// StartConsole is NewConsole for the duration of a test.
func StartConsole(t T, names ...string) *Console {
	t.Helper()
	c, err := NewConsole(names...)
	if err != nil {
		t.Fatalf("start a Console: %v", err)
	}
	c.closeWith(t)
	return c
}

// AddKey adds a key.
func (c *Console) AddKey(key Key) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.keys = append(c.keys, key)
}

// RemoveKey removes a key.
func (c *Console) RemoveKey(value string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.keys = slices.DeleteFunc(c.keys, func(k Key) bool { return k.Value == value })
}

// AddRack adds a Rack, with its apps. Without any, it has every app that is asked for.
func (c *Console) AddRack(rack convox.Rack, apps ...App) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.racks = append(c.racks, rack)
	c.apps[rack.String()] = apps
}

type organization struct {
	Name string `json:"name"`
}

type rack struct {
	Name         string       `json:"name"`
	Organization organization `json:"organization"`
	Status       string       `json:"status"`
	Provider     string       `json:"provider"`
	Version      string       `json:"version,omitempty"`
}

func (c *Console) answer(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, password, _ := r.BasicAuth()
	i := slices.IndexFunc(c.keys, func(k Key) bool { return k.Value == password })
	if i < 0 {
		unauthorized(w)
		return
	}
	key := c.keys[i]
	switch {
	case r.URL.Path == "/racks":
		writeJSON(w, c.seenBy(key))
	case key.Person == "" && r.URL.Path == "/auth":
		unauthorized(w)
	case key.Person == "" && r.URL.Path == "/apps": // it may do "convox rack" and "convox apps info"
		http.Error(w, "not allowed with a deploy key", http.StatusForbidden)
	case r.URL.Path == "/auth":
		writeJSON(w, map[string]string{"id": key.Person})
	default:
		c.pass(w, r, key)
	}
}

func (c *Console) seenBy(key Key) []rack {
	seen := []rack{}
	for _, r := range c.racks {
		if slices.Contains(key.Organizations, r.Organization) {
			seen = append(seen, rack{
				Name: r.Name, Organization: organization{Name: r.Organization},
				Status: r.Status, Provider: r.Provider, Version: r.Version,
			})
		}
	}
	return seen
}

// pass answers for the Rack named in the header Rack.
func (c *Console) pass(w http.ResponseWriter, r *http.Request, key Key) {
	name := r.Header.Get("Rack")
	i := slices.IndexFunc(c.racks, func(rack convox.Rack) bool {
		return rack.String() == name && slices.Contains(key.Organizations, rack.Organization)
	})
	switch {
	case i < 0:
		http.Error(w, "rack not found", http.StatusNotFound)
	case r.URL.Path == "/apps":
		writeJSON(w, append([]App{}, c.apps[name]...)) // none is [], not null
	case strings.HasPrefix(r.URL.Path, "/apps/"):
		writeApp(w, r, c.apps[name], "app not found: %s") // https://github.com/convox/convox, provider/k8s/app.go
	default:
		system := c.racks[i]
		writeJSON(w, System{Name: system.Name, Status: system.Status, Provider: system.Provider, Region: system.Region, Version: system.Version})
	}
}
