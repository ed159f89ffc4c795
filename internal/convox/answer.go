package convox

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/http/httptrace"
	"strings"
	"time"

	"convox-travis/internal/secret"
	"convox-travis/internal/transport"
)

const (
	largestAnswer = 2 << 20          // bytes; a Rack of a list takes some 200
	longestWait   = 30 * time.Second // that a server may ask for
)

// answer is what a Rack or Console said. Its body is never shown.
type answer struct {
	status       int
	html         bool // a page for people
	json         bool // announced as JSON
	wantsSession bool // as Console asks of people (https://github.com/convox/rack, pkg/cli/auth.go)
	body         []byte
}

// get reads path with a credential, or without where that is empty, again and again as the rules of reads say.
// The error has one of the codes of a login, and its answer may be anything below 500 but 429.
func (s *session) get(ctx context.Context, path string, credential secret.String) (answer, error) {
	var got answer
	err := s.retry.Do(ctx, func(ctx context.Context) error {
		var err error
		got, err = s.once(ctx, path, credential)
		return err
	})
	return got, err
}

func (s *session) once(ctx context.Context, path string, credential secret.String) (answer, error) {
	progress := &progress{begun: time.Now()}
	traced := httptrace.WithClientTrace(ctx, progress.trace())
	request, err := http.NewRequestWithContext(traced, http.MethodGet, "https://"+s.host.String()+path, nil)
	if err != nil {
		return answer{}, s.stranger("its address cannot be used", false) // a Host makes a good address
	}
	if !credential.IsEmpty() {
		request.SetBasicAuth(user, credential.Reveal())
	}
	request.Header.Set("User-Agent", s.agent)
	// Racks of 2015 answer 403 to a client that does not name its version
	// (https://github.com/convox/rack, api/controllers/api.go).
	request.Header.Set("Version", "dev")

	response, err := s.client.Do(request)
	if err != nil {
		return answer{}, s.lost(err, progress)
	}
	defer response.Body.Close() // read to its end, or given up
	body, err := transport.ReadBody(response.Body, largestAnswer)
	switch {
	case errors.Is(err, transport.ErrTooLarge):
		return answer{}, s.stranger("its answer is larger than any real one", false)
	case err != nil:
		return answer{}, s.lost(err, progress)
	}
	if err := s.trouble(response); err != nil {
		return answer{}, err
	}
	got := answer{status: response.StatusCode, body: bytes.TrimSpace(body)}
	got.json, got.html = contentType(response, got.body)
	got.wantsSession = strings.HasPrefix(response.Header.Get("WWW-Authenticate"), "Session ")
	if got.json && got.status == http.StatusOK && len(got.body) > 0 && !json.Valid(got.body) {
		return answer{}, s.failed(CodeServerError, "its answer is broken", again(0), tryLater)
	}
	return got, nil
}

// again is a failure after which the same call may succeed.
func again(wait time.Duration) Detail { return Detail{wait: wait, again: wait <= longestWait} }

// trouble is a server that has it.
func (s *session) trouble(response *http.Response) error {
	switch status := response.StatusCode; {
	case status == http.StatusTooManyRequests:
		wait := transport.RetryAfter(response.Header, time.Now())
		return s.failed(CodeThrottled, "it takes no more calls for now (HTTP 429)", again(wait), tryLater)
	case status >= 500:
		return s.failed(CodeServerError, fmt.Sprintf("it is in trouble (HTTP %d)", status), again(0), tryLater)
	}
	return nil
}

func contentType(response *http.Response, body []byte) (isJSON, isHTML bool) {
	kind, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type"))
	isJSON = kind == "application/json"
	isHTML = kind == "text/html" || kind == "application/xhtml+xml" || bytes.HasPrefix(body, []byte("<"))
	return isJSON, isHTML
}
