package cfn

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/credentials/ec2rolecreds"
	"github.com/aws/aws-sdk-go-v2/credentials/endpointcreds"
	"github.com/aws/aws-sdk-go-v2/credentials/logincreds"
	"github.com/aws/aws-sdk-go-v2/credentials/ssocreds"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
	"github.com/aws/aws-sdk-go-v2/service/signin"
	"github.com/aws/aws-sdk-go-v2/service/sso"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"convox-travis/internal/crash"
	"convox-travis/internal/problem"
)

const (
	fromKeys        = "keys"
	fromProcess     = "process"
	fromSSO         = "SSO"
	fromLogin       = "login"
	fromRole        = "role"
	fromWebIdentity = "web identity"
	fromContainer   = "container"
	fromInstance    = "instance"
)

type source struct {
	kind         string
	name         string   // in errors: "profile work in FILE", "the environment (AWS_ACCESS_KEY_ID)"
	profile      string   // with the settings, or ""
	role         string   // the ARN of the role that is assumed, or ""
	device       string   // mfa_serial of that role's profile, or ""
	lacks        string   // what is incomplete in the settings if there are no others, or ""
	alternatives []string // hints to use other credentials that are set too
	renew        string   // a hint for when AWS doesn't accept them, or ""
	base         *source  // signs the call for a role; or nil
}

func (s *source) refusalHints(check string) []string {
	hints := append(slices.Clone(s.alternatives), check)
	if s.renew != "" {
		hints = append(hints, s.renew)
	}
	return hints
}

// namedProvider is a provider whose errors have their source: the innermost one, if a
// role is assumed with other credentials.
type namedProvider struct {
	aws.CredentialsProvider
	source *source
}

type sourceError struct {
	source *source
	error
}

// Unwrap returns the provider's error.
func (e *sourceError) Unwrap() error { return e.error }

// Retrieve implements aws.CredentialsProvider.
func (s *namedProvider) Retrieve(ctx context.Context) (aws.Credentials, error) {
	found, err := s.CredentialsProvider.Retrieve(ctx)
	if inner := new(sourceError); err != nil && !errors.As(err, &inner) {
		err = &sourceError{s.source, err}
	}
	return found, err
}

// chain finds credentials in the places and the order of the AWS CLI
// (https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-authentication.html#cli-chap-authentication-precedence).
// The SDK's order differs: it prefers a profile's keys to its SSO settings, and the
// environment's web identity to a profile's role. Settings that can't work are
// refused before the first call.
type chain struct {
	settings *settings
	config   aws.Config                            // complete except for the credentials
	isNamed  bool                                  // the profile was given: credentials in the environment are ignored
	askCode  func(context.Context) (string, error) // for an MFA device's; nil if nobody can be asked
	process  process                               // without its command
	visited  []string
}

