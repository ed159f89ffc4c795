// Package convoxtest is a small Rack and a small Console, for tests and for the demo.
// They answer on loopback with TLS, behave like the real ones in the public sources
// (https://github.com/convox/rack), and are strict: a request that this program would
// never send to a real one is a stray, and is reported at the end.
//
// Next room: internal/faults, which makes all three fail.
package convoxtest

import (
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"convox-travis/internal/crash"
	"convox-travis/internal/faults"
)

// T is the part of a test that stops a server, and reports its strays, at the end of the
// test.
type T interface {
	Helper()
	Cleanup(func())
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// server is the common part of Rack and Console.
type server struct {
	// Faults makes it fail, slows it down and records its requests.
	Faults faults.Layer
	// Host is its address in the form of CONVOX_HOST: 127.0.0.1:PORT.
	Host string
	// URL is Host with the scheme.
	URL string

	identity *identity
	http     *http.Server
	stopped  chan error

	mu       sync.Mutex
	strays   []string
	expects  []string // "METHOD PATH"
	accepted int      // connections, since the tasks were last set
}

// start serves handler, which gets only expected requests.
func (s *server) start(names []string, handler http.HandlerFunc, expects ...string) error {
	var err error
	if s.identity, err = newIdentity(names); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	s.Host = listener.Addr().String()
	s.URL = "https://" + s.Host
	s.expects, s.stopped = expects, make(chan error, 1)
	s.http = &http.Server{
		Handler:           s.Faults.Wrap(s.strict(handler)),
		TLSConfig:         &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: s.identity.show},
		ConnContext:       s.number,
		ReadHeaderTimeout: 10 * time.Second,
		// Handshakes that a careful client aborts are normal.
		ErrorLog: log.New(io.Discard, "", 0),
	}
	go func() {
		defer crash.Catch()
		s.stopped <- s.http.ServeTLS(listener, "", "")
	}()
	return nil
}

func (s *server) strict(handler http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked := r.Method + " " + r.URL.EscapedPath()
		if name, isApp := strings.CutPrefix(asked, "GET /apps/"); isApp && !strings.Contains(name, "/") {
			asked = "GET /apps/"
		}
		if !slices.Contains(s.expects, asked) {
			s.mu.Lock()
			s.strays = append(s.strays, asked)
			s.mu.Unlock()
			w.WriteHeader(http.StatusNotFound)
			return
		}
		handler(w, r)
	})
}

// Authority is the PEM certificate of the issuer of the server's: for SSL_CERT_FILE.
func (s *server) Authority() []byte { return s.identity.pem() }

// SetCertificate makes a new certificate for new connections. Two of one kind differ.
func (s *server) SetCertificate(kind Certificate) error { return s.identity.set(kind) }

// ChangeCertificate is SetCertificate until back restores the previous one.
func (s *server) ChangeCertificate(kind Certificate) (back func(), err error) {
	before, _ := s.identity.show(nil) // it never fails
	return func() { s.identity.restore(before) }, s.identity.set(kind)
}

// Fingerprint is the SHA-256 of the current certificate, in 64 hexadecimal digits.
func (s *server) Fingerprint() string { return s.identity.fingerprint() }

// Close stops the server. The error names stray requests, by method and path.
func (s *server) Close() error {
	err := s.http.Close()
	if ended := <-s.stopped; !errors.Is(ended, http.ErrServerClosed) {
		err = errors.Join(err, ended)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.strays) > 0 {
		err = errors.Join(err, fmt.Errorf("convoxtest: stray requests: %s", strings.Join(s.strays, ", ")))
	}
	return err
}

// closeWith closes the server at the end of a test.
func (s *server) closeWith(t T) {
	t.Helper()
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("%v", err)
		}
	})
}

// unauthorized is the answer of both, as http.Error writes it.
func unauthorized(w http.ResponseWriter) {
	w.Header().Set("WWW-Authenticate", `Basic realm="convox"`)
	http.Error(w, "invalid authentication", http.StatusUnauthorized)
}

func writeJSON(w http.ResponseWriter, value any) {
	text, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		panic(err) // our own values always encode
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(append(text, '\n')) // a client that went away isn't the server's problem
}
