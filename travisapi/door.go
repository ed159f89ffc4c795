package travisapi

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"time"

	"convox-travis/internal/problem"
	"convox-travis/internal/transport"
)

// door is closed by an answer after which Travis lets a client in no more: from
// then on the client sends nothing. A ban opens it again when it is over.
type door struct {
	mu     sync.Mutex
	closed *problem.Error // by which answer; nil while it is open
	open   context.Context
	close  context.CancelFunc
}

func newDoor() *door {
	d := &door{}
	d.open, d.close = context.WithCancel(context.Background())
	return d
}

// note closes the door after such an answer.
func (d *door) note(e *problem.Error) {
	if !slices.Contains([]string{CodeBanned, CodeUnknownToken, CodeLoginRequired}, e.Code) {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed == nil {
		d.closed = e
		d.close()
	}
}

// closedBy returns the answer that closed the door, nil while it is open.
func (d *door) closedBy(now time.Time) *problem.Error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if e := d.closed; e != nil && e.Code == CodeBanned && !now.Before(RefusedUntil(e)) {
		d.closed = nil
		d.open, d.close = context.WithCancel(context.Background())
	}
	return d.closed
}

// whileOpen returns a context that also ends when the door is closed, so that
// nobody waits before it.
func (d *door) whileOpen(ctx context.Context) (context.Context, context.CancelFunc) {
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

// Refused returns the answer after which this client sends nothing any more: a
// ban that is not over, or that Travis does not know the token or was given none.
// It is nil while there was none.
func (c *Client) Refused() error {
	if e := c.door.closedBy(c.config.Retry.Clock.Now()); e != nil {
		return e
	}
	return nil
}

// turn returns when a call may be sent, or why it may not. Whatever came of the
// call, answered is called after it. The turn of a POST comes last: whoever has it
// is not held up again, and none is sent together with those of a later window.
func (c *Client) turn(ctx context.Context, r call) (answered func(), err error) {
	begins, cancel := ctx, func() {}
	if r.changes() {
		begins, cancel = transport.Beginning(ctx)
	}
	defer cancel()
	waiting, end := c.door.whileOpen(begins)
	defer end()
	answered = func() {}
	err = c.config.Calls(waiting)
	if err == nil && r.method == http.MethodPost {
		var post func()
		if post, err = c.config.Posts(waiting); err == nil {
			answered = post
		}
	}
	switch answer := c.door.closedBy(c.config.Retry.Clock.Now()); {
	case begins.Err() != nil:
		err = r.unsent(context.Cause(begins))
	case answer != nil:
		err = r.failed(answer.Code, "not sent, because "+answer.Reason, Failure{Until: RefusedUntil(answer)}, answer.Hints...)
	case err != nil:
		err = r.unsent(err)
	}
	return answered, err
}
