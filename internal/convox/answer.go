package convox

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"convox-travis/internal/crash"
	"convox-travis/internal/problem"
	"convox-travis/internal/secret"
	"convox-travis/internal/transport"
)

const (
	largestAnswer = 2 << 20          // bytes; a Rack of a list takes some 200
	longestWait   = 30 * time.Second // that a server may ask for
)

// answer is what a Rack or Console said. Its body is never shown.
type answer struct {
	status       int
	html         bool // a page for people
	json         bool // announced as JSON
	wantsSession bool // as Console asks of people (https://github.com/convox/rack, pkg/cli/auth.go)
	body         []byte
}

// get reads path with a credential, or without where that is empty, again and again as the rules of reads say.
// The error has one of the codes of a login, and its answer may be anything below 500 but 429.
func (s *session) get(ctx context.Context, path string, credential secret.String) (answer, error) {
	var got answer
	err := s.retry.Do(ctx, func(ctx context.Context) error {
		var err error
		got, err = s.once(ctx, path, credential)
		return err
	})
	return got, err
}

func (s *session) once(ctx context.Context, path string, credential secret.String) (answer, error) {
	progress := &progress{begun: time.Now()}
	traced := httptrace.WithClientTrace(ctx, progress.trace())
	request, err := http.NewRequestWithContext(traced, http.MethodGet, "https://"+s.host.String()+path, nil)
	if err != nil {
		return answer{}, s.stranger("its address cannot be used", false) // a Host makes a good address
	}
	if !credential.IsEmpty() {
		request.SetBasicAuth(user, credential.Reveal())
	}
	request.Header.Set("User-Agent", s.agent)
	// Racks of 2015 answer 403 to a client that does not name its version
	// (https://github.com/convox/rack, api/controllers/api.go).
	request.Header.Set("Version", "dev")

	response, err := s.client.Do(request)
	if err != nil {
		return answer{}, s.lost(err, progress)
	}
	defer response.Body.Close() // read to its end, or given up
	body, err := transport.ReadBody(response.Body, largestAnswer)
	switch {
	case errors.Is(err, transport.ErrTooLarge):
		return answer{}, s.stranger("its answer is larger than any real one", false)
	case err != nil:
		return answer{}, s.lost(err, progress)
	}
	if err := s.trouble(response); err != nil {
		return answer{}, err
	}
	got := answer{status: response.StatusCode, body: bytes.TrimSpace(body)}
	got.json, got.html = contentType(response, got.body)
	got.wantsSession = strings.HasPrefix(response.Header.Get("WWW-Authenticate"), "Session ")
	if got.json && got.status == http.StatusOK && len(got.body) > 0 && !json.Valid(got.body) {
		return answer{}, s.failed(CodeServerError, "its answer is broken", again(0), tryLater)
	}
	return got, nil
}

// again is a failure after which the same call may succeed.
func again(wait time.Duration) Detail { return Detail{wait: wait, again: wait <= longestWait} }

// trouble is a server that has it.
func (s *session) trouble(response *http.Response) error {
	switch status := response.StatusCode; {
	case status == http.StatusTooManyRequests:
		wait := transport.RetryAfter(response.Header, time.Now())
		return s.failed(CodeThrottled, "it takes no more calls for now (HTTP 429)", again(wait), tryLater)
	case status >= 500:
		return s.failed(CodeServerError, fmt.Sprintf("it is in trouble (HTTP %d)", status), again(0), tryLater)
	}
	return nil
}

func contentType(response *http.Response, body []byte) (isJSON, isHTML bool) {
	kind, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type"))
	isJSON = kind == "application/json"
	isHTML = kind == "text/html" || kind == "application/xhtml+xml" || bytes.HasPrefix(body, []byte("<"))
	return isJSON, isHTML
}

// aside is a call beside the one that decides. Of its errors only those of TLS
// count: a certificate that was not accepted is never passed over.
type aside struct {
	answer answer
	err    error
	done   chan struct{}
	cancel context.CancelFunc
	grace  time.Duration
}

// beside begins a call whose failing spoils nothing.
func (s *session) beside(ctx context.Context, path string, credential secret.String) *aside {
	ctx, cancel := context.WithCancel(ctx)
	a := &aside{done: make(chan struct{}), cancel: cancel, grace: s.retry.Deadline}
	go func() {
		defer close(a.done)
		defer crash.Catch()
		a.answer, a.err = s.get(ctx, path, credential)
	}()
	return a
}

