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

	"convox-travis/internal/problem"
	"convox-travis/internal/secret/secrettest"
	"convox-travis/internal/transport"
)

// redirect answers every request at /from with a redirect to to, and counts
// what arrives elsewhere.
func redirect(t *testing.T, status int, to string) (server *httptest.Server, arrived *int) {
	t.Helper()
	arrived = new(int)
	server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/from" {
			http.Redirect(w, r, to, status)
			return
		}
		*arrived++
	}))
	t.Cleanup(server.Close)
	return server, arrived
}

func status(t *testing.T, method, url string) int {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader("body"))
	if err != nil {
		t.Fatal(err)
	}
	answer, err := transport.NewClient(nil, nil).Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	return answer.StatusCode
}

func TestAReadIsSentOnWithinItsOrigin(t *testing.T) {
	server, arrived := redirect(t, http.StatusFound, "/to")
	if got := status(t, http.MethodGet, server.URL+"/from"); got != http.StatusOK || *arrived != 1 {
		t.Errorf("status %d, %d arrived", got, *arrived)
	}
}

func TestNothingIsSentToAnotherOrigin(t *testing.T) {
	other, arrived := redirect(t, 0, "")
	for _, code := range []int{301, 302, 303, 307, 308} {
		server, _ := redirect(t, code, other.URL+"/to")
		if got := status(t, http.MethodGet, server.URL+"/from"); got != code {
			t.Errorf("%d became %d", code, got)
		}
	}
	if *arrived != 0 {
		t.Errorf("%d requests arrived at another port", *arrived)
	}
}

func TestAWriteIsNeverSentOn(t *testing.T) {
	for _, method := range []string{http.MethodPost, http.MethodPatch, http.MethodDelete} {
		for _, code := range []int{301, 302, 307, 308} {
			server, arrived := redirect(t, code, "/to")
			if got := status(t, method, server.URL+"/from"); got != code || *arrived != 0 {
				t.Errorf("%s: %d became %d, %d arrived", method, code, got, *arrived)
			}
		}
	}
}

func TestABodyIsBounded(t *testing.T) {
	if data, err := transport.ReadBody(strings.NewReader("1234"), 4); err != nil || string(data) != "1234" {
		t.Errorf("%q, %v", data, err)
	}
	if _, err := transport.ReadBody(strings.NewReader("12345"), 4); !errors.Is(err, transport.ErrTooLarge) {
		t.Errorf("five bytes where four are allowed: %v", err)
	}
}

// again says whether an error is worth another try.
type again struct {
	wait  time.Duration
	worth bool
}

func (a again) Retryable() (time.Duration, bool) { return a.wait, a.worth }

func (a again) err() error { return &problem.Error{Action: "read it", Reason: "again", Detail: a} }

// steps is a clock that notes its pauses and takes no time.
type steps struct{ paused []time.Duration }

func (*steps) Now() time.Time { return time.Time{} }

func (s *steps) Sleep(ctx context.Context, d time.Duration) error {
	s.paused = append(s.paused, d)
	return context.Cause(ctx)
}

func TestReadsAreTriedAgainWithGrowingPauses(t *testing.T) {
	clock := &steps{}
	tries := 0
	err := transport.Retry{Clock: clock, Tries: 5, Pause: time.Second}.Do(t.Context(), func(context.Context) error {
		tries++
		return again{worth: true}.err()
	})
	if problem.Of(err) == nil || tries != 5 || len(clock.paused) != 4 {
		t.Fatalf("%d tries, pauses %v, %v", tries, clock.paused, err)
	}
	if clock.paused[3] < 2*clock.paused[0] {
		t.Errorf("the pauses do not grow: %v", clock.paused)
	}
}

func TestTheServersOwnPauseIsKept(t *testing.T) {
	clock := &steps{}
	_ = transport.Retry{Clock: clock, Tries: 2}.Do(t.Context(), func(context.Context) error {
		return again{wait: time.Minute, worth: true}.err()
	})
	if len(clock.paused) != 1 || clock.paused[0] != time.Minute {
		t.Errorf("paused %v", clock.paused)
	}
}

func TestWhatIsNotWorthAnotherTryIsTriedOnce(t *testing.T) {
	for _, failure := range []error{again{}.err(), errors.New("for good")} {
		tries := 0
		err := transport.Retry{Clock: &steps{}}.Do(t.Context(), func(context.Context) error {
			tries++
			return failure
		})
		if !errors.Is(err, failure) || tries != 1 {
			t.Errorf("%v: %d tries, %v", failure, tries, err)
		}
	}
}

func TestEachTryHasADeadline(t *testing.T) {
	err := transport.Retry{Tries: 1, Deadline: time.Millisecond}.Do(t.Context(), func(ctx context.Context) error {
		<-ctx.Done()
		return ctx.Err()
	})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
}

func TestWhatIsTriedAgainIsSaidInWords(t *testing.T) {
	said := transport.RetryNotice{What: "read it", Pause: 3200 * time.Millisecond, Try: 2}.String()
	if said != "retrying in 4 s (attempt 2): read it" {
		t.Error(said)
	}
}

func TestAPauseIsToldBeforeItBegins(t *testing.T) {
	clock := &steps{}
	var told []transport.RetryNotice
	retry := transport.Retry{Clock: clock, Tries: 3, Tell: func(a transport.RetryNotice) {
		if len(clock.paused) != len(told) {
			t.Errorf("%v was told after the pause", a)
		}
		told = append(told, a)
	}}
	_ = retry.Do(t.Context(), func(context.Context) error { return again{wait: 7 * time.Second, worth: true}.err() })
	if len(told) != 2 || told[0] != (transport.RetryNotice{What: "read it", Pause: 7 * time.Second, Try: 2}) || told[1].Try != 3 {
		t.Errorf("told %v", told)
	}
	told, clock.paused = nil, nil
	_ = retry.Do(t.Context(), func(context.Context) error { return again{worth: true}.err() })
	if len(told) != 0 {
		t.Errorf("told %v of pauses %v", told, clock.paused)
	}
}

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
