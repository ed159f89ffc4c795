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

	"convox-travis/internal/problem"
)

type sourceKind int

const (
	fromKeys sourceKind = iota
	fromProcess
	fromSSO
	fromLogin
	fromRole
	fromWebIdentity
	fromContainer
	fromInstance
)

// source is where credentials come from, as errors name it.
type source struct {
	kind    sourceKind
	name    string   // "profile work in FILE", "the environment (AWS_ACCESS_KEY_ID)"
	profile string   // that has the settings; "" is none
	role    string   // the ARN of the role that is assumed, or ""
	device  string   // mfa_serial of that role's profile, or ""
	lacks   string   // what is unfinished in the settings where nothing else is left, or ""
	instead []string // how to use other credentials that are set too
	renew   string   // what helps where AWS doesn't accept them, or ""
	base    *source  // that signs the call for a role, or nil
}

// renewal lists what helps where AWS refuses the credentials.
func (s *source) renewal(check string) []string {
	hints := append(slices.Clone(s.instead), check)
	if s.renew != "" {
		hints = append(hints, s.renew)
	}
	return hints
}

// step is a provider whose errors say which source failed: that of the innermost
// one, where a role is assumed with other credentials.
type step struct {
	aws.CredentialsProvider
	source *source
}

type stepError struct {
	source *source
	error
}

// Unwrap returns what the provider said.
func (e *stepError) Unwrap() error { return e.error }

// Retrieve implements aws.CredentialsProvider.
func (s *step) Retrieve(ctx context.Context) (aws.Credentials, error) {
	found, err := s.CredentialsProvider.Retrieve(ctx)
	if inner := new(stepError); err != nil && !errors.As(err, &inner) {
		err = &stepError{s.source, err}
	}
	return found, err
}

// chain finds credentials in the places and the order of the AWS CLI
// (https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-authentication.html#cli-chap-authentication-precedence).
// The SDK's own order differs: it prefers a profile's keys to its SSO settings,
// and the environment's web identity to a profile's role. What can't work is
// refused here, before the first call.
type chain struct {
	settings *settings
	config   aws.Config // complete but for the credentials
	isNamed  bool       // the profile was given: the environment's credentials don't count
	asker    *asker
	process  process // without its command
	visited  []string
}

