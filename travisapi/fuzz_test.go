package travisapi_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"convox-travis/internal/problem"
	"convox-travis/internal/secret"
	"convox-travis/internal/secret/secrettest"
	"convox-travis/internal/transport"
	"convox-travis/travisapi"
)

const (
	longestAnswer = 2 << 20 // bytes that may be read of one answer
	longestError  = 400     // bytes that an error of a call may have
	mostRequests  = 1000    // for one list
)

// canned is a Travis without a wire: each request gets the same answer, and what
// was read of the answers is counted.
type canned struct {
	status   int
	body     func() io.Reader
	requests atomic.Int64
	read     atomic.Int64 // the most of one answer
}

// RoundTrip implements http.RoundTripper.
func (c *canned) RoundTrip(r *http.Request) (*http.Response, error) {
	c.requests.Add(1)
	return &http.Response{StatusCode: c.status, Header: http.Header{}, Body: &counted{Reader: c.body(), most: &c.read}, Request: r}, nil
}

type counted struct {
	io.Reader
	read int64
	most *atomic.Int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.read += int64(n)
	for most := c.most.Load(); c.read > most && !c.most.CompareAndSwap(most, c.read); {
		most = c.most.Load()
	}
	return n, err
}

func (c *counted) Close() error { return nil }

func (c *canned) client(t testing.TB) *travisapi.Client {
	t.Helper()
	client, err := travisapi.New(travisapi.Config{
		Endpoint: "https://travis.example.com", Token: secret.New(secrettest.Canary),
		HTTP: &http.Client{Transport: c}, Retry: transport.Retry{Tries: 1, Deadline: time.Minute},
	})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// calls are one of each answer that is read.
func calls(t testing.TB, client *travisapi.Client) map[string]func() error {
	ctx := t.Context()
	return map[string]func() error{
		"user":       func() error { _, err := client.User(ctx); return err },
		"owner":      func() error { _, err := client.Owner(ctx, "", "acme"); return err },
		"sync":       func() error { return client.Sync(ctx, travisapi.User{ID: 1}) },
		"repository": func() error { _, err := client.Repository(ctx, apiRef); return err },
		"activate":   func() error { _, err := client.Activate(transport.Until(ctx), apiRef); return err },
		"list":       func() error { _, err := client.Repositories(ctx, travisapi.ListOptions{}); return err },
		"variables":  func() error { _, err := client.EnvVars(ctx, apiRef); return err },
		"create": func() error {
			_, err := client.CreateEnvVar(transport.Until(ctx), apiRef, travisapi.EnvVar{Name: "A"})
			return err
		},
		"update": func() error {
			_, err := client.UpdateEnvVar(transport.Until(ctx), apiRef, travisapi.EnvVar{ID: "u", Name: "A"})
			return err
		},
		"delete": func() error { return client.DeleteEnvVar(transport.Until(ctx), apiRef, "u") },
		"key":    func() error { _, err := client.GeneratedKey(ctx, apiRef); return err },
		"forks":  func() error { _, err := client.SharesWithForks(ctx, apiRef); return err },
		"start build": func() error {
			_, err := client.StartBuild(ctx, apiRef, travisapi.BuildOptions{Branch: "main"})
			return err
		},
		"request": func() error { _, err := client.BuildRequest(ctx, apiRef, 1); return err },
		"build":   func() error { _, err := client.Build(ctx, 1); return err },
	}
}

// wantBounded holds an error against the rules: a bounded line of our own words.
func wantBounded(t testing.TB, name string, err error) {
	t.Helper()
	e := problem.Of(err)
	if e == nil {
		t.Fatalf("%s: %v", name, err)
	}
	for _, text := range append(e.Hints, e.Error(), travisapi.FailureOf(err).Permission) {
		if len(text) > longestError || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' }) {
			t.Errorf("%s: %q", name, text)
		}
		secrettest.Absent(t, name, text)
	}
}

