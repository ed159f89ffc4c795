package transport

import (
	"errors"
	"net"
	"net/netip"
	"net/url"
	"strings"
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
