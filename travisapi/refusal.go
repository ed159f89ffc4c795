package travisapi

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"al.essio.dev/pkg/shellescape"

	"convox-travis/internal/transport"
)

// throttledPauses is how many first pauses there are between the tries of a call
// that was too many in its minute: of 250 ms, so that three of them outlast it.
const throttledPauses = 80

// banTime is how long Travis refuses a token that made too many POSTs.
const banTime = time.Hour

// errorAnswer is the body of an answer that is no success.
type errorAnswer struct {
	Type       string `json:"error_type"`
	Permission string `json:"permission"`
}

// refusal makes an Error of an answer that is no success
// (https://github.com/travis-ci/travis-api, lib/travis/api/v3/errors.rb and
// lib/travis/api/attack.rb).
func (c *Client) refusal(r call, answer *http.Response, body []byte) *Error {
	e := failure(r)
	e.Status = answer.StatusCode
	var said errorAnswer
	_ = json.Unmarshal(body, &said) // some answers are plain text
	e.Permission = word(said.Permission)
	text := strings.ToLower(strings.TrimSpace(string(body[:min(len(body), 64)])))

	switch status := answer.StatusCode; {
	case status == http.StatusForbidden && text == "forbidden":
		e.banned(c.config.Retry.Clock.Now())
	case status == http.StatusForbidden && text == "access denied":
		e.is(KindUnknownToken, "Travis does not know the token",
			"copy it anew from https://app.travis-ci.com/account/preferences and export it as TRAVIS_TOKEN")
	case said.Type == "login_required", status == http.StatusUnauthorized:
		e.is(KindLoginRequired, "Travis wants a token",
			"copy it from https://app.travis-ci.com/account/preferences and export it as TRAVIS_TOKEN")
	case said.Type == "request_limit_reached":
		e.is(KindRequestLimit, "too many builds were started in the last hour", "try again in an hour")
	case status == http.StatusTooManyRequests:
		e.RetryAfter = transport.RetryAfter(answer.Header, c.config.Retry.Clock.Now())
		e.pause = throttledPauses * c.config.Retry.Pause
		if e.RetryAfter > longestPause {
			e.Until = c.config.Retry.Clock.Now().Add(e.RetryAfter)
			e.is(KindThrottled, "too many requests: Travis takes none for now", "run this again after "+e.Until.Format("15:04"))
			break
		}
		e.is(KindThrottled, "too many requests in a minute", fmt.Sprintf("wait %v, then run this again", max(e.RetryAfter, time.Minute)))
	case said.Type == "repo_migrated":
		e.is(KindMigrated, "the repository moved from travis-ci.org", "use it at https://app.travis-ci.com")
	case status == http.StatusForbidden:
		e.denied(r)
	case said.Type == "repo_ssh_key_missing":
		e.is(KindNoKeyYet, "Travis is still making the repository's key", "try again in a minute")
	case status == http.StatusConflict && said.Type == "duplicate_resource":
		e.is(KindDuplicate, "a variable of this name and branch exists already")
	case status == http.StatusNotFound:
		e.is(KindNotFound, "Travis does not know it, or this account may not see it",
			"check the name and --provider", "a repository that was made today is unknown until Travis is synced: https://app.travis-ci.com/account/repositories")
	case said.Type == "repository_inactive":
		e.is(KindInactive, "the repository is not active on Travis", "activate it on its Travis page")
	case status == http.StatusBadRequest, status == http.StatusUnprocessableEntity:
		e.is(KindInvalid, "Travis does not take these values")
	case status >= 500:
		e.sent = true
		e.is(KindServer, "Travis failed", "see https://www.traviscistatus.com, then run this again")
	case status >= 300 && status < 400:
		e.is(KindUnexpected, "the answer leads elsewhere, and a token is not sent there", "check --travis-endpoint")
	default:
		e.sent = true
		e.is(KindUnexpected, "Travis gave an answer that it should not", "check --travis-endpoint")
	}
	return e
}

func (e *Error) is(kind Kind, why string, hints ...string) { e.Kind, e.why, e.hints = kind, why, hints }

func (e *Error) banned(now time.Time) {
	e.Until = now.Add(banTime)
	e.is(KindBanned, "Travis refuses everything from this token or address for now, up to an hour",
		fmt.Sprintf("it bans for an hour after 50 writes in 30 seconds: run this again after %s", e.Until.Format("15:04")))
}

func (e *Error) denied(r call) {
	what := "this"
	if e.Permission != "" {
		what = e.Permission
	}
	e.is(KindDenied, "Travis denied "+what)
	if r.repository != "" {
		e.hints = []string{fmt.Sprintf("get push access to %s, or use the token of someone who has it", shellescape.StripUnsafe(r.repository))}
	}
}

// word returns text when it is a plain name as Travis uses them, else "".
func word(text string) string {
	plain := func(r rune) bool { return r == '_' || 'a' <= r && r <= 'z' }
	if len(text) > 40 || strings.TrimFunc(text, plain) != "" {
		return ""
	}
	return text
}
