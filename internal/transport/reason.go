package transport

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"syscall"
)

// Reason says in a few words why no answer came. It quotes nothing: a connection error
// can contain an address with a secret.
func Reason(err error) string {
	var dns *net.DNSError
	var timeout net.Error
	proxy := ByProxy(err)
	switch {
	case proxy != nil:
		return proxy.Error()
	case IsUntrusted(err):
		return CertificateReason(err)
	case errors.As(err, &dns) && dns.IsNotFound:
		return "there is no such host"
	case errors.As(err, &dns):
		return "its name can't be looked up"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "the connection was refused"
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return "there is no route to it from here"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "the connection broke"
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return "no answer came in time"
	}
	if _, is := errors.AsType[tls.RecordHeaderError](err); is || errors.Is(err, http.ErrSchemeMismatch) {
		return "it doesn't speak TLS"
	}
	return "the connection failed"
}

// IsUntrusted reports whether a server's certificate wasn't accepted. In that case
// nothing was sent.
func IsUntrusted(err error) bool {
	var verification *tls.CertificateVerificationError
	return errors.As(err, &verification)
}

// CertificateReason says what is wrong with a certificate, without quoting it.
func CertificateReason(err error) string {
	if _, is := errors.AsType[x509.UnknownAuthorityError](err); is {
		return "its certificate is signed by no authority that this machine trusts"
	}
	if _, is := errors.AsType[x509.HostnameError](err); is {
		return "its certificate is for another name"
	}
	if invalid, is := errors.AsType[x509.CertificateInvalidError](err); is && invalid.Reason == x509.Expired {
		return "its certificate has expired or isn't valid yet"
	}
	return "its certificate can't be verified"
}
