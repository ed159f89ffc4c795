package cfn

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"html"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/smithy-go"

	"convox-travis/internal/problem"
	"convox-travis/internal/secret"
	"convox-travis/internal/text"
	"convox-travis/internal/transport"
)

// The codes of this package's errors, which quote neither answers nor the SDK: its
// text can contain both answers and lines of the AWS files.
const (
	CodeExpiredSSO    = "aws_expired_sso"    // the SSO session has expired, or there is none
	CodeExpired       = "aws_expired"        // the session token has expired
	CodeRefused       = "aws_refused"        // AWS doesn't accept the credentials
	CodeDenied        = "aws_denied"         // the credentials aren't permitted to do this
	CodeNoCredentials = "aws_no_credentials" // there are no credentials
	CodeMFA           = "aws_mfa"            // an MFA code is missing or was refused
	CodeProfile       = "aws_profile"        // a profile, or another AWS setting, can't work
	CodeRegion        = "aws_region"         // no region has this name
	CodeName          = "aws_name"           // no stack can have this name
	CodeEndpoint      = "aws_endpoint"       // an endpoint setting can't be used
	CodeNoAnswer      = "aws_no_answer"      // there was no answer in time
	CodeUnreachable   = "aws_unreachable"    // there is no connection
	CodeThrottled     = "aws_throttled"      // AWS asks for fewer calls
	CodeLimit         = "aws_limit"          // a quota is used up; waiting doesn't help
	CodeUnreadable    = "aws_unreadable"     // the answer isn't AWS's
	CodeFailed        = "aws_failed"         // AWS failed in another way
	CodeMissing       = "aws_missing"        // what was asked for doesn't exist
	CodeNoPassword    = "aws_no_password"    // AWS shows the password nowhere
	CodePassword      = "aws_password"       // no Rack can have this password
	CodeUnchanged     = "aws_unchanged"      // the Rack has this password already
	CodeBusy          = "aws_busy"           // the stack can't be updated in its state
	CodeStale         = "aws_stale"          // the stack has changed since the preview, or the preview is used up
	CodeUnexpected    = "aws_unexpected"     // the update would change more than the password
	CodeUnknown       = "aws_unknown"        // it isn't known whether AWS has started
	CodeCanceled      = "canceled"           // the caller's context ended
)

// Detail is the detail of this package's errors.
type Detail struct {
	Rack    Rack         // the error is about, if its hints need it
	Missing []Permission // the credentials lack

	status int    // of the answer, or 0
	off    string // why the account may have nothing in the region, or ""
	barred bool   // no permission of the credentials helps
	source string // of the denied credentials
}

func newError(code, what, why string, hints ...string) *problem.Error {
	return &problem.Error{Code: code, Action: what, Reason: why, Hints: hints}
}

func canceledError(what, why string, cause error) *problem.Error {
	return &problem.Error{Code: CodeCanceled, Action: what, Reason: why, Cause: cause}
}

func detailOf(e *problem.Error) Detail {
	detail, _ := e.Detail.(Detail)
	return detail
}

func asError(err error) *problem.Error {
	if e := problem.Of(err); e != nil && strings.HasPrefix(e.Code, "aws_") {
		return e
	}
	return nil
}

// withAction returns a copy of the error with what was attempted, and for a denial
// with which credentials.
func withAction(what string, e *problem.Error) *problem.Error {
	attempted := *e
	attempted.Action = what
	if source := detailOf(e).source; source != "" {
		attempted.Action += " with the credentials of " + source
	}
	return &attempted
}

func withHint(e *problem.Error, hint string) *problem.Error {
	hinted := *e
	hinted.Hints = append(slices.Clone(e.Hints), hint)
	return &hinted
}

// DidNothing reports whether AWS certainly did nothing: it refused the call, or never
// got it.
func DidNothing(err error) bool {
	e := asError(err)
	if e == nil {
		return false
	}
	status := detailOf(e).status
	return isCredentialError(e) || e.Code == CodeDenied || e.Code == CodeThrottled || (status >= 400 && status < 500)
}

// isCredentialError reports whether every other call would fail too.
func isCredentialError(e *problem.Error) bool {
	return slices.Contains([]string{CodeExpiredSSO, CodeExpired, CodeRefused, CodeNoCredentials, CodeMFA, CodeProfile, CodeEndpoint}, e.Code)
}

