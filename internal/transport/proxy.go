package transport

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"convox-travis/internal/problem"
)

// Proxy is the Detail of a call that ended at a proxy: nothing reached its target.
type Proxy struct {
	TriedHost bool // the proxy works, and says that it can't reach the host
}

// byProxy is the error of such a call. The call itself has the code. It wraps
// nothing, since what it came from says nothing about the target, and quotes neither
// the proxy's answer nor its credentials. Without a host the address can't be read.
func byProxy(host, variable, reason string) *problem.Error {
	e := &problem.Error{
		Object: fmt.Sprintf("the proxy %s of %s", host, variable), Reason: reason, Detail: Proxy{},
		Hints: []string{fmt.Sprintf("check %s, or list the hosts that need no proxy in NO_PROXY", variable)},
	}
	if host == "" {
		e.Object, e.Hints = "the proxy of "+variable, []string{"set " + variable + " to an address such as http://proxy.example.com:3128, or unset it"}
	}
	return e
}

// ByProxy returns the error of a call that failed at a proxy, or nil.
func ByProxy(err error) *problem.Error {
	for e := range problem.Chain(err) {
		if _, is := e.Detail.(Proxy); is {
			return e
		}
	}
	return nil
}

// Dial makes a connection.
type Dial func(ctx context.Context, network, address string) (net.Conn, error)

// carrier sends requests through the environment's proxy, and distinguishes its failures
// from the target's.
type carrier struct {
	*http.Transport
	proxyOf func(*http.Request) (*url.URL, error)
	dial    Dial
	roots   *x509.CertPool // to a proxy that uses TLS
}

type routeKey struct{}

type route struct {
	proxy   *url.URL // nil for none
	reached atomic.Bool
}

func routeOf(ctx context.Context) *route {
	r, _ := ctx.Value(routeKey{}).(*route)
	return r
}

// RoundTrip implements http.RoundTripper.
func (c *carrier) RoundTrip(request *http.Request) (*http.Response, error) {
	proxy, err := c.proxyOf(request)
	if err != nil || isBroken(proxy, request) {
		if request.Body != nil {
			_ = request.Body.Close() // it wasn't sent
		}
		return nil, byProxy("", proxyVariable(request), "its address can't be read")
	}
	route := &route{proxy: proxy}
	reached := func() { route.reached.Store(true) }
	ctx := httptrace.WithClientTrace(context.WithValue(request.Context(), routeKey{}, route), &httptrace.ClientTrace{
		// The target's: a proxy's TLS is in dialTLS.
		TLSHandshakeStart: reached,
		GotConn:           func(httptrace.GotConnInfo) { reached() },
	})
	response, err := c.Transport.RoundTrip(request.WithContext(ctx))
	if err != nil && proxy != nil && !route.reached.Load() {
		failed := byProxy(addressOf(proxy), proxyVariable(request), proxyErrorReason(err))
		failed.Detail = Proxy{TriedHost: triedHost(err)}
		return nil, failed
	}
	return response, err
}

// isBroken reports whether a proxy is set with an unusable address.
// http.ProxyFromEnvironment reads some of these as a host that nobody meant, and ignores
// others as if no proxy was set; as it does for loopback and NO_PROXY.
func isBroken(proxy *url.URL, request *http.Request) bool {
	if proxy == nil {
		return os.Getenv(proxyVariable(request)) != "" && os.Getenv("NO_PROXY")+os.Getenv("no_proxy") == "" && !IsLoopback(request.URL.Hostname())
	}
	_, err := strconv.ParseUint(cmp.Or(proxy.Port(), "80"), 10, 16)
	return err != nil || proxy.Hostname() == "" || strings.HasSuffix(proxy.Host, ":") ||
		!slices.Contains([]string{"http", "https", "socks5", "socks5h"}, proxy.Scheme)
}

// proxyVariable is the variable that http.ProxyFromEnvironment reads.
func proxyVariable(request *http.Request) string {
	name := strings.ToUpper(request.URL.Scheme) + "_PROXY"
	if os.Getenv(name) == "" && os.Getenv(strings.ToLower(name)) != "" {
		return strings.ToLower(name)
	}
	return name
}

func proxyErrorReason(err error) string {
	status, answered := errors.AsType[proxyStatus](err)
	switch {
	case !answered && strings.Contains(err.Error(), "malformed"):
		return "its answer isn't HTTP"
	case !answered:
		return Reason(err)
	case status == http.StatusProxyAuthRequired:
		return "it requires a login (HTTP 407)"
	case triedHost(err):
		return fmt.Sprintf("it can't reach the host (HTTP %d)", status)
	}
	return fmt.Sprintf("it doesn't connect to the host (HTTP %d)", status)
}

func triedHost(err error) bool {
	status, _ := errors.AsType[proxyStatus](err)
	return status == http.StatusBadGateway || status == http.StatusServiceUnavailable || status == http.StatusGatewayTimeout
}

type proxyStatus int

func (s proxyStatus) Error() string { return fmt.Sprint("proxy status ", int(s)) }

func checkTunnel(_ context.Context, _ *url.URL, _ *http.Request, answer *http.Response) error {
	if answer.StatusCode != http.StatusOK {
		return proxyStatus(answer.StatusCode)
	}
	return nil
}

func addressOf(u *url.URL) string {
	port := map[string]string{"https": "443", "socks5": "1080", "socks5h": "1080"}[u.Scheme]
	return net.JoinHostPort(u.Hostname(), cmp.Or(u.Port(), port, "80"))
}

// proxyFor returns a request's proxy for http.Transport. A proxy with TLS is returned as
// a plain one, because dialTLS handles that: http.Transport would check its certificate
// by the rules for the target's.
func proxyFor(request *http.Request) (*url.URL, error) {
	route := routeOf(request.Context())
	if route == nil || route.proxy == nil {
		return nil, nil
	}
	proxy := *route.proxy
	if proxy.Scheme == "https" {
		proxy.Scheme, proxy.Host = "http", addressOf(route.proxy)
	}
	return &proxy, nil
}

// dialTLS connects to a target, or to a proxy by its own scheme.
func (c *carrier) dialTLS(ctx context.Context, network, address string) (net.Conn, error) {
	connection, err := c.dial(ctx, network, address)
	route := routeOf(ctx)
	if err != nil || route == nil || route.proxy == nil || route.proxy.Scheme != "https" {
		return connection, err
	}
	ctx, cancel := context.WithTimeout(ctx, handshakeTime)
	defer cancel()
	secured := tls.Client(connection, &tls.Config{ServerName: route.proxy.Hostname(), RootCAs: c.roots, MinVersion: tls.VersionTLS12})
	if err := secured.HandshakeContext(ctx); err != nil {
		_ = connection.Close() // it is unusable
		return nil, err
	}
	return secured, nil
}

const handshakeTime = 10 * time.Second
