package travisapi

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"convox-travis/internal/problem"
	"convox-travis/internal/secret"
	"convox-travis/internal/transport"
)

// longestAnswer limits an answer, in bytes. A page of 100 repositories has some 200 KiB;
// its decoded form can be many times as large.
const longestAnswer = 2 << 20

type call struct {
	action string // its purpose, in words that follow "error: "
	object string // the repository, for a person, or ""
	method string
	path   string // escaped
	query  url.Values
	body   map[string]any // nil for no body
	asks   bool           // a POST that changes nothing, and that nothing depends on
	isText bool           // the answer is plain text, not JSON

	onGitHub bool // the object is a repository on GitHub
}

func (r call) changes() bool { return r.method != http.MethodGet && !r.asks }

// read sends a GET and retries it if that can help. The answer has to be valid.
func read[T any](ctx context.Context, c *Client, r call, isValid func(T) bool) (T, error) {
	return repeat(transport.Until(ctx), c, r, isValid)
}

// repeat is once, retried if that can help.
func repeat[T any](stop transport.Stop, c *Client, r call, isValid func(T) bool) (T, error) {
	var answer T
	err := c.config.Retry.Repeat(stop.Hard, func(context.Context) error {
		var err error
		answer, err = once(stop, c, r, isValid)
		return err
	})
	return answer, err
}

// once sends a request, for a write or one attempt of a read. It starts before stop.Soft
// ends, and is canceled with stop.Hard.
func once[T any](stop transport.Stop, c *Client, r call, isValid func(T) bool) (T, error) {
	var answer, none T
	err := c.attempt(stop, r, func(body []byte) error {
		if json.Unmarshal(body, &answer) == nil && isValid(answer) {
			return nil
		}
		answer = none
		return r.malformed() // the decoder's error can quote the answer
	})
	return answer, err
}

// change is once for an answer that only says that the call succeeded: an empty one, or
// one that isn't read.
func (c *Client) change(stop transport.Stop, r call) error {
	return c.attempt(stop, r, func(body []byte) error {
		if len(body) > 0 && !json.Valid(body) {
			return r.malformed()
		}
		return nil
	})
}

// attempt sends a request when its turn has come, and passes a successful answer to take.
func (c *Client) attempt(stop transport.Stop, r call, take func(body []byte) error) error {
	answered, err := c.turn(stop.Soft, r)
	defer answered()
	if err != nil {
		return err
	}
	if r.changes() {
		c.config.OnWrite()
	}
	err = c.config.Retry.Once(stop.Hard, func(ctx context.Context) error {
		body, err := c.send(ctx, r)
		if err != nil {
			return err
		}
		return take(body)
	})
	c.learn(r, err)
	return err
}

func (c *Client) learn(r call, err error) {
	if err == nil {
		c.budget.Succeed()
	}
	if e := problem.Of(err); e != nil {
		c.gate.note(e)
		if isTravisFault(e.Code) && !r.asks && !c.budget.Fail() {
			failure := FailureOf(e)
			failure.GaveUp = true
			e.Detail, e.Reason = failure, e.Reason+", and it has failed too often to be asked again for now"
		}
	}
}

func (c *Client) send(ctx context.Context, r call) ([]byte, error) {
	if ctx.Err() != nil {
		return nil, r.unsent(context.Cause(ctx))
	}
	request, err := c.request(ctx, r)
	if err != nil {
		return nil, r.unsent(err)
	}
	answer, err := c.config.HTTP.Do(request)
	if err != nil {
		return nil, c.unanswered(ctx, r, 0, err)
	}
	defer answer.Body.Close()
	most := int64(longestAnswer)
	if r.isText {
		most = longestLog
	}
	body, err := transport.ReadBody(answer.Body, most)
	if err != nil {
		return nil, c.unanswered(ctx, r, answer.StatusCode, err)
	}
	if answer.StatusCode < 200 || answer.StatusCode > 299 {
		return nil, c.refused(r, answer, body)
	}
	if !r.isText && bytes.HasPrefix(bytes.TrimSpace(body), []byte("<")) {
		return nil, c.webPage(r, answer.StatusCode)
	}
	return body, nil
}