func (c *chain) find(p profile) (*step, *problem.Error) {
	env := os.Getenv
	if id := env("AWS_ACCESS_KEY_ID"); id != "" && !c.isNamed {
		token := "AWS_SESSION_TOKEN"
		if env("AWS_SECURITY_TOKEN") != "" {
			token = "AWS_SECURITY_TOKEN"
		}
		return c.keys(&source{
			name:    "the environment (AWS_ACCESS_KEY_ID)",
			renew:   "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY again, and AWS_SESSION_TOKEN if they are temporary",
			instead: p.instead("unset AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN"),
		}, [3]string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", token}, [3]string{id, env("AWS_SECRET_ACCESS_KEY"), env(token)})
	}
	c.visited = []string{p.name}
	if isRole(p) {
		return c.role(p)
	}
	if found, err := c.ofProfile(p, !c.isNamed); found != nil || err != nil {
		return found, err
	}
	if env("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") != "" || env("AWS_CONTAINER_CREDENTIALS_FULL_URI") != "" {
		return c.container()
	}
	return c.instance(p), nil
}

// instead is a hint to use the credentials of a profile, where it has any.
func (p profile) instead(unset string) []string {
	hasAny := hasKeys(p.credentials) || hasKeys(p.config) || slices.ContainsFunc(
		[]string{"role_arn", "sso_account_id", "sso_role_name", "login_session", "credential_process"},
		func(key string) bool { return p.get(key) != "" })
	if !hasAny {
		return nil
	}
	return []string{unset + " to use profile " + shown(p.name)}
}

// isRole reports whether a profile is a role that is assumed with other
// credentials.
func isRole(p profile) bool {
	return p.get("role_arn") != "" && p.get("web_identity_token_file") == ""
}

// ofProfile returns nil where the profile has no credentials.
func (c *chain) ofProfile(p profile, withEnvironment bool) (*step, *problem.Error) {
	if found, err := c.webIdentity(p, withEnvironment); found != nil || err != nil {
		return found, err
	}
	switch {
	case p.get("sso_role_name") != "" || p.get("sso_account_id") != "":
		return c.sso(p)
	case hasKeys(p.credentials):
		return c.profileKeys(p, p.credentials, c.settings.credentials.path)
	case p.get("login_session") != "":
		return c.login(p)
	case p.get("credential_process") != "":
		process := c.process
		process.command = p.get("credential_process")
		return &step{&process, &source{kind: fromProcess, name: "profile " + shown(p.name), profile: p.name}}, nil
	case hasKeys(p.config):
		return c.profileKeys(p, p.config, c.settings.config.path)
	}
	return nil, nil
}

// unfinished says what in the settings of a profile, or of the environment, looks
// like credentials and isn't; "" is nothing. The AWS CLI passes over it.
func unfinished(p profile) string {
	switch {
	case p.get("sso_session") != "" || p.get("sso_start_url") != "":
		return "the SSO settings of profile " + shown(p.name) + " lack sso_account_id and sso_role_name"
	case os.Getenv("AWS_SECRET_ACCESS_KEY") != "":
		return "AWS_SECRET_ACCESS_KEY is set without AWS_ACCESS_KEY_ID"
	case p.get("source_profile") != "":
		return "profile " + shown(p.name) + " has source_profile, and no role_arn"
	}
	return ""
}

func unusable(p profile, why string, hints ...string) *problem.Error {
	return failed(CodeProfile, "use AWS profile "+shown(p.name), why, hints...)
}

func hasKeys(section map[string]string) bool {
	return section["aws_access_key_id"] != "" || section["aws_secret_access_key"] != ""
}

func (c *chain) profileKeys(p profile, section map[string]string, file string) (*step, *problem.Error) {
	names := [3]string{"aws_access_key_id", "aws_secret_access_key", "aws_session_token"}
	if section["aws_security_token"] != "" {
		names[2] = "aws_security_token"
	}
	of := &source{
		name: "profile " + shown(p.name) + " in " + shown(file), profile: p.name,
		renew: "enter the keys of profile " + shown(p.name) + " again: aws configure --profile " + quoted(p.name),
	}
	other := os.Getenv("AWS_DEFAULT_PROFILE")
	if named, variable := profileName(""); variable == "AWS_PROFILE" && named == p.name && other != named {
		of.instead = c.settings.profile(other).instead("unset AWS_PROFILE")
	}
	return c.keys(of, names, [3]string{section[names[0]], section[names[1]], section[names[2]]})
}

// keys checks an access key by what each of AWS has: no white space, and a token
// exactly with a temporary one
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-prefixes).
func (c *chain) keys(of *source, names, values [3]string) (*step, *problem.Error) {
	refuse := func(why, hint string) *problem.Error {
		return failed(CodeProfile, "use the AWS keys of "+of.name, why, append([]string{hint}, of.instead...)...)
	}
	for i, value := range values {
		if why, hint := misspelled(value); why != "" {
			return nil, refuse(names[i]+" has "+why+" in it", fmt.Sprintf(hint, names[i]))
		}
		if value == "" && i < 2 {
			return nil, refuse(names[1-i]+" is set without "+names[i], "set "+names[i]+" too, or "+drop(names[1-i]))
		}
	}
	switch isTemporary := strings.HasPrefix(values[0], "ASIA"); {
	case isTemporary && values[2] == "":
		return nil, refuse("the access key is temporary (ASIA…), and "+names[2]+" is missing", "set "+names[2]+" to the session token that came with them, or sign in to AWS again")
	case strings.HasPrefix(values[0], "AKIA") && values[2] != "":
		return nil, refuse(names[2]+" is set, but a long-term access key (AKIA…) has no session token", drop(names[2]))
	}
	return &step{credentials.NewStaticCredentialsProvider(values[0], values[1], values[2]), of}, nil
}

