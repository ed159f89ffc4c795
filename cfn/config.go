package cfn

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"os"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/signin"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/sso"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/logging"
	"github.com/aws/smithy-go/middleware"

	"convox-travis/internal/problem"
	"convox-travis/internal/text"
	"convox-travis/internal/transport"
)

const (
	defaultProfile = "default"
	// defaultRegion is where credentials are checked if no region is set.
	defaultRegion = "us-east-1"
)

// profileName is the profile in use and the variable that names it: AWS_PROFILE takes
// precedence over AWS_DEFAULT_PROFILE, as in AWS CLI 2
// (https://github.com/aws/aws-cli/blob/v2/awscli/botocore/configprovider.py).
func profileName(option string) (name, variable string) {
	if option != "" {
		return option, ""
	}
	for _, variable := range []string{"AWS_PROFILE", "AWS_DEFAULT_PROFILE"} {
		if name := os.Getenv(variable); name != "" {
			return name, variable
		}
	}
	return defaultProfile, ""
}

// load reads the settings and prepares the credentials, without a call. It doesn't
// use the SDK's loader, which reads other files and finds other credentials than the
// AWS CLI, and creates the clients that sign in before it knows the endpoints.
func (f *Finder) load(options Options) error {
	home, _ := os.UserHomeDir() // without one, the files have to be named
	settings := readSettings(os.Getenv, home)
	if err := settings.check(); err != nil {
		return err
	}
	name, _ := profileName(options.Profile)
	p := settings.profile(name)
	if !p.exists() && name != defaultProfile {
		return f.unknownProfileError(settings, name)
	}
	environment, err := config.NewEnvConfig()
	if err != nil {
		return newError(CodeProfile, "read the AWS settings in the environment", "one of them has an invalid value",
			"check AWS_MAX_ATTEMPTS, AWS_RETRY_MODE and the AWS_ variables that are true or false: env | grep ^AWS_")
	}
	roots, trouble := trustedRoots(p, home)
	if trouble != nil {
		return trouble
	}
	wire := &sender{deadline: f.retry.Deadline, client: options.HTTP}
	if wire.client == nil {
		wire.client = transport.NewClient(roots, options.DialContext)
	}
	stack := []func(*middleware.Stack) error{func(s *middleware.Stack) error { return s.Deserialize.Add(wire, middleware.After) }}
	if name, version, _ := strings.Cut(options.UserAgent, "/"); name != "" {
		stack = append(stack, awsmiddleware.AddUserAgentKeyValue(name, version))
	}
	attempts, _ := strconv.Atoi(p.get("max_attempts"))
	*f.config = aws.Config{
		Region:           cmp.Or(environment.Region, p.get("region"), defaultRegion),
		Retryer:          func() aws.Retryer { return newRetryer(f.retry) },
		RetryMaxAttempts: cmp.Or(environment.RetryMaxAttempts, attempts),
		APIOptions:       stack,
		ConfigSources:    []any{environment, p.shared()},
		AppID:            cmp.Or(environment.AppID, p.get("sdk_ua_app_id")),
		// The SDK's logger writes to standard error, even over a full screen.
		Logger: logging.Nop{},
	}
	if endpoint := cmp.Or(environment.BaseEndpoint, p.get("endpoint_url")); endpoint != "" && !ignoresEndpoints(environment, p) {
		f.config.BaseEndpoint = &endpoint
	}
	f.region = f.config.Region
	if !isPlausibleRegion(f.region) {
		setting := regionSetting(p)
		e := regionError("use "+setting, f.region)
		e.Hints = []string{"set " + setting + " to " + cmp.Or(text.Nearest(f.region, KnownRegions()), "a name such as "+defaultRegion)}
		return e
	}
	chain := chain{
		settings: &settings, config: *f.config, isNamed: options.Profile != "", askCode: options.MFACode,
		process: process{profile: name, terminal: options.Terminal},
	}
	found, trouble := chain.find(p)
	if trouble != nil {
		return trouble
	}
	f.settings, f.source = &settings, found.source
	if !ignoresEndpoints(environment, p) {
		if err := f.readEndpoints(p); err != nil {
			return err
		}
	}
	f.config.Credentials = aws.NewCredentialsCache(found)
	return nil
}

