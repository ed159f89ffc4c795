package convox_test

import (
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"convox-travis/internal/convox"
	"convox-travis/internal/convox/convoxtest"
	"convox-travis/internal/faults"
	"convox-travis/internal/secret"
	"convox-travis/internal/secret/secrettest"
)

func TestAnAppIsMissingIfItsRackSaysSo(t *testing.T) {
	rack := startRack(t)
	rack.SetApps(convoxtest.App{Name: "api"})
	for app, lacks := range map[string]bool{"api": false, "web": true, "": false, "a/b": true} {
		if got := checker(t).LacksApp(t.Context(), host(t, rack.Host), canary, "", app); got != lacks {
			t.Errorf("%q: %v", app, got)
		}
	}
	if checker(t).LacksApp(t.Context(), host(t, rack.Host), secret.New("wrong"), "", "web") {
		t.Error("a refusal counts as a missing app")
	}
	secrettest.Absent(t, "the requests", asked(t, &rack.Faults))
}

func TestAnAppBehindAConsoleIsOneOfItsRack(t *testing.T) {
	console := startConsole(t)
	console.AddKey(convoxtest.Key{Value: "deploy", Organizations: []string{"acme"}})
	console.AddRack(convox.Rack{Organization: "acme", Name: "apps"}, convoxtest.App{Name: "api"})
	c := checker(t, trusting(console.Authority()))
	for _, test := range []struct {
		key, rack, app string
		lacks          bool
	}{
		{"deploy", "acme/apps", "api", false},
		{"deploy", "acme/apps", "web", true},
		{"deploy", "acme/production", "web", false}, // it has every app
		{"deploy", "acme/nowhere", "web", false},
		{"deploy", "globex/production", "web", false},
		{personsKey, "acme/apps", "web", true},
	} {
		if got := c.LacksApp(t.Context(), host(t, console.Host), secret.New(test.key), test.rack, test.app); got != test.lacks {
			t.Errorf("%+v: %v", test, got)
		}
	}
}

// Only the answer "not found" says that an app is missing, and it is asked for once.
func TestAnythingElseThanNotFoundIsNoMissingApp(t *testing.T) {
	hasty := func(o *convox.CheckerOptions) { o.Retry.Deadline = time.Second }
	for _, kind := range faults.Kinds() {
		rack := startRack(t)
		rack.SetApps()
		rack.Faults.Add(faults.Rule{Kind: kind})
		if checker(t, hasty).LacksApp(t.Context(), host(t, rack.Host), canary, "", "web") || len(rack.Faults.Requests()) != 1 {
			t.Errorf("%s: %s", kind, asked(t, &rack.Faults))
		}
	}
	for answer, status := range map[string]int{"no such app: web": 403, "404 page not found": 404, "<html>no such app: web</html>": 404, "no such app: api": 404} {
		server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, answer, status) }))
		t.Cleanup(server.Close)
		authority := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}))
		if checker(t, trusting([]byte(authority))).LacksApp(t.Context(), host(t, server.Listener.Addr().String()), canary, "", "web") {
			t.Errorf("%d %s", status, answer)
		}
	}
}
