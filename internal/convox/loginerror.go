package convox

import (
	"slices"
	"time"
)

// LoginKind is why a login check did not succeed.
type LoginKind string

// The kinds. Of all but the first two it is not known whether the password is
// right.
const (
	KindRefused     LoginKind = "login_refused"         // the Rack or Console does not take it
	KindOnlyRawForm LoginKind = "only_raw_form"         // right, but not as the convox client sends it
	KindUntrusted   LoginKind = "certificate_untrusted" // nothing was sent; LoginError.Fingerprint may be approved
	KindTLS         LoginKind = "tls_failed"            // nothing was sent, and no fingerprint helps
	KindUnreachable LoginKind = "unreachable"           // no connection, or no answer
	KindNotARack    LoginKind = "not_a_rack"            // something else answers there
	KindNotAConsole LoginKind = "not_a_console"         // something else answers there
	KindServerError LoginKind = "server_error"          // 5xx, or an answer that broke off
	KindThrottled   LoginKind = "throttled"             // 429
)

// LoginError is why a login check did not succeed. It holds nothing that the
// server said: an answer or an address in a cause could quote a secret.
type LoginError struct {
	Kind LoginKind
	// Fingerprint is the SHA-256 of the certificate that was seen, as pairs of
	// hexadecimal digits with colons. It is set for KindUntrusted.
	Fingerprint string

	host   Host
	reason string
	hints  []string
	again  bool // the same call may succeed
	wait   time.Duration
}

// Error is one lower-case line.
func (e *LoginError) Error() string { return e.Attempted() + ": " + e.reason }

// Attempted is what failed, on what.
func (e *LoginError) Attempted() string { return "log in to " + e.host.String() }

// Code is the kind, a word for machines in snake case.
func (e *LoginError) Code() string { return string(e.Kind) }

// Hints are things that can be done, best first.
func (e *LoginError) Hints() []string { return slices.Clone(e.hints) }

// Retryable implements transport.Retryable.
func (e *LoginError) Retryable() (wait time.Duration, worth bool) { return e.wait, e.again }

const (
	makeDeployKey = "make a deploy key in Console under Settings, Deploy Keys, and use that"
	noVerify      = "if only this machine cannot reach it: --no-verify writes the password unchecked; Travis's machines must be able to"
)

// refused is the answer 401, or 403.
func (s *session) refused(a answer) *LoginError {
	err := &LoginError{Kind: KindRefused, host: s.host}
	switch {
	case a.wantsSession && s.console:
		err.reason = "Console wants more than this key: it asks for a person's session"
		err.hints = []string{"that is asked of people, so this may be a person's own key", makeDeployKey}
	case a.status == 403 && s.console:
		err.reason = "Console forbids this key to list Racks (HTTP 403)"
		err.hints = []string{makeDeployKey}
	case s.console:
		err.reason = "Console does not accept this key"
		err.hints = []string{makeDeployKey, "a Rack's password is for the Rack itself: --host"}
	case a.status == 403:
		err.reason = "it forbids the login (HTTP 403)"
		err.hints = []string{"a proxy or firewall before the Rack may let few addresses in", "check that the password is this Rack's"}
	default:
		err.reason = "the Rack does not accept this password"
		err.hints = []string{"check that the password is this Rack's, and the newest one; where it is lost: convox-travis reset-password RACK", "a deploy key is for Console: --console"}
	}
	return err
}

// onlyRaw is a password that is right and of no use to a build.
func (s *session) onlyRaw(kinds string) *LoginError {
	err := &LoginError{Kind: KindOnlyRawForm, host: s.host}
	err.reason = "this password is right, but the convox client, and so a build, cannot send it: it has " + kinds
	err.hints = []string{"give the Rack a password of letters and digits: convox-travis reset-password RACK"}
	if s.console {
		err.hints = []string{makeDeployKey}
	}
	return err
}

// other is an answer that neither Rack nor Console gives.
func (s *session) other(reason string, hints ...string) *LoginError {
	err := &LoginError{Kind: KindNotARack, host: s.host, reason: "not a Rack: " + reason, hints: hints}
	if s.console {
		err.Kind, err.reason = KindNotAConsole, "not a Console: "+reason
	}
	if len(hints) == 0 {
		err.hints = []string{"check the host: the stack's Dashboard output names a Rack's, and convox-travis racks shows it"}
		if s.console {
			err.hints = []string{"check the host: it is what you log in to with a browser", "for a Rack itself: --host"}
		}
	}
	return err
}
