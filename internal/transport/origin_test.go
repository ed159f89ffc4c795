package transport_test

import (
	"errors"
	"strings"
	"testing"

	"convox-travis/internal/secret/secrettest"
	"convox-travis/internal/transport"
)

func TestAnEndpointIsHTTPSOrLoopback(t *testing.T) {
	for address, want := range map[string]string{
		"https://api.travis-ci.com":     "https://api.travis-ci.com",
		"https://API.Travis-CI.com/":    "https://api.travis-ci.com",
		" https://travis.acme.com/api/": "https://travis.acme.com/api",
		"http://127.0.0.1:8080":         "http://127.0.0.1:8080",
		"http://localhost:8080/":        "http://localhost:8080",
		"http://[::1]:8080":             "http://[::1]:8080",
	} {
		got, err := transport.ParseEndpoint(address)
		if err != nil || got.String() != want {
			t.Errorf("%q became %v, %v", address, got, err)
		}
	}
}

func TestAnEndpointThatWouldLeakIsRefused(t *testing.T) {
	for address, want := range map[string]error{
		"http://api.travis-ci.com":          transport.ErrPlainHTTP,
		"http://127.0.0.1.example.com":      transport.ErrPlainHTTP,
		"http://10.0.0.1":                   transport.ErrPlainHTTP,
		"https://ann:secret@api.travis.com": transport.ErrUserInfo,
		"https://api.travis-ci.com?x=y":     transport.ErrNotAnAddress,
		"https://api.travis-ci.com#x":       transport.ErrNotAnAddress,
		"api.travis-ci.com":                 transport.ErrNotAnAddress,
		"ftp://api.travis-ci.com":           transport.ErrNotAnAddress,
		"https://":                          transport.ErrNotAnAddress,
		"":                                  transport.ErrNotAnAddress,
		"https://a b":                       transport.ErrNotAnAddress,
	} {
		if _, err := transport.ParseEndpoint(address); !errors.Is(err, want) {
			t.Errorf("%q: %v", address, err)
		}
	}
}

func TestARefusedEndpointIsNotQuoted(t *testing.T) {
	for _, address := range []string{"https://x:" + secrettest.Canary + "@h", secrettest.Canary, "http://" + secrettest.Canary} {
		_, err := transport.ParseEndpoint(address)
		if err == nil {
			t.Fatal("it was accepted")
		}
		secrettest.Absent(t, "the error", err.Error())
	}
}

func TestLoopbackIsToldByAddressAlone(t *testing.T) {
	for _, host := range []string{"localhost", "LOCALHOST", "127.0.0.1", "127.9.9.9", "::1", "[::1]", "::ffff:127.0.0.1"} {
		if !transport.IsLoopback(host) {
			t.Errorf("%s is loopback", host)
		}
	}
	for _, host := range []string{"", "localhost.example.com", "127.0.0.1.nip.io", "128.0.0.1", "0.0.0.0", strings.Repeat("1", 99)} {
		if transport.IsLoopback(host) {
			t.Errorf("%s is not loopback", host)
		}
	}
}
