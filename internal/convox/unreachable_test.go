package convox_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"convox-travis/internal/convox"
)

// through makes connections by dial, and counts the tries.
func through(tries *atomic.Int32, dial func(context.Context) (net.Conn, error)) func(*convox.CheckerOptions) {
	return func(o *convox.CheckerOptions) {
		o.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
			tries.Add(1)
			return dial(ctx)
		}
	}
}

func TestWhyAHostCannotBeReachedIsTold(t *testing.T) {
	closing, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = closing.Close() })
	go func() {
		for conn, err := closing.Accept(); err == nil; conn, err = closing.Accept() {
			_ = conn.Close()
		}
	}()
	for name, test := range map[string]struct {
		dial  func(context.Context) (net.Conn, error)
		words string
		tries int32 // of both calls
	}{
		"no such name": {
			func(context.Context) (net.Conn, error) {
				return nil, &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: loadBalancer, IsNotFound: true}}
			}, "there is no host with this name", 2,
		},
		"no name server": {
			func(context.Context) (net.Conn, error) {
				return nil, &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "server misbehaving", Name: loadBalancer, IsTemporary: true}}
			}, "couldn't be looked up", 6,
		},
		"refused": {
			func(ctx context.Context) (net.Conn, error) {
				return new(net.Dialer).DialContext(ctx, "tcp", "127.0.0.1:1")
			}, "refused", 2,
		},
		"packets are dropped": {
			func(ctx context.Context) (net.Conn, error) {
				<-ctx.Done()
				return nil, &net.OpError{Op: "dial", Net: "tcp", Err: ctx.Err()}
			}, "no answer in ", 2,
		},
		"closed at once": {
			func(ctx context.Context) (net.Conn, error) {
				return new(net.Dialer).DialContext(ctx, "tcp", closing.Addr().String())
			}, "no connection was possible", 6,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var tries atomic.Int32
			login, err := checker(t, through(&tries, test.dial), hasty).Rack(t.Context(), host(t, loadBalancer), canary)
			failure := failed(t, login, err, convox.CodeUnreachable)
			if !strings.Contains(failure.Error(), test.words) || detail(failure).Console {
				t.Errorf("%v %q", failure, failure.Hints)
			}
			if got := tries.Load(); got > test.tries || test.tries == 6 && got < 3 {
				t.Errorf("%d tries, not %d", got, test.tries)
			}
		})
	}
}

func TestAServerWithoutTLSGetsNoPassword(t *testing.T) {
	plain := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("it was asked") }))
	defer plain.Close()
	login, err := checker(t).Rack(t.Context(), host(t, strings.TrimPrefix(plain.URL, "http://")), canary)
	failed(t, login, err, convox.CodeNotARack)
}
