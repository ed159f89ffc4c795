package cfn

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"syscall"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/smithy-go"

	"convox-travis/internal/problem"
	"convox-travis/internal/text"
	"convox-travis/internal/transport"
)

// The codes of this package's errors. They quote neither answers nor the SDK,
// whose words can hold both answers and lines of the AWS files.
const (
	CodeExpiredSSO    = "aws_expired_sso"    // the SSO session has expired, or never began
	CodeExpired       = "aws_expired"        // the session token has expired
	CodeRefused       = "aws_refused"        // AWS doesn't accept the credentials
	CodeDenied        = "aws_denied"         // the credentials may not do this
	CodeNoCredentials = "aws_no_credentials" // there are none
	CodeMFA           = "aws_mfa"            // an MFA code is missing, or was refused
	CodeProfile       = "aws_profile"        // a profile, or another AWS setting, can't work
	CodeRegion        = "aws_region"         // no region has this name
	CodeName          = "aws_name"           // no stack can have this name
	CodeEndpoint      = "aws_endpoint"       // AWS_ENDPOINT_URL is against the rules
	CodeNoAnswer      = "aws_no_answer"      // nothing came in time
	CodeUnreachable   = "aws_unreachable"    // there is no connection
	CodeThrottled     = "aws_throttled"      // AWS asks for fewer calls
	CodeLimit         = "aws_limit"          // a quota is used up, which no waiting changes
	CodeUnreadable    = "aws_unreadable"     // the answer isn't one of AWS
	CodeFailed        = "aws_failed"         // AWS failed in another way
	CodeMissing       = "aws_missing"        // what was asked for isn't there
	CodeNoPassword    = "aws_no_password"    // AWS shows the password nowhere
	CodePassword      = "aws_password"       // no Rack can have this password
	CodeUnchanged     = "aws_unchanged"      // the Rack has this password already
	CodeBusy          = "aws_busy"           // the stack isn't in a state to be updated
	CodeStale         = "aws_stale"          // the stack changed since the preview, or the preview is used up
	CodeUnexpected    = "aws_unexpected"     // the update would change more than the password
	CodeUnknown       = "aws_unknown"        // it isn't known whether AWS has begun
	CodeCanceled      = "canceled"           // the caller's context ended
)

// Detail is what else is known of an error of this package.
type Detail struct {
	Rack    Rack         // that the error is about, where its hints need it
	Missing []Permission // that the credentials lack

	status  int    // of the answer, or 0
	off     bool   // the region is switched off for the account
	foreign bool   // off, since it is in another partition
	barred  bool   // no permission of the credentials would help
	source  string // of the credentials that were denied
}

// failed is an error without more to be known.
func failed(code, what, why string, hints ...string) *problem.Error {
	return &problem.Error{Code: code, Action: what, Reason: why, Hints: hints}
}

// stopped is what the end of the caller's context ended.
func stopped(what, why string, cause error) *problem.Error {
	return &problem.Error{Code: CodeCanceled, Action: what, Reason: why, Cause: cause}
}

// detailOf returns what else is known of an error.
func detailOf(e *problem.Error) Detail {
	detail, _ := e.Detail.(Detail)
	return detail
}

// ours returns the Error of this package that err is, or nil.
func ours(err error) *problem.Error {
	if e := problem.Of(err); e != nil && strings.HasPrefix(e.Code, "aws_") {
		return e
	}
	return nil
}

// attempting returns a copy of the error that says what was attempted, and of a
// denial with which credentials.
func attempting(what string, e *problem.Error) *problem.Error {
	attempted := *e
	attempted.Action = what
	if source := detailOf(e).source; source != "" {
		attempted.Action += " with the credentials of " + source
	}
	return &attempted
}

// hinting returns a copy of the error with one more thing that can be done.
func hinting(e *problem.Error, hint string) *problem.Error {
	told := *e
	told.Hints = append(slices.Clone(e.Hints), hint)
	return &told
}

