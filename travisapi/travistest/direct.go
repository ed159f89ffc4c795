package travistest

import (
	"errors"
	"net/http"
	"net/http/httptest"
)

// Direct returns a client that the server answers without a connection, in the caller's
// goroutine: for a test with its own clock.
func (s *Server) Direct() *http.Client {
	return &http.Client{Transport: direct{s.handler()}}
}

type direct struct{ handler http.Handler }

var errBroken = errors.New("the connection broke")

// RoundTrip implements http.RoundTripper.
func (d direct) RoundTrip(r *http.Request) (answer *http.Response, err error) {
	if r.Body == nil {
		r.Body = http.NoBody
	}
	defer func() {
		switch broken := recover(); broken {
		case nil:
		case http.ErrAbortHandler: // a server closes the connection then
			answer, err = nil, errBroken
		default:
			panic(broken)
		}
	}()
	w := httptest.NewRecorder()
	d.handler.ServeHTTP(w, r)
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	answer = w.Result()
	answer.Request = r
	return answer, nil
}
