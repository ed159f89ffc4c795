package build

import (
	"slices"
	"strconv"
	"strings"

	"convox-travis/internal/shell"
)

// versions are the variables set by a job's axes.
var versions = map[string]string{
	"python": "TRAVIS_PYTHON_VERSION", "rvm": "TRAVIS_RUBY_VERSION", "ruby": "TRAVIS_RUBY_VERSION",
	"node_js": "TRAVIS_NODE_VERSION", "go": "TRAVIS_GO_VERSION", "php": "TRAVIS_PHP_VERSION",
	"jdk": "TRAVIS_JDK_VERSION", "perl": "TRAVIS_PERL_VERSION", "rust": "TRAVIS_RUST_VERSION",
	"scala": "TRAVIS_SCALA_VERSION", "elixir": "TRAVIS_ELIXIR_VERSION", "otp_release": "TRAVIS_OTP_RELEASE",
	"haxe": "TRAVIS_HAXE_VERSION", "julia": "TRAVIS_JULIA_VERSION", "crystal": "TRAVIS_CRYSTAL_VERSION",
	"d": "TRAVIS_D_VERSION", "dart": "TRAVIS_DART_VERSION", "r": "TRAVIS_R_VERSION", "mono": "TRAVIS_MONO_VERSION",
	"smalltalk": "TRAVIS_SMALLTALK_VERSION", "compiler": "TRAVIS_COMPILER", "os": "TRAVIS_OS_NAME",
	"xcode_sdk": "TRAVIS_XCODE_SDK", "xcode_scheme": "TRAVIS_XCODE_SCHEME", "osx_image": "TRAVIS_OSX_IMAGE",
	"gemfile": "BUNDLE_GEMFILE",
}

func buildDir(event Event) string {
	if event.Repo == "" {
		return "/home/travis/build/owner/repository"
	}
	return "/home/travis/build/" + event.Repo
}

// unknownValue stands for the value of a variable of the repository's settings.
const unknownValue = "unknown"

// jobEnvironment returns what Travis sets before it runs a job
// (https://docs.travis-ci.com/user/environment-variables/). CONVOX_HOST and
// CONVOX_PASSWORD come from the repository's settings; their values are unknown.
func jobEnvironment(job Job, event Event) []string {
	pull, head := "false", ""
	if event.Type == PullRequest {
		pull, head = "1", event.HeadBranch
	}
	variables := map[string]string{
		"TRAVIS": "true", "CI": "true", "CONTINUOUS_INTEGRATION": "true", "HAS_JOSH_K_SEAL_OF_APPROVAL": "true",
		"TRAVIS_BRANCH": event.Branch, "TRAVIS_TAG": event.Tag, "TRAVIS_EVENT_TYPE": string(event.Type),
		"TRAVIS_PULL_REQUEST": pull, "TRAVIS_PULL_REQUEST_BRANCH": head,
		"TRAVIS_REPO_SLUG": event.Repo, "TRAVIS_BUILD_DIR": buildDir(event),
		"TRAVIS_BUILD_STAGE_NAME": job.Stage, "TRAVIS_JOB_NAME": job.Name, "TRAVIS_LANGUAGE": job.Language,
		"TRAVIS_OS_NAME": or(job.OS, "linux"), "TRAVIS_CPU_ARCH": or(job.Arch, "amd64"), "TRAVIS_DIST": or(job.Dist, "xenial"),
		"TRAVIS_ALLOW_FAILURE": strconv.FormatBool(job.AllowFailure), "TRAVIS_SUDO": "true",
		"TRAVIS_BUILD_NUMBER": "1", "TRAVIS_BUILD_ID": "1", "TRAVIS_JOB_ID": "1", "TRAVIS_JOB_NUMBER": or(job.Number, "1.1"),
		"TRAVIS_COMMIT": "0123456789abcdef0123456789abcdef01234567", "TRAVIS_COMMIT_RANGE": "0123456789ab...123456789abc",
		"TRAVIS_COMMIT_MESSAGE":  shell.Unknown("TRAVIS_COMMIT_MESSAGE", "A commit"),
		"TRAVIS_SECURE_ENV_VARS": strconv.FormatBool(!event.Fork),
		"TRAVIS_BUILD_WEB_URL":   "https://app.travis-ci.com/builds/1", "TRAVIS_JOB_WEB_URL": "https://app.travis-ci.com/jobs/1",
		"HOME": "/home/travis", "USER": "travis", "PATH": "/home/travis/bin:/usr/local/bin:/usr/bin:/bin", "SHELL": "/bin/bash",
		"TERM": "xterm", "LANG": "en_US.UTF-8", "PAGER": "cat", "DEBIAN_FRONTEND": "noninteractive",
		"RACK_ENV": "test", "RAILS_ENV": "test", "MERB_ENV": "test", "LC_ALL": "en_US.UTF-8", "TRAVIS_TEST_RESULT": "",
	}
	for _, name := range []string{"TRAVIS_PULL_REQUEST_SLUG", "TRAVIS_PULL_REQUEST_SHA", "TRAVIS_OSX_IMAGE"} {
		variables[name] = ""
	}
	if event.Type == PullRequest {
		slug := event.Repo
		if event.Fork {
			slug = "fork/" + event.Repo[strings.IndexByte(event.Repo, '/')+1:]
		}
		variables["TRAVIS_PULL_REQUEST_SLUG"], variables["TRAVIS_PULL_REQUEST_SHA"] = slug, "123456789abcdef0123456789abcdef012345678"
	}
	if !event.Fork {
		for _, setting := range event.Settings {
			if _, isTravis := variables[setting.Name]; isTravis {
				continue
			}
			variables[setting.Name] = shell.Unknown(setting.Name, unknownValue)
			if !setting.Private {
				variables[setting.Name] = unquote(setting.Value)
			}
		}
		variables["CONVOX_HOST"], variables["CONVOX_PASSWORD"] = unknownValue, unknownValue
	}
	if job.Config != nil {
		for _, field := range job.Config.Fields {
			value := field.Value
			if value != nil && value.Kind == List && len(value.Items) == 1 {
				value = value.Items[0]
			}
			if name := versions[field.Key]; name != "" && value != nil && (value.Kind == Text || value.Kind == Bool) {
				variables[name] = value.Text
			}
		}
	}
	var list []string
	for name, value := range variables {
		list = append(list, name+"="+value)
	}
	return sorted(list)
}

func or(value, without string) string {
	if value == "" {
		return without
	}
	return value
}

func sorted(list []string) []string {
	slices.Sort(list)
	return list
}
