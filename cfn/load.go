package cfn

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"os"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/smithy-go/logging"
	"github.com/aws/smithy-go/middleware"

	"convox-travis/internal/problem"
	"convox-travis/internal/transport"
)

const (
	defaultProfile = "default"
	// defaultRegion is asked who one is where no region is set.
	defaultRegion = "us-east-1"
)

// profileName is the profile in use, and what named it: AWS_PROFILE goes before
// AWS_DEFAULT_PROFILE, as in the AWS CLI 2
// (https://github.com/aws/aws-cli/blob/v2/awscli/botocore/configprovider.py).
func profileName(given string) (name, variable string) {
	if given != "" {
		return given, ""
	}
	for _, variable := range []string{"AWS_PROFILE", "AWS_DEFAULT_PROFILE"} {
		if name := os.Getenv(variable); name != "" {
			return name, variable
		}
	}
	return defaultProfile, ""
}

// load reads the settings and prepares the credentials, without a call. The SDK's
// own loader isn't used: it reads other files and finds other credentials than the
// AWS CLI, and makes the clients that sign in before it knows the endpoints.
func (f *Finder) load(options Options) error {
	home, _ := os.UserHomeDir() // without one, the files have to be named
	settings := readSettings(os.Getenv, home)
	if err := settings.check(); err != nil {
		return err
	}
	name, _ := profileName(options.Profile)
	p := settings.profile(name)
	if !p.exists() && name != defaultProfile {
		return f.unknownProfile(settings, name)
	}
	environment, err := config.NewEnvConfig()
	if err != nil {
		return failed(CodeProfile, "read the AWS settings of the environment", "one of them has no value that it can have",
			"look at AWS_MAX_ATTEMPTS, AWS_RETRY_MODE and the AWS_ variables that are true or false: env | grep ^AWS_")
	}
	roots, trouble := trustedRoots(p, home)
	if trouble != nil {
		return trouble
	}
	wire := &wire{deadline: f.retry.Deadline, client: options.HTTP}
	if wire.client == nil {
		wire.client = transport.NewClient(roots, options.DialContext)
	}
	stack := []func(*middleware.Stack) error{wire.join}
	if name, version, _ := strings.Cut(options.UserAgent, "/"); name != "" {
		stack = append(stack, awsmiddleware.AddUserAgentKeyValue(name, version))
	}
	attempts, _ := strconv.Atoi(p.get("max_attempts"))
	*f.config = aws.Config{
		Region:           cmp.Or(environment.Region, p.get("region"), defaultRegion),
		Retryer:          func() aws.Retryer { return newRetryer(f.retry) },
		RetryMaxAttempts: cmp.Or(environment.RetryMaxAttempts, attempts),
		APIOptions:       stack,
		ConfigSources:    []any{environment, p},
		AppID:            cmp.Or(environment.AppID, p.get("sdk_ua_app_id")),
		// The SDK's own writes to standard error, also into a full screen.
		Logger: logging.Nop{},
	}
	if endpoint := cmp.Or(environment.BaseEndpoint, p.get("endpoint_url")); endpoint != "" && !ignoresEndpoints(environment, p) {
		f.config.BaseEndpoint = &endpoint
	}
	chain := chain{
		settings: &settings, config: *f.config, isNamed: options.Profile != "", asker: f.asker,
		process: process{profile: name, terminal: options.Terminal},
	}
	found, trouble := chain.find(p)
	if trouble != nil {
		return trouble
	}
	f.settings, f.source = &settings, found.source
	f.config.Credentials = aws.NewCredentialsCache(found)
	return nil
}

func ignoresEndpoints(environment config.EnvConfig, p profile) bool {
	if environment.IgnoreConfiguredEndpoints != nil {
		return *environment.IgnoreConfiguredEndpoints
	}
	return p.isOn("ignore_configured_endpoint_urls")
}

// trustedRoots returns the roots of AWS_CA_BUNDLE or the profile's ca_bundle, or
// nil for the system's.
func trustedRoots(p profile, home string) (*tls.Config, *problem.Error) {
	place, file := "AWS_CA_BUNDLE", os.Getenv("AWS_CA_BUNDLE")
	if file == "" {
		place, file = "ca_bundle of profile "+shown(p.name), p.get("ca_bundle")
	}
	if file == "" {
		return nil, nil
	}
	file = expandPath(file, os.Getenv, home)
	refuse := func(why string) (*tls.Config, *problem.Error) {
		return nil, failed(CodeProfile, "use the certificates of "+place, shown(file)+" "+why, "correct "+place+": a file with certificates in PEM form")
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return refuse(unreadableFile(err))
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(text) {
		return refuse("holds no certificate")
	}
	return &tls.Config{RootCAs: roots}, nil
}

func (f *Finder) unknownProfile(settings settings, name string) error {
	err := failed(CodeProfile, "use AWS profile "+shown(name), "there is none of this name")
	if why, hint := settings.misplaced(name); why != "" {
		err.Reason, err.Hints = why, []string{hint}
		return err
	}
	names := settings.names()
	if near := nearest(name, names); near != "" {
		err.Hints = append(err.Hints, "did you mean "+shown(near)+"?")
	}
	absent := settings.absent()
	err.Hints = append(err.Hints, absent...)
	switch {
	case len(names) > 0:
		err.Hints = append(err.Hints, "use one of the profiles here: "+listed(names))
	case len(absent) == 0:
		err.Hints = append(err.Hints, "make a profile: aws configure, or aws configure sso")
	}
	return err
}
