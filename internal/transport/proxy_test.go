package transport_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"time"

	"convox-travis/internal/secret/secrettest"
	"convox-travis/internal/transport"
)

// listen serves connections with serve, and returns the address.
func listen(t *testing.T, serve func(net.Conn)) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer connection.Close()
				serve(connection)
			}()
		}
	}()
	return listener.Addr().String()
}

// says reads a request and answers it with text.
func says(text string) func(net.Conn) {
	return func(c net.Conn) {
		_, _ = c.Read(make([]byte, 4096))
		_, _ = io.WriteString(c, text)
	}
}

// withTLS is a server for TLS whose certificate nobody knows but pool.
func withTLS(t *testing.T, handler http.Handler) (server *httptest.Server, pool *x509.CertPool) {
	t.Helper()
	server = httptest.NewUnstartedServer(handler)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	pool = x509.NewCertPool()
	pool.AddCert(server.Certificate())
	return server, pool
}

// tunnel is a proxy that leads every host to address.
func tunnel(address string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		to, err := net.Dial("tcp", address)
		if err != nil || r.Method != http.MethodConnect {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		defer to.Close()
		from, buffer, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer from.Close()
		_, _ = io.WriteString(from, "HTTP/1.1 200 OK\r\n\r\n")
		go func() { _, _ = io.Copy(to, buffer) }()
		_, _ = io.Copy(from, to)
	})
}

func askThrough(t *testing.T, within time.Duration, config *tls.Config, dial transport.Dial, proxy string) error {
	t.Helper()
	client := transport.NewProxiedClient(config, dial, func(*http.Request) (*url.URL, error) { return url.Parse(proxy) })
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://target.example.com/path", nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := client.Do(request)
	if err == nil {
		answer.Body.Close()
	}
	return err
}

func TestAProxysFaultIsNotTheTargets(t *testing.T) {
	failing := func(err error) transport.Dial {
		return func(context.Context, string, string) (net.Conn, error) { return nil, err }
	}
	selfSigned, _ := withTLS(t, http.NotFoundHandler())
	for name, c := range map[string]struct {
		scheme string
		dial   transport.Dial
		serve  func(net.Conn)
		want   string
	}{
		"an unknown name":       {"http", failing(&net.DNSError{IsNotFound: true, Name: secrettest.Canary}), nil, "there is no such host"},
		"no name server":        {"http", failing(&net.DNSError{IsTemporary: true}), nil, "can't be looked up"},
		"nobody there":          {"http", failing(syscall.ECONNREFUSED), nil, "refused"},
		"no route":              {"http", failing(syscall.EHOSTUNREACH), nil, "no route"},
		"a login":               {"http", nil, says("HTTP/1.1 407 " + secrettest.Canary + "\r\n\r\n"), "requires a login (HTTP 407)"},
		"a refusal":             {"http", nil, says("HTTP/1.1 403 " + secrettest.Canary + "\r\n\r\n"), "HTTP 403"},
		"a gateway's failure":   {"http", nil, says("HTTP/1.1 502 " + secrettest.Canary + "\r\n\r\n"), "can't reach the host (HTTP 502)"},
		"an overload":           {"http", nil, says("HTTP/1.1 503 " + secrettest.Canary + "\r\n\r\n"), "can't reach the host (HTTP 503)"},
		"a gateway's wait":      {"http", nil, says("HTTP/1.1 504 " + secrettest.Canary + "\r\n\r\n"), "can't reach the host (HTTP 504)"},
		"a redirect":            {"http", nil, says("HTTP/1.1 302 Found\r\nLocation: /" + secrettest.Canary + "\r\n\r\n"), "HTTP 302"},
		"no HTTP":               {"http", nil, says("SSH-2.0-" + secrettest.Canary + "\r\n"), "isn't HTTP"},
		"a broken header":       {"http", nil, says("HTTP/1.1 200 OK\r\n" + secrettest.Canary + "\r\n\r\n"), "isn't HTTP"},
		"an early end":          {"http", nil, says(""), "broke"},
		"silence":               {"http", nil, func(c net.Conn) { _, _ = io.Copy(io.Discard, c) }, "in time"},
		"TLS, and nobody there": {"https", failing(syscall.ECONNREFUSED), nil, "refused"},
		"TLS, and none":         {"https", nil, says("HTTP/1.1 400 Bad Request\r\n\r\n"), "doesn't speak TLS"},
		"SOCKS, nobody there":   {"socks5", failing(syscall.ECONNREFUSED), nil, "refused"},
		"SOCKS, and none":       {"socks5", nil, says("HTTP/1.1 400 Bad Request\r\n\r\n"), "failed"},
		"TLS, self-signed":      {"https", nil, nil, "its certificate is signed by no authority that this machine trusts"},
	} {
		t.Run(name, func(t *testing.T) {
			host := "127.0.0.1:3128"
			if c.serve != nil {
				host = listen(t, c.serve)
			} else if c.dial == nil {
				host = strings.TrimPrefix(selfSigned.URL, "https://")
			}
			within := time.Minute
			if c.want == "in time" {
				within = 300 * time.Millisecond
			}
			err := askThrough(t, within, nil, c.dial, c.scheme+"://ann:"+url.QueryEscape(secrettest.Canary)+"@"+host)
			proxy := transport.ByProxy(err)
			if proxy == nil {
				t.Fatalf("%v", err)
			}
			if !strings.HasPrefix(proxy.Error(), "the proxy "+host+" of HTTPS_PROXY: ") || !strings.Contains(proxy.Error(), c.want) || transport.Reason(err) != proxy.Error() {
				t.Errorf("%s", proxy)
			}
			if transport.IsUntrusted(err) {
				t.Error("the target is untrusted")
			}
			if got := proxy.Detail.(transport.Proxy).TriedHost; got != strings.Contains(c.want, "can't reach the host") {
				t.Errorf("that it tried the host is %t", got)
			}
			secrettest.Absent(t, "the error", fmt.Sprintf("%+v %#v", proxy, *proxy))
		})
	}
}