func (c *chain) find(p profile) (*namedProvider, *problem.Error) {
	env := os.Getenv
	if id := env("AWS_ACCESS_KEY_ID"); id != "" && !c.isNamed {
		token := "AWS_SESSION_TOKEN"
		if env("AWS_SECURITY_TOKEN") != "" {
			token = "AWS_SECURITY_TOKEN"
		}
		return c.keys(&source{
			kind:         fromKeys,
			name:         "the environment (AWS_ACCESS_KEY_ID)",
			renew:        "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY again, and AWS_SESSION_TOKEN if they are temporary",
			alternatives: p.useHint("unset AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN"),
		}, [3]string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", token}, [3]string{id, env("AWS_SECRET_ACCESS_KEY"), env(token)})
	}
	c.visited = []string{p.name}
	if isRole(p) {
		return c.role(p)
	}
	if found, err := c.ofProfile(p, !c.isNamed); found != nil || err != nil {
		return found, err
	}
	if found, err := c.container(); found != nil || err != nil {
		return found, err
	}
	return c.instance(p), nil
}

// useHint is a hint to use the credentials of a profile, if it has any.
func (p profile) useHint(unset string) []string {
	if !isRole(p) && kindOf(p) == "" {
		return nil
	}
	return []string{unset + " to use profile " + abbreviate(p.name)}
}

func isRole(p profile) bool {
	return p.get("role_arn") != "" && p.get("web_identity_token_file") == ""
}

// ofProfile returns nil if the profile has no credentials.
func (c *chain) ofProfile(p profile, withEnvironment bool) (*namedProvider, *problem.Error) {
	if found, err := c.webIdentity(p, withEnvironment); found != nil || err != nil {
		return found, err
	}
	switch kindOf(p) {
	case fromSSO:
		return c.sso(p)
	case fromLogin:
		return c.login(p)
	case fromProcess:
		process := c.process
		process.command = p.get("credential_process")
		return &namedProvider{&process, p.source(fromProcess)}, nil
	case fromKeys:
		return c.profileKeys(p)
	}
	return nil, nil
}

func (p profile) source(kind string) *source {
	return &source{kind: kind, name: "profile " + abbreviate(p.name), profile: p.name}
}

// incompleteSettings says what looks like credentials in the settings of a profile or
// in the environment, but is incomplete, or "". The AWS CLI ignores it.
func incompleteSettings(p profile) string {
	switch {
	case p.get("sso_session") != "" || p.get("sso_start_url") != "":
		return "the SSO settings of profile " + abbreviate(p.name) + " lack sso_account_id and sso_role_name"
	case os.Getenv("AWS_SECRET_ACCESS_KEY") != "":
		return "AWS_SECRET_ACCESS_KEY is set without AWS_ACCESS_KEY_ID"
	case p.get("source_profile") != "":
		return "profile " + abbreviate(p.name) + " has source_profile without role_arn"
	}
	return ""
}

func profileError(p profile, why string, hints ...string) *problem.Error {
	return newError(CodeProfile, "use AWS profile "+abbreviate(p.name), why, hints...)
}

func hasKeys(section map[string]string) bool {
	return section["aws_access_key_id"] != "" || section["aws_secret_access_key"] != ""
}

func (c *chain) profileKeys(p profile) (*namedProvider, *problem.Error) {
	section, file := p.credentials, c.settings.credentials.path
	if !hasKeys(section) {
		section, file = p.config, c.settings.config.path
	}
	names := [3]string{"aws_access_key_id", "aws_secret_access_key", "aws_session_token"}
	if section["aws_security_token"] != "" {
		names[2] = "aws_security_token"
	}
	of := p.source(fromKeys)
	of.name += " in " + abbreviate(file)
	of.renew = "enter the keys of profile " + abbreviate(p.name) + " again: aws configure --profile " + quote(p.name)
	return c.keys(of, names, [3]string{section[names[0]], section[names[1]], section[names[2]]})
}

// keys checks an access key: it has no white space, and a session token only if it is
// temporary
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-prefixes).
func (c *chain) keys(of *source, names, values [3]string) (*namedProvider, *problem.Error) {
	refuse := func(why, hint string) *problem.Error {
		return newError(CodeProfile, "use the AWS keys of "+of.name, why, append([]string{hint}, of.alternatives...)...)
	}
	for i, value := range values {
		if why, hint := keyFault(value); why != "" {
			return nil, refuse(names[i]+" has "+why+" in it", fmt.Sprintf(hint, names[i]))
		}
		if value == "" && i < 2 {
			return nil, refuse(names[1-i]+" is set without "+names[i], "set "+names[i]+" too, or "+undoHint(names[1-i]))
		}
	}
	switch isTemporary := strings.HasPrefix(values[0], "ASIA"); {
	case isTemporary && values[2] == "":
		return nil, refuse("the access key is temporary (ASIA…), and "+names[2]+" is missing", "set "+names[2]+" to the session token that came with them, or sign in to AWS again")
	case strings.HasPrefix(values[0], "AKIA") && values[2] != "":
		return nil, refuse(names[2]+" is set, but a long-term access key (AKIA…) has no session token", undoHint(names[2]))
	}
	return &namedProvider{credentials.NewStaticCredentialsProvider(values[0], values[1], values[2]), of}, nil
}

