package cfn

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/credentials/ssocreds"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"convox-travis/internal/crash"
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
	if f.config.Credentials == nil {
		return f.noCredentials()
	}
	_, err := f.config.Credentials.Retrieve(ctx)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		return f.loginFailure(err)
	}
	return nil
}

// loginFailure tells why there are no credentials. The words of the SDK are
// dropped: they can hold the output of a credential_process.
func (f *Finder) loginFailure(err error) error {
	what := "log in to AWS with profile " + shown(f.profile)
	var (
		token *ssocreds.InvalidTokenError
		empty *credentials.StaticCredentialsEmptyError
	)
	switch {
	case f.asker.failure() != nil:
		return failed(CodeMFA, what, "no MFA code was given", "try again, and type the code that the device shows")
	case errors.As(err, &token):
		return f.expiredSSO(what)
	case ours(err) != nil: // of a credential_process
		return attempting(what, ours(err))
	case errors.As(err, &empty):
		return f.noCredentials()
	}
	sources := f.sources()
	if transport.ByProxy(err) != nil && !hasAny(sources, aws.CredentialSourceIMDS, aws.CredentialSourceHTTP) {
		return attempting(what, f.failure(err, f.region))
	}
	service, wasSent := sentTo(err)
	switch {
	case !wasSent && hasAny(sources, aws.CredentialSourceSSO, aws.CredentialSourceSSOLegacy):
		return f.expiredSSO(what) // no file, or none that can be used
	case service == "SSO" || service == "SSO OIDC":
		return f.ssoFailure(err, what)
	case hasAny(sources, aws.CredentialSourceLogin) && (!wasSent || service == "Signin"):
		return failed(CodeExpired, what, "the login has expired", "log in again: aws login --profile "+quoted(f.profile))
	case hasAny(sources, aws.CredentialSourceIMDS, aws.CredentialSourceHTTP) && service != "STS":
		return f.noCredentials()
	case service == "STS":
		return f.roleFailure(err, what)
	case !wasSent:
		return failed(CodeProfile, what, "its settings do not lead to credentials", "look at it: aws configure list --profile "+quoted(f.profile))
	}
	return attempting(what, f.failure(err, f.region))
}

func (f *Finder) sources() []aws.CredentialSource {
	if told, ok := f.config.Credentials.(aws.CredentialProviderSource); ok {
		return told.ProviderSources()
	}
	return nil
}

func hasAny(sources []aws.CredentialSource, wanted ...aws.CredentialSource) bool {
	return slices.ContainsFunc(wanted, func(source aws.CredentialSource) bool { return slices.Contains(sources, source) })
}

// sentTo returns the service that was called last on the way to err, and
// whether a request left for it.
func sentTo(err error) (service string, wasSent bool) {
	var operation *smithy.OperationError
	for inner := err; errors.As(inner, &operation); inner = operation.Err {
		service = operation.ServiceID
	}
	var answered *smithyhttp.ResponseError
	var unsent *smithyhttp.RequestSendError
	return service, errors.As(err, &answered) || errors.As(err, &unsent)
}

func (f *Finder) noCredentials() error {
	return failed(CodeNoCredentials, "log in to AWS", "there are no credentials",
		"set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY", "make a profile: aws configure, or aws configure sso")
}

// expiredSSO names the profile that has the SSO settings, which another one
// may name as its source: the AWS CLI logs in with that one only.
func (f *Finder) expiredSSO(what string) error {
	name := f.profile
	for profile := f.shared; profile != nil; profile = profile.Source {
		if hasSSO(profile) {
			name = profile.Profile
			break
		}
	}
	return failed(CodeExpiredSSO, what, "the SSO session has expired, or has not begun", "log in again: aws sso login --profile "+quoted(name))
}

func hasSSO(profile *config.SharedConfig) bool {
	return profile.SSOSessionName != "" || profile.SSOStartURL != ""
}

func (f *Finder) ssoFailure(err error, what string) error {
	var api smithy.APIError
	if !errors.As(err, &api) {
		return attempting(what, f.failure(err, f.region))
	}
	switch api.ErrorCode() {
	case "ForbiddenException", "ResourceNotFoundException":
		return failed(CodeDenied, what, "the SSO session may not use the role of this profile",
			"look at sso_account_id and sso_role_name in the profile", "see what is yours: aws sso login, then the page of sso_start_url")
	case "UnauthorizedException", "InvalidGrantException", "ExpiredTokenException", "InvalidClientException", "UnauthorizedClientException":
		return f.expiredSSO(what)
	}
	return attempting(what, f.failure(err, f.region))
}

// roleFailure tells why a role could not be assumed.
func (f *Finder) roleFailure(err error, what string) error {
	var api smithy.APIError
	told := attempting(what, f.failure(err, f.region))
	if !errors.As(err, &api) {
		return told
	}
	// Only the sentence tells a wrong code from a role that is not one's own.
	aboutCode := strings.Contains(api.ErrorMessage(), "MultiFactorAuthentication") || strings.Contains(api.ErrorMessage(), "tokenCode")
	switch {
	case f.shared.MFASerial != "" && aboutCode:
		return failed(CodeMFA, what, "the MFA code was refused", "wait for the next code: each is good once and for half a minute", "check that mfa_serial in the profile is the device's")
	case told.Code == CodeDenied && !detailOf(told).barred:
		told.Reason, told.Detail = "its role may not be assumed", nil
		told.Hints = []string{"give the profile's own credentials the permission sts:AssumeRole, and let the role trust them: " + shown(f.shared.RoleARN)}
		if f.shared.MFASerial == "" {
			told.Hints = append(told.Hints, "set mfa_serial in the profile, if the role requires MFA")
		}
	}
	return told
}