// Definite reports whether AWS has certainly done nothing: it refused, or was
// never asked.
func Definite(err error) bool {
	e := ours(err)
	if e == nil {
		return false
	}
	status := detailOf(e).status
	return aboutCredentials(e) || e.Code == CodeDenied || e.Code == CodeThrottled || (status >= 400 && status < 500)
}

// aboutCredentials reports whether no other call would succeed either.
func aboutCredentials(e *problem.Error) bool {
	switch e.Code {
	case CodeExpiredSSO, CodeExpired, CodeRefused, CodeNoCredentials, CodeMFA, CodeProfile, CodeEndpoint:
		return true
	}
	return false
}

// isPassing reports whether the same read may succeed later.
func isPassing(err error) bool {
	e := ours(err)
	if e == nil {
		return false
	}
	switch e.Code {
	case CodeThrottled, CodeNoAnswer, CodeUnreachable, CodeUnreadable:
		return true
	}
	return detailOf(e).status >= 500
}

// badEndpoint doesn't quote the address, which can carry a password.
func badEndpoint(setting string, cause error) *problem.Error {
	undo, _, _ := strings.Cut(drop(setting), " ")
	e := &problem.Error{
		Code: CodeEndpoint, Action: "use " + setting, Cause: cause,
		Hints: []string{"set " + setting + " to an address that begins with https://, or " + undo + " it"},
	}
	if cause == transport.ErrPlainHTTP {
		e.Reason = onlyHere
	}
	return e
}

const onlyHere = "plain HTTP is for this machine only"

const tryLater = "try again later: https://health.aws.amazon.com/health/status"

// failure says what went wrong with a call in region. AWS's own sentence is
// not shown: it can quote the request, its signature included
// (https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/CommonErrors.html).
func (f *Finder) failure(err error, region string) *problem.Error {
	if proxy := transport.ByProxy(err); proxy != nil {
		return &problem.Error{Code: CodeUnreachable, Reason: proxy.Error(), Hints: proxy.Hints}
	}
	switch {
	case errors.Is(err, errNoAnswer), errors.Is(err, context.DeadlineExceeded):
		return failed(CodeNoAnswer, "", fmt.Sprintf("no answer in %g s", f.retry.Deadline.Seconds()), f.checkPath(err))
	case errors.Is(err, transport.ErrPlainHTTP):
		return failed(CodeEndpoint, "", onlyHere)
	case errors.Is(err, transport.ErrTooLarge):
		return f.unreadable("", transport.ErrTooLarge.Error(), err)
	case errors.Is(err, errNotAnswer):
		return f.unreadable("", errNotAnswer.Error(), err)
	}
	var answered interface{ HTTPStatusCode() int }
	status := 0
	if errors.As(err, &answered) {
		status = answered.HTTPStatusCode()
	}
	var e *problem.Error
	var api smithy.APIError
	switch isAPI := errors.As(err, &api); {
	case isAPI:
		if e = f.understood(api.ErrorCode(), api.ErrorMessage()); e != nil {
			break
		}
		e = f.coded(api.ErrorCode(), status, region, err)
		if reason := f.reason(api.ErrorMessage()); e.Code == CodeFailed && status < http.StatusInternalServerError && reason != "" {
			e.Reason = "AWS refuses it: " + reason
		}
	case status >= http.StatusMultipleChoices:
		e = f.coded("", status, region, err)
	case status > 0:
		return f.unreadable("", errNotAnswer.Error(), err)
	default:
		return f.unreachable(err, region)
	}
	detail := detailOf(e)
	detail.status = status
	if e.Code == CodeDenied {
		detail.source = f.source.name
	}
	e.Detail = detail
	return e
}

// checkPath is a hint about what is between here and the service that was called.
func (f *Finder) checkPath(err error) string {
	service := cloudformation.ServiceID
	if call := (*smithy.OperationError)(nil); errors.As(err, &call) {
		service = call.ServiceID
	}
	if setting := f.endpoints[service]; setting != "" {
		return "check " + setting + ": calls go there instead of to AWS"
	}
	return "check the network between here and AWS: VPN, firewall, login page, or a proxy (HTTPS_PROXY)"
}

