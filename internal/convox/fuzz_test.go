package convox_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"unicode/utf8"

	"convox-travis/internal/convox"
	"convox-travis/internal/problem"
	"convox-travis/internal/secret/secrettest"
)

func FuzzParseAuth(f *testing.F) {
	for _, seed := range []string{`{"rack.example.com": "x"}`, `{}`, `null`, `[]`, ``, ` `, `{"a": 1}`, `{"[::1]:1": "\u0000"}`, `{"a.b": "x", "A.b.": "y"}`, "{\xff", secrettest.Canary} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		logins, err := convox.ParseAuth(text)
		if err != nil {
			secrettest.Absent(t, "the error", printed(err))
			return
		}
		for _, login := range logins {
			if login.Host.IsZero() || login.Password.IsEmpty() {
				t.Errorf("%q: %+v", text, login)
			}
		}
	})
}

func FuzzAnswers(f *testing.F) {
	for _, seed := range []string{
		`{"name":"prod","version":"1"}`, `{"name":1}`, `[]`, `null`, `{}`, ``, `[{"name":"a","organization":{"name":"b"}}]`, `[{"name":"a"}]`, `[null]`, `[1]`,
		`[{"organization":null,"name":"\u001b"}]`, `{"name":"\u202e\n"}`, "\xff", `"` + secrettest.Canary + `"`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		clean := func(rack convox.Rack) {
			for _, text := range []string{rack.String(), rack.Status, rack.Provider, rack.Region, rack.Version} {
				if len(text) > longestShown {
					t.Errorf("%q fills a terminal", text)
				}
			}
		}
		rack, named := convox.ParseSystem(body)
		if clean(rack); named != (rack.Name != "") {
			t.Errorf("%+v, %t", rack, named)
		}
		racks, err := convox.ParseRacks(body)
		if err != nil {
			secrettest.Absent(t, "the error", printed(err))
		}
		for _, rack := range racks {
			if clean(rack); rack.Organization == "" || rack.Name == "" {
				t.Errorf("%+v", rack)
			}
		}
	})
}

const longestShown = 2100 // bytes: two names and a slash

// canned is a Rack or a Console without a wire: each request gets the same
// answer, and what was read of the answers is counted.
type canned struct {
	status int
	header http.Header
	body   func() io.Reader
	read   atomic.Int64
}

// RoundTrip implements http.RoundTripper.
func (c *canned) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: c.status, Header: c.header, Body: &counted{c.body(), &c.read}, Request: r}, nil
}

type counted struct {
	io.Reader
	read *atomic.Int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.read.Add(int64(n))
	return n, err
}

func (*counted) Close() error { return nil }

// Whatever answers, the check ends with a login whose names can be shown, or in a
// bounded line of our own words.
func FuzzLogin(f *testing.F) {
	for _, seed := range []string{`{"name":"prod","version":"1"}`, `[{"name":"a","organization":{"name":"b"}}]`, `{"id":"x"}`, ``, `<html>`, `[`, `null`, "\xff", `{"name":"\u001b[2J\u202e"}`, secrettest.Canary} {
		for _, status := range []int{200, 401, 403, 404, 302, 429, 503} {
			f.Add(status, "application/json", "", []byte(seed))
		}
	}
	f.Add(401, "text/html; charset=\"\x1b", "Session \x1b[2J", []byte("{}"))
	at := host(f, "rack.example.com")
	f.Fuzz(func(t *testing.T, status int, kind, wants string, body []byte) {
		if status < 200 || status > 999 {
			return // the HTTP client passes no other on
		}
		for _, console := range []bool{false, true} {
			header := http.Header{"Content-Type": {kind}, "Www-Authenticate": {wants}, "Retry-After": {wants}}
			wire := &canned{status: status, header: header, body: func() io.Reader { return bytes.NewReader(body) }}
			login, err := convox.Enter(t.Context(), wire, at, console, canary)
			for _, rack := range login.Racks {
				if text := rack.String(); len(text) > longestShown {
					t.Errorf("%q fills a terminal", text)
				}
			}
			if err == nil {
				continue
			}
			if _, is := errors.AsType[*problem.Error](err); !is {
				t.Fatalf("%T: %v", err, err)
			}
			text := printed(err)
			secrettest.Absent(t, "the error", text)
			if len(err.Error()) > 300 || !utf8.ValidString(text) {
				t.Errorf("%q", err)
			}
		}
	})
}

type repeated string

func (r repeated) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = r[i%len(r)]
	}
	return len(p), nil
}

func TestAnEndlessAnswerIsGivenUp(t *testing.T) {
	const largest = 2 << 20 // bytes, of each of two answers
	for _, console := range []bool{false, true} {
		for _, status := range []int{200, 401} {
			wire := &canned{status: status, header: http.Header{}, body: func() io.Reader { return repeated("[{},") }}
			_, err := convox.Enter(t.Context(), wire, host(t, "rack.example.com"), console, canary)
			if err == nil || !strings.Contains(err.Error(), "too large") {
				t.Errorf("%d: %v", status, err)
			}
			if n := wire.read.Load(); n > 2*(largest+1) {
				t.Errorf("%d: %d bytes were read", status, n)
			}
		}
	}
}

func FuzzSaveLogin(f *testing.F) {
	for _, seed := range []string{
		`{"rack.example.com": "x"}`, `{}`, `null`, `[]`, ``, ` `, `{"a": 1}`, `{"a":null,"RACK.example.com.":"y"}`, "{\xff", "{\"\xff\":\"\"}", secrettest.Canary,
		"\n{ \"a\\u0000\" : \"\\\"}\" , \"a\":\"2\"}\n", `{"rack.example.com":"1","rack.example.com":"2"}`, "\u00a0", `{"a":"b"}x`,
	} {
		f.Add(seed)
	}
	home := f.TempDir()
	file := filepath.Join(home, ".config", "convox2", "auth")
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := convox.NewLogins(environment(), home, "linux").Save(host(t, savedHost), canary)
		got := read(t, file)
		if err != nil {
			if got != text {
				t.Errorf("refused, and changed: %q", text)
			}
			if !strings.Contains(text, secrettest.Canary) {
				secrettest.Absent(t, "the error", printed(err))
			}
			return
		}
		var before, after map[string]string
		if strings.TrimSpace(text) != "" && json.Unmarshal([]byte(text), &before) != nil {
			t.Fatalf("%q was overwritten", text)
		}
		if json.Unmarshal([]byte(got), &after) != nil || after[savedHost] != secrettest.Canary {
			t.Fatalf("%q became %q", text, got)
		}
		others := func(entries map[string]string) map[string]string {
			maps.DeleteFunc(entries, func(key, _ string) bool {
				at, err := convox.ParseHost(key)
				return err == nil && at.String() == savedHost
			})
			return entries
		}
		if b, a := others(before), others(after); len(b)+len(a) > 0 && !maps.Equal(b, a) {
			t.Errorf("%q became %q", text, got)
		}
	})
}
