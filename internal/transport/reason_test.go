package transport_test

import (
	"context"
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

func TestAReasonIsGivenInPlainWords(t *testing.T) {
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	plain := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(plain.Close)

	ask := func(address string) error {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := transport.NewClient(nil, nil).Do(request)
		if err == nil {
			answer.Body.Close()
		}
		return err
	}
	quoting := func(cause error) error {
		return &url.Error{Op: "Get", URL: "https://x:" + secrettest.Canary + "@h", Err: fmt.Errorf("%s: %w", secrettest.Canary, cause)}
	}
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"a certificate":  {ask(server.URL), "signed by no authority"},
		"no TLS":         {ask("https" + strings.TrimPrefix(plain.URL, "http")), "TLS"},
		"nobody there":   {ask("http://127.0.0.1:1"), "refused"},
		"no such host":   {quoting(&net.DNSError{IsNotFound: true, Name: secrettest.Canary}), "no such host"},
		"no name server": {quoting(&net.DNSError{IsTemporary: true}), "looked up"},
		"no way":         {quoting(syscall.EHOSTUNREACH), "no route"},
		"a reset":        {quoting(syscall.ECONNRESET), "broke"},
		"an early end":   {quoting(io.ErrUnexpectedEOF), "broke"},
		"a deadline":     {quoting(context.DeadlineExceeded), "in time"},
		"something else": {quoting(errors.New("x")), "failed"},
	} {
		got := transport.Reason(c.err)
		if !strings.Contains(got, c.want) {
			t.Errorf("%s: %q", name, got)
		}
		secrettest.Absent(t, name, got)
		if transport.IsUntrusted(c.err) != (name == "a certificate") {
			t.Errorf("%s: untrusted is %t", name, transport.IsUntrusted(c.err))
		}
	}
}