// unreadable is an answer that AWS doesn't give. The error of its call may be nil.
func (f *Finder) unreadable(what, why string, err error) *problem.Error {
	return failed(CodeUnreadable, what, why, f.checkPath(err))
}

// coded turns an answer into an error by its code and HTTP status.
func (f *Finder) coded(code string, status int, region string, err error) *problem.Error {
	_, throttled := throttleCodes()[code]
	switch code {
	case "ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired":
		return failed(CodeExpired, "", "the session token of "+f.source.name+" has expired", f.source.renewal("sign in to AWS again")...)
	case "AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "UnauthorizedAccess", "AuthorizationError", "NotAuthorized":
		return denied()
	case "InvalidClientTokenId", "UnrecognizedClientException", "AuthFailure", "OptInRequired", "InvalidAccessKeyId", "NotSignedUp", "RegionDisabledException":
		return f.refused(region)
	case "SignatureDoesNotMatch", "IncompleteSignature", "MissingAuthenticationToken", "InvalidSignatureException",
		"RequestExpired", "RequestTimeTooSkewed", "RequestInTheFuture",
		"IncompleteSignatureException", "MissingAuthenticationTokenException":
		check := "check this machine's clock"
		if f.source.kind == fromKeys {
			check += ", and that the secret access key belongs to the access key"
		}
		return failed(CodeRefused, "", "AWS doesn't accept the credentials of "+f.source.name+": the signature doesn't match", f.source.renewal(check)...)
	}
	switch {
	case throttled, status == http.StatusTooManyRequests:
		return failed(CodeThrottled, "", "throttled", "wait a minute, and try again: something else makes many calls to this account")
	case status >= 300 && status < 400:
		return f.unreadable("", fmt.Sprintf("it answered with a redirect (HTTP %d)", status), err)
	}
	e := failed(CodeFailed, "", fmt.Sprintf("AWS answered %s (HTTP %d)", shown(code), status))
	if code == "" || code == "UnknownError" {
		e = failed(CodeFailed, "", fmt.Sprintf("AWS failed (HTTP %d)", status), f.checkPath(err))
	}
	if status >= http.StatusInternalServerError {
		e.Hints = []string{tryLater}
	}
	return e
}

const mostHints = 3

// refused says that AWS doesn't know the credentials, or that a region doesn't. A
// region that is switched off answers like this too, and so does another partition:
// each has accounts of its own
// (https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html).
func (f *Finder) refused(region string) *problem.Error {
	e := &problem.Error{Code: CodeRefused, Reason: "AWS doesn't accept the credentials of " + f.source.name}
	e.Hints = f.source.renewal("check them: " + f.command("aws sts get-caller-identity"))
	id, name := partitionOf(region)
	configured, _ := partitionOf(f.region)
	switch {
	case id != commercialID || id != configured:
		e.Detail = Detail{off: true, foreign: true}
		e.Reason = name + " doesn't accept the credentials of " + f.source.name + ": it is a partition of its own, with other accounts"
		e.Hints = []string{"use a profile of an account in " + name, e.Hints[0]}
	case isOptIn(region):
		e.Detail = Detail{off: true}
		e.Hints = append([]string{"enable " + region + " if it is switched off for the account: it refuses all credentials then"}, e.Hints...)
	default:
		e.Hints = append(e.Hints, "set AWS_REGION to us-gov-west-1 or cn-north-1 if the account is in AWS GovCloud (US) or AWS China")
	}
	e.Hints = e.Hints[:min(len(e.Hints), mostHints)]
	return e
}

// command is a command of the AWS CLI to paste, which uses the same credentials.
func (f *Finder) command(text string) string {
	if f.source.profile == "" || f.source.profile == defaultProfile {
		return text
	}
	return strings.Replace(text, "aws ", "aws --profile "+quoted(f.source.profile)+" ", 1)
}

