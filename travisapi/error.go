package travisapi

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"convox-travis/internal/problem"
	"convox-travis/internal/transport"
)

// The codes of a call's Error, whose Detail is a Failure.
const (
	CodeUnknownToken  = "unknown_token"      // Travis doesn't recognize the token
	CodeLoginRequired = "login_required"     // no token was sent
	CodeBanned        = "banned"             // too many POSTs: everything is rejected for an hour
	CodeThrottled     = "throttled"          // too many requests in a minute
	CodeRequestLimit  = "request_limit"      // too many builds started in an hour; never sent again
	CodeDenied        = "denied"             // the account may not do this
	CodeMigrated      = "repo_migrated"      // the repository moved from travis-ci.org
	CodeNotFound      = "not_found"          // unknown, not synced yet, or no access
	CodeDuplicate     = "duplicate_resource" // the name and branch exist already
	CodeNoKeyYet      = "no_key_yet"         // on activate: the repository's SSH key isn't ready yet
	CodeInactive      = "repository_inactive"
	CodeInvalid       = "invalid"     // Travis doesn't accept the values
	CodeServer        = "server"      // Travis failed
	CodeUnreachable   = "unreachable" // no connection, or it broke
	CodeTimeout       = "timeout"     // no answer within the deadline
	CodeCanceled      = "canceled"    // the caller's context ended
	CodeUntrusted     = "untrusted"   // the certificate isn't valid
	CodeMalformed     = "malformed"   // the answer isn't one of Travis's
	CodeUnexpected    = "unexpected"  // a status that Travis doesn't return
)

// Failure is more about a failed call.
type Failure struct {
	Status      int           // of HTTP; 0 without an answer
	Permission  string        // the denied permission, in Travis's words, or ""
	RetryAfter  time.Duration // how long Travis asked to wait; 0 if it didn't say
	Until       time.Time     // when Travis accepts calls again at the latest, if nothing waits for that long
	FateUnknown bool          // a write that may or may not have happened
	TokenPage   string        // where to copy a token, if this one isn't accepted
	API         string        // the address that was probably meant, if a web page answered
	// GaveUp means that Travis has failed so often, in this and other calls of the
	// client, that nothing is retried until it has answered others.
	GaveUp bool

	canRepeat bool
	pause     time.Duration // before a retry, unless Travis asked for another pause
}

// longestPause is how long a call may wait because Travis asked for it.
const longestPause = time.Minute

// Retryable implements transport.Retryable.
func (f Failure) Retryable() (wait time.Duration, worth bool) {
	if !f.canRepeat || f.GaveUp {
		return 0, false
	}
	return cmp.Or(f.RetryAfter, f.pause), f.RetryAfter <= longestPause
}

// FailureOf is the Failure of the first failed call in err's chain, or zero.
func FailureOf(err error) Failure {
	failure, _ := problem.Detail[Failure](err)
	return failure
}

// Failed reports whether the first failed call in err's chain has one of the codes. Its
// cause, which problem.Has also checks, can be another call's failure, after which it was
// stopped.
func Failed(err error, codes ...string) bool {
	for e := range problem.Chain(err) {
		if _, isCall := e.Detail.(Failure); isCall {
			return slices.Contains(codes, e.Code)
		}
	}
	return false
}

// RefusedUntil returns when Travis accepts calls again, if err is a ban, or asks to wait
// for longer than any call does; otherwise the zero time.
func RefusedUntil(err error) time.Time { return FailureOf(err).Until }

func isTravisFault(code string) bool {
	return slices.Contains([]string{CodeThrottled, CodeServer, CodeUnreachable, CodeTimeout, CodeMalformed}, code)
}

// failed is the Error of a call. Only a write has a fate. Causes are left out, because
// they can quote what must not be shown.
func (r call) failed(code, why string, f Failure, hints ...string) *problem.Error {
	f.FateUnknown = f.FateUnknown && r.changes()
	f.canRepeat = isTravisFault(code) || code == CodeNoKeyYet
	if f.Status != 0 {
		why += fmt.Sprintf(" (HTTP %d)", f.Status)
	}
	return &problem.Error{Code: code, Action: r.action, Object: r.object, Reason: why, Hints: hints, Detail: f}
}

// stopped is a call that was ended from outside. It quotes its cause, which comes from
// the caller.
func (r call) stopped(how string, cause error, f Failure) *problem.Error {
	e := r.failed(CodeCanceled, how+": "+cause.Error(), f)
	e.Cause = cause
	return e
}

func (r call) unsent(cause error) *problem.Error { return r.stopped("not sent", cause, Failure{}) }

func (r call) malformed() *problem.Error {
	return r.failed(CodeMalformed, "the answer isn't one of Travis's", Failure{FateUnknown: true})
}

// webPage is a web page in place of an answer. An Enterprise returns it with 200 for any
// address that isn't part of its API.
func (c *Client) webPage(r call, status int) *problem.Error {
	e := r.failed(CodeMalformed, "a web page answers, not Travis's API", Failure{Status: status, FateUnknown: true})
	if c.Endpoint() != HostedEndpoint && !strings.HasSuffix(c.Endpoint(), "/api") {
		f := e.Detail.(Failure)
		f.API = c.Endpoint() + "/api"
		e.Detail = f
	}
	return e
}

// throttledPauses is how many first pauses there are between the attempts of a call that
// exceeded the limit per minute: of 250 ms, so that three of them outlast it.
const throttledPauses = 80

const banTime = time.Hour