// drop is how a setting is taken back: a variable is unset, a line of a file removed.
func drop(setting string) string {
	if strings.HasPrefix(setting, "AWS_") {
		return "unset " + setting
	}
	return "remove " + setting
}

// misspelled says what a key can't have in it, and what helps, or is "".
func misspelled(value string) (why, hint string) {
	for _, letter := range value {
		switch {
		case strings.ContainsRune(" \t\r\n", letter):
			return "white space or a line break", "copy %s again, on one line"
		case letter == '"' || letter == '\'':
			return "quotation marks", "remove the quotation marks from %s"
		case letter < ' ' || letter > '~':
			return "a character that no key has", "copy %s again"
		}
	}
	return "", ""
}

// role is a profile with role_arn.
func (c *chain) role(p profile) (*step, *problem.Error) {
	from, place := p.get("source_profile"), p.get("credential_source")
	var base *step
	var err *problem.Error
	switch {
	case from != "" && place != "":
		err = unusable(p, "it has both source_profile and credential_source", "remove one of them")
	case from != "":
		base, err = c.sourceProfile(p, c.settings.profile(from))
	case place != "":
		base, err = c.credentialSource(p, place)
	default:
		err = unusable(p, "it has role_arn, and neither source_profile nor credential_source", "set source_profile to the profile that may assume the role")
	}
	if err != nil {
		return nil, err
	}
	lasts, err := sessionLength(p, base)
	if err != nil {
		return nil, err
	}
	device := p.get("mfa_serial")
	if device != "" && c.asker.ask == nil {
		return nil, failed(CodeMFA, "use AWS profile "+shown(p.name), "it needs an MFA code, and nobody can be asked for it here",
			fmt.Sprintf(`sign in first, and start without the profile: eval "$(aws configure export-credentials --format env --profile %s)"`, quoted(c.process.profile)))
	}
	config := c.config
	config.Credentials = aws.NewCredentialsCache(base)
	provider := stscreds.NewAssumeRoleProvider(sts.NewFromConfig(config), p.get("role_arn"), func(o *stscreds.AssumeRoleOptions) {
		o.RoleSessionName, o.Duration = p.get("role_session_name"), lasts
		if external := p.get("external_id"); external != "" {
			o.ExternalID = &external
		}
		if device != "" {
			o.SerialNumber, o.TokenProvider = &device, c.asker.code
		}
	})
	return &step{provider, &source{kind: fromRole, name: "profile " + shown(p.name), profile: p.name, role: p.get("role_arn"), device: device, base: base.source}}, nil
}

func (c *chain) sourceProfile(p, from profile) (*step, *problem.Error) {
	is := "its source_profile " + shown(from.name)
	correct := "correct source_profile in profile " + shown(p.name)
	ownKeys := hasKeys(from.credentials) || hasKeys(from.config)
	switch {
	case !from.exists():
		if why, hint := c.settings.misplaced(from.name); why != "" {
			return nil, unusable(p, is+" doesn't exist: "+why, hint)
		}
		why, hints := c.settings.faults()
		return nil, unusable(p, cmp.Or(why, is+" doesn't exist"), append(hints, correct)...)
	case slices.Contains(c.visited, from.name) && (from.name != p.name || !ownKeys):
		loop := append(slices.Clone(c.visited[slices.Index(c.visited, from.name):]), from.name)
		return nil, unusable(c.settings.profile(c.visited[0]), "its sources lead in a circle: "+shown(strings.Join(loop, " → ")), correct)
	}
	c.visited = append(c.visited, from.name)
	if isRole(from) && !ownKeys {
		return c.role(from)
	}
	found, err := c.ofProfile(from, false)
	if found == nil && err == nil {
		why := is + " has no credentials"
		if lacks := unfinished(from); lacks != "" {
			why += ": " + lacks
		}
		return nil, unusable(p, why, correct, "or give that profile some: aws configure --profile "+quoted(from.name))
	}
	return found, err
}

