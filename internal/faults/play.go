package faults

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"time"
)

// otherHost must never be called: its name is reserved
// (https://www.rfc-editor.org/rfc/rfc2606).
const otherHost = "elsewhere.invalid"

const page = "<html><head><title>Error</title></head><body>Try later</body></html>"

// fail plays one fault. If a handler panics with ErrAbortHandler, its connection is
// closed silently.
func fail(kind Kind, server http.Handler, w http.ResponseWriter, r *http.Request) {
	switch kind {
	case ResetBefore:
		panic(http.ErrAbortHandler)
	case AnswerLost:
		server.ServeHTTP(httptest.NewRecorder(), r)
		panic(http.ErrAbortHandler)
	case ResetInAnswer, TruncatedBody:
		truncate(kind, record(server, r), w)
	case Hang:
		<-r.Context().Done()
	case Status500:
		answer(w, http.StatusInternalServerError, "application/json", `{"@type":"error","error_type":"server_error","error_message":"something broke"}`)
	case Status500After:
		server.ServeHTTP(httptest.NewRecorder(), r)
		answer(w, http.StatusInternalServerError, "text/plain", "Internal Server Error")
	case Status502HTML:
		answer(w, http.StatusBadGateway, "text/html", page)
	case Status503:
		answer(w, http.StatusServiceUnavailable, "text/plain", "Service Unavailable")
	case Throttled:
		answer(w, http.StatusTooManyRequests, "text/plain", "Retry later\n")
	case ThrottledUntil:
		w.Header().Set("Retry-After", "1")
		answer(w, http.StatusTooManyRequests, "text/plain", "Retry later\n")
	case ThrottledForLong:
		w.Header().Set("Retry-After", "3600")
		answer(w, http.StatusTooManyRequests, "text/plain", "Retry later\n")
	case MalformedJSON:
		server.ServeHTTP(httptest.NewRecorder(), r)
		answer(w, http.StatusOK, "application/json", `{"@type": "env_vars", "env_vars": [}`)
	case WrongContentType:
		answer(w, http.StatusOK, "text/html", page)
	case EndlessBody:
		server.ServeHTTP(httptest.NewRecorder(), r)
		endless(w, r)
	case RedirectAway:
		w.Header().Set("Location", "https://"+otherHost+r.URL.EscapedPath())
		answer(w, http.StatusTemporaryRedirect, "text/plain", "")
	case RedirectPlain:
		w.Header().Set("Location", "http://"+otherHost+r.URL.EscapedPath())
		answer(w, http.StatusFound, "text/plain", "")
	case Unsolicited:
		sendMore(record(server, r), w)
	default:
		panic("faults: unknown kind " + string(kind))
	}
}

// sendMore sends an answer and then more. That isn't possible over HTTP/2.
func sendMore(whole *httptest.ResponseRecorder, w http.ResponseWriter) {
	connection, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		for name, values := range whole.Header() {
			w.Header()[name] = values
		}
		w.WriteHeader(whole.Code)
		write(w, whole.Body.Bytes())
		return
	}
	defer connection.Close()
	answer := whole.Result()
	answer.ContentLength = int64(whole.Body.Len())
	if answer.Write(connection) != nil {
		return
	}
	// The caller must have read the answer, otherwise this is part of it.
	time.Sleep(20 * time.Millisecond)
	_, _ = io.WriteString(connection, "HTTP/1.1 200 "+UnsolicitedText+"\r\n\r\n"+UnsolicitedText)
	time.Sleep(20 * time.Millisecond)
}

func record(server http.Handler, r *http.Request) *httptest.ResponseRecorder {
	recorder := httptest.NewRecorder()
	server.ServeHTTP(recorder, r)
	return recorder
}

// truncate sends the first half of an answer. A reset announces the full length and
// breaks the connection; a truncated body ends as if it were complete.
func truncate(kind Kind, whole *httptest.ResponseRecorder, w http.ResponseWriter) {
	body := whole.Body.Bytes()
	for name, values := range whole.Header() {
		w.Header()[name] = values
	}
	w.Header().Del("Content-Length")
	if kind == ResetInAnswer {
		w.Header().Set("Content-Length", strconv.Itoa(len(body)+1))
	}
	w.WriteHeader(whole.Code)
	write(w, body[:len(body)/2])
	if kind == ResetInAnswer {
		_ = http.NewResponseController(w).Flush() // a failure to send is as intended
		panic(http.ErrAbortHandler)
	}
}

func endless(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusOK)
	chunk := bytes.Repeat([]byte(" "), 64<<10)
	for r.Context().Err() == nil {
		if !write(w, chunk) {
			return
		}
	}
}

func answer(w http.ResponseWriter, status int, contentType, body string) {
	w.Header().Set("Content-Type", contentType)
	if strings.HasPrefix(contentType, "text/") {
		w.Header().Set("X-Content-Type-Options", "nosniff")
	}
	w.WriteHeader(status)
	write(w, []byte(body))
}

func write(w http.ResponseWriter, data []byte) bool {
	_, err := w.Write(data)
	return err == nil
}
