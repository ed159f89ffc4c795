package convox

import (
	"net/http"
	"regexp"
	"time"

	"convox-travis/internal/atomicfile"
	"convox-travis/internal/problem"
	"convox-travis/internal/text"
)

// The codes of this package's errors. They quote nothing from a server, a file or the
// keyboard, which can contain a secret. Except for the first two, a login error doesn't
// say whether the password is right.
const (
	CodeRefused     = "login_refused"         // the Rack or Console doesn't accept it
	CodeOnlyRawForm = "only_raw_form"         // right, but not in the form in which the convox CLI sends it
	CodeUntrusted   = "certificate_untrusted" // nothing was sent; Detail.Fingerprint may be approved
	CodeTLS         = "tls_failed"            // nothing was sent, and no fingerprint helps
	CodeUnreachable = "unreachable"           // no connection, or no answer
	CodeNotARack    = "not_a_rack"            // something else answers there
	CodeNotAConsole = "not_a_console"         // something else answers there
	CodeServerError = "server_error"          // 5xx, or an answer that broke off
	CodeThrottled   = "throttled"             // 429

	CodeHost        = "bad_host"
	CodePassword    = "bad_password"
	CodeFingerprint = "bad_fingerprint"
	CodeSavedLogins = "saved_logins" // some can't be read
	CodeSaveLogin   = "save_login"
)

// Detail is more about an error of this package.
type Detail struct {
	Host    Host // the login's host; zero if the error isn't about one
	Console bool // it is, or should be, a Console
	Status  int  // of the HTTP answer that rejected the login
	// Fingerprint is the SHA-256 of the server's certificate, as hexadecimal digits with
	// colons. It is set for CodeUntrusted.
	Fingerprint string
	Pinned      bool // another certificate was approved
	Token       bool // the rejected password is a token of "convox rack access"
	Moved       bool // the Rack may have another host by now
	Other       bool // a Rack answers like Console, or the other way around
	// Meant is what a text that isn't a host may have been meant as: one of the constants
	// below, or "".
	Meant  string
	New    bool   // it is about the new password of a Rack
	Source Source // where the password was found that a Rack refused
	// BrokenProxy means that a proxy failed before it tried to reach the host.
	BrokenProxy bool
	Rack        Rack // where the host was found in CloudFormation: name and region

	again bool // the same call may succeed
	wait  time.Duration
}

// DetailOf returns the Detail of an error, or the zero one.
func DetailOf(e *problem.Error) Detail {
	detail, _ := e.Detail.(Detail)
	return detail
}

// What a text that isn't a host may have been meant as.
const (
	MeantPassword    = "a host with a password"
	MeantConsoleRack = "a Rack behind a Console"
	MeantRack        = "the name of a Rack"
)

// Source is where a password was found, as it follows "the password" in an error. ""
// means that it was given directly.
type Source string

// FromAWS is the Source of the Rack's own password in AWS.
const FromAWS Source = "that AWS has"

// SavedIn is the Source of a password saved by the convox CLI.
func SavedIn(file string) Source { return Source("saved in " + file) }

// NameOrigin adds to the error of a login which Rack it is in CloudFormation, and, if the
// Rack refused a password, where that was found.
func NameOrigin(err error, source Source, rack Rack) error {
	e := problem.Of(err)
	if e == nil {
		return err
	}
	detail, isLogin := e.Detail.(Detail)
	if !isLogin {
		return err
	}
	named := *e
	detail.Rack = rack
	if source != "" && e.Code == CodeRefused && detail.Status != http.StatusForbidden && !detail.Console && !detail.Token {
		detail.Source = source
		named.Reason = "the Rack doesn't accept the password " + string(source)
		named.Hints = []string{"ask whoever changed the Rack's password for the new one"}
		if source == FromAWS {
			named.Reason += "; most likely its web service wasn't restarted after a change"
			named.Hints = nil
		}
	}
	named.Detail = detail
	return &named
}

// Retryable implements transport.Retryable.
func (d Detail) Retryable() (wait time.Duration, worth bool) { return d.wait, d.again }

func notLoggedIn(code, why string, detail Detail, hints ...string) *problem.Error {
	return &problem.Error{Code: code, Action: "log in to", Object: detail.Host.String(), Reason: why, Hints: hints, Detail: detail}
}

