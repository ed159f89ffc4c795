package cfn

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/logging"
	"github.com/aws/smithy-go/middleware"

	"convox-travis/internal/transport"
)

const (
	defaultProfile = "default"
	// defaultRegion is asked who one is where no region is set.
	defaultRegion = "us-east-1"
)

// profileName is the profile in use, as the SDK picks it
// (https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html).
func profileName(given string) string {
	for _, name := range []string{given, os.Getenv("AWS_PROFILE"), os.Getenv("AWS_DEFAULT_PROFILE")} {
		if name != "" {
			return name
		}
	}
	return defaultProfile
}

// load reads the settings and prepares the credentials, without a call.
func (f *Finder) load(ctx context.Context, options Options) error {
	if err := checkSettings(); err != nil {
		return err
	}
	if options.Profile == "" {
		if err := f.checkNamedProfile(); err != nil {
			return err
		}
	}
	process := &process{profile: f.profile, terminal: options.Terminal} // of the profile, once that is known
	wire := &wire{deadline: f.retry.Deadline}
	stack := []func(*middleware.Stack) error{wire.join}
	if name, version, _ := strings.Cut(options.UserAgent, "/"); name != "" {
		stack = append(stack, awsmiddleware.AddUserAgentKeyValue(name, version))
	}
	settings := []func(*config.LoadOptions) error{
		config.WithDefaultRegion(defaultRegion),
		config.WithRetryer(func() aws.Retryer { return newRetryer(f.retry) }),
		config.WithAPIOptions(stack),
		// The SDK's own writes to standard error, also into a full screen.
		config.WithLogger(logging.Nop{}),
		config.WithProcessCredentialOptions(noSDKProcess),
		config.WithAssumeRoleCredentialOptions(func(o *stscreds.AssumeRoleOptions) {
			o.CredentialSources = slices.Clip(o.CredentialSources) // calls side by side append to it
			if f.asker.ask != nil {
				o.TokenProvider = f.asker.code
			}
			if client, ok := o.Client.(*sts.Client); ok {
				role := roleClient{Client: client, config: f.config}
				if isSDKProcess(client.Options().Credentials) {
					role.credentials = aws.NewCredentialsCache(process)
				}
				o.Client = role
			}
		}),
	}
	if options.Profile != "" {
		settings = append(settings, config.WithSharedConfigProfile(options.Profile))
	}
	loaded, err := config.LoadDefaultConfig(ctx, settings...)
	if err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return f.loadFailure(err)
	}
	*f.config = loaded
	for _, source := range loaded.ConfigSources {
		if shared, ok := source.(config.SharedConfig); ok {
			f.shared = &shared
		}
	}
	process.command, process.sources = processOf(f.shared), f.sources()
	if isSDKProcess(loaded.Credentials) {
		f.config.Credentials = aws.NewCredentialsCache(process)
	}
	if wire.client = options.HTTP; wire.client == nil {
		wire.client = transport.NewClient(trusted(loaded.HTTPClient), options.DialContext)
	}
	return nil
}

// checkSettings refuses what is no AWS file: the SDK would read all of it.
func checkSettings() error {
	home, _ := os.UserHomeDir() // without one, the files have to be named
	config, credentials := settingsFiles(os.Getenv, home)
	for _, file := range []string{config, credentials} {
		if info, err := os.Stat(file); err == nil && info.Size() > largestSettings {
			return badSettings(file, "is larger than any real one")
		}
	}
	return nil
}

func badSettings(file, why string) error {
	return failed(CodeProfile, "read the AWS settings", shown(file)+" "+why, "repair it, or name another file in AWS_CONFIG_FILE or AWS_SHARED_CREDENTIALS_FILE")
}

// roleClient assumes roles at the endpoint that is set, with credentials of ours
// where they are a program's. The SDK makes its client before it has read
// AWS_ENDPOINT_URL, and would ask the real STS.
type roleClient struct {
	*sts.Client
	config      *aws.Config             // filled in when the settings are read
	credentials aws.CredentialsProvider // in the place of the client's; nil leaves them
}

// AssumeRole implements stscreds.AssumeRoleAPIClient.
func (c roleClient) AssumeRole(ctx context.Context, request *sts.AssumeRoleInput, change ...func(*sts.Options)) (*sts.AssumeRoleOutput, error) {
	return c.Client.AssumeRole(ctx, request, append(change, func(o *sts.Options) {
		o.BaseEndpoint = sts.NewFromConfig(*c.config).Options().BaseEndpoint
		if c.credentials != nil {
			o.Credentials = c.credentials
		}
	})...)
}

// trusted returns the roots of AWS_CA_BUNDLE or the profile's ca_bundle, which
// the SDK reads into a client of its own, or nil for the system's.
func trusted(client aws.HTTPClient) *tls.Config {
	buildable, ok := client.(*awshttp.BuildableClient)
	if !ok {
		return nil
	}
	settings := buildable.GetTransport().TLSClientConfig
	if settings == nil || settings.RootCAs == nil {
		return nil
	}
	return &tls.Config{RootCAs: settings.RootCAs}
}

