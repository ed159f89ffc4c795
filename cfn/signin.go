package cfn

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"runtime"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/processcreds"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"convox-travis/internal/child"
	"convox-travis/internal/problem"
	"convox-travis/internal/transport"
)

// signInKey is the key of a sign-in's context among its values, which are all that the
// SDK's cache passes on of it.
type signInKey struct{}

var errNoCode = errors.New("no MFA code was given")

// signIn gets the credentials before the regions are searched, so that an error is
// reported once and a code asked for once. The SDK caches them for all regions.
func (f *Finder) signIn(ctx context.Context) error {
	_, err := f.config.Credentials.Retrieve(context.WithValue(ctx, signInKey{}, ctx))
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		return f.signInError(err)
	}
	return nil
}

// signInError says why there are no credentials. It drops the SDK's text, which can
// contain the output of a credential_process.
func (f *Finder) signInError(err error) error {
	of := f.source
	if failing := new(sourceError); errors.As(err, &failing) {
		of = failing.source
	}
	what := "sign in to AWS with " + of.name
	switch {
	case errors.Is(err, errNoCode):
		return newError(CodeMFA, what, errNoCode.Error(), "try again, and type the code that the device shows")
	case asError(err) != nil: // of a credential_process
		return withAction(what, asError(err))
	case transport.ByProxy(err) != nil && of.kind != fromContainer && of.kind != fromInstance:
		return f.signInCallError(err, what, of)
	}
	switch of.kind {
	case fromSSO:
		return f.ssoError(err, what, of)
	case fromLogin:
		if api := smithy.APIError(nil); wasSent(err) && !errors.As(err, &api) {
			break
		}
		return newError(CodeExpired, what, "the login has expired, or there is none", "sign in: aws login --profile "+quote(of.profile))
	case fromInstance:
		return f.noCredentialsError(of)
	case fromRole, fromWebIdentity:
		return f.roleError(err, what, of)
	}
	e := f.signInCallError(err, what, of)
	if of.kind == fromContainer {
		e.Hints = []string{of.renew}
	}
	return e
}

// signInCallError is the error of a call that gets credentials, signed with those of
// signer.
func (f *Finder) signInCallError(err error, what string, signer *source) *problem.Error {
	with := *f
	with.source = signer
	e := with.callError(err, f.region)
	if detail := detailOf(e); detail.source != "" {
		detail.source = ""
		e.Detail = detail
	}
	return withAction(what, e)
}

func wasSent(err error) bool {
	var answered *smithyhttp.ResponseError
	var unsent *smithyhttp.RequestSendError
	return errors.As(err, &answered) || errors.As(err, &unsent)
}

func (f *Finder) noCredentialsError(of *source) error {
	why, hints := f.settings.fileFaults()
	e := newError(CodeNoCredentials, "sign in to AWS", "there are no credentials", hints...)
	named, variable := profileName("")
	if variable != "" {
		e.Reason = variable + " names profile " + abbreviate(named) + ", which has no credentials"
		e.Hints = append(e.Hints, "add credentials to it: aws configure --profile "+quote(named))
	}
	switch {
	case why != "":
		e.Reason += ": " + why
	case of.lacks != "":
		e.Reason += ": " + of.lacks
	}
	names := slices.DeleteFunc(f.settings.names(), func(name string) bool { return name == named })
	if len(names) > 0 {
		e.Hints = append(e.Hints, "set AWS_PROFILE to one of your profiles: "+joinNames(names))
	}
	if len(names) > 0 || variable != "" || why != "" {
		return e
	}
	e.Hints = append(e.Hints, "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY", "create a profile: aws configure, or aws configure sso")
	return e
}

func expiredSSOError(what string, of *source) error {
	return newError(CodeExpiredSSO, what, "the SSO session has expired, or there is none", "sign in: "+SSOLogin(of.profile))
}

func (f *Finder) ssoError(err error, what string, of *source) error {
	var api smithy.APIError
	switch {
	case !wasSent(err):
		return expiredSSOError(what, of) // no cached token, or an unusable one
	case !errors.As(err, &api):
		return f.signInCallError(err, what, of)
	}
	switch api.ErrorCode() {
	case "ForbiddenException", "ResourceNotFoundException":
		return newError(CodeDenied, what, "the SSO session isn't allowed to use the role of this profile",
			"check sso_account_id and sso_role_name in the profile", "look up your accounts and roles: open the page of sso_start_url")
	case "UnauthorizedException", "InvalidGrantException", "ExpiredTokenException", "InvalidClientException", "UnauthorizedClientException":
		return expiredSSOError(what, of)
	}
	return f.signInCallError(err, what, of)
}

