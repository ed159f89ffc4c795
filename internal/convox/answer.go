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
	largestAnswer = 2 << 20          // bytes; a Rack in a list takes some 200
	longestWait   = 30 * time.Second // that a server may request
)

// answer is what a Rack or Console answered. Its body is never shown.
type answer struct {
	status       int
	html         bool // a web page
	wantsSession bool // Console requests a person's session (https://github.com/convox/rack, pkg/cli/auth.go)
	body         []byte
}

// get reads path, with a credential or without if that is empty, and retries like any
// read. The error has one of the login codes, and the answer can have any status below
// 500 except 429.
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
	begun, connected := time.Now(), new(atomic.Bool) // including TLS
	traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { connected.Store(true) }})
	request, err := http.NewRequestWithContext(traced, http.MethodGet, "https://"+s.host.String()+path, nil)
	if err != nil {
		return answer{}, s.notConvox("its address can't be used", false) // a Host always makes a valid address
	}
	if !credential.IsEmpty() {
		request.SetBasicAuth(user, credential.Reveal())
	}
	request.Header.Set("User-Agent", s.agent)
	// Racks of 2015 answer 403 to a client without a version
	// (https://github.com/convox/rack, api/controllers/api.go).
	request.Header.Set("Version", "dev")
	if s.rack != "" {
		request.Header.Set("Rack", s.rack)
	}

	response, err := s.client.Do(request)
	if err != nil {
		return answer{}, s.noAnswer(err, begun, connected.Load())
	}
	defer response.Body.Close() // read to its end, or dropped
	body, err := transport.ReadBody(response.Body, largestAnswer)
	switch {
	case errors.Is(err, transport.ErrTooLarge):
		return answer{}, s.notConvox("its answer is too large", false)
	case err != nil:
		return answer{}, s.noAnswer(err, begun, true)
	}
	switch status := response.StatusCode; {
	case status == http.StatusTooManyRequests:
		wait := transport.RetryAfter(response.Header, time.Now())
		return answer{}, s.failed(CodeThrottled, "it accepts no more requests for now (HTTP 429)", isRetryable(wait), tryLater)
	case status >= 500:
		return answer{}, s.failed(CodeServerError, fmt.Sprintf("it has a problem (HTTP %d)", status), isRetryable(0), tryLater)
	}
	got := answer{status: response.StatusCode, body: bytes.TrimSpace(body)}
	kind, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type"))
	got.html = kind == "text/html" || kind == "application/xhtml+xml" || bytes.HasPrefix(got.body, []byte("<"))
	got.wantsSession = strings.HasPrefix(response.Header.Get("WWW-Authenticate"), "Session ")
	if kind == "application/json" && got.status == http.StatusOK && len(got.body) > 0 && !json.Valid(got.body) {
		return answer{}, s.failed(CodeServerError, "its answer is broken", isRetryable(0), tryLater)
	}
	return got, nil
}

// isRetryable makes a failure after which the same call may succeed.
func isRetryable(wait time.Duration) Detail { return Detail{wait: wait, again: wait <= longestWait} }

// inBackground starts a read beside the one that decides, and returns what waits for its
// answer, for the time of one try. Only its TLS errors count: a certificate that wasn't
// accepted is never ignored.
func (s *session) inBackground(ctx context.Context, path string, credential secret.String) (wait func() (answer, error)) {
	var got answer
	var err error
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer crash.Catch()
		got, err = s.get(ctx, path, credential)
	}()
	return func() (answer, error) {
		select {
		case <-done:
			return got, err
		case <-time.After(s.retry.Deadline):
			return answer{}, context.DeadlineExceeded
		}
	}
}

// isTLS reports whether err means that a certificate wasn't accepted, or that there was
// no secure connection.
func isTLS(err error) bool {
	return problem.Has(err, CodeUntrusted, CodeTLS)
}

// windowsRefused is WSAECONNREFUSED, which package syscall doesn't name.
const windowsRefused = syscall.Errno(10061)

// noAnswer makes the error of a call without an answer. The cause is dropped: it can
// quote a proxy's address, and that can contain a password.
func (s *session) noAnswer(cause error, begun time.Time, isConnected bool) *problem.Error {
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
		return s.notConvox("it doesn't speak HTTPS", false)
	}
	if !isConnected && !isNetwork(cause) {
		return s.failed(CodeTLS, "the TLS handshake failed"+notSent, Detail{}, "check the host: it may be too old for TLS 1.2, or something else may answer there")
	}
	return s.unreachable(cause, begun, isConnected)
}

// isNetwork distinguishes a broken connection from a peer that sent a TLS alert, which
// package tls wraps as if it came from the network.
func isNetwork(cause error) bool {
	if operation, is := errors.AsType[*net.OpError](cause); is {
		return operation.Op != "remote error" && operation.Op != "local error"
	}
	return errors.Is(cause, io.EOF) || errors.Is(cause, context.Canceled) || isTimeout(cause)
}

func isTimeout(cause error) bool {
	timeout, is := errors.AsType[net.Error](cause)
	return is && timeout.Timeout()
}

// unreachable is final after one try if another one would end the same way: packets that
// a firewall drops stay dropped.
func (s *session) unreachable(cause error, begun time.Time, isConnected bool) *problem.Error {
	why, hint, again, moved := "no connection was possible", "", true, false
	lookup, isLookup := errors.AsType[*net.DNSError](cause)
	switch {
	case isLookup && lookup.IsNotFound:
		why, hint, again, moved = "there is no host with this name", "check the spelling; a Rack that moved has a new host", false, !s.console
	case isLookup:
		why, hint = "its name couldn't be looked up", "check this machine's network"
	case errors.Is(cause, syscall.ECONNREFUSED), errors.Is(cause, windowsRefused):
		why, hint, again = "nothing answers there: the connection was refused", "check the host and its port", false
	case isTimeout(cause):
		why, again = "no answer in "+time.Since(begun).Round(100*time.Millisecond).String(), isConnected
		if !s.console {
			hint = "check whether its API is private (it then answers only inside its VPC) or has an IP allowlist"
		}
	case isConnected:
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
