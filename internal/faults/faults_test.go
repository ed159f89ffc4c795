package faults_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"convox-travis/internal/faults"
	"convox-travis/internal/transport"
)

const whole = `{"whole": true}`

// server is a small server that counts the work it does.
type server struct {
	*httptest.Server
	layer faults.Layer
	work  atomic.Int32
}

func start(t *testing.T) *server {
	t.Helper()
	s := &server{}
	s.Server = httptest.NewServer(s.layer.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.work.Add(1)
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, whole)
	})))
	t.Cleanup(s.Close)
	return s
}

// ask returns what a caller sees: a status and a body, or an error.
func (s *server) ask(t *testing.T) (status int, body string, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL+"/a%2Fb?c=d", strings.NewReader("asked"))
	if err != nil {
		t.Fatal(err)
	}
	answer, err := transport.NewClient(nil, nil).Do(request)
	if err != nil {
		return 0, "", err
	}
	defer answer.Body.Close()
	data, err := transport.ReadBody(answer.Body, 1<<20)
	return answer.StatusCode, string(data), err
}

func TestEveryKindFailsInItsOwnWay(t *testing.T) {
	lost := errors.New("any error")
	for kind, want := range map[faults.Kind]struct {
		status int
		body   string
		err    error
		work   int
	}{
		faults.ResetBefore:      {err: lost},
		faults.AnswerLost:       {err: lost, work: 1},
		faults.ResetInAnswer:    {err: io.ErrUnexpectedEOF, work: 1},
		faults.Hang:             {err: context.DeadlineExceeded},
		faults.Status500:        {status: 500, body: "{"},
		faults.Status500After:   {status: 500, body: "I", work: 1},
		faults.Status502HTML:    {status: 502, body: "<"},
		faults.Status503:        {status: 503, body: "S"},
		faults.Throttled:        {status: 429, body: "Retry later"},
		faults.ThrottledUntil:   {status: 429, body: "Retry later"},
		faults.ThrottledForLong: {status: 429, body: "Retry later"},
		faults.MalformedJSON:    {status: 200, body: "{", work: 1},
		faults.TruncatedBody:    {status: 200, body: whole[:len(whole)/2], work: 1},
		faults.WrongContentType: {status: 200, body: "<"},
		faults.EndlessBody:      {err: transport.ErrTooLarge, work: 1},
		faults.RedirectAway:     {status: 307},
		faults.RedirectPlain:    {status: 302},
	} {
		t.Run(string(kind), func(t *testing.T) {
			s := start(t)
			s.layer.Add(faults.Rule{Kind: kind})
			status, body, err := s.ask(t)
			if (err == nil) != (want.err == nil) || (want.err != lost && !errors.Is(err, want.err)) {
				t.Errorf("the caller saw %v", err)
			}
			if err == nil && (status != want.status || !strings.HasPrefix(body, want.body)) {
				t.Errorf("the caller saw %d %.20q", status, body)
			}
			if work := int(s.work.Load()); work != want.work {
				t.Errorf("the work was done %d times, not %d", work, want.work)
			}
			if _, body, err = s.ask(t); err != nil || body != whole {
				t.Errorf("the next request saw %q, %v", body, err)
			}
		})
	}
	if len(faults.Kinds()) != 17 {
		t.Error("a kind is not tried here")
	}
}

func TestARulePicksItsRequests(t *testing.T) {
	s := start(t)
	s.layer.Add(faults.Rule{Kind: faults.Status503, Skip: 1, Times: 2, Match: func(r faults.Request) bool { return r.Path == "/a%2Fb" }})
	var got []int
	for range 5 {
		status, _, _ := s.ask(t)
		got = append(got, status)
	}
	if want := []int{200, 503, 503, 200, 200}; !slices.Equal(got, want) {
		t.Errorf("%v, not %v", got, want)
	}
	s.layer.Add(faults.Rule{Kind: faults.Status503, Times: -1})
	for range 3 {
		if status, _, _ := s.ask(t); status != 503 {
			t.Error("a rule for all requests ended")
		}
	}
	s.layer.Clear()
	if status, _, _ := s.ask(t); status != 200 {
		t.Error("a cleared rule goes on")
	}
}

func TestConnectionsCanEndBehindTheirAnswers(t *testing.T) {
	s := start(t)
	opened := 0
	client := transport.NewClient(nil, func(ctx context.Context, network, address string) (net.Conn, error) {
		opened++
		return new(net.Dialer).DialContext(ctx, network, address)
	})
	for _, closing := range []bool{true, false} {
		opened = 0
		s.layer.CloseConnections(closing)
		for range 4 {
			answer, err := client.Get(s.URL)
			if err != nil {
				t.Fatal(err)
			}
			_, _ = io.Copy(io.Discard, answer.Body) // whole answers alone leave a connection open
			answer.Body.Close()
		}
		if closing != (opened == 4) {
			t.Errorf("closing: %t, and there were %d connections", closing, opened)
		}
	}
}

func TestRequestsAreRecorded(t *testing.T) {
	s := start(t)
	_, _, _ = s.ask(t)
	requests := s.layer.Requests()
	if len(requests) != 1 {
		t.Fatalf("%d requests", len(requests))
	}
	r := requests[0]
	if r.Method != "POST" || r.Path != "/a%2Fb" || r.Query != "c=d" || r.Body != "asked" {
		t.Errorf("recorded %+v", r)
	}
	if s.layer.Forget(); len(s.layer.Requests()) != 0 {
		t.Error("the record was not emptied")
	}
}

func TestLatencyDelaysEveryAnswer(t *testing.T) {
	s := start(t)
	s.layer.SetLatency(30 * time.Millisecond)
	begun := time.Now()
	_, _, _ = s.ask(t)
	if took := time.Since(begun); took < 30*time.Millisecond {
		t.Errorf("answered after %v", took)
	}
}