// Whatever Travis answers, each call ends in bounded time and in bounded words
// that quote nothing of the answer.
func FuzzTravisAnswers(f *testing.F) {
	for _, seed := range []string{
		``, `null`, `[]`, `{}`, `{"id":17,"slug":"acme/api"}`, `{"id":-1,"slug":1}`, `Forbidden`, `access denied`, `<html>`, "\xff\xfe", `{"id":1e400}`,
		`{"repositories":[{"id":1,"slug":"a/b"}],"@pagination":{"count":9,"is_last":false}}`,
		`{"repositories":[{"id":1,"slug":"a/b","@permissions":{"\u001b[2J":true},"default_branch":null,"owner":{"login":"\u202e"}}],"@pagination":{"count":-9223372036854775808}}`,
		`{"repositories":[],"@pagination":{"count":9223372036854775807,"is_last":false}}`,
		`{"env_vars":[{"id":"u","name":"A\u001b[31m","branch":"\u009b2J","public":true,"value":"x"}]}`, `{"env_vars":null}`, `{"env_vars":[null]}`,
		`{"id":"u","name":"A"}`, `{"id":1,"login":"ann\u0007","name":"\u202e","account_env_vars":[{"name":"A","public":true,"value":"v"}]}`,
		`{"public_key":"-----BEGIN PUBLIC KEY-----","fingerprint":"f"}`, `{"value":true}`, `{"request":{"id":1,"state":"pending"}}`,
		`{"id":1,"state":"finished","result":"approved","builds":[{"id":2,"number":"1","state":"passed"}]}`,
		`{"@type":"error","error_type":"insufficient_access","error_message":"\u001b]52;c;x\u0007","permission":"create_env_var"}`,
		`{"error_type":"request_limit_reached","permission":"\u001b[2J"}`,
	} {
		for _, status := range []int{200, 403, 404, 409, 429, 503} {
			f.Add(status, []byte(seed))
		}
	}
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		if status < 200 || status > 999 {
			return // the HTTP client passes no other on
		}
		// What stands behind the body is part of no answer of Travis.
		isValid := append([]byte(secrettest.Canary), body...)
		for _, text := range [][]byte{body, isValid} {
			wire := &canned{status: status, body: func() io.Reader { return bytes.NewReader(text) }}
			for name, call := range calls(t, wire.client(t)) {
				wire.requests.Store(0)
				if err := call(); err != nil {
					wantBounded(t, name, err)
				}
				if n := wire.requests.Load(); n > 1 && (name != "list" || n > mostRequests) {
					t.Errorf("%s: %d requests", name, n)
				}
			}
		}
	})
}

// endless is a body that goes on and on behind its head.
func endless(head, unit string) func() io.Reader {
	return func() io.Reader { return io.MultiReader(strings.NewReader(head), &repeated{unit: unit}) }
}

type repeated struct {
	unit string
	at   int
}

func (r *repeated) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = r.unit[r.at]
		r.at = (r.at + 1) % len(r.unit)
	}
	return len(p), nil
}

func TestAnEndlessAnswerIsGivenUp(t *testing.T) {
	for _, status := range []int{200, 403, 503} {
		wire := &canned{status: status, body: endless(`{"id":1,"slug":"`, secrettest.Canary)}
		for name, call := range calls(t, wire.client(t)) {
			err := call()
			wantBounded(t, name, err)
			if e := failed(t, err); e.Code != travisapi.CodeMalformed || !strings.Contains(e.Error(), "too large") {
				t.Errorf("%s: %v", name, e)
			}
		}
		if n := wire.read.Load(); n > longestAnswer+1 {
			t.Errorf("%d bytes were read of one answer", n)
		}
	}
}

// A list that claims more than it has, or does not end, is given up; whatever it
// counts, it holds nobody up and fills no memory.
func TestAListThatDoesNotEndIsGivenUp(t *testing.T) {
	row := `{"id":%d,"slug":"acme/r%d"}`
	for name, page := range map[string]struct{ row, paging string }{
		"the same page again and again": {`{"id":1,"slug":"acme/api"}`, `{"count":1,"is_last":false}`},
		"always another one":            {row, `{"count":1,"is_last":false}`},
		"as many as fit in a number":    {row, `{"count":9223372036854775807,"is_last":false}`},
		"less than nothing":             {row, `{"count":-9223372036854775808,"is_last":false}`},
	} {
		wire := &canned{status: 200}
		var asked atomic.Int64
		wire.body = func() io.Reader {
			n := asked.Add(1)
			r := strings.ReplaceAll(page.row, "%d", fmt.Sprint(n))
			return strings.NewReader(`{"repositories":[` + r + `],"@pagination":` + page.paging + `}`)
		}
		_, err := wire.client(t).Repositories(t.Context(), travisapi.ListOptions{})
		if e := failed(t, err); e.Code != travisapi.CodeMalformed || !strings.Contains(e.Error(), "doesn't end") {
			t.Errorf("%s: %v", name, e)
		}
		if asked.Load() > mostRequests {
			t.Errorf("%s: %d requests", name, asked.Load())
		}
	}
}

func TestAPageIsNoLargerThanWasAskedFor(t *testing.T) {
	rows := strings.Repeat(`{"id":1,"slug":"acme/api"},`, 101)
	for name, repositories := range map[string]string{
		"more rows":    strings.TrimSuffix(rows, ","),
		"a long slug":  `{"id":1,"slug":"acme/` + strings.Repeat("a", 8<<10) + `"}`,
		"a long login": `{"id":1,"slug":"acme/api","owner":{"login":"` + strings.Repeat("a", 8<<10) + `"}}`,
	} {
		wire := &canned{status: 200, body: func() io.Reader {
			return strings.NewReader(`{"repositories":[` + repositories + `],"@pagination":{"is_last":true}}`)
		}}
		_, err := wire.client(t).Repositories(t.Context(), travisapi.ListOptions{})
		if e := failed(t, err); e.Code != travisapi.CodeMalformed {
			t.Errorf("%s: %v", name, e)
		}
	}
}