// checkNamedProfile refuses a profile of the environment that does not exist.
// The SDK would pass over it and look for the credentials of a machine in EC2.
func (f *Finder) checkNamedProfile() error {
	if f.profile == defaultProfile || os.Getenv("AWS_ACCESS_KEY_ID") != "" || os.Getenv("AWS_WEB_IDENTITY_TOKEN_FILE") != "" {
		return nil
	}
	for _, name := range here() {
		if name == f.profile {
			return nil
		}
	}
	return f.unknownProfile(f.profile)
}

// loadFailure tells why the settings cannot be used. The SDK's own words can
// quote a line of the files, so they are dropped.
func (f *Finder) loadFailure(err error) error {
	var (
		unknown   config.SharedConfigProfileNotExistError
		broken    config.SharedConfigLoadError
		role      config.SharedConfigAssumeRoleError
		half      config.CredentialRequiresARNError
		nobody    config.AssumeRoleTokenProviderNotSetError
		what      = "use AWS profile " + shown(f.profile)
		lookAtIt  = "look at it: aws configure list --profile " + quoted(f.profile)
		profiling = func(why string) error {
			return failed(CodeProfile, what, why, lookAtIt)
		}
	)
	switch {
	case errors.As(err, &role):
		return profiling("its source_profile " + shown(role.Profile) + " does not exist or has no credentials")
	case errors.As(err, &unknown):
		return f.unknownProfile(unknown.Profile)
	case errors.As(err, &broken):
		return badSettings(broken.Filename, "cannot be understood")
	case errors.As(err, &half):
		return profiling("it has " + shown(half.Type) + " and no role_arn")
	case errors.As(err, &nobody):
		return failed(CodeMFA, what, "it needs an MFA code, and nobody can be asked for it here",
			fmt.Sprintf(`log in first, and start without the profile: eval "$(aws configure export-credentials --format env --profile %s)"`, quoted(f.profile)))
	}
	return profiling("its settings do not go together")
}

// here returns the profiles of this machine.
func here() []string {
	home, _ := os.UserHomeDir() // without one, the files have to be named
	return Profiles(os.Getenv, home)
}

func (f *Finder) unknownProfile(name string) error {
	err := failed(CodeProfile, "use AWS profile "+shown(name), "there is none of this name")
	names := here()
	if near := nearest(name, names); near != "" {
		err.Hints = append(err.Hints, "did you mean "+shown(near)+"?")
	}
	if len(names) == 0 {
		err.Hints = append(err.Hints, "make a profile, since there is none here yet: aws configure, or aws configure sso")
		return err
	}
	err.Hints = append(err.Hints, "use one of the profiles here: "+listed(names))
	return err
}

const largestSettings = 4 << 20 // bytes read of an AWS file

// Profiles returns the names of the profiles in the AWS config and credentials
// files, sorted, each once
// (https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html). The files
// are AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE of env, or those in the
// folder .aws of home. A file that cannot be read has none. The names are not
// cleaned.
func Profiles(env func(string) string, home string) []string {
	names := make(map[string]bool)
	config, credentials := settingsFiles(env, home)
	for _, section := range sections(config) {
		if section == defaultProfile {
			names[section] = true
		}
		// sso-session, services and the like are no profiles.
		if kind, name, found := cutSpace(section); found && kind == "profile" {
			names[name] = true
		}
	}
	for _, section := range sections(credentials) {
		if kind, _, found := cutSpace(section); !found || kind != "profile" {
			names[section] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

func settingsFiles(env func(string) string, home string) (config, credentials string) {
	return settingsFile(env("AWS_CONFIG_FILE"), home, "config"), settingsFile(env("AWS_SHARED_CREDENTIALS_FILE"), home, "credentials")
}

func settingsFile(named, home, name string) string {
	switch {
	case named != "":
		return named
	case home == "":
		return ""
	}
	return filepath.Join(home, ".aws", name)
}

// sections returns the names between brackets.
func sections(file string) []string {
	text, err := os.Open(file)
	if err != nil {
		return nil
	}
	defer text.Close()
	var names []string
	lines := bufio.NewScanner(io.LimitReader(text, largestSettings))
	lines.Buffer(nil, largestSettings)
	for lines.Scan() {
		line, found := strings.CutPrefix(lines.Text(), "[")
		name, _, closed := strings.Cut(line, "]")
		if name = strings.TrimSpace(name); found && closed && name != "" {
			names = append(names, name)
		}
	}
	return names
}

// cutSpace cuts "profile NAME" at the white space; quotes around NAME are
// those of the file.
func cutSpace(section string) (kind, name string, found bool) {
	at := strings.IndexAny(section, " \t")
	if at < 0 {
		return section, "", false
	}
	return section[:at], strings.Trim(strings.TrimSpace(section[at:]), `"'`), true
}