// credentialSource knows the values of
// https://docs.aws.amazon.com/sdkref/latest/guide/feature-assume-role-credentials.html.
func (c *chain) credentialSource(p profile, place string) (*step, *problem.Error) {
	switch place {
	case "Ec2InstanceMetadata":
		return c.instance(p), nil
	case "EcsContainer":
		if os.Getenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") != "" || os.Getenv("AWS_CONTAINER_CREDENTIALS_FULL_URI") != "" {
			return c.container()
		}
		return nil, unusable(p, "its credential_source is EcsContainer, and this is no container with a role", "set source_profile for credential_source")
	case "Environment":
		if os.Getenv("AWS_ACCESS_KEY_ID") == "" {
			return nil, unusable(p, "its credential_source is Environment, and AWS_ACCESS_KEY_ID isn't set", "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or source_profile for credential_source")
		}
		outside := *c
		outside.isNamed = false
		return outside.find(p)
	}
	return nil, unusable(p, "no credential_source is called "+shown(place), "use Environment, EcsContainer or Ec2InstanceMetadata, or set source_profile")
}

// sessionLength is duration_seconds, within what any role allows. A role that is
// assumed with a role's session allows an hour
// (https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html).
func sessionLength(p profile, base *step) (time.Duration, *problem.Error) {
	text := p.get("duration_seconds")
	if text == "" {
		return time.Hour, nil // the default of AWS; the SDK's is shorter
	}
	longest, what := 43200, "any role allows"
	if base.source.kind == fromRole || base.source.kind == fromWebIdentity {
		longest, what = 3600, "a role allows that is assumed with another role"
	}
	fix := fmt.Sprintf("set duration_seconds to 900 to %d, or remove it", longest)
	seconds, err := strconv.Atoi(text)
	is := "its duration_seconds is " + strconv.Itoa(seconds)
	switch {
	case err != nil:
		return 0, unusable(p, "its duration_seconds isn't a number", fix)
	case seconds < 900:
		return 0, unusable(p, is+", and a session lasts 900 or longer", fix)
	case seconds > longest:
		return 0, unusable(p, is+", longer than "+what, fix)
	}
	return time.Duration(seconds) * time.Second, nil
}

// webIdentity returns nil where neither the environment nor the profile has one.
func (c *chain) webIdentity(p profile, withEnvironment bool) (*step, *problem.Error) {
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
	of := &source{kind: fromWebIdentity, name: "the web identity in " + variable, instead: p.instead("unset " + variable)}
	fix := "set " + variable + " to the token's file, or unset it"
	if file != os.Getenv(variable) || !withEnvironment {
		of = &source{kind: fromWebIdentity, name: "the web identity of profile " + shown(p.name), profile: p.name}
		fix = "correct web_identity_token_file in profile " + shown(p.name)
	}
	of.role = get("AWS_ROLE_ARN", "role_arn")
	if of.role == "" {
		return nil, failed(CodeProfile, "use "+of.name, "no role is set", append(of.instead, "set AWS_ROLE_ARN, or role_arn in the profile")...)
	}
	if fault := fileFault(file); fault != "" {
		return nil, failed(CodeProfile, "use "+of.name, shown(file)+" "+fault, append(of.instead, fix)...)
	}
	provider := stscreds.NewWebIdentityRoleProvider(sts.NewFromConfig(c.config), of.role, stscreds.IdentityTokenFile(file), func(o *stscreds.WebIdentityRoleOptions) {
		o.RoleSessionName = get("AWS_ROLE_SESSION_NAME", "role_session_name")
	})
	return &step{provider, of}, nil
}

