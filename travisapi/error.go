package travisapi

import (
	"cmp"
	"errors"
	"fmt"
	"time"
)

// Kind is what went wrong, as far as a caller does something else about it.
type Kind string

// The kinds.
const (
	KindUnknownToken  Kind = "unknown_token"      // Travis does not know the token
	KindLoginRequired Kind = "login_required"     // no token was sent
	KindBanned        Kind = "banned"             // too many POSTs: everything is refused for an hour
	KindThrottled     Kind = "throttled"          // too many requests in a minute
	KindRequestLimit  Kind = "request_limit"      // too many builds started in an hour; never tried again
	KindDenied        Kind = "denied"             // the person may not do this
	KindMigrated      Kind = "repo_migrated"      // the repository moved from travis-ci.org
	KindNotFound      Kind = "not_found"          // unknown, not synced yet, or no access
	KindDuplicate     Kind = "duplicate_resource" // the name and branch exist
	KindNoKeyYet      Kind = "no_key_yet"         // on activate: the repository's SSH key is still being made
	KindInactive      Kind = "repository_inactive"
	KindInvalid       Kind = "invalid"     // Travis does not take the values
	KindServer        Kind = "server"      // Travis failed
	KindUnreachable   Kind = "unreachable" // no connection, or it broke
	KindTimeout       Kind = "timeout"     // no answer within the deadline
	KindCanceled      Kind = "canceled"    // the caller's context ended
	KindUntrusted     Kind = "untrusted"   // the certificate does not hold
	KindMalformed     Kind = "malformed"   // the answer is not what Travis says
	KindUnexpected    Kind = "unexpected"  // a status that Travis does not give
)

// Error is a call that failed. It never quotes an answer's body or a token.
type Error struct {
	Kind       Kind
	Status     int           // of HTTP; 0 without an answer
	Permission string        // the one that was denied, in Travis's words, or ""
	RetryAfter time.Duration // what Travis asked to wait; 0 when it did not say
	Until      time.Time     // where Travis takes no calls for longer than is waited: when that is over at the latest

	what   string // what was attempted, on what
	why    string
	hints  []string
	pause  time.Duration // before another try, where Travis did not ask for one
	change bool          // it was a write
	sent   bool          // it may have been carried out
	gaveUp bool
	cause  error
}

// Error says what was attempted, on what, and why it failed.
func (e *Error) Error() string {
	text := e.Attempted() + ": " + e.why
	if e.Status != 0 {
		text += fmt.Sprintf(" (HTTP %d)", e.Status)
	}
	return text
}

// Attempted is what failed, on what.
func (e *Error) Attempted() string { return e.what }

// Code is the error's name in JSON.
func (e *Error) Code() string { return string(e.Kind) }

// Hints are things that can be done, best first.
func (e *Error) Hints() []string { return e.hints }

// Unwrap gives the cause of a call that was ended from outside, or nil: other
// causes can quote what must not be shown.
func (e *Error) Unwrap() error { return e.cause }

// FateUnknown reports whether a write may or may not have been carried out.
func (e *Error) FateUnknown() bool { return e.change && e.sent }

// GaveUp reports whether Travis has failed so often, in this and other calls of
// the client, that nothing is tried again until it has answered others.
func (e *Error) GaveUp() bool { return e.gaveUp }

func (e *Error) giveUp() {
	e.gaveUp = true
	e.why += ", and it failed too often to be asked again for now"
}

// blamesTravis reports whether it is Travis that failed, or the way there.
func (e *Error) blamesTravis() bool {
	switch e.Kind {
	case KindThrottled, KindServer, KindUnreachable, KindTimeout, KindMalformed:
		return true
	}
	return false
}

// RefusedUntil returns when Travis takes calls again, where err is a ban, or asks to
// wait for longer than any call does; the zero time where it is neither.
func RefusedUntil(err error) time.Time {
	var failed *Error
	if !errors.As(err, &failed) {
		return time.Time{}
	}
	return failed.Until
}

// longestPause is how long a call may wait because Travis asked for it.
const longestPause = time.Minute

// Retryable says whether the same call may succeed if it is repeated, where it
// may be, and after which pause at the least.
func (e *Error) Retryable() (time.Duration, bool) {
	if !e.blamesTravis() && e.Kind != KindNoKeyYet || e.gaveUp {
		return 0, false
	}
	return cmp.Or(e.RetryAfter, e.pause), e.RetryAfter <= longestPause
}

// IsKind reports whether err is, or wraps, an Error of this kind.
func IsKind(err error, kind Kind) bool {
	var failed *Error
	return errors.As(err, &failed) && failed.Kind == kind
}