func (s *session) failed(code, why string, detail Detail, hints ...string) *problem.Error {
	detail.Host, detail.Console = s.host, s.console
	return notLoggedIn(code, why, detail, hints...)
}

const (
	makeDeployKey = "make a deploy key in Console under Settings, Deploy Keys"
	tryLater      = "try again in a while"
)

func (s *session) refused(a answer) *problem.Error {
	status := Detail{Status: a.status}
	switch {
	case a.wantsSession && s.console:
		return s.failed(CodeRefused, "Console requires more than this key: a person's session", status,
			"check that it isn't a person's own key: only those need a session", makeDeployKey)
	case a.status == 403 && s.console:
		return s.failed(CodeRefused, "Console doesn't let this key list Racks (HTTP 403)", status, makeDeployKey)
	case s.console:
		return s.failed(CodeRefused, "Console doesn't accept this key", status, makeDeployKey)
	case a.status == 403:
		return s.failed(CodeRefused, "it denies the login (HTTP 403)", status,
			"check whether a proxy or firewall in front of the Rack has an IP allowlist", "check that the password is this Rack's")
	}
	return s.failed(CodeRefused, "the Rack doesn't accept this password", status, "check that the password is this Rack's, and the current one")
}

// accessToken matches what "convox rack access" prints: a JWT, which a Rack accepts only
// from the user jwt, and so only in RACK_URL (https://github.com/convox/rack,
// pkg/cli/rack.go).
var accessToken = regexp.MustCompile(`(?:^|jwt:)eyJ[\w-]+\.[\w-]+\.[\w-]+(?:@|$)`)

func (s *session) tokenRefused(status int) *problem.Error {
	instead := "use the Rack password"
	if s.console {
		instead = makeDeployKey
	}
	return s.failed(CodeRefused, "this is a token of `convox rack access`: it expires within hours and works only in RACK_URL",
		Detail{Status: status, Token: true}, instead)
}

func (s *session) unsendable(kinds string) *problem.Error {
	e := s.failed(CodeOnlyRawForm, "this password is right, but the convox CLI, and so a build, can't send it: it has "+kinds, Detail{})
	if s.console {
		e.Hints = []string{makeDeployKey}
	}
	return e
}

// notConvox is an answer that comes from neither a Rack nor Console. other means that it
// comes from the other one.
func (s *session) notConvox(why string, other bool) *problem.Error {
	code, not, hint := CodeNotARack, "not a Rack: ", "check the host: the stack's Dashboard output names a Rack's"
	if s.console {
		code, not, hint = CodeNotAConsole, "not a Console: ", "check the host: it is the one that you log in to with a browser"
	}
	if other {
		return s.failed(code, not+why, Detail{Other: true})
	}
	return s.failed(code, not+why, Detail{Moved: !s.console}, hint)
}

const hostAlone = "give only the host, such as rack.example-1234.us-east-1.convox.site or " + HostedConsole

func badHost(why string) *problem.Error {
	return &problem.Error{Code: CodeHost, Reason: "not a host: " + why, Hints: []string{hostAlone}}
}

// ambiguousHost is badHost for a text that may have been meant as something else.
func ambiguousHost(what, why string) *problem.Error {
	e := badHost(why)
	e.Detail = Detail{Meant: what}
	return e
}

func notSaved(file string, cause error) *problem.Error {
	e := &problem.Error{Code: CodeSaveLogin, Action: "save the password in", Object: file, Cause: cause}
	if file == "" {
		e.Action = "save the password for the convox CLI"
	}
	name := text.Quote(e.Object)
	switch cause {
	case errNoFolder:
		e.Hints = []string{"set HOME, or set CONVOX_CONFIG to a folder"}
	case errConsole:
		e.Hints, e.Detail = []string{makeDeployKey}, Detail{Console: true}
	case atomicfile.ErrBusy, errWrittenOver:
		e.Hints = []string{"try again when no other program logs in"}
	case atomicfile.ErrFull:
		e.Hints = []string{"free some disk space"}
	case atomicfile.ErrDenied, atomicfile.ErrReadOnly, atomicfile.ErrUnwritable:
		e.Hints = []string{"let " + name + " and its folder writable, or set CONVOX_CONFIG to another folder"}
	default:
		e.Hints = []string{"repair or move " + name + "; a new one is made"}
	}
	return e
}