// refused makes an Error from an answer that isn't a success
// (https://github.com/travis-ci/travis-api, lib/travis/api/v3/errors.rb and
// lib/travis/api/attack.rb).
func (c *Client) refused(r call, answer *http.Response, body []byte) *problem.Error {
	var said struct {
		Type       string `json:"error_type"`
		Permission string `json:"permission"`
	}
	_ = json.Unmarshal(body, &said) // some answers are plain text
	now, status := c.config.Retry.Clock.Now(), answer.StatusCode
	text := strings.ToLower(strings.TrimSpace(string(body[:min(len(body), 64)])))
	f := Failure{Status: status, Permission: word(said.Permission)}

	switch {
	case status == http.StatusForbidden && text == "forbidden":
		f.Until = now.Add(banTime)
		return r.failed(CodeBanned, "Travis rejects everything from this token or address for now, up to an hour", f,
			fmt.Sprintf("try again after %s: Travis bans for an hour after 50 writes in 30 seconds", f.Until.Format("15:04")))
	case status == http.StatusForbidden && text == "access denied":
		f.TokenPage = TokenPage(c.Endpoint())
		return r.failed(CodeUnknownToken, "Travis doesn't recognize the token", f)
	case said.Type == "login_required", status == http.StatusUnauthorized:
		f.TokenPage = TokenPage(c.Endpoint())
		return r.failed(CodeLoginRequired, "Travis requires a token", f)
	case said.Type == "request_limit_reached":
		return r.failed(CodeRequestLimit, "too many builds were started in the last hour", f, "try again in an hour")
	case status == http.StatusTooManyRequests:
		f.RetryAfter = transport.RetryAfter(answer.Header, now)
		f.pause = throttledPauses * c.config.Retry.Pause
		if f.RetryAfter > longestPause {
			f.Until = now.Add(f.RetryAfter)
			return r.failed(CodeThrottled, "too many requests: Travis accepts none for now", f, "try again after "+f.Until.Format("15:04"))
		}
		return r.failed(CodeThrottled, "too many requests in a minute", f, "try again in a minute")
	case said.Type == "repo_migrated":
		return r.failed(CodeMigrated, "the repository moved from travis-ci.org", f, "use it at https://app.travis-ci.com")
	case status == http.StatusForbidden:
		var hints []string
		if r.object != "" {
			hints = []string{fmt.Sprintf("get push access to %s, or use the token of someone who has it", r.object)}
		}
		return r.failed(CodeDenied, "Travis denied "+cmp.Or(f.Permission, "this"), f, hints...)
	case said.Type == "repo_ssh_key_missing":
		return r.failed(CodeNoKeyYet, "Travis is still making the repository's key", f, "try again in a minute")
	case status == http.StatusConflict && said.Type == "duplicate_resource":
		return r.failed(CodeDuplicate, "a variable with this name and branch exists already", f)
	case status == http.StatusNotFound:
		var hints []string
		if r.onGitHub && !strings.HasSuffix(c.Endpoint(), "/api") { // an Enterprise doesn't have this App
			hints = []string{"give Travis CI's GitHub App access to " + r.object + ": https://github.com/apps/travis-ci/installations/new"}
		}
		account := strings.TrimSuffix(TokenPage(c.Endpoint()), "preferences")
		hints = append(hints, "sync Travis if the repository was made today: "+account+"repositories")
		return r.failed(CodeNotFound, "Travis doesn't know it, or this account can't see it", f, hints...)
	case said.Type == "repository_inactive":
		return r.failed(CodeInactive, "the repository isn't active on Travis", f, "activate it on its Travis page")
	case status == http.StatusBadRequest, status == http.StatusUnprocessableEntity:
		return r.failed(CodeInvalid, "Travis doesn't accept these values", f)
	case status >= 300 && status < 400:
		return r.failed(CodeUnexpected, "the answer redirects, and a token doesn't follow redirects", f)
	}
	f.FateUnknown = true
	if status >= 500 {
		return r.failed(CodeServer, "Travis failed", f, "see https://www.traviscistatus.com, then try again")
	}
	return r.failed(CodeUnexpected, "Travis gave an unexpected answer", f)
}

func word(text string) string {
	plain := func(r rune) bool { return r == '_' || 'a' <= r && r <= 'z' }
	if len(text) > 40 || strings.TrimFunc(text, plain) != "" {
		return ""
	}
	return text
}

// unanswered is a call without an answer, or whose answer, with a status, broke off.
func (c *Client) unanswered(ctx context.Context, r call, status int, err error) *problem.Error {
	proxy := transport.ByProxy(err)
	op, _ := errors.AsType[*net.OpError](err)
	neverLeft := proxy != nil || op != nil && op.Op == "dial"
	f := Failure{FateUnknown: !neverLeft, Status: status}
	if late := errors.Is(context.Cause(ctx), context.DeadlineExceeded); proxy == nil || !late {
		if e := c.ended(ctx, r, f); e != nil {
			return e
		}
	}
	host, why := c.endpoint.Host, transport.Reason(err)
	switch {
	case proxy != nil:
		return r.failed(CodeUnreachable, host+" is unreachable: "+why, f, proxy.Hints...)
	case errors.Is(err, transport.ErrTooLarge):
		return r.failed(CodeMalformed, err.Error(), f)
	case transport.IsUntrusted(err):
		return r.failed(CodeUntrusted, host+" can't be trusted: "+why, Failure{}, "name a company's own certificate authority in SSL_CERT_FILE")
	}
	return r.failed(CodeUnreachable, host+" is unreachable: "+why, f)
}

func (c *Client) ended(ctx context.Context, r call, f Failure) *problem.Error {
	switch cause := context.Cause(ctx); {
	case ctx.Err() == nil:
		return nil
	case errors.Is(cause, context.DeadlineExceeded):
		return r.failed(CodeTimeout, fmt.Sprintf("no answer in %v", c.config.Retry.Deadline), f, "check the connection, then try again")
	default:
		return r.stopped("stopped", cause, f)
	}
}
