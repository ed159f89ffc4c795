package travisapi

import (
	"context"
	"errors"
	"fmt"
	"net"

	"convox-travis/internal/transport"
)

func failure(r call) *Error {
	return &Error{what: r.what, change: r.changes()}
}

// unsent is a call that was not made.
func unsent(r call, cause error) *Error {
	e := failure(r)
	e.stopped("not sent", cause)
	return e
}

// unanswered is a call to which no answer came.
func (c *Client) unanswered(ctx context.Context, r call, err error) *Error {
	e := failure(r)
	proxy, byProxy := errors.AsType[*transport.ProxyError](err)
	e.sent = !byProxy && !neverConnected(err)
	if late := errors.Is(context.Cause(ctx), context.DeadlineExceeded); (!byProxy || !late) && e.ended(ctx, c.config.Retry) {
		return e
	}
	host := c.endpoint.Host
	if byProxy {
		e.is(KindUnreachable, fmt.Sprintf("%s cannot be reached: %s", host, transport.Reason(err)), proxy.Hint())
		return e
	}
	if transport.IsUntrusted(err) {
		e.sent = false
		e.is(KindUntrusted, fmt.Sprintf("%s cannot be trusted: %s", host, transport.Reason(err)),
			"a company's own certificate authority is named with SSL_CERT_FILE")
		return e
	}
	e.is(KindUnreachable, fmt.Sprintf("%s cannot be reached: %s", host, transport.Reason(err)),
		"check the connection and --travis-endpoint, then run this again")
	return e
}

// unread is a call whose answer broke off.
func (c *Client) unread(ctx context.Context, r call, status int, err error) *Error {
	e := failure(r)
	e.sent, e.Status = true, status
	switch {
	case e.ended(ctx, c.config.Retry):
	case errors.Is(err, transport.ErrTooLarge):
		e.is(KindMalformed, err.Error(), "check --travis-endpoint")
	default:
		e.is(KindUnreachable, "the connection broke in the middle of the answer", "run this again")
	}
	return e
}

// ended reports whether the call's context did, and says so in e.
func (e *Error) ended(ctx context.Context, retry transport.Retry) bool {
	switch {
	case ctx.Err() == nil:
		return false
	case errors.Is(context.Cause(ctx), context.DeadlineExceeded):
		e.is(KindTimeout, fmt.Sprintf("no answer in %v", retry.Deadline), "check the connection, then run this again")
	default:
		e.stopped("stopped", context.Cause(ctx))
	}
	return true
}

// stopped quotes its cause, which comes from the caller and not from outside.
func (e *Error) stopped(how string, cause error) {
	e.is(KindCanceled, how+": "+cause.Error())
	e.cause = cause
}

// malformed is an answer that is not what Travis says.
func malformed(r call) *Error {
	e := failure(r)
	e.sent = true
	e.is(KindMalformed, "the answer is not one of Travis's", "check --travis-endpoint, then run this again")
	return e
}

// unending is a list that no server has.
func unending(r call) *Error {
	e := failure(r)
	e.is(KindMalformed, "its list of repositories does not end", "check --travis-endpoint")
	return e
}

// neverConnected reports whether a request did not leave this machine.
func neverConnected(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial"
}