// wait returns what came of it, within the time of one try.
func (a *aside) wait() (answer, error) {
	timer := time.AfterFunc(a.grace, a.cancel)
	defer timer.Stop()
	<-a.done
	return a.answer, a.err
}

// end gives it up, if it is not done.
func (a *aside) end() {
	a.cancel()
	<-a.done
}

// isTLS reports whether err means that a certificate was not accepted, or that
// there was no safe connection.
func isTLS(err error) bool {
	return problem.Has(err, CodeUntrusted, CodeTLS)
}

// windowsRefused is WSAECONNREFUSED, which package syscall does not name.
const windowsRefused = syscall.Errno(10061)

// progress is how far a call came.
type progress struct {
	begun     time.Time
	connected atomic.Bool // TLS included
	noTLS     atomic.Bool // the handshake failed
}

func (p *progress) trace() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { p.connected.Store(true) },
		TLSHandshakeDone: func(_ tls.ConnectionState, err error) {
			if err != nil {
				p.noTLS.Store(true)
			}
		},
	}
}

// lost is what becomes of a call that got no answer. The cause is dropped: it
// can quote a proxy's address, and that a password.
func (s *session) lost(cause error, p *progress) *problem.Error {
	if proxy := transport.ByProxy(cause); proxy != nil {
		return s.failed(CodeUnreachable, proxy.Error(), Detail{BrokenProxy: !proxy.Detail.(transport.Proxy).TriedHost}, proxy.Hints...)
	}
	if problem.Has(cause, CodeUntrusted, CodeTLS) {
		return problem.Of(cause)
	}
	if _, is := errors.AsType[*tls.CertificateVerificationError](cause); is {
		return unverified(s.host, s.console, transport.CertificateReason(cause))
	}
	if _, is := errors.AsType[tls.RecordHeaderError](cause); is || errors.Is(cause, http.ErrSchemeMismatch) {
		return s.stranger("it does not speak HTTPS", false)
	}
	if p.noTLS.Load() && !isNetwork(cause) {
		return s.failed(CodeTLS, "the TLS handshake failed"+notSent, Detail{}, "check the host: it may be too old for TLS 1.2, or something else answers there")
	}
	return s.unreachable(cause, p)
}

// isNetwork tells a connection that failed from a peer that said no in a TLS
// alert, which package tls wraps as if it were the network.
func isNetwork(cause error) bool {
	if operation, is := errors.AsType[*net.OpError](cause); is {
		return operation.Op != "remote error" && operation.Op != "local error"
	}
	return errors.Is(cause, io.EOF) || isTimeout(cause)
}

func isTimeout(cause error) bool {
	timeout, is := errors.AsType[net.Error](cause)
	return is && timeout.Timeout()
}

// unreachable is told after one try where another one would end the same way: a
// packet that a firewall drops stays dropped.
func (s *session) unreachable(cause error, p *progress) *problem.Error {
	why, hint, again, moved := "no connection could be made", "", true, false
	connected := p.connected.Load()
	lookup, isLookup := errors.AsType[*net.DNSError](cause)
	switch {
	case isLookup && lookup.IsNotFound:
		why, hint, again, moved = "there is no host of this name", "check the spelling; a Rack that moved has a new host", false, !s.console
	case isLookup:
		why, hint = "its name could not be looked up", "check this machine's network"
	case errors.Is(cause, syscall.ECONNREFUSED), errors.Is(cause, windowsRefused):
		why, hint, again = "nothing answers there: the connection was refused", "check the host and its port", false
	case isTimeout(cause):
		why, again = "no answer in "+time.Since(p.begun).Round(100*time.Millisecond).String(), connected
		if !s.console {
			hint = "check whether its API is private, which answers inside its VPC alone, or has an IP allowlist"
		}
	case connected:
		why = "the connection broke"
	}
	e := s.failed(CodeUnreachable, why, Detail{Moved: moved, again: again})
	if hint != "" {
		e.Hints = append(e.Hints, hint)
	}
	if s.console {
		e.Hints = append(e.Hints, "check this machine's network and its HTTPS_PROXY")
	}
	return e
}