func undoHint(setting string) string {
	if strings.HasPrefix(setting, "AWS_") {
		return "unset " + setting
	}
	return "remove " + setting
}

// keyFault says which characters in value no key can have, with a hint, or is "".
func keyFault(value string) (why, hint string) {
	for _, letter := range value {
		switch {
		case strings.ContainsRune(" \t\r\n", letter):
			return "white space or a line break", "copy %s again, on one line"
		case letter == '"' || letter == '\'':
			return "quotation marks", "remove the quotation marks from %s"
		case letter < ' ' || letter > '~':
			return "a character that no key can have", "copy %s again"
		}
	}
	return "", ""
}

func (c *chain) role(p profile) (*namedProvider, *problem.Error) {
	from, place := p.get("source_profile"), p.get("credential_source")
	var base *namedProvider
	var err *problem.Error
	switch {
	case from != "" && place != "":
		err = profileError(p, "it has both source_profile and credential_source", "remove one of them")
	case from != "":
		base, err = c.sourceProfile(p, c.settings.profile(from))
	case place != "":
		base, err = c.credentialSource(p, place)
	default:
		err = profileError(p, "it has role_arn, but neither source_profile nor credential_source", "set source_profile to the profile that may assume the role")
	}
	if err != nil {
		return nil, err
	}
	// The default of AWS; the SDK's is shorter. AWS refuses what is too long.
	seconds, failed := strconv.Atoi(cmp.Or(p.get("duration_seconds"), "3600"))
	if failed != nil || seconds < 900 {
		return nil, profileError(p, "its duration_seconds isn't a number of at least 900", "set duration_seconds to 900 to 43200, or remove it")
	}
	of := p.source(fromRole)
	of.role, of.device, of.base = p.get("role_arn"), p.get("mfa_serial"), base.source
	if of.device != "" && c.askCode == nil {
		return nil, newError(CodeMFA, "use AWS profile "+abbreviate(p.name), "it needs an MFA code, and nobody can be asked for one here",
			fmt.Sprintf(`sign in first, and start without the profile: eval "$(aws configure export-credentials --format env --profile %s)"`, quote(c.process.profile)))
	}
	config := c.config
	config.Credentials = aws.NewCredentialsCache(base)
	client := sts.NewFromConfig(config)
	return &namedProvider{aws.CredentialsProviderFunc(func(ctx context.Context) (aws.Credentials, error) {
		var code string
		if of.device != "" {
			var err error
			if code, err = c.code(ctx); err != nil {
				return aws.Credentials{}, err
			}
		}
		return stscreds.NewAssumeRoleProvider(client, of.role, func(o *stscreds.AssumeRoleOptions) {
			o.RoleSessionName, o.Duration = p.get("role_session_name"), time.Duration(seconds)*time.Second
			if external := p.get("external_id"); external != "" {
				o.ExternalID = &external
			}
			if of.device != "" {
				o.SerialNumber, o.TokenProvider = &of.device, func() (string, error) { return code, nil }
			}
		}).Retrieve(ctx)
	}), of}, nil
}

// code asks for an MFA code, with the context of the sign-in.
func (c *chain) code(ctx context.Context) (string, error) {
	defer crash.Catch()
	if whole, is := ctx.Value(signInKey{}).(context.Context); is {
		ctx = whole
	}
	code, err := c.askCode(ctx)
	if err != nil {
		return "", errNoCode
	}
	return strings.TrimSpace(code), nil
}