func regionSetting(p profile) string {
	for _, variable := range []string{"AWS_REGION", "AWS_DEFAULT_REGION"} {
		if os.Getenv(variable) != "" {
			return variable
		}
	}
	return "region of profile " + abbreviate(p.name)
}

// readEndpoints records which setting overrides the endpoint of each service, and
// refuses an address that can't work.
func (f *Finder) readEndpoints(p profile) *problem.Error {
	f.endpoints = make(map[string]string)
	services := []string{cloudformation.ServiceID, sts.ServiceID, ecs.ServiceID, ssm.ServiceID}
	for s := f.source; s != nil; s = s.base {
		switch s.kind {
		case fromSSO:
			services = append(services, sso.ServiceID, ssooidc.ServiceID)
		case fromLogin:
			services = append(services, signin.ServiceID)
		}
	}
	for _, service := range services {
		address, setting := endpointSetting(service, p)
		if address == "" {
			continue
		}
		f.endpoints[service] = setting
		if _, err := transport.ParseEndpoint(address); err != nil {
			return endpointError(setting, err)
		}
	}
	return nil
}

// endpointSetting is the endpoint that is set for a service, in the SDK's order, and
// the setting's name. Both are "" if there is none
// (https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html).
func endpointSetting(service string, p profile) (address, setting string) {
	ofService := "AWS_ENDPOINT_URL_" + strings.ToUpper(strings.ReplaceAll(service, " ", "_"))
	for _, variable := range []string{ofService, "AWS_ENDPOINT_URL"} {
		if address := os.Getenv(variable); address != "" {
			return address, variable
		}
	}
	if address, found, _ := p.shared().GetServiceBaseEndpoint(context.Background(), service); found && address != "" {
		return address, "endpoint_url of services " + abbreviate(p.get("services"))
	}
	return p.get("endpoint_url"), "endpoint_url of profile " + abbreviate(p.name)
}

func ignoresEndpoints(environment config.EnvConfig, p profile) bool {
	if environment.IgnoreConfiguredEndpoints != nil {
		return *environment.IgnoreConfiguredEndpoints
	}
	return p.isOn("ignore_configured_endpoint_urls")
}

// trustedRoots returns the certificates in AWS_CA_BUNDLE or the profile's ca_bundle,
// or nil for the system's.
func trustedRoots(p profile, home string) (*tls.Config, *problem.Error) {
	place, file := "AWS_CA_BUNDLE", os.Getenv("AWS_CA_BUNDLE")
	if file == "" {
		place, file = "ca_bundle of profile "+abbreviate(p.name), p.get("ca_bundle")
	}
	if file == "" {
		return nil, nil
	}
	file = expandPath(file, os.Getenv, home)
	fault, roots := fileFault(file), x509.NewCertPool()
	if text, err := os.ReadFile(file); fault == "" && (err != nil || !roots.AppendCertsFromPEM(text)) {
		fault = "has no certificate"
	}
	if fault != "" {
		undo, _, _ := strings.Cut(undoHint(place), " ")
		return nil, newError(CodeProfile, "use the certificates of "+place, abbreviate(file)+" "+fault, "set "+place+" to a file with certificates in PEM form, or "+undo+" it")
	}
	return &tls.Config{RootCAs: roots}, nil
}

func (f *Finder) unknownProfileError(settings settings, name string) error {
	why, hints := settings.fileFaults()
	err := newError(CodeProfile, "use AWS profile "+abbreviate(name), cmp.Or(why, "there is no profile of this name"))
	if why, hint := settings.misplacedSection(name); why != "" {
		err.Reason, err.Hints = why, []string{hint}
		return err
	}
	names := settings.names()
	if near := text.Nearest(name, names); near != "" {
		err.Hints = append(err.Hints, "did you mean "+abbreviate(near)+"?")
	}
	err.Hints = append(err.Hints, hints...)
	switch {
	case len(names) > 0:
		err.Hints = append(err.Hints, "use one of your profiles: "+joinNames(names))
	case why == "":
		err.Hints = append(err.Hints, "create a profile: aws configure, or aws configure sso")
	}
	return err
}
