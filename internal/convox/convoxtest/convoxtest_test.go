package convoxtest_test

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"convox-travis/internal/convox"
	"convox-travis/internal/convox/convoxtest"
	"convox-travis/internal/faults"
)

// ask returns the status and the body that a careless client gets.
func ask(t *testing.T, method, url, password string, headers ...string) (status int, body string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	if password != "" {
		request.SetBasicAuth("convox", password)
	}
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true}}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(text)
}

func TestARackAnswersAsARealOneDoes(t *testing.T) {
	rack := convoxtest.StartRack(t, "abc123")
	rack.SetApps(convoxtest.App{Name: "api", Status: "running", Release: "RABCDEFGHIJ"})
	for _, test := range []struct {
		path, password string
		status         int
		body           string
	}{
		{"/auth", "abc123", 200, "ok\n"},
		{"/auth", "wrong", 401, "invalid authentication\n"},
		{"/auth", "", 401, "invalid authentication\n"},
		{"/auth", "abc12", 401, "invalid authentication\n"},
		{"/system", "wrong", 401, "invalid authentication\n"},
		{"/apps", "", 401, "invalid authentication\n"},
		{"/apps/web", "abc123", 404, "no such app: web\n"},
		{"/apps/api", "", 401, "invalid authentication\n"},
		{"/racks", "abc123", 404, ""},
		{"/racks", "", 404, ""},
	} {
		if status, body := ask(t, "GET", rack.URL+test.path, test.password); status != test.status || body != test.body {
			t.Errorf("%s with %q: %d %q", test.path, test.password, status, body)
		}
	}
	var system map[string]any
	if _, body := ask(t, "GET", rack.URL+"/system", "abc123"); json.Unmarshal([]byte(body), &system) != nil || system["name"] != "production" || system["status"] != "running" {
		t.Errorf("%v", system)
	}
	if _, body := ask(t, "GET", rack.URL+"/apps", "abc123"); !strings.Contains(body, `"name": "api"`) {
		t.Errorf("%s", body)
	}
	if status, body := ask(t, "GET", rack.URL+"/apps/api", "abc123"); status != 200 || !strings.Contains(body, `"name": "api"`) {
		t.Errorf("%d %s", status, body)
	}
	rack.SetSystem(convoxtest.System{Name: "staging"})
	if _, body := ask(t, "GET", rack.URL+"/system", "abc123"); !strings.Contains(body, `"name": "staging"`) {
		t.Errorf("%s", body)
	}
}

func TestARackAcceptsAnAccessTokenFromItsUserAlone(t *testing.T) {
	rack := convoxtest.StartRack(t, "abc123")
	rack.SetAccessToken("eyJ.a.b")
	for user, want := range map[string]int{"jwt": 200, "convox": 401} {
		request, err := http.NewRequestWithContext(t.Context(), "GET", rack.URL+"/auth", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		request.SetBasicAuth(user, "eyJ.a.b")
		client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true}}
		response, err := client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != want {
			t.Errorf("%s: %d", user, response.StatusCode)
		}
	}
}

// The real one compares letter by letter, which is why the convox client cannot
// send every password.
func TestARackComparesWhatArrives(t *testing.T) {
	rack := convoxtest.StartRack(t, "a@b")
	for password, want := range map[string]int{"a@b": 200, "a%40b": 401} {
		if status, _ := ask(t, "GET", rack.URL+"/auth", password); status != want {
			t.Errorf("%q: %d", password, status)
		}
	}
	rack.SetPassword("new")
	if status, _ := ask(t, "GET", rack.URL+"/auth", "a@b"); status != 401 {
		t.Errorf("the old password: %d", status)
	}
}

func TestAConsoleTellsKeysApart(t *testing.T) {
	console := convoxtest.StartConsole(t)
	console.AddRack(convox.Rack{Organization: "acme", Name: "production", Status: "running"}, convoxtest.App{Name: "api"})
	console.AddRack(convox.Rack{Organization: "globex", Name: "staging", Status: "running"})
	console.AddKey(convoxtest.Key{Value: "deploy", Organizations: []string{"acme"}})
	console.AddKey(convoxtest.Key{Value: "own", Person: "u1", Organizations: []string{"acme", "globex"}})
	for _, test := range []struct {
		path, key, rack string
		status          int
		has, hasNot     string
	}{
		{"/racks", "deploy", "", 200, "acme", "globex"},
		{"/racks", "own", "", 200, "globex", "null"},
		{"/racks", "wrong", "", 401, "", "acme"},
		{"/auth", "deploy", "", 401, "", `"id"`},
		{"/auth", "own", "", 200, `"id": "u1"`, ""},
		{"/apps", "deploy", "acme/production", 403, "", "api"},
		{"/system", "deploy", "acme/production", 200, `"name": "production"`, ""},
		{"/system", "deploy", "globex/staging", 404, "", "running"},
		{"/apps/api", "deploy", "acme/production", 200, `"name": "api"`, ""},
		{"/apps/web", "deploy", "acme/production", 404, "app not found: web", ""},
		{"/apps/api", "deploy", "globex/staging", 404, "rack not found", ""},
		{"/apps", "own", "acme/production", 200, `"name": "api"`, ""},
		{"/apps", "own", "globex/staging", 200, "[]", ""},
		{"/apps", "own", "acme/nowhere", 404, "", "api"},
		{"/apps", "own", "", 404, "", "api"},
		{"/system", "own", "globex/staging", 200, `"name": "staging"`, ""},
	} {
		status, body := ask(t, "GET", console.URL+test.path, test.key, "Rack", test.rack)
		if status != test.status || !strings.Contains(body, test.has) || test.hasNot != "" && strings.Contains(body, test.hasNot) {
			t.Errorf("%s with %s for %q: %d %q", test.path, test.key, test.rack, status, body)
		}
	}
	console.RemoveKey("deploy")
	if status, _ := ask(t, "GET", console.URL+"/racks", "deploy"); status != 401 {
		t.Errorf("a key that was taken away: %d", status)
	}
}