func (c *Client) request(ctx context.Context, r call) (*http.Request, error) {
	var body io.Reader
	if r.body != nil {
		text, err := encode(r.body)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, r.method, c.address(r.path, r.query), body)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Travis-API-Version", "3")
	request.Header.Set("Accept", "application/json")
	if r.isText {
		request.Header.Set("Accept", "text/plain")
	}
	request.Header.Set("User-Agent", c.config.UserAgent)
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if !c.config.Token.IsEmpty() {
		request.Header.Set("Authorization", "token "+c.config.Token.Reveal())
	}
	return request, nil
}

// encode writes a body as JSON. A secret in it would become "[redacted]", so it is
// revealed here.
func encode(body map[string]any) ([]byte, error) {
	revealed := make(map[string]any, len(body))
	for name, value := range body {
		if s, ok := value.(secret.String); ok {
			value = s.Reveal()
		}
		revealed[name] = value
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(revealed)
	return bytes.TrimRight(text.Bytes(), "\n"), err
}

// gate is closed by an answer after which Travis rejects the client: from then on the
// client sends nothing. After a ban it opens again when that is over.
type gate struct {
	mu    sync.Mutex
	open  context.Context // its cause is the answer that closed it
	close context.CancelCauseFunc
}

func newGate() *gate {
	d := &gate{}
	d.open, d.close = context.WithCancelCause(context.Background())
	return d
}

func (d *gate) note(e *problem.Error) {
	if slices.Contains([]string{CodeBanned, CodeUnknownToken, CodeLoginRequired}, e.Code) {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.close(e)
	}
}

func (d *gate) closedBy(now time.Time) *problem.Error {
	d.mu.Lock()
	defer d.mu.Unlock()
	e := problem.Of(context.Cause(d.open))
	if e != nil && e.Code == CodeBanned && !now.Before(RefusedUntil(e)) {
		d.open, d.close = context.WithCancelCause(context.Background())
		return nil
	}
	return e
}

// whileOpen returns a context that also ends when the gate is closed, so that nobody
// waits for it.
func (d *gate) whileOpen(ctx context.Context) (context.Context, context.CancelFunc) {
	d.mu.Lock()
	open := d.open
	d.mu.Unlock()
	ctx, cancel := context.WithCancel(ctx)
	detach := context.AfterFunc(open, cancel)
	return ctx, func() {
		detach()
		cancel()
	}
}

// Refused returns the answer after which this client no longer sends anything: a ban that
// isn't over, or that Travis rejects the token or got none. It is nil if there was none.
func (c *Client) Refused() error {
	if e := c.gate.closedBy(c.config.Retry.Clock.Now()); e != nil {
		return e
	}
	return nil
}

// turn returns when a call may be sent, or why it may not. Call answered after the call,
// whatever its result. The turn of a POST comes last: after that nothing delays it, so
// that it isn't sent together with those of a later window.
func (c *Client) turn(ctx context.Context, r call) (answered func(), err error) {
	waiting, end := c.gate.whileOpen(ctx)
	defer end()
	answered = func() {}
	err = c.config.Calls(waiting)
	if err == nil && r.method == http.MethodPost {
		var post func()
		if post, err = c.config.Posts(waiting); err == nil {
			answered = post
		}
	}
	switch answer := c.gate.closedBy(c.config.Retry.Clock.Now()); {
	case ctx.Err() != nil:
		err = r.unsent(context.Cause(ctx))
	case answer != nil:
		err = r.failed(answer.Code, "not sent, because "+answer.Reason, Failure{Until: RefusedUntil(answer)}, answer.Hints...)
	case err != nil:
		err = r.unsent(err)
	}
	return answered, err
}