// unreachable says why there was no whole answer, without the words of the
// system, which hold addresses.
func (f *Finder) unreachable(err error, region string) *problem.Error {
	var (
		name        *net.DNSError
		certificate *tls.CertificateVerificationError
		record      tls.RecordHeaderError
		e           = failed(CodeUnreachable, "", "it is unreachable", f.checkPath(err))
	)
	switch {
	case errors.As(err, &name):
		e.Reason = "its address can't be looked up"
		if near := text.Nearest(region, KnownRegions()); near != "" && near != region {
			e.Hints = append([]string{"did you mean " + near + "?"}, e.Hints...)
		}
	case errors.As(err, &certificate):
		e.Reason = "its certificate isn't trusted here"
		e.Hints = []string{"name the certificate in AWS_CA_BUNDLE if it is that of a proxy you trust"}
	case errors.As(err, &record):
		e.Reason = "it doesn't speak TLS"
	case errors.Is(err, syscall.ECONNREFUSED):
		e.Reason = "the connection was refused"
	case errors.Is(err, syscall.ECONNRESET), strings.Contains(err.Error(), "EOF"):
		e.Reason = "the connection broke off"
	}
	return e
}

var (
	// notUpdatable finds a stack's status in the sentence in which CloudFormation
	// says that it can't be updated now.
	notUpdatable = regexp.MustCompile(`\b([A-Z]+(?:_[A-Z]+){1,5}) state and can ?not`)
	// notThere is all of a sentence that says that what was asked for doesn't exist.
	// Inside a longer one, "does not exist" is about something else, such as a
	// parameter's value.
	notThere = regexp.MustCompile(`^(?:(?:Stack|Change ?Set|Resource):?(?: with id)? ?\S+ does not exist(?: for stack \S+)?|Unable to describe task definition)\.?$`)
	// tooManyChangeSets is how the sentence about a stack's change sets begins
	// (https://github.com/awslabs/seed-farmer/issues/441).
	tooManyChangeSets = regexp.MustCompile(`^ChangeSet limit exceeded\b`)
)

// understood knows the failures that AWS distinguishes by its sentence alone, and
// is nil for others.
func (f *Finder) understood(code, message string) *problem.Error {
	if e := f.refusal(message); e != nil {
		return e
	}
	if found := notUpdatable.FindStringSubmatch(message); found != nil {
		return busy(found[1], "")
	}
	switch code {
	case "ChangeSetNotFound", "ChangeSetNotFoundException", "ParameterNotFound", "ServiceNotFoundException", "ClusterNotFoundException", "ServiceNotActiveException":
		return missing("", "it isn't there")
	case "InvalidChangeSetStatus", "InvalidChangeSetStatusException":
		return failed(CodeStale, "", "the change set can't be used any more", "start again")
	case "InsufficientCapabilities", "InsufficientCapabilitiesException":
		return failed(CodeFailed, "", "the stack's template needs more capabilities than the stack names", "look at the stack's template for transforms and nested stacks")
	case "ValidationError", "ClientException":
		if changesNothing(message) {
			return unchanged("")
		}
		if notThere.MatchString(message) {
			return missing("", "it isn't there")
		}
	}
	if code == limitExceeded || tooManyChangeSets.MatchString(message) {
		return failed(CodeLimit, "", cmp.Or(f.reason(message), "a quota of this account is used up"))
	}
	return nil
}

// changesNothing knows the sentences in which CloudFormation says that an update
// would do nothing. There is no code for it.
func changesNothing(message string) bool {
	return strings.HasPrefix(message, "The submitted information didn't contain changes") || strings.HasPrefix(message, "No updates are to be performed")
}

func unchanged(what string) *problem.Error {
	return failed(CodeUnchanged, what, "the Rack has this password already", "log in with it; where the Rack refuses it, restart its web service")
}

func missing(what, why string) *problem.Error {
	return failed(CodeMissing, what, why)
}

// busy says that a Rack's stack can't be updated in its state, and what helps.
func busy(status, repair string) *problem.Error {
	_, hint := meaning(status)
	return failed(CodeBusy, "", "its stack is in the state "+shown(status), cmp.Or(repair, hint, repairStack))
}
