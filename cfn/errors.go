package cfn

import (
	"errors"
	"slices"

	"convox-travis/internal/transport"
)

// ErrorKind tells failures apart. Its text is the error's code.
type ErrorKind string

// The kinds of failure.
const (
	KindExpiredSSO    ErrorKind = "aws_expired_sso"    // the SSO session is over, or never began
	KindExpired       ErrorKind = "aws_expired"        // the session token is over
	KindRefused       ErrorKind = "aws_refused"        // AWS does not accept the credentials
	KindDenied        ErrorKind = "aws_denied"         // the credentials may not do this
	KindNoCredentials ErrorKind = "aws_no_credentials" // there are none
	KindMFA           ErrorKind = "aws_mfa"            // an MFA code is missing, or was refused
	KindProfile       ErrorKind = "aws_profile"        // the profile is unknown or broken
	KindRegion        ErrorKind = "aws_region"         // no region is called so
	KindName          ErrorKind = "aws_name"           // no stack can be called so
	KindEndpoint      ErrorKind = "aws_endpoint"       // AWS_ENDPOINT_URL is against the rules
	KindNoAnswer      ErrorKind = "aws_no_answer"      // nothing came in time
	KindUnreachable   ErrorKind = "aws_unreachable"    // there is no connection
	KindThrottled     ErrorKind = "aws_throttled"      // AWS asks for fewer calls
	KindUnreadable    ErrorKind = "aws_unreadable"     // the answer is none of AWS
	KindFailed        ErrorKind = "aws_failed"         // AWS failed in another way
	KindMissing       ErrorKind = "aws_missing"        // what was asked for is not there
	KindNoPassword    ErrorKind = "aws_no_password"    // AWS shows the password nowhere
	KindPassword      ErrorKind = "aws_password"       // no Rack can have this password
	KindUnchanged     ErrorKind = "aws_unchanged"      // the Rack has this password already
	KindBusy          ErrorKind = "aws_busy"           // the stack is not in a state to be updated
	KindStale         ErrorKind = "aws_stale"          // the stack changed since the preview, or the preview is used up
	KindUnexpected    ErrorKind = "aws_unexpected"     // the update would change more than the password
	KindUnknown       ErrorKind = "aws_unknown"        // it is not known whether AWS has begun
)

// Error is a failure to use AWS. It quotes neither answers nor the SDK, whose
// words can hold both answers and lines of the AWS files.
type Error struct {
	Kind ErrorKind

	what    string // what was attempted, on what
	why     string
	off     bool // the answer of a region that is switched off for the account
	status  int  // of the answer, or 0
	missing []permission
	hints   []string
	cause   error // one of ours or of transport, or nil
}

// Error implements error.
func (e *Error) Error() string {
	what, why := e.what, e.why
	if what == "" {
		what = "ask AWS"
	}
	if why == "" {
		why = string(e.Kind)
	}
	return what + ": " + why
}

// Unwrap returns the cause, or nil where that is not ours to show.
func (e *Error) Unwrap() error { return e.cause }

// Code is a word for machines, in snake case.
func (e *Error) Code() string { return string(e.Kind) }

// Hints are things that can be done, best first.
func (e *Error) Hints() []string {
	var hints []string
	for _, p := range e.missing {
		hints = append(hints, p.hint())
	}
	return append(hints, e.hints...)
}

// attempting returns the error with what was attempted.
func (e *Error) attempting(what string) *Error {
	told := *e
	told.what, told.hints = what, slices.Clone(e.hints)
	return &told
}

// hinting returns the error with one more thing that can be done.
func (e *Error) hinting(hint string) *Error {
	told := *e
	told.hints = append(slices.Clone(e.hints), hint)
	return &told
}

// Definite reports whether AWS has certainly done nothing: it refused, or was
// never asked.
func (e *Error) Definite() bool {
	return e.aboutCredentials() || e.Kind == KindDenied || e.Kind == KindThrottled || (e.status >= 400 && e.status < 500)
}

// aboutCredentials reports whether no other call would succeed either.
func (e *Error) aboutCredentials() bool {
	switch e.Kind {
	case KindExpiredSSO, KindExpired, KindRefused, KindNoCredentials, KindMFA, KindProfile, KindEndpoint:
		return true
	}
	return false
}

// passing reports whether the same read may succeed later.
func (e *Error) passing() bool {
	switch e.Kind {
	case KindThrottled, KindNoAnswer, KindUnreachable, KindUnreadable:
		return true
	}
	return e.status >= 500
}

// badEndpoint does not quote the address, which can carry a password.
func badEndpoint(cause error) *Error {
	e := &Error{Kind: KindEndpoint, what: "use the AWS endpoint that is set", why: cause.Error(), cause: cause}
	if cause == transport.ErrPlainHTTP {
		e.why = "plain HTTP is for this machine only"
	}
	e.hints = []string{"look at AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_CLOUDFORMATION, AWS_ENDPOINT_URL_STS, AWS_ENDPOINT_URL_ECS and AWS_ENDPOINT_URL_SSM, and at endpoint_url in the profile"}
	return e
}

// isKind reports whether err is an *Error of a kind.
func isKind(err error, kind ErrorKind) bool {
	var e *Error
	return errors.As(err, &e) && e.Kind == kind
}