// sso reads what aws sso login has saved
// (https://docs.aws.amazon.com/sdkref/latest/guide/feature-sso-credentials.html).
func (c *chain) sso(p profile) (*step, *problem.Error) {
	name := p.get("sso_session")
	session := c.settings.config.sections["sso-session "+name]
	if name != "" && session == nil {
		return nil, unusable(p, "its sso_session "+shown(name)+" doesn't exist", "add [sso-session "+shown(name)+"] to "+shown(c.settings.config.path)+": aws configure sso-session")
	}
	get := func(key string) string { return cmp.Or(session[key], p.get(key)) }
	for _, key := range []string{"sso_account_id", "sso_role_name", "sso_region", "sso_start_url"} {
		switch {
		case get(key) == "":
			return nil, unusable(p, "its SSO settings lack "+key, "complete them: aws configure sso --profile "+quoted(p.name))
		case p.get(key) != "" && p.get(key) != get(key):
			return nil, unusable(p, "its "+key+" differs from that of sso-session "+shown(name), "remove "+key+" from the profile")
		}
	}
	config := c.config
	config.Region = get("sso_region")
	var options []func(*ssocreds.Options)
	if name != "" {
		path, err := ssocreds.StandardCachedTokenFilepath(name)
		if err != nil {
			return nil, unusable(p, "there is no home folder with SSO sessions", "set HOME")
		}
		options = append(options, func(o *ssocreds.Options) {
			o.SSOTokenProvider, o.CachedTokenFilepath = ssocreds.NewSSOTokenProvider(ssooidc.NewFromConfig(config), path), path
		})
	}
	provider := ssocreds.New(sso.NewFromConfig(config), get("sso_account_id"), get("sso_role_name"), get("sso_start_url"), options...)
	return &step{provider, &source{kind: fromSSO, name: "profile " + shown(p.name), profile: p.name}}, nil
}

// login reads what aws login has saved.
func (c *chain) login(p profile) (*step, *problem.Error) {
	path, err := logincreds.StandardCachedTokenFilepath(p.get("login_session"), os.Getenv("AWS_LOGIN_CACHE_DIRECTORY"))
	if err != nil {
		return nil, unusable(p, "there is no home folder with its login", "set HOME")
	}
	provider := logincreds.New(signin.NewFromConfig(c.config), path, func(o *logincreds.Options) { o.RestrictPermissions = true })
	return &step{provider, &source{kind: fromLogin, name: "profile " + shown(p.name), profile: p.name}}, nil
}

// container asks the service beside a container for its role
// (https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html).
func (c *chain) container() (*step, *problem.Error) {
	variable, address := "AWS_CONTAINER_CREDENTIALS_FULL_URI", os.Getenv("AWS_CONTAINER_CREDENTIALS_FULL_URI")
	if path := os.Getenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"); path != "" {
		variable, address = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "http://169.254.170.2"+path
	}
	of := &source{
		kind: fromContainer, name: "the role of this container (" + variable + ")",
		renew: "check " + variable + ", or unset it where this is no container of AWS, and set AWS_PROFILE",
	}
	token := os.Getenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")
	if token != "" {
		if fault := fileFault(token); fault != "" {
			return nil, failed(CodeProfile, "use "+of.name, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: "+shown(token)+" "+fault, "correct AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")
		}
	}
	return &step{endpointcreds.New(address, func(o *endpointcreds.Options) {
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

// instance asks the service beside a machine in EC2 for its role.
func (c *chain) instance(p profile) *step {
	return &step{ec2rolecreds.New(func(o *ec2rolecreds.Options) { o.Client = imds.NewFromConfig(c.config) }), &source{kind: fromInstance, name: "the role of this EC2 instance", lacks: unfinished(p)}}
}