// isTransient reports whether the same read may succeed later.
func isTransient(err error) bool {
	e := asError(err)
	transient := []string{CodeThrottled, CodeNoAnswer, CodeUnreachable, CodeUnreadable}
	return e != nil && (slices.Contains(transient, e.Code) || detailOf(e).status >= 500)
}

// endpointError doesn't quote the address, which can contain a password.
func endpointError(setting string, cause error) *problem.Error {
	undo, _, _ := strings.Cut(undoHint(setting), " ")
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

// callError says why a call in region failed. It doesn't show AWS's sentence, which can
// quote the request with its signature
// (https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/CommonErrors.html).
func (f *Finder) callError(err error, region string) *problem.Error {
	if proxy := transport.ByProxy(err); proxy != nil {
		return &problem.Error{Code: CodeUnreachable, Reason: proxy.Error(), Hints: proxy.Hints}
	}
	switch {
	case errors.Is(err, errNoAnswer), errors.Is(err, context.DeadlineExceeded):
		return newError(CodeNoAnswer, "", fmt.Sprintf("no answer in %g s", f.retry.Deadline.Seconds()), f.checkPath(err))
	case errors.Is(err, transport.ErrPlainHTTP):
		return newError(CodeEndpoint, "", onlyHere)
	case errors.Is(err, transport.ErrTooLarge):
		return f.unreadableError("", transport.ErrTooLarge.Error(), err)
	case errors.Is(err, errForeignAnswer):
		return f.unreadableError("", errForeignAnswer.Error(), err)
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
		if e = f.errorFromMessage(api.ErrorCode(), api.ErrorMessage()); e != nil {
			break
		}
		e = f.errorFromCode(api.ErrorCode(), status, region, err)
		if reason := f.cleanReason(api.ErrorMessage()); e.Code == CodeFailed && status < http.StatusInternalServerError && reason != "" {
			e.Reason = "AWS refused it: " + reason
		}
	case status >= http.StatusMultipleChoices:
		e = f.errorFromCode("", status, region, err)
	case status > 0:
		return f.unreadableError("", errForeignAnswer.Error(), err)
	default:
		return f.unreachableError(err, region)
	}
	detail := detailOf(e)
	detail.status = status
	if e.Code == CodeDenied {
		detail.source = f.source.name
	}
	e.Detail = detail
	return e
}

// checkPath is a hint to check what is between here and the service.
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

// unreadableError is the error for an answer that isn't AWS's. err may be nil.
func (f *Finder) unreadableError(what, why string, err error) *problem.Error {
	return newError(CodeUnreadable, what, why, f.checkPath(err))
}

func (f *Finder) errorFromCode(code string, status int, region string, err error) *problem.Error {
	_, throttled := throttleCodes()[code]
	switch code {
	case "ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired":
		return newError(CodeExpired, "", "the session token of "+f.source.name+" has expired", f.source.refusalHints("sign in to AWS again")...)
	case "AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "UnauthorizedAccess", "AuthorizationError", "NotAuthorized":
		return deniedError()
	case "InvalidClientTokenId", "UnrecognizedClientException", "AuthFailure", "OptInRequired", "InvalidAccessKeyId", "NotSignedUp", "RegionDisabledException":
		return f.refusedError(region)
	case "SignatureDoesNotMatch", "IncompleteSignature", "MissingAuthenticationToken", "InvalidSignatureException",
		"RequestExpired", "RequestTimeTooSkewed", "RequestInTheFuture",
		"IncompleteSignatureException", "MissingAuthenticationTokenException":
		check := "check this machine's clock"
		if f.source.kind == fromKeys {
			check += ", and that the secret access key belongs to the access key"
		}
		return newError(CodeRefused, "", "AWS doesn't accept the credentials of "+f.source.name+": the signature doesn't match", f.source.refusalHints(check)...)
	}
	switch {
	case throttled, status == http.StatusTooManyRequests:
		return newError(CodeThrottled, "", "throttled", "wait a minute and try again: something else is making many calls to this account")
	case status >= 300 && status < 400:
		return f.unreadableError("", fmt.Sprintf("it answered with a redirect (HTTP %d)", status), err)
	}
	e := newError(CodeFailed, "", fmt.Sprintf("AWS answered %s (HTTP %d)", abbreviate(code), status))
	if code == "" || code == "UnknownError" {
		e = newError(CodeFailed, "", fmt.Sprintf("AWS failed (HTTP %d)", status), f.checkPath(err))
	}
	if status >= http.StatusInternalServerError {
		e.Hints = []string{tryLater}
	}
	return e
}

const maxHints = 3

// refusedError is the error for credentials that AWS doesn't know. A disabled region
// refuses all credentials too, and so does another partition: each has its own accounts
// (https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html).
func (f *Finder) refusedError(region string) *problem.Error {
	e := &problem.Error{Code: CodeRefused, Reason: "AWS doesn't accept the credentials of " + f.source.name}
	e.Hints = f.source.refusalHints("check them: " + f.command("aws sts get-caller-identity"))
	id, name := partitionOf(region)
	configured, _ := partitionOf(f.region)
	switch {
	case id != commercialID || id != configured:
		e.Detail = Detail{off: "another partition"}
		e.Reason = name + " doesn't accept the credentials of " + f.source.name + ": it's a separate partition with its own accounts"
		e.Hints = []string{"use a profile of an account in " + name, e.Hints[0]}
	case isOptIn(region):
		e.Detail = Detail{off: "switched off for this account"}
		e.Hints = append([]string{"enable " + region + " for the account if it's disabled: a disabled region refuses all credentials"}, e.Hints...)
	default:
		e.Hints = append(e.Hints, "set AWS_REGION to us-gov-west-1 or cn-north-1 if the account is in AWS GovCloud (US) or AWS China")
	}
	e.Hints = e.Hints[:min(len(e.Hints), maxHints)]
	return e
}

// command is an AWS CLI command with the same credentials.
func (f *Finder) command(text string) string {
	if f.source.profile == "" || f.source.profile == defaultProfile {
		return text
	}
	return strings.Replace(text, "aws ", "aws --profile "+quote(f.source.profile)+" ", 1)
}

// unreachableError says why there was no complete answer. It drops the system's text,
// which contains addresses.
func (f *Finder) unreachableError(err error, region string) *problem.Error {
	e := newError(CodeUnreachable, "", transport.Reason(err), f.checkPath(err))
	near := text.Nearest(region, KnownRegions())
	switch name := (*net.DNSError)(nil); {
	case errors.As(err, &name) && near != "" && near != region:
		e.Hints = append([]string{"did you mean " + near + "?"}, e.Hints...)
	case transport.IsUntrusted(err):
		e.Hints = []string{"set AWS_CA_BUNDLE to the certificate if it belongs to a proxy that you trust"}
	}
	return e
}

var (
	// busySentence finds the status in the sentence in which CloudFormation says that a
	// stack can't be updated now.
	busySentence = regexp.MustCompile(`\b([A-Z]+(?:_[A-Z]+){1,5}) state and can ?not`)
	// missingSentence matches a whole sentence: inside a longer one, "does not exist" is
	// about something else, such as a parameter's value.
	missingSentence = regexp.MustCompile(`^(?:(?:Stack|Change ?Set|Resource):?(?: with id)? ?\S+ does not exist(?: for stack \S+)?|Unable to describe task definition)\.?$`)
	// tooManyChangeSets is the start of the sentence about a stack's change sets
	// (https://github.com/awslabs/seed-farmer/issues/441).
	tooManyChangeSets = regexp.MustCompile(`^ChangeSet limit exceeded\b`)
)

// errorFromMessage is the error for failures that AWS distinguishes only by its
// sentence, or nil.
func (f *Finder) errorFromMessage(code, message string) *problem.Error {
	if e := f.denialFromMessage(message); e != nil {
		return e
	}
	if found := busySentence.FindStringSubmatch(message); found != nil {
		return busyError(found[1], "")
	}
	switch code {
	case "ChangeSetNotFound", "ChangeSetNotFoundException", "ParameterNotFound", "ServiceNotFoundException", "ClusterNotFoundException", "ServiceNotActiveException":
		return newError(CodeMissing, "", "it isn't there")
	case "InvalidChangeSetStatus", "InvalidChangeSetStatusException":
		return newError(CodeStale, "", "the change set can't be used anymore", "start again")
	case "InsufficientCapabilities", "InsufficientCapabilitiesException":
		return newError(CodeFailed, "", "the stack's template needs more capabilities than the stack names", "check the stack's template for transforms and nested stacks")
	case "ValidationError", "ClientException":
		if changesNothing(message) {
			return unchangedError("")
		}
		if missingSentence.MatchString(message) {
			return newError(CodeMissing, "", "it isn't there")
		}
	}
	if code == limitExceeded || tooManyChangeSets.MatchString(message) {
		return newError(CodeLimit, "", cmp.Or(f.cleanReason(message), "a quota of this account is used up"))
	}
	return nil
}

// changesNothing recognizes the sentences in which CloudFormation says that an update
// would do nothing. It has no code for it.
func changesNothing(message string) bool {
	return strings.HasPrefix(message, "The submitted information didn't contain changes") || strings.HasPrefix(message, "No updates are to be performed")
}

func unchangedError(what string) *problem.Error {
	return newError(CodeUnchanged, what, "the Rack has this password already", "log in with it; if the Rack refuses it, restart its web service")
}

func busyError(status, repair string) *problem.Error {
	_, hint := Rack{Status: status}.Meaning()
	return newError(CodeBusy, "", "its stack is in the state "+abbreviate(status), cmp.Or(repair, hint, repairStack))
}

const (
	maxText   = 4096 // bytes of any text of a stack: no parameter is longer
	maxShown  = 128  // characters of a text from outside in an error: no stack's name is longer
	maxListed = 20
)

func truncate(text string) string {
	if len(text) <= maxText {
		return text
	}
	return strings.ToValidUTF8(text[:maxText], "")
}

func abbreviate(text string) string {
	text = truncate(text)
	if utf8.RuneCountInString(text) > maxShown {
		text = string([]rune(text)[:maxShown]) + "…"
	}
	return text
}

// quote quotes a text from outside for a command to paste.
func quote(word string) string { return text.Quote(abbreviate(word)) }

func joinNames(names []string) string {
	var all []string
	for _, name := range names[:min(len(names), maxListed)] {
		all = append(all, abbreviate(name))
	}
	if len(names) > maxListed {
		all = append(all, "…")
	}
	return strings.Join(all, ", ")
}

// maxReason is in characters: a reason must fit on a screen.
const maxReason = 400

var (
	// quotedValue is a value in a sentence such as "Value 'x' at 'y' failed to satisfy
	// constraint" or "parameter value x for parameter name y". It cuts too much rather
	// than too little.
	quotedValue    = regexp.MustCompile(`(?is)\b(values?) (?:'.*'|".*"|\(.*\)|\[.*\]|\S+ (for parameter\b))`)
	signatureParts = regexp.MustCompile(`(?i)\b(Credential|Signature|SignedHeaders|X-Amz-[A-Za-z-]+)=[^\s,;&'"]+`)
	supportNote    = regexp.MustCompile(`\s*\((?:RequestToken|Service):[^()]*\)`)
)

// cleanReason cuts AWS's reason to one short line without secrets and parameters'
// values.
func (f *Finder) cleanReason(text string) string {
	text = truncate(f.redactor.redact(text))
	text = quotedValue.ReplaceAllString(text, "$1 … $2")
	text = signatureParts.ReplaceAllString(text, "$1=…")
	text = supportNote.ReplaceAllString(text, "")
	text = strings.Join(strings.Fields(text), " ")
	if letters := []rune(text); len(letters) > maxReason {
		text = string(letters[:maxReason]) + "…"
	}
	return text
}

type redactor struct {
	mu      sync.Mutex
	secrets []secret.String
}

// Redact removes a password from all texts of AWS from now on. Passwords that a Finder
// sets are always removed.
func (f *Finder) Redact(password secret.String) {
	g := f.redactor
	g.mu.Lock()
	defer g.mu.Unlock()
	if !password.IsEmpty() && !slices.ContainsFunc(g.secrets, password.Equal) {
		g.secrets = append(g.secrets, password)
	}
}

func (g *redactor) redact(text string) string {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, password := range g.secrets {
		value := password.Reveal()
		for _, form := range []string{value, url.QueryEscape(value), url.PathEscape(value), html.EscapeString(value)} {
			text = strings.ReplaceAll(text, form, secret.Redacted)
		}
	}
	return text
}