func TestStrayRequestsAreToldWithoutTheirHeaders(t *testing.T) {
	rack, err := convoxtest.NewRack("abc123")
	if err != nil {
		t.Fatal(err)
	}
	_, _ = ask(t, "GET", rack.URL+"/auth", "abc123")
	_, _ = ask(t, "POST", rack.URL+"/auth", "abc123")
	_, _ = ask(t, "GET", rack.URL+"/nowhere?a=b", "abc123")
	err = rack.Close()
	if err == nil || !strings.HasSuffix(err.Error(), "stray requests: POST /auth, GET /nowhere") {
		t.Errorf("%v", err)
	}
}

// recorder is a T that ends when it is told to.
type recorder struct {
	failures int
	cleanups []func()
}

func (*recorder) Helper()                     {}
func (r *recorder) Cleanup(f func())          { r.cleanups = append(r.cleanups, f) }
func (r *recorder) Errorf(string, ...any)     { r.failures++ }
func (r *recorder) Fatalf(s string, _ ...any) { panic(s) }

func TestAStrayRequestFailsTheTest(t *testing.T) {
	for path, want := range map[string]int{"/racks": 0, "/nowhere": 1} {
		r := &recorder{}
		console := convoxtest.StartConsole(r)
		_, _ = ask(t, "GET", console.URL+path, "x")
		for _, f := range r.cleanups {
			f()
		}
		if r.failures != want {
			t.Errorf("%s: %d failures", path, r.failures)
		}
	}
}

func TestFaultsArePlayed(t *testing.T) {
	rack := convoxtest.StartRack(t, "abc123")
	rack.Faults.Add(faults.Rule{Kind: faults.Status503})
	if status, _ := ask(t, "GET", rack.URL+"/auth", "abc123"); status != 503 {
		t.Errorf("%d", status)
	}
	if status, _ := ask(t, "GET", rack.URL+"/auth", "abc123"); status != 200 || len(rack.Faults.Requests()) != 2 {
		t.Errorf("%d, %d requests", status, len(rack.Faults.Requests()))
	}
}

func TestEachCertificateIsWhatItSays(t *testing.T) {
	const name = "rack.example.com"
	rack := convoxtest.StartRack(t, "abc123", name)
	authority := x509.NewCertPool()
	authority.AppendCertsFromPEM(rack.Authority())
	seen := map[string]bool{}
	for certificate, want := range map[convoxtest.Certificate]string{
		convoxtest.Issued:        "",
		convoxtest.IssuedExpired: "expired",
		convoxtest.IssuedOther:   "not " + name,
		convoxtest.SelfSigned:    "unknown authority",
		convoxtest.OldRack:       "expired",
	} {
		if err := rack.SetCertificate(certificate); err != nil {
			t.Fatal(err)
		}
		dialer := &tls.Dialer{Config: &tls.Config{RootCAs: authority, ServerName: name}}
		conn, err := dialer.DialContext(t.Context(), "tcp", rack.Host)
		switch {
		case want == "" && err != nil, want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%s: %v", certificate, err)
		}
		if err == nil {
			_ = conn.Close()
		}
		dialer.Config.InsecureSkipVerify = true
		dialer.Config.VerifyConnection = func(state tls.ConnectionState) error {
			sum := sha256.Sum256(state.PeerCertificates[0].Raw)
			if got := hex.EncodeToString(sum[:]); got != rack.Fingerprint() || seen[got] {
				t.Errorf("%s: its fingerprint is %s, not %s, seen %t", certificate, got, rack.Fingerprint(), seen[got])
			}
			seen[rack.Fingerprint()] = true
			return nil
		}
		if conn, err = dialer.DialContext(t.Context(), "tcp", rack.Host); err != nil {
			t.Fatal(err)
		}
		_ = conn.Close()
	}
}

func TestACertificateCanComeBack(t *testing.T) {
	rack := convoxtest.StartRack(t, "abc123")
	before := rack.Fingerprint()
	back, err := rack.ChangeCertificate(convoxtest.SelfSigned)
	if err != nil || rack.Fingerprint() == before {
		t.Fatalf("it was not changed: %v", err)
	}
	if back(); rack.Fingerprint() != before {
		t.Error("it did not come back")
	}
}
