package transport

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"syscall"
)

// Reasons why ParseEndpoint refuses an address. They never quote it: a pasted
// address can carry a secret.
var (
	ErrNotAnAddress = errors.New("not an address of the form https://HOST/PATH")
	ErrUserInfo     = errors.New("the address carries a user name or password; give it without")
	ErrPlainHTTP    = errors.New("plain HTTP would show the secret to the network; use https://")
)

// ParseEndpoint reads the address of an API and holds it against the rules:
// https, or http to loopback. A trailing slash is cut.
func ParseEndpoint(address string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimSpace(address))
	if err != nil || u.Hostname() == "" || u.RawQuery != "" || u.Fragment != "" || u.Opaque != "" {
		return nil, ErrNotAnAddress
	}
	if u.User != nil {
		return nil, ErrUserInfo
	}
	switch {
	case u.Scheme == "https":
	case u.Scheme == "http" && IsLoopback(u.Hostname()):
	case u.Scheme == "http":
		return nil, ErrPlainHTTP
	default:
		return nil, ErrNotAnAddress
	}
	u.Path, u.RawPath = strings.TrimRight(u.Path, "/"), ""
	u.Host = strings.ToLower(u.Host)
	return u, nil
}

// IsLoopback reports whether host (no port) is this machine: localhost or a
// loopback address. Names are not looked up.
func IsLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	address, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && address.Unmap().IsLoopback()
}

// SameOrigin reports whether a and b share scheme, host and port.
func SameOrigin(a, b *url.URL) bool {
	return a.Scheme == b.Scheme && strings.EqualFold(hostPort(a), hostPort(b))
}

func hostPort(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return net.JoinHostPort(u.Hostname(), port)
}

// Reason says in a few words why no answer came. It quotes nothing: an error
// of a connection can hold an address with more in it than was meant.
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
		return "its name cannot be looked up"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "the connection was refused"
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return "there is no way to it from here"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "the connection broke"
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return "no answer came in time"
	}
	if _, is := errors.AsType[tls.RecordHeaderError](err); is || errors.Is(err, http.ErrSchemeMismatch) {
		return "it does not speak TLS"
	}
	return "the connection failed"
}

// IsUntrusted reports whether a server's certificate was not accepted. Nothing
// was sent to it then.
func IsUntrusted(err error) bool {
	var verification *tls.CertificateVerificationError
	return errors.As(err, &verification)
}

// CertificateReason says what is wrong with a certificate, and quotes nothing
// of it.
func CertificateReason(err error) string {
	if _, is := errors.AsType[x509.UnknownAuthorityError](err); is {
		return "nobody known to this machine signed its certificate"
	}
	if _, is := errors.AsType[x509.HostnameError](err); is {
		return "its certificate is for another name"
	}
	if invalid, is := errors.AsType[x509.CertificateInvalidError](err); is && invalid.Reason == x509.Expired {
		return "its certificate has expired or is not valid yet"
	}
	return "its certificate cannot be verified"
}
