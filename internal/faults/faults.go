// Package faults makes a small server fail the way networks and servers do, slows it
// down, and records its requests. It wraps the server's handler, so the server isn't
// aware of it.
//
// Next room: internal/terminal, where tests use the program like a person.
package faults

import (
	"bytes"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"
)

// Kind is one way to fail.
type Kind string

// The ways to fail. Before: the server does none of the work. After: it does all of it,
// and then the answer fails.
const (
	ResetBefore      Kind = "connection reset before the work"
	AnswerLost       Kind = "answer lost after the work"
	ResetInAnswer    Kind = "connection reset in the middle of the answer"
	Hang             Kind = "no answer until the caller gives up"
	Status500        Kind = "500 before the work"
	Status500After   Kind = "500 after the work"
	Status502HTML    Kind = "502 with a page of HTML"
	Status503        Kind = "503"
	Throttled        Kind = "429 without Retry-After"
	ThrottledUntil   Kind = "429 with Retry-After"
	ThrottledForLong Kind = "429 with a Retry-After of an hour"
	MalformedJSON    Kind = "200 with malformed JSON, after the work"
	TruncatedBody    Kind = "truncated answer, after the work"
	WrongContentType Kind = "200 with a page of HTML, before the work"
	EndlessBody      Kind = "200 with an endless body, after the work"
	RedirectAway     Kind = "redirect to another host"
	RedirectPlain    Kind = "redirect to plain HTTP"
)

// Unsolicited isn't a failure, so Kinds doesn't list it: over HTTP/1.1 more bytes follow
// the whole answer, as if another one had been requested.
const Unsolicited Kind = "an answer, and bytes behind it"

// UnsolicitedText is the content of those bytes.
const UnsolicitedText = "unsolicited-c4n4ry"

// Kinds lists every way to fail.
func Kinds() []Kind {
	return []Kind{
		ResetBefore, AnswerLost, ResetInAnswer, Hang, Status500, Status500After, Status502HTML,
		Status503, Throttled, ThrottledUntil, ThrottledForLong, MalformedJSON, TruncatedBody, WrongContentType,
		EndlessBody, RedirectAway, RedirectPlain,
	}
}

// Request is a request as it arrived. Its body can contain a secret; its headers aren't
// recorded.
type Request struct {
	Method string
	Path   string // as escaped on the wire, without the query
	Query  string
	Body   string
	At     time.Time
}

// Rule selects the requests to fail.
type Rule struct {
	Kind  Kind
	Match func(Request) bool // nil matches all
	Skip  int                // how many matching requests pass first
	Times int                // how many fail then; 0 is one, below 0 is all
}

// Layer is the fault layer around one server. The zero value passes everything on. It is
// safe for concurrent use.
type Layer struct {
	mu       sync.Mutex
	rules    []*Rule
	latency  time.Duration
	closing  bool
	requests []Request
	inFlight int
	together int
}

// Add makes the requests that rule selects fail.
func (l *Layer) Add(rule Rule) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if rule.Times == 0 {
		rule.Times = 1
	}
	l.rules = append(l.rules, &rule)
}

// Clear removes all rules.
func (l *Layer) Clear() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rules = nil
}

// SetLatency delays every answer.
func (l *Layer) SetLatency(d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.latency = d
}

// CloseConnections closes every connection after its answer, so that each request makes a
// new one, and a test that rejects connections rejects requests.
func (l *Layer) CloseConnections(closing bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closing = closing
}

// Requests returns the requests so far, in the order of arrival.
func (l *Layer) Requests() []Request {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.requests)
}

// Forget clears the record.
func (l *Layer) Forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.requests, l.together = nil, 0
}

// MostTogether returns the highest number of requests answered at the same time.
func (l *Layer) MostTogether() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.together
}

// Wrap puts the layer around a server.
func (l *Layer) Wrap(server http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 8<<20))
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		kind, latency, closing := l.enter(Request{
			Method: r.Method, Path: r.URL.EscapedPath(), Query: r.URL.RawQuery, Body: string(body), At: time.Now(),
		})
		defer l.leave()
		if closing {
			w.Header().Set("Connection", "close")
		}
		if latency > 0 && !wait(r, latency) {
			return
		}
		if kind == "" {
			server.ServeHTTP(w, r)
			return
		}
		fail(kind, server, w, r)
	})
}

func (l *Layer) enter(r Request) (kind Kind, latency time.Duration, closing bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.requests = append(l.requests, r)
	l.inFlight++
	l.together = max(l.together, l.inFlight)
	for _, rule := range l.rules {
		if rule.Match != nil && !rule.Match(r) {
			continue
		}
		if rule.Skip > 0 {
			rule.Skip--
			continue
		}
		if rule.Times == 0 {
			continue
		}
		if rule.Times > 0 {
			rule.Times--
		}
		return rule.Kind, l.latency, l.closing
	}
	return "", l.latency, l.closing
}

func (l *Layer) leave() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.inFlight--
}

func wait(r *http.Request, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-r.Context().Done():
		return false
	}
}
