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
func (s *session) lost(cause error, p *progress) *LoginError {
	if proxy, is := errors.AsType[*transport.ProxyError](cause); is {
		err := &LoginError{Kind: KindUnreachable, host: s.host, reason: proxy.Error(), hints: []string{proxy.Hint()}}
		if !s.console {
			err.hints = append(err.hints, noVerify)
		}
		return err
	}
	if certificate, is := errors.AsType[*certificateError](cause); is {
		return s.untrusted(certificate)
	}
	if _, is := errors.AsType[*tls.CertificateVerificationError](cause); is {
		return s.unverified(cause)
	}
	if _, is := errors.AsType[tls.RecordHeaderError](cause); is || errors.Is(cause, http.ErrSchemeMismatch) {
		return s.other("it does not speak HTTPS")
	}
	if p.noTLS.Load() && !isNetwork(cause) {
		return &LoginError{
			Kind: KindTLS, host: s.host, reason: "the TLS handshake failed; the password was not sent",
			hints: []string{"it may be too old for TLS 1.2, or something else answers there"},
		}
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
func (s *session) unreachable(cause error, p *progress) *LoginError {
	err := &LoginError{Kind: KindUnreachable, host: s.host}
	connected := p.connected.Load()
	lookup, isLookup := errors.AsType[*net.DNSError](cause)
	switch {
	case isLookup && lookup.IsNotFound:
		err.reason = "there is no host of this name"
		err.hints = []string{"check the spelling; a Rack that moved has a new host, which convox-travis racks shows"}
	case isLookup:
		err.reason, err.again = "its name could not be looked up", true
		err.hints = []string{"check this machine's network"}
	case errors.Is(cause, syscall.ECONNREFUSED), errors.Is(cause, windowsRefused):
		err.reason = "nothing answers there: the connection was refused"
		err.hints = []string{"check the host and its port"}
	case isTimeout(cause):
		err.reason, err.again = "no answer in "+time.Since(p.begun).Round(100*time.Millisecond).String(), connected
		if !s.console {
			err.hints = []string{"a private API answers inside its VPC alone, and a white list lets few addresses in"}
		}
	case connected:
		err.reason, err.again = "the connection broke", true
	default:
		err.reason, err.again = "no connection could be made", true
	}
	if s.console {
		err.hints = append(err.hints, "check this machine's network and its HTTPS_PROXY")
	} else {
		err.hints = append(err.hints, noVerify)
	}
	return err
}