func (c *chain) sourceProfile(p, from profile) (*namedProvider, *problem.Error) {
	is := "its source_profile " + abbreviate(from.name)
	correct := "correct source_profile in profile " + abbreviate(p.name)
	ownKeys := hasKeys(from.credentials) || hasKeys(from.config)
	switch {
	case !from.exists():
		if why, hint := c.settings.misplacedSection(from.name); why != "" {
			return nil, profileError(p, is+" doesn't exist: "+why, hint)
		}
		why, hints := c.settings.fileFaults()
		return nil, profileError(p, cmp.Or(why, is+" doesn't exist"), append(hints, correct)...)
	case slices.Contains(c.visited, from.name) && (from.name != p.name || !ownKeys):
		loop := append(slices.Clone(c.visited[slices.Index(c.visited, from.name):]), from.name)
		return nil, profileError(c.settings.profile(c.visited[0]), "its sources form a loop: "+abbreviate(strings.Join(loop, " → ")), correct)
	}
	c.visited = append(c.visited, from.name)
	if isRole(from) && !ownKeys {
		return c.role(from)
	}
	found, err := c.ofProfile(from, false)
	if found == nil && err == nil {
		why := is + " has no credentials"
		if lacks := incompleteSettings(from); lacks != "" {
			why += ": " + lacks
		}
		return nil, profileError(p, why, correct, "add credentials to it: aws configure --profile "+quote(from.name))
	}
	return found, err
}

// credentialSource has the values of
// https://docs.aws.amazon.com/sdkref/latest/guide/feature-assume-role-credentials.html.
func (c *chain) credentialSource(p profile, place string) (*namedProvider, *problem.Error) {
	switch place {
	case "Ec2InstanceMetadata":
		return c.instance(p), nil
	case "EcsContainer":
		if found, err := c.container(); found != nil || err != nil {
			return found, err
		}
		return nil, profileError(p, "its credential_source is EcsContainer, but this isn't a container with a role", "use source_profile instead of credential_source")
	case "Environment":
		if os.Getenv("AWS_ACCESS_KEY_ID") == "" {
			return nil, profileError(p, "its credential_source is Environment, but AWS_ACCESS_KEY_ID isn't set", "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or use source_profile instead of credential_source")
		}
		outside := *c
		outside.isNamed = false
		return outside.find(p)
	}
	return nil, profileError(p, "there is no credential_source "+abbreviate(place), "use Environment, EcsContainer or Ec2InstanceMetadata, or set source_profile")
}

// webIdentity returns nil if neither the environment nor the profile has one.
func (c *chain) webIdentity(p profile, withEnvironment bool) (*namedProvider, *problem.Error) {
	const variable = "AWS_WEB_IDENTITY_TOKEN_FILE"
	get := func(variable, key string) string {
		if value := os.Getenv(variable); value != "" && withEnvironment {
			return value
		}
		return p.get(key)
	}
	file := get(variable, "web_identity_token_file")
	if file == "" {
		return nil, nil
	}
	of := &source{kind: fromWebIdentity, name: "the web identity of profile " + abbreviate(p.name), profile: p.name}
	fix := "correct web_identity_token_file in profile " + abbreviate(p.name)
	if withEnvironment && os.Getenv(variable) != "" {
		of = &source{kind: fromWebIdentity, name: "the web identity in " + variable, alternatives: p.useHint("unset " + variable)}
		fix = "set " + variable + " to the token's file, or unset it"
	}
	of.role = get("AWS_ROLE_ARN", "role_arn")
	if of.role == "" {
		return nil, newError(CodeProfile, "use "+of.name, "no role is set", append(of.alternatives, "set AWS_ROLE_ARN, or role_arn in the profile")...)
	}
	if fault := fileFault(file); fault != "" {
		return nil, newError(CodeProfile, "use "+of.name, abbreviate(file)+" "+fault, append(of.alternatives, fix)...)
	}
	provider := stscreds.NewWebIdentityRoleProvider(sts.NewFromConfig(c.config), of.role, stscreds.IdentityTokenFile(file), func(o *stscreds.WebIdentityRoleOptions) {
		o.RoleSessionName = get("AWS_ROLE_SESSION_NAME", "role_session_name")
	})
	return &namedProvider{provider, of}, nil
}