func TestATargetsFaultBehindAProxyIsItsOwn(t *testing.T) {
	target, _ := withTLS(t, http.NotFoundHandler())
	proxy := httptest.NewServer(tunnel(strings.TrimPrefix(target.URL, "https://")))
	t.Cleanup(proxy.Close)
	if err := askThrough(t, time.Minute, nil, nil, proxy.URL); !transport.IsUntrusted(err) {
		t.Errorf("%v", err)
	}
	broken := httptest.NewServer(tunnel(listen(t, says(""))))
	t.Cleanup(broken.Close)
	err := askThrough(t, time.Minute, nil, nil, broken.URL)
	if err == nil || transport.ByProxy(err) != nil {
		t.Errorf("%v", err)
	}
}

// What is asked of a target's certificate is not asked of the proxy's.
func TestAProxyWithTLSShowsACertificateOfItsOwn(t *testing.T) {
	target, roots := withTLS(t, http.NotFoundHandler())
	proxy, _ := withTLS(t, tunnel(strings.TrimPrefix(target.URL, "https://")))
	roots.AddCert(proxy.Certificate())
	var seen []string
	config := &tls.Config{RootCAs: roots, ServerName: "example.com", VerifyConnection: func(state tls.ConnectionState) error {
		seen = append(seen, state.ServerName)
		return nil
	}}
	if err := askThrough(t, time.Minute, config, nil, proxy.URL); err != nil {
		t.Fatal(err)
	}
	if len(seen) != 1 || seen[0] != "example.com" {
		t.Errorf("held against the target's rules: %q", seen)
	}
}

func TestABrokenProxyIsNamed(t *testing.T) {
	const target = "https://target.example.com"
	for name, c := range map[string]struct {
		variable string // as net/http reads it, into proxy
		proxy    *url.URL
		noProxy  string
		address  string
		isBroken bool
		lower    bool // the variables' names
	}{
		"no address, lower case":   {variable: "::" + secrettest.Canary, address: target, isBroken: true, lower: true},
		"perhaps not, lower case":  {variable: "::bad", noProxy: "target.example.com", address: target, lower: true},
		"no port":                  {variable: "http://proxy:", proxy: &url.URL{Scheme: "http", Host: "proxy:"}, address: target, isBroken: true},
		"no address":               {variable: "::" + secrettest.Canary, address: target, isBroken: true},
		"none is set":              {address: target},
		"loopback":                 {variable: "::bad", address: "https://127.0.0.1:1"},
		"perhaps not for the host": {variable: "::bad", noProxy: "target.example.com", address: target},
		"a word for the port":      {variable: "http://proxy:port", proxy: &url.URL{Scheme: "http", Host: "http:"}, address: target, isBroken: true},
		"too high a port":          {variable: "http://127.0.0.1:99999", proxy: &url.URL{Scheme: "http", Host: "127.0.0.1:99999"}, address: target, isBroken: true},
		"another scheme":           {variable: "ftp://127.0.0.1", proxy: &url.URL{Scheme: "ftp", Host: "127.0.0.1"}, address: target, isBroken: true},
		"no host":                  {variable: "http://", proxy: &url.URL{Scheme: "http"}, address: target, isBroken: true},
		"one that is away":         {variable: "127.0.0.1:1", proxy: &url.URL{Scheme: "http", Host: "127.0.0.1:1"}, address: target},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("HTTPS_PROXY", c.variable)
			t.Setenv("NO_PROXY", c.noProxy)
			t.Setenv("no_proxy", "")
			name := "HTTPS_PROXY"
			if c.lower {
				name = "https_proxy"
				t.Setenv("HTTPS_PROXY", "")
				t.Setenv("NO_PROXY", "")
				t.Setenv("no_proxy", c.noProxy)
				t.Setenv(name, c.variable)
			}
			away := func(context.Context, string, string) (net.Conn, error) { return nil, syscall.ECONNREFUSED }
			client := transport.NewProxiedClient(nil, away, func(*http.Request) (*url.URL, error) { return c.proxy, nil })
			answer, err := client.Get(c.address)
			if err == nil {
				answer.Body.Close()
				t.Fatal("there is an answer")
			}
			broken := "the proxy of " + name + ": its address can't be read"
			if proxy := transport.ByProxy(err); (proxy != nil && proxy.Error() == broken) != c.isBroken {
				t.Errorf("%v", err)
			} else if c.isBroken && !strings.HasPrefix(proxy.Hints[0], "set "+name+" to an address such as ") {
				t.Errorf("%q", proxy.Hints)
			}
			secrettest.Absent(t, "the error", err.Error())
		})
	}
}

func TestAProxyThatCannotBeReadIsNotQuoted(t *testing.T) {
	client := transport.NewProxiedClient(nil, nil, func(*http.Request) (*url.URL, error) {
		return nil, errors.New("invalid proxy address " + secrettest.Canary)
	})
	_, err := client.Get("https://target.example.com")
	proxy := transport.ByProxy(err)
	if proxy == nil || proxy.Error() != "the proxy of HTTPS_PROXY: its address can't be read" {
		t.Fatalf("%v", err)
	}
	secrettest.Absent(t, "the error", err.Error())
}
