package convox_test

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"convox-travis/internal/convox"
	"convox-travis/internal/convox/convoxtest"
	"convox-travis/internal/faults"
	"convox-travis/internal/problem"
	"convox-travis/internal/secret"
	"convox-travis/internal/secret/secrettest"
	"convox-travis/internal/transport"
)

var (
	canary = secret.New(secrettest.Canary)
	quick  = transport.Retry{Tries: 3, Deadline: 10 * time.Second, Pause: time.Millisecond}
)

// hasty is for servers that never answer.
func hasty(o *convox.CheckerOptions) { o.Retry.Deadline = 500 * time.Millisecond }

func host(t testing.TB, text string) convox.Host {
	t.Helper()
	h, err := convox.ParseHost(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return h
}

// checker is one with quick retries, and the options that change makes.
func checker(t testing.TB, change ...func(*convox.CheckerOptions)) *convox.Checker {
	t.Helper()
	options := convox.CheckerOptions{UserAgent: "test", Retry: quick}
	for _, c := range change {
		c(&options)
	}
	made, err := convox.NewChecker(options)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// leadTo makes every name lead to a server on loopback.
func leadTo(address string) func(*convox.CheckerOptions) {
	return func(o *convox.CheckerOptions) {
		o.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, address)
		}
	}
}

func trusting(pem []byte) func(*convox.CheckerOptions) {
	return func(o *convox.CheckerOptions) {
		o.Roots = x509.NewCertPool()
		o.Roots.AppendCertsFromPEM(pem)
	}
}

func approving(fingerprint string) func(*convox.CheckerOptions) {
	return func(o *convox.CheckerOptions) { o.Fingerprint = fingerprint }
}

// printed is all that can come out of an error or a login.
func printed(value any) string {
	text := fmt.Sprintf("%v %+v %#v", value, value, value)
	if e, is := value.(*problem.Error); is {
		text += strings.Join(e.Hints, "\n")
	}
	return text
}

// failed returns the error of a check, and searches it for the canary.
func failed(t testing.TB, login convox.Login, err error, code string) *problem.Error {
	t.Helper()
	secrettest.Absent(t, "the check", printed(login)+printed(err))
	failure, is := errors.AsType[*problem.Error](err)
	if !is {
		t.Fatalf("%+v, %v, not an error of a login", login, err)
	}
	if failure.Code != code {
		t.Errorf("%s: %v %q, not %s", failure.Code, failure, failure.Hints, code)
	}
	return failure
}

func detail(err error) convox.Detail {
	d, _ := problem.Detail[convox.Detail](err)
	return d
}

// asked lists what a server was asked, and searches it for the canary.
func asked(t testing.TB, layer *faults.Layer) string {
	t.Helper()
	var all []string
	for _, r := range layer.Requests() {
		secrettest.Absent(t, "a request", r.Path+" "+r.Query+" "+r.Body)
		all = append(all, r.Method+" "+r.Path)
	}
	return strings.Join(all, ", ")
}

func startRack(t *testing.T) *convoxtest.Rack {
	t.Helper()
	return convoxtest.StartRack(t, secrettest.Canary, loadBalancer, convoxSite)
}

// answering is an independent server: what it answers to each path.
func answering(t *testing.T, paths map[string]func(http.ResponseWriter, *http.Request)) *httptest.Server {
	t.Helper()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if answer := paths[r.URL.Path]; answer != nil {
			answer(w, r)
			return
		}
		if answer := paths["*"]; answer != nil {
			answer(w, r)
			return
		}
		w.WriteHeader(http.StatusNotFound)
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // of connections that are given up
	server.StartTLS()
	t.Cleanup(server.Close)
	return server
}

type handler = func(http.ResponseWriter, *http.Request)

func say(status int, contentType, body string) handler {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}
}

func send(status int, to string) handler {
	return func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, to, status) }
}