// sso reads the session that aws sso login saved
// (https://docs.aws.amazon.com/sdkref/latest/guide/feature-sso-credentials.html).
func (c *chain) sso(p profile) (*namedProvider, *problem.Error) {
	name := p.get("sso_session")
	session := c.settings.config.sections["sso-session "+name]
	if name != "" && session == nil {
		return nil, profileError(p, "its sso_session "+abbreviate(name)+" doesn't exist", "add [sso-session "+abbreviate(name)+"] to "+abbreviate(c.settings.config.path)+": aws configure sso-session")
	}
	get := func(key string) string { return cmp.Or(session[key], p.get(key)) }
	for _, key := range []string{"sso_account_id", "sso_role_name", "sso_region", "sso_start_url"} {
		switch {
		case get(key) == "":
			return nil, profileError(p, "its SSO settings lack "+key, "complete them: aws configure sso --profile "+quote(p.name))
		case p.get(key) != "" && p.get(key) != get(key):
			return nil, profileError(p, "its "+key+" differs from that of sso-session "+abbreviate(name), "remove "+key+" from the profile")
		}
	}
	config := c.config
	config.Region = get("sso_region")
	var options []func(*ssocreds.Options)
	if name != "" {
		path, err := ssocreds.StandardCachedTokenFilepath(name)
		if err != nil {
			return nil, profileError(p, "there is no home folder to read the SSO session from", "set HOME")
		}
		options = append(options, func(o *ssocreds.Options) {
			o.SSOTokenProvider, o.CachedTokenFilepath = ssocreds.NewSSOTokenProvider(ssooidc.NewFromConfig(config), path), path
		})
	}
	provider := ssocreds.New(sso.NewFromConfig(config), get("sso_account_id"), get("sso_role_name"), get("sso_start_url"), options...)
	return &namedProvider{provider, p.source(fromSSO)}, nil
}

func (c *chain) login(p profile) (*namedProvider, *problem.Error) {
	path, err := logincreds.StandardCachedTokenFilepath(p.get("login_session"), os.Getenv("AWS_LOGIN_CACHE_DIRECTORY"))
	if err != nil {
		return nil, profileError(p, "there is no home folder to read its login from", "set HOME")
	}
	provider := logincreds.New(signin.NewFromConfig(c.config), path, func(o *logincreds.Options) { o.RestrictPermissions = true })
	return &namedProvider{provider, p.source(fromLogin)}, nil
}

// container gets the role of this container from its metadata service; nil if this isn't
// one
// (https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html).
func (c *chain) container() (*namedProvider, *problem.Error) {
	variable, address := "AWS_CONTAINER_CREDENTIALS_FULL_URI", os.Getenv("AWS_CONTAINER_CREDENTIALS_FULL_URI")
	if path := os.Getenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"); path != "" {
		variable, address = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "http://169.254.170.2"+path
	}
	if address == "" {
		return nil, nil
	}
	of := &source{
		kind: fromContainer, name: "the role of this container (" + variable + ")",
		renew: "unset " + variable + " if this isn't an AWS container, and set AWS_PROFILE",
	}
	token := os.Getenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")
	if token != "" {
		if fault := fileFault(token); fault != "" {
			return nil, newError(CodeProfile, "use "+of.name, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: "+abbreviate(token)+" "+fault, "correct AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")
		}
	}
	return &namedProvider{endpointcreds.New(address, func(o *endpointcreds.Options) {
		o.APIOptions, o.Retryer = c.config.APIOptions, c.config.Retryer()
		o.AuthorizationToken = os.Getenv("AWS_CONTAINER_AUTHORIZATION_TOKEN")
		if token != "" {
			o.AuthorizationTokenProvider = endpointcreds.TokenProviderFunc(func() (string, error) {
				text, err := os.ReadFile(token)
				return string(text), err
			})
		}
	}), of}, nil
}

func (c *chain) instance(p profile) *namedProvider {
	return &namedProvider{ec2rolecreds.New(func(o *ec2rolecreds.Options) { o.Client = imds.NewFromConfig(c.config) }), &source{kind: fromInstance, name: "the role of this EC2 instance", lacks: incompleteSettings(p)}}
}