func (f *Finder) roleError(err error, what string, of *source) error {
	signer := of
	if of.base != nil {
		base := *of.base
		base.device = of.device // the call names it
		signer = &base
	}
	e := f.signInCallError(err, what, signer)
	var api smithy.APIError
	if !errors.As(err, &api) {
		return e
	}
	sentence := api.ErrorMessage()
	// Only the sentence distinguishes a wrong code from a role that may not be assumed.
	aboutCode := strings.Contains(sentence, "MultiFactorAuthentication") || strings.Contains(sentence, "tokenCode")
	switch {
	case of.kind == fromRole && aboutCode:
		return newError(CodeMFA, what, "the MFA code was refused", "wait for the next code: each works once, for half a minute", "check that mfa_serial in the profile is the device's")
	case isTooLong(api.ErrorCode(), sentence):
		return newError(CodeProfile, what, "its duration_seconds is longer than "+abbreviate(of.role)+" allows", "set duration_seconds in profile "+abbreviate(of.profile)+" to 3600, or remove it")
	case of.kind == fromWebIdentity && (e.Code == CodeRefused || e.Code == CodeExpired || api.ErrorCode() == "InvalidIdentityToken" || api.ErrorCode() == "IDPRejectedClaim"):
		return newError(CodeRefused, what, "AWS doesn't accept its token, or it has expired",
			append(of.alternatives, "get a new token into the file", "check that the role trusts the token's issuer: "+abbreviate(of.role))...)
	case e.Code == CodeDenied && !detailOf(e).barred:
		e.Reason, e.Detail = "its role may not be assumed", nil
		e.Hints = []string{"give " + signer.name + " the permission sts:AssumeRole, and let the role trust it: " + abbreviate(of.role)}
		if of.kind == fromRole && of.device == "" {
			e.Hints = append(e.Hints, "set mfa_serial in the profile, if the role requires MFA")
		}
		if of.kind == fromWebIdentity {
			e.Hints = append(of.alternatives, "let the role trust the token's issuer, subject and audience: "+abbreviate(of.role))
		}
	}
	return e
}

// isTooLong recognizes the sentences about duration_seconds
// (https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html).
func isTooLong(code, sentence string) bool {
	return code == "ValidationError" && (strings.Contains(sentence, "DurationSeconds exceeds") || strings.Contains(sentence, "'durationSeconds'"))
}

// process runs the credential_process of a profile
// (https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html)
// instead of the SDK's provider, which would give the program this one's input and
// secrets. A program may continue after the call that needed it has ended: another
// call may wait for it too.
type process struct {
	command  string
	profile  string
	terminal func() *child.Terminal
}

const maxCredentials = 1 << 20 // bytes; real ones have a few thousand

// newError says why there are no credentials. It contains nothing that the program
// printed.
func (p *process) newError(why string, canAsk bool) *problem.Error {
	e := newError(CodeProfile, "", "its credential_process "+why, "run the command of credential_process yourself to see what it says")
	if !canAsk {
		e.Reason += "; it can't ask for anything here"
		e.Hints = append([]string{fmt.Sprintf(
			`sign in first and start without the profile: eval "$(aws configure export-credentials --format env --profile %s)"`, quote(p.profile),
		)}, e.Hints...)
	}
	return e
}

// Retrieve implements aws.CredentialsProvider.
func (p *process) Retrieve(ctx context.Context) (aws.Credentials, error) {
	ctx, cancel := context.WithTimeout(ctx, processcreds.DefaultTimeout)
	defer cancel()
	name, flag := "sh", "-c"
	if runtime.GOOS == "windows" {
		name, flag = "cmd.exe", "/C"
	}
	var terminal *child.Terminal
	if p.terminal != nil {
		terminal = p.terminal()
	}
	var cmd *exec.Cmd
	if terminal != nil {
		cmd = child.ForegroundCommand(ctx, *terminal, child.System(nil), name, flag, p.command)
	} else {
		cmd = child.Command(ctx, child.System(nil), name, flag, p.command)
	}
	out := child.Buffer{Most: maxCredentials}
	cmd.Stdout = &out
	err := child.Run(cmd)
	found, ok := parseCredentials(out.Text)
	switch {
	case ctx.Err() != nil:
		return aws.Credentials{}, p.newError("printed no credentials within a minute", terminal != nil)
	case err != nil:
		return aws.Credentials{}, p.newError("failed", terminal != nil)
	case !ok:
		return aws.Credentials{}, p.newError("printed no credentials", terminal != nil)
	case found.Expired():
		e := p.newError("printed a session that has expired", terminal != nil)
		e.Code = CodeExpired
		e.Hints = append([]string{"sign in again with the program that credential_process runs"}, e.Hints...)
		return aws.Credentials{}, e
	}
	return found, nil
}

func parseCredentials(text []byte) (aws.Credentials, bool) {
	if runtime.GOOS == "windows" {
		text = bytes.ReplaceAll(text, []byte(`\"`), []byte(`"`)) // cmd.exe echoes quotes like that
	}
	var read processcreds.CredentialProcessResponse
	if err := json.Unmarshal(text, &read); err != nil || read.Version != 1 || read.AccessKeyID == "" || read.SecretAccessKey == "" {
		return aws.Credentials{}, false
	}
	found := aws.Credentials{
		AccessKeyID: read.AccessKeyID, SecretAccessKey: read.SecretAccessKey, SessionToken: read.SessionToken,
		AccountID: read.AccountID, Source: processcreds.ProviderName,
	}
	if read.Expiration != nil {
		found.CanExpire, found.Expires = true, *read.Expiration
	}
	return found, true
}
