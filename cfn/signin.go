package cfn

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"convox-travis/internal/crash"
	"convox-travis/internal/problem"
	"convox-travis/internal/transport"
)

// asker asks for an MFA code in the name of the call that is under way.
type asker struct {
	ask func(context.Context) (string, error)

	mu     sync.Mutex
	ctx    context.Context // of the login under way: the SDK hands none on
	failed error           // what ask returned last
}

func (a *asker) code() (string, error) {
	defer crash.Catch()
	a.mu.Lock()
	ctx := a.ctx
	a.mu.Unlock()
	code, err := a.ask(ctx)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.failed = err
	return strings.TrimSpace(code), err
}

func (a *asker) begin(ctx context.Context) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.ctx, a.failed = ctx, nil
}

func (a *asker) failure() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.failed
}

// login gets the credentials before the regions are asked: what is wrong with
// them is told once, and a code is asked for once. The SDK keeps them for all
// regions.
func (f *Finder) login(ctx context.Context) error {
	f.asker.begin(ctx)
	_, err := f.config.Credentials.Retrieve(ctx)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		return f.loginFailure(err)
	}
	return nil
}

// loginFailure says why there are no credentials. The words of the SDK are
// dropped: they can hold the output of a credential_process.
func (f *Finder) loginFailure(err error) error {
	of := f.source
	if failing := new(stepError); errors.As(err, &failing) {
		of = failing.source
	}
	what := "sign in to AWS with " + of.name
	switch {
	case f.asker.failure() != nil:
		return failed(CodeMFA, what, "no MFA code was given", "try again, and type the code that the device shows")
	case ours(err) != nil: // of a credential_process
		return attempting(what, ours(err))
	case transport.ByProxy(err) != nil && of.kind != fromContainer && of.kind != fromInstance:
		return f.signInFailure(err, what, of)
	}
	switch of.kind {
	case fromSSO:
		return f.ssoFailure(err, what, of)
	case fromLogin:
		if api := smithy.APIError(nil); wasSent(err) && !errors.As(err, &api) {
			break
		}
		return failed(CodeExpired, what, "the login has expired, or there is none", "sign in: aws login --profile "+quoted(of.profile))
	case fromInstance:
		return f.noCredentials(of)
	case fromRole, fromWebIdentity:
		return f.roleFailure(err, what, of)
	}
	e := f.signInFailure(err, what, of)
	if of.kind == fromContainer {
		e.Hints = []string{of.renew}
	}
	return e
}

// signInFailure is about the call that gets the credentials of a source, or about
// one that is signed with them. Of a denial, what was attempted names the source.
func (f *Finder) signInFailure(err error, what string, signer *source) *problem.Error {
	with := *f
	with.source = signer
	e := with.failure(err, f.region)
	if detail := detailOf(e); detail.source != "" {
		detail.source = ""
		e.Detail = detail
	}
	return attempting(what, e)
}

// wasSent reports whether a request left on the way to err.
func wasSent(err error) bool {
	var answered *smithyhttp.ResponseError
	var unsent *smithyhttp.RequestSendError
	return errors.As(err, &answered) || errors.As(err, &unsent)
}

func (f *Finder) noCredentials(of *source) error {
	why, hints := f.settings.faults()
	e := failed(CodeNoCredentials, "sign in to AWS", "there are no credentials", hints...)
	named, variable := profileName("")
	if variable != "" {
		e.Reason = variable + " names profile " + shown(named) + ", which has no credentials"
		e.Hints = append(e.Hints, "give it some: aws configure --profile "+quoted(named))
	}
	switch {
	case why != "":
		e.Reason += ": " + why
	case of.lacks != "":
		e.Reason += ": " + of.lacks
	}
	names := slices.DeleteFunc(f.settings.names(), func(name string) bool { return name == named })
	if len(names) > 0 {
		e.Hints = append(e.Hints, "set AWS_PROFILE to one of the profiles here: "+listed(names))
	}
	if len(names) > 0 || variable != "" || why != "" {
		return e
	}
	e.Hints = append(e.Hints, "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY", "make a profile: aws configure, or aws configure sso")
	return e
}

func expiredSSO(what string, of *source) error {
	return failed(CodeExpiredSSO, what, "the SSO session has expired, or there is none", "sign in: "+SSOLogin(of.profile))
}

func (f *Finder) ssoFailure(err error, what string, of *source) error {
	var api smithy.APIError
	switch {
	case !wasSent(err):
		return expiredSSO(what, of) // no file, or none that can be used
	case !errors.As(err, &api):
		return f.signInFailure(err, what, of)
	}
	switch api.ErrorCode() {
	case "ForbiddenException", "ResourceNotFoundException":
		return failed(CodeDenied, what, "the SSO session may not use the role of this profile",
			"look at sso_account_id and sso_role_name in the profile", "see what is yours: aws sso login, then the page of sso_start_url")
	case "UnauthorizedException", "InvalidGrantException", "ExpiredTokenException", "InvalidClientException", "UnauthorizedClientException":
		return expiredSSO(what, of)
	}
	return f.signInFailure(err, what, of)
}

// roleFailure says why a role could not be assumed.
func (f *Finder) roleFailure(err error, what string, of *source) error {
	signer := of
	if of.base != nil {
		base := *of.base
		base.device = of.device // it is shown in this call
		signer = &base
	}
	e := f.signInFailure(err, what, signer)
	var api smithy.APIError
	if !errors.As(err, &api) {
		return e
	}
	sentence := api.ErrorMessage()
	// Only the sentence tells a wrong code from a role that is not one's own.
	aboutCode := strings.Contains(sentence, "MultiFactorAuthentication") || strings.Contains(sentence, "tokenCode")
	switch {
	case of.kind == fromRole && aboutCode:
		return failed(CodeMFA, what, "the MFA code was refused", "wait for the next code: each is good once and for half a minute", "check that mfa_serial in the profile is the device's")
	case isTooLong(api.ErrorCode(), sentence):
		return failed(CodeProfile, what, "its duration_seconds is longer than "+shown(of.role)+" allows", "set duration_seconds in profile "+shown(of.profile)+" to 3600, or remove it")
	case of.kind == fromWebIdentity && (e.Code == CodeRefused || e.Code == CodeExpired || api.ErrorCode() == "InvalidIdentityToken" || api.ErrorCode() == "IDPRejectedClaim"):
		return failed(CodeRefused, what, "AWS doesn't accept its token, or it has expired",
			append(of.instead, "get a new token into the file", "check that the role trusts the token's issuer: "+shown(of.role))...)
	case e.Code == CodeDenied && !detailOf(e).barred:
		e.Reason, e.Detail = "its role may not be assumed", nil
		e.Hints = []string{"give " + signer.name + " the permission sts:AssumeRole, and let the role trust it: " + shown(of.role)}
		if of.kind == fromRole && of.device == "" {
			e.Hints = append(e.Hints, "set mfa_serial in the profile, if the role requires MFA")
		}
		if of.kind == fromWebIdentity {
			e.Hints = append(of.instead, "let the role trust the token's issuer, subject and audience: "+shown(of.role))
		}
	}
	return e
}

// isTooLong knows the sentences about duration_seconds
// (https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html).
func isTooLong(code, sentence string) bool {
	return code == "ValidationError" && (strings.Contains(sentence, "DurationSeconds exceeds") || strings.Contains(sentence, "'durationSeconds'"))
}
