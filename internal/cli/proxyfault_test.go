//go:build unix

package cli

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"convox-travis/internal/secret/secrettest"
)

// Only a proxy that works can say that the Rack is out of this machine's reach.
func TestAProxyThatCannotReachTheRackOffersToWriteUnchecked(t *testing.T) {
	t.Parallel()
	for status, isOffered := range map[int]bool{502: true, 503: true, 504: true, 403: false, 407: false} {
		proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
		t.Cleanup(proxy.Close)
		w := newWorld(t)
		w.env["HTTPS_PROXY"] = proxy.URL
		e := w.run(w.password(), "apply", "--host", "rack.example.com", "--repo", w.setting("DEMO_REPO"), "--password-stdin")
		w.want(e, 1, "of HTTPS_PROXY")
		if strings.Contains(e.err, "pass --no-verify") != isOffered {
			t.Errorf("HTTP %d: %s", status, e.err)
		}
	}
	w := newWorld(t)
	w.env["HTTPS_PROXY"] = "127.0.0.1:port"
	e := w.run(w.password(), "apply", "--host", "rack.example.com", "--repo", w.setting("DEMO_REPO"), "--password-stdin")
	w.want(e, 1, "HTTPS_PROXY", "can't be read")
	if strings.Contains(e.err, "--no-verify") {
		t.Errorf("an address that can't be read: %s", e.err)
	}
}

// Whoever is called, a proxy's fault names the proxy and its variable.
func TestAProxysFaultNamesTheProxy(t *testing.T) {
	t.Parallel()
	login := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusProxyAuthRequired)
	}))
	t.Cleanup(login.Close)
	garbage, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { garbage.Close() })
	go func() {
		for {
			connection, err := garbage.Accept()
			if err != nil {
				return
			}
			_, _ = connection.Read(make([]byte, 4096))
			_, _ = io.WriteString(connection, secrettest.Canary+"\r\n")
			_ = connection.Close()
		}
	}()
	proxies := map[string]struct{ address, want string }{
		"nobody there": {"http://127.0.0.1:1", "127.0.0.1:1 of HTTPS_PROXY: the connection was refused"},
		"a login":      {login.URL, "requires a login (HTTP 407)"},
		"no HTTP":      {"http://" + garbage.Addr().String(), "isn't HTTP"},
		"no TLS":       {"https" + strings.TrimPrefix(login.URL, "http"), "doesn't speak TLS"},
	}
	commands := map[string]func(w *world) (input string, args []string){
		"Travis": func(w *world) (string, []string) {
			return "", []string{"remove", "--repo", "acme/web", "--travis-endpoint", "https://travis.example.com"}
		},
		"CloudFormation": func(w *world) (string, []string) {
			w.env["AWS_ENDPOINT_URL"] = "https://aws.example.com"
			return "", []string{"racks", "--region", "us-east-1"}
		},
		"the stack of a reset": func(w *world) (string, []string) {
			w.env["AWS_ENDPOINT_URL"] = "https://aws.example.com"
			return "", []string{"reset-password", "production", "--region", "us-east-1", "--dry-run"}
		},
		"a Rack": func(w *world) (string, []string) {
			return w.password(), []string{"apply", "--host", "rack.example.com", "--repo", w.setting("DEMO_REPO"), "--password-stdin"}
		},
		"a Console": func(w *world) (string, []string) {
			return w.key(), []string{"apply", "--console=console.example.com", "--repo", w.setting("DEMO_REPO"), "--password-stdin"}
		},
	}
	for fault, proxy := range proxies {
		for client, command := range commands {
			t.Run(fault+", "+client, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				address := strings.Replace(proxy.address, "//", "//ann:"+url.QueryEscape(secrettest.Canary)+"@", 1)
				w.env["HTTPS_PROXY"] = address
				input, args := command(w)
				e := w.run(input, args...)
				w.want(e, 1, proxy.want, "hint: check HTTPS_PROXY")
				if strings.Contains(e.err, "--no-verify") {
					t.Errorf("it offers to write unchecked:\n%s", e.err)
				}
			})
		}
	}
}
