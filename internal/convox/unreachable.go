package convox

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"syscall"
	"time"

	"convox-travis/internal/problem"
	"convox-travis/internal/transport"
)

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
		return s.failed(CodeUnreachable, proxy.Error(), Detail{}, proxy.Hints...)
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
