package cfn

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"syscall"

	awsretry "github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go"

	"convox-travis/internal/transport"
)

// failure tells what went wrong with a call in region. AWS's own sentence is
// not shown: it can quote the request, its signature included
// (https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/CommonErrors.html).
func (f *Finder) failure(err error, region string) *Error {
	if proxy, is := errors.AsType[*transport.ProxyError](err); is {
		return &Error{Kind: KindUnreachable, why: proxy.Error(), hints: []string{proxy.Hint()}}
	}
	switch {
	case errors.Is(err, errNoAnswer), errors.Is(err, context.DeadlineExceeded):
		return &Error{
			Kind: KindNoAnswer, why: fmt.Sprintf("no answer in %g s", f.retry.Deadline.Seconds()),
			hints: []string{"try again, or look at the way to AWS from here: VPN, proxy (HTTPS_PROXY), firewall"},
		}
	case errors.Is(err, transport.ErrPlainHTTP):
		return badEndpoint(transport.ErrPlainHTTP)
	case errors.Is(err, transport.ErrTooLarge):
		return unreadable(transport.ErrTooLarge.Error())
	case errors.Is(err, errNotAnswer):
		return unreadable(errNotAnswer.Error())
	}
	var answered interface{ HTTPStatusCode() int }
	status := 0
	if errors.As(err, &answered) {
		status = answered.HTTPStatusCode()
	}
	var api smithy.APIError
	switch {
	case errors.As(err, &api):
		if told := understood(api.ErrorCode(), api.ErrorMessage()); told != nil {
			told.status = status
			return told
		}
		told := f.answered(api.ErrorCode(), status)
		if reason := f.reason(api.ErrorMessage()); told.Kind == KindFailed && api.ErrorCode() == "ValidationError" && reason != "" {
			told.why = "AWS refuses it: " + reason
		}
		return told
	case status >= http.StatusMultipleChoices:
		return f.answered("", status)
	case status > 0:
		return unreadable(errNotAnswer.Error())
	}
	return unreachable(err, region)
}

func unreadable(why string) *Error {
	return &Error{Kind: KindUnreadable, why: why, hints: []string{"a proxy or a login page may stand between here and AWS: look at HTTPS_PROXY and AWS_ENDPOINT_URL"}}
}

// answered tells an error that was answered, by its code and HTTP status.
func (f *Finder) answered(code string, status int) *Error {
	e := f.coded(code, status)
	e.status = status
	return e
}

func (f *Finder) coded(code string, status int) *Error {
	_, throttled := awsretry.DefaultThrottleErrorCodes[code]
	switch code {
	case "ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired":
		return &Error{
			Kind: KindExpired, why: "the session token has expired",
			hints: []string{"log in to AWS again, and renew AWS_SESSION_TOKEN or the profile's aws_session_token, with both its keys"},
		}
	case "AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "UnauthorizedAccess", "AuthorizationError", "NotAuthorized":
		return &Error{
			Kind: KindDenied, why: "access denied",
			hints: []string{"another account or role: --profile"},
		}
	case "InvalidClientTokenId", "UnrecognizedClientException", "AuthFailure", "OptInRequired", "InvalidAccessKeyId", "NotSignedUp", "RegionDisabledException":
		return &Error{
			Kind: KindRefused, why: "AWS does not accept these credentials", off: true,
			hints: []string{
				"see whose they are: " + f.command("aws sts get-caller-identity"),
				"a region that is switched off for the account answers like this too",
			},
		}
	case "SignatureDoesNotMatch", "IncompleteSignature", "MissingAuthenticationToken", "InvalidSignatureException",
		"RequestExpired", "RequestTimeTooSkewed", "RequestInTheFuture",
		"IncompleteSignatureException", "MissingAuthenticationTokenException":
		return &Error{
			Kind: KindRefused, why: "AWS does not accept these credentials: the signature does not match",
			hints: []string{"the secret access key does not belong to the access key, or this machine's clock is wrong", "enter them again: " + f.command("aws configure")},
		}
	}
	switch {
	case throttled, status == http.StatusTooManyRequests:
		return &Error{Kind: KindThrottled, why: "throttled", hints: []string{"something else makes many calls to this account: wait a minute, and try again"}}
	case status >= 300 && status < 400:
		return unreadable(fmt.Sprintf("it answered with a redirect (HTTP %d)", status))
	case code == "" || code == "UnknownError":
		return &Error{Kind: KindFailed, why: fmt.Sprintf("AWS failed (HTTP %d)", status), hints: []string{"try again later: https://health.aws.amazon.com/health/status"}}
	}
	return &Error{
		Kind: KindFailed, why: fmt.Sprintf("AWS answered %s (HTTP %d)", shown(code), status),
		hints: []string{"try again later: https://health.aws.amazon.com/health/status"},
	}
}

// command is a command to paste, for the profile in use.
func (f *Finder) command(text string) string {
	if f.profile == defaultProfile {
		return text
	}
	return text + " --profile " + quoted(f.profile)
}

// unreachable tells why there was no whole answer, without the words of the
// system, which hold addresses.
func unreachable(err error, region string) *Error {
	var (
		name        *net.DNSError
		certificate *tls.CertificateVerificationError
		record      tls.RecordHeaderError
		e           = &Error{Kind: KindUnreachable, why: "it cannot be reached", hints: []string{"look at the way to AWS from here: network, VPN, proxy (HTTPS_PROXY), AWS_ENDPOINT_URL"}}
	)
	switch {
	case errors.As(err, &name):
		e.why = "its address cannot be looked up"
		if near := nearest(region, KnownRegions()); near != "" && near != region {
			e.hints = append([]string{"did you mean " + near + "?"}, e.hints...)
		}
	case errors.As(err, &certificate):
		e.why = "its certificate is not trusted here"
		e.hints = []string{"a proxy that reads along has to be trusted first: name its certificate in AWS_CA_BUNDLE"}
	case errors.As(err, &record):
		e.why = "it does not speak TLS"
	case errors.Is(err, syscall.ECONNREFUSED):
		e.why = "the connection was refused"
	case errors.Is(err, syscall.ECONNRESET), strings.Contains(err.Error(), "EOF"):
		e.why = "the connection broke off"
	}
	return e
}
