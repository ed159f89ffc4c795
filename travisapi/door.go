package travisapi

import (
	"context"
	"net/http"
	"sync"
	"time"
)

// door is closed by an answer after which Travis lets a client in no more: from
// then on the client sends nothing. A ban opens it again when it is over.
type door struct {
	mu     sync.Mutex
	closed *Error // by which answer; nil while it is open
	open   context.Context
	close  context.CancelFunc
}

func newDoor() *door {
	d := &door{}
	d.open, d.close = context.WithCancel(context.Background())
	return d
}

// note closes the door after such an answer.
func (d *door) note(e *Error) {
	switch e.Kind {
	case KindBanned, KindUnknownToken, KindLoginRequired:
	default:
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
func (d *door) closedBy(now time.Time) *Error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if e := d.closed; e != nil && e.Kind == KindBanned && !now.Before(e.Until) {
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

// turn returns when a call may be sent, or why it may not.
func (c *Client) turn(ctx context.Context, r call) error {
	waiting, end := c.door.whileOpen(ctx)
	defer end()
	var err error
	if r.method == http.MethodPost {
		err = c.config.Posts(waiting)
	}
	if err == nil {
		err = c.config.Calls(waiting)
	}
	if ctx.Err() != nil {
		return unsent(r, context.Cause(ctx))
	}
	if answer := c.door.closedBy(c.config.Retry.Clock.Now()); answer != nil {
		return refusedBefore(r, answer)
	}
	if err != nil {
		return unsent(r, err)
	}
	return nil
}

// refusedBefore is a call that was not made because of the answer to another.
func refusedBefore(r call, answer *Error) *Error {
	e := failure(r)
	e.Until = answer.Until
	e.is(answer.Kind, "not sent, because "+answer.why, answer.hints...)
	return e
}
