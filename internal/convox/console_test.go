package convox_test

import (
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"convox-travis/internal/convox"
	"convox-travis/internal/convox/convoxtest"
	"convox-travis/internal/faults"
	"convox-travis/internal/secret"
	"convox-travis/internal/secret/secrettest"
)

const personsKey = "persons0key"

// startConsole has the canary for a deploy key of acme.
func startConsole(t *testing.T) *convoxtest.Console {
	t.Helper()
	console := convoxtest.StartConsole(t, convox.HostedConsole)
	console.AddRack(convox.Rack{Organization: "acme", Name: "production", Status: "running", Provider: "aws", Version: "3.18.0"})
	console.AddRack(convox.Rack{Organization: "acme", Name: "staging", Status: "updating", Provider: "gcp"})
	console.AddRack(convox.Rack{Organization: "globex", Name: "production", Status: "running", Provider: "aws"})
	console.AddKey(convoxtest.Key{Value: secrettest.Canary, Organizations: []string{"acme"}})
	console.AddKey(convoxtest.Key{Value: personsKey, Person: "1", Organizations: []string{"acme", "globex"}})
	return console
}

func seen(login convox.Login) string {
	var names []string
	for _, rack := range login.Racks {
		names = append(names, rack.String())
	}
	return strings.Join(names, " ")
}

func TestADeployKeySeesItsRacks(t *testing.T) {
	console := startConsole(t)
	login, err := checker(t, trusting(console.Authority())).Console(t.Context(), host(t, console.Host), canary)
	if err != nil {
		t.Fatal(err)
	}
	if seen(login) != "acme/production acme/staging" || login.PersonalKey || login.Host.String() != console.Host {
		t.Errorf("%+v", login)
	}
	if want := (convox.Rack{Organization: "acme", Name: "production", Status: "running", Provider: "aws", Version: "3.18.0"}); login.Racks[0] != want {
		t.Errorf("%+v", login.Racks[0])
	}
	secrettest.Absent(t, "the login", printed(login))
	if got := asked(t, &console.Faults); len(console.Faults.Requests()) != 2 {
		t.Errorf("asked %s", got)
	}
}

func TestAPersonsOwnKeyIsTold(t *testing.T) {
	console := startConsole(t)
	login, err := checker(t, trusting(console.Authority())).Console(t.Context(), host(t, console.Host), secret.New(personsKey))
	if err != nil || !login.PersonalKey || seen(login) != "acme/production acme/staging globex/production" {
		t.Errorf("%+v, %v", login, err)
	}
}

func TestWhatHappensToAuthSpoilsNothing(t *testing.T) {
	for _, kind := range faults.Kinds() {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			console := startConsole(t)
			console.Faults.Add(faults.Rule{Kind: kind, Times: -1, Match: func(r faults.Request) bool { return r.Path == "/auth" }})
			options := []func(*convox.CheckerOptions){trusting(console.Authority())}
			if kind == faults.Hang {
				options = append(options, hasty)
			}
			login, err := checker(t, options...).Console(t.Context(), host(t, console.Host), canary)
			if err != nil || (login.PersonalKey && kind == faults.WrongContentType) || len(login.Racks) != 2 {
				t.Errorf("%+v, %v", login, err)
			}
		})
	}
}

func TestAWrongKeyIsRefused(t *testing.T) {
	console := startConsole(t)
	console.RemoveKey(secrettest.Canary)
	c := checker(t, trusting(console.Authority()))
	login, err := c.Console(t.Context(), host(t, console.Host), canary)
	failed(t, login, err, convox.CodeRefused)
	if got := strings.Count(asked(t, &console.Faults), "/racks"); got != 1 {
		t.Errorf("the wrong key was tried %d times", got)
	}
	console.AddKey(convoxtest.Key{Value: "a/" + secrettest.Canary, Organizations: []string{"acme"}})
	login, err = c.Console(t.Context(), host(t, console.Host), secret.New("a/"+secrettest.Canary))
	failed(t, login, err, convox.CodeOnlyRawForm)
}

// asConsole is a checker that trusts an independent server.
func asConsole(t *testing.T, server *httptest.Server) *convox.Checker {
	t.Helper()
	return checker(t, trusting(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})))
}

func TestWhatIsNoConsoleIsNotTakenForOne(t *testing.T) {
	for name, test := range map[string]struct {
		paths map[string]handler
		rack  bool
	}{
		"a Rack":                {map[string]handler{"/auth": say(200, "", "ok")}, true},
		"a Rack of old":         {map[string]handler{"*": say(200, "application/json", `[{"name":"convox","status":"running"}]`)}, true},
		"a page":                {map[string]handler{"*": say(200, "text/html; charset=utf-8", "<html>")}, false},
		"a word":                {map[string]handler{"*": say(200, "text/plain", "ok")}, false},
		"nothing":               {map[string]handler{"*": say(200, "", "")}, false},
		"an object":             {map[string]handler{"*": say(200, "application/json", `{"racks":[]}`)}, false},
		"null":                  {map[string]handler{"*": say(200, "application/json", `null`)}, false},
		"a list of other items": {map[string]handler{"*": say(200, "application/json", `[1]`)}, false},
		"a redirect elsewhere":  {map[string]handler{"*": send(302, "https://127.0.0.1:1/")}, false},
	} {
		t.Run(name, func(t *testing.T) {
			server := answering(t, test.paths)
			login, err := asConsole(t, server).Console(t.Context(), host(t, server.URL), canary)
			failure := failed(t, login, err, convox.CodeNotAConsole)
			if d := detail(failure); d.Other != test.rack || !d.Console || d.Host != host(t, server.URL) {
				t.Errorf("the detail is %+v", d)
			}
		})
	}
}

func TestAKeyMaySeeNoRackAtAll(t *testing.T) {
	server := answering(t, map[string]handler{"/racks": say(200, "application/json", "[]\n")})
	login, err := asConsole(t, server).Console(t.Context(), host(t, server.URL), canary)
	if err != nil || len(login.Racks) != 0 {
		t.Errorf("%+v, %v", login, err)
	}
}

func TestConsoleFaultsAreTold(t *testing.T) {
	for kind, want := range map[faults.Kind]string{
		faults.Hang:          convox.CodeUnreachable,
		faults.Status502HTML: convox.CodeServerError,
		faults.TruncatedBody: convox.CodeServerError,
		faults.Throttled:     convox.CodeThrottled,
		faults.RedirectAway:  convox.CodeNotAConsole,
	} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			console := startConsole(t)
			console.Faults.Add(faults.Rule{Kind: kind, Times: -1})
			options := []func(*convox.CheckerOptions){trusting(console.Authority())}
			if kind == faults.Hang {
				options = append(options, hasty)
			}
			login, err := checker(t, options...).Console(t.Context(), host(t, console.Host), canary)
			failed(t, login, err, want)
		})
	}
}

func TestAKeyThatNeedsASessionIsRefusedWithTheReason(t *testing.T) {
	server := answering(t, map[string]handler{"*": func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("WWW-Authenticate", `Session path="/session" token="true"`)
		w.WriteHeader(http.StatusUnauthorized)
	}})
	login, err := asConsole(t, server).Console(t.Context(), host(t, server.URL), canary)
	if failure := failed(t, login, err, convox.CodeRefused); !strings.Contains(failure.Error(), "session") {
		t.Errorf("%v", failure)
	}
}
