// Package transport has the rules of all connections of this program: verified TLS, plain
// HTTP only to loopback (cfn has one exception, for the services that give a machine in
// AWS its credentials), no redirect that leaves the origin or repeats a write, limited
// answers, and retried reads.
//
// Next room: internal/ratelimit, for a server that counts.
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
	"runtime"
	"strings"
	"syscall"
	"time"
)

// NewClient returns a client that follows the rules. It uses config unchanged; nil means
// the system's roots. dial makes the connections; nil is the network. Deadlines are up to
// the caller's contexts. A call that fails at a proxy has an error that ByProxy finds.
func NewClient(config *tls.Config, dial Dial) *http.Client {
	return newClient(config, dial, http.ProxyFromEnvironment)
}

func newClient(config *tls.Config, dial Dial, proxyOf func(*http.Request) (*url.URL, error)) *http.Client {
	if config == nil {
		config = &tls.Config{RootCAs: Roots()}
	}
	config.MinVersion = tls.VersionTLS12
	if dial == nil {
		dial = (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext
	}
	c := &carrier{proxyOf: proxyOf, dial: dial, roots: config.RootCAs}
	c.Transport = &http.Transport{
		Proxy:                  proxyFor,
		OnProxyConnectResponse: checkTunnel,
		DialContext:            c.dialTLS,
		TLSClientConfig:        config,
		TLSHandshakeTimeout:    handshakeTime,
		ForceAttemptHTTP2:      true,
		MaxIdleConnsPerHost:    16,
		IdleConnTimeout:        90 * time.Second,
		// The headers of an answer; ReadBody limits bodies.
		MaxResponseHeaderBytes: 1 << 20,
	}
	return &http.Client{CheckRedirect: keepOrigin, Transport: c}
}

// keepOrigin is the redirect policy: a write is never redirected, a read only to the same
// scheme, host and port. Otherwise the redirect itself becomes the answer, so the caller
// gets its 3xx status.
func keepOrigin(next *http.Request, via []*http.Request) error {
	first := via[0]
	read := first.Method == http.MethodGet || first.Method == http.MethodHead
	if !read || len(via) > 5 || !sameOrigin(first.URL, next.URL) {
		return http.ErrUseLastResponse
	}
	return nil
}

// ErrTooLarge means that an answer exceeds its limit.
var ErrTooLarge = errors.New("the answer is too large")

// ReadBody reads a whole answer of at most limit bytes.
func ReadBody(body io.Reader, limit int64) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(body, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > limit {
		return nil, ErrTooLarge
	}
	return data, nil
}

// Roots returns nil, the system's roots, unless the system ignores SSL_CERT_FILE (macOS
// and Windows, https://pkg.go.dev/crypto/x509#SystemCertPool): there it adds the file's
// certificates to the system's.
func Roots() *x509.CertPool {
	file := os.Getenv("SSL_CERT_FILE")
	if file == "" || (runtime.GOOS != "darwin" && runtime.GOOS != "windows") {
		return nil
	}
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	pool.AppendCertsFromPEM(pem)
	return pool
}

// Reasons why ParseEndpoint rejects an address. They never quote it: a pasted address can
// contain a secret.
var (
	ErrNotAnAddress = errors.New("not an address of the form https://HOST/PATH")
	ErrUserInfo     = errors.New("the address contains a user name or password; give it without")
	ErrPlainHTTP    = errors.New("plain HTTP would expose the secret to the network; use https://")
)

// ParseEndpoint reads an API's address and checks it against the rules: https, or http to
// loopback. A trailing slash is removed.
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

// IsLoopback reports whether host (without a port) is this machine: localhost or a
// loopback address, without looking up names.
func IsLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	address, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && address.Unmap().IsLoopback()
}

func sameOrigin(a, b *url.URL) bool {
	return a.Scheme == b.Scheme && strings.EqualFold(addressOf(a), addressOf(b))
}

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
