package build

import (
	"regexp"
	"slices"
	"strings"
)

// kind is how Travis reads the value of a key (travis-yml, schema.json).
type kind int

const (
	asIs     kind = iota
	str           // a text; of a list the first item
	strs          // a list of texts
	commands      // a list of texts that a job runs
	boolean       // true or false
	mapping       // a mapping
	addons        // a mapping that can have deploy
	language      // texts from a fixed list
	system
	systems
	dist
	arch
	archs
	env     // a mapping of global and jobs
	envVars // a list of mappings from names to values
	branches
	conditions
	deploys
	providerName
	deployOn // a mapping of conditions, or a branch
	stages
	matrix // jobs.include and its siblings
	jobList
)

// section is a mapping with a fixed set of keys: others are repaired.
type section struct {
	name    string
	keys    map[string]kind
	aliases map[string]string
	known   []string // keys and aliases that others are repaired to, sorted
}

func newSection(name string, aliases map[string]string, keys ...map[string]kind) *section {
	s := &section{name: name, keys: make(map[string]kind), aliases: aliases}
	for _, some := range keys {
		for key, kind := range some {
			s.keys[key] = kind
			if languages := languageKeys[key]; len(languages) != 1 || languages[0] != "r" || key == "r" {
				s.known = append(s.known, key) // Travis repairs no key to one of R
			}
		}
	}
	for alias := range aliases {
		s.known = append(s.known, alias)
	}
	slices.Sort(s.known)
	s.known = slices.Compact(s.known)
	return s
}

func keysOf(as kind, names ...string) map[string]kind {
	keys := make(map[string]kind, len(names))
	for _, name := range names {
		keys[name] = as
	}
	return keys
}

// phases are the phases of a job, in the order in which they run.
var phases = []string{
	"before_install", "install", "before_script", "script", "before_cache", "after_success", "after_failure",
	"before_deploy", "deploy", "after_deploy", "after_script",
}

// Keys of a job, at the root and in jobs.
var jobKeys = []map[string]kind{
	keysOf(commands, "before_install", "install", "before_script", "script", "before_cache", "after_success", "after_failure",
		"before_deploy", "after_deploy", "after_script"),
	keysOf(strs, "services", "keys"),
	keysOf(mapping, "git", "vm", "workspaces", "vault"),
	keysOf(str, "virt", "group"),
	{"addons": addons, "branches": branches, "cache": asIs, "deploy": deploys, "if": conditions},
	{"language": language, "dist": dist, "sudo": boolean, "keep_netrc": boolean},
}

// supportKeys are keys of languages that aren't axes.
var supportKeys = []map[string]kind{
	keysOf(mapping, "android", "gimme_config", "virtualenv", "repos", "smalltalk_edge"),
	keysOf(str, "lein", "gobuild_args", "go_import_path", "neko", "npm_args", "podfile", "bundler_args", "xcode_destination",
		"xcode_project", "xcode_workspace", "xctool_args", "composer_args", "sbt_args", "elm_format", "elm_test", "bioc", "cran",
		"pandoc_version", "r_build_args", "r_check_args", "remotes"),
	keysOf(strs, "hxml", "r_packages", "r_binary_packages", "r_github_packages", "apt_packages", "bioc_packages", "brew_packages"),
	keysOf(boolean, "with_content_shell", "bioc_check", "bioc_required", "bioc_use_devel", "disable_homebrew", "latex", "pandoc",
		"r_check_revdep", "warnings_are_errors"),
}

var jobAliases = map[string]string{
	"ruby": "rvm", "rbenv": "rvm", "gemfiles": "gemfile", "node": "node_js", "virtual_env": "virtualenv",
	"use_bioc": "bioc_required", "virtualization": "virt",
}

// The sections.
var (
	rootSection = newSection("root", withAliases(jobAliases, "matrix", "jobs"), slices.Concat(jobKeys, supportKeys, []map[string]kind{
		keysOf(strs, axisKeys...),
		{
			"os": systems, "arch": archs, "env": env, "stages": stages, "jobs": matrix,
			"import": asIs, "notifications": asIs, "dart_task": asIs,
		},
		keysOf(str, "stack", "version", "conditions", "perforce_test_path"),
		keysOf(boolean, "filter_secrets", "trace"),
	})...)
	jobSection = newSection("jobs.include", jobAliases, slices.Concat(jobKeys, supportKeys, []map[string]kind{
		keysOf(str, axisKeys...),
		{"os": system, "arch": arch, "env": envVars, "dart_task": asIs},
		keysOf(strs, "smalltalk_config", "smalltalk_vm"),
		keysOf(str, "name", "stage"), keysOf(boolean, "allow_failure"),
	})...)
	excludeSection = newSection("jobs.exclude", jobAliases, jobSection.keys)
	failureSection = newSection("jobs.allow_failures", jobAliases, jobSection.keys, keysOf(str, "branch"))
	matrixSection  = newSection("jobs", map[string]string{"allowed_failures": "allow_failures", "fast_failure": "fast_finish"},
		keysOf(jobList, "include", "exclude", "allow_failures"), keysOf(boolean, "fast_finish"))
	envSection      = newSection("env", map[string]string{"matrix": "jobs"}, keysOf(envVars, "global", "jobs"))
	branchesSection = newSection("branches", map[string]string{"exclude": "except"}, keysOf(strs, "only", "except"))
	stageSection    = newSection("stages", nil, keysOf(str, "name"), keysOf(conditions, "if"))

	// Providers of deployments. Most have keys that aren't listed here.
	scriptSection = newSection("deploy", providerAliases, providerKeys, keysOf(str, "script"))
	convoxSection = newSection("deploy", providerAliases, providerKeys,
		keysOf(str, "app", "rack", "host", "install_url", "env_file", "description", "generation"),
		keysOf(boolean, "create", "promote", "update_cli"), keysOf(strs, "env"), keysOf(asIs, "password"))
	providerSection = &section{name: "deploy", keys: providerKeys, aliases: providerAliases}
	onSection       = newSection("deploy.on", jobAliases, slices.Concat(supportKeys, []map[string]kind{
		keysOf(str, axisKeys...),
		{"branch": asIs, "os": asIs, "repo": str, "condition": strs, "all_branches": boolean, "tags": boolean},
	})...)
)

var (
	providerKeys = map[string]kind{
		"provider": providerName, "on": deployOn, "run": strs, "edge": asIs,
		"allow_failure": boolean, "cleanup": boolean, "skip_cleanup": boolean,
	}
	providerAliases = map[string]string{"true": "on", "if": "on"} // travis-build reads if
)

func withAliases(aliases map[string]string, alias, key string) map[string]string {
	more := map[string]string{alias: key}
	for alias, key := range aliases {
		more[alias] = key
	}
	return more
}

// otherKeys are keys that Travis recognizes in other sections: in the wrong place they
// aren't repaired (travis-yml, lib/travis/yml/doc/schema/node.rb).
var otherKeys = []string{
	"access_key", "access_key_id", "account", "acl", "after_vendor", "all_branches", "allow_failures", "api_key", "api_token", "app",
	"apt", "artifacts", "auth_token", "autocrlf", "branch", "branches", "browserstack", "bucket", "build_command",
	"build_command_prepend", "build_script_url", "bundler", "campfire", "cargo", "casks", "ccache", "channel_key", "channels",
	"chrome", "cleanup", "cocoapods", "code_climate", "components", "concurrency", "condition", "config", "coverity_scan", "create",
	"debug", "depth", "description", "directories", "disabled", "domain", "draft", "edge", "email", "enabled", "endpoint", "env_file",
	"erlang", "except", "exclude", "fast_finish", "file", "file_glob", "firefox", "flowdock", "format", "gcc", "global", "golang",
	"hipchat", "homebrew", "host", "hostname", "hosts", "html", "include", "irc", "jobs", "jvm", "jwt", "key", "key_name", "key_url",
	"lfs_skip_smudge", "licenses", "local_dir", "mariadb", "max_size", "mode", "name", "nick", "nickserv_password", "notify", "npm",
	"nvm", "on", "on_cancel", "on_error", "on_failure", "on_pull_requests", "on_start", "on_success", "only", "options", "org",
	"organization", "osx", "overwrite", "package", "packages", "password", "path", "paths", "permissions", "pgsql", "pip", "pkg",
	"postgres", "postgresql", "prerelease", "project", "promote", "prose", "provider", "pushover", "quiet", "rack", "recipients",
	"region", "repo", "repo_token", "repository", "rethinkdb", "rooms", "run", "run_script", "sauce_connect", "scope", "sdk", "secret",
	"secret_access_key", "secrets", "secure", "server", "site", "size", "skip_cleanup", "skip_join", "slack", "snaps", "sonarcloud",
	"source", "sourceline", "sources", "space", "srcclr", "ssh_known_hosts", "start_script", "strategy", "submodules",
	"submodules_depth", "symlinks", "system_site_packages", "tag", "tags", "target_branch", "target_paths", "template", "test",
	"timeout", "title", "token", "trusty", "update", "urls", "use", "use_notice", "user", "username", "users", "verbose",
	"versions", "vimscript", "webhooks", "working_dir", "yarn",
}

func isKeyElsewhere(key string) bool {
	_, atRoot := rootSection.keys[key]
	_, inJobs := jobSection.keys[key]
	_, found := slices.BinarySearch(otherKeys, key)
	return found || atRoot || inJobs
}

// axisKeys are the keys that expand jobs, besides os, arch and env, in the order in which
// Travis multiplies them: os and arch first, env last (travis-yml, schema.json,
// "expand").
var axisKeys = []string{
	"compiler", "osx_image", "jdk", "crystal", "dotnet", "mono", "solution", "d", "dart", "dart_task", "elixir", "otp_release",
	"elm", "node_js", "go", "hhvm", "php", "ghc", "haxe", "julia", "matlab", "nix", "perl", "perl6", "python", "r", "rvm",
	"gemfile", "xcode_scheme", "xcode_sdk", "rust", "scala", "smalltalk", "smalltalk_config", "smalltalk_vm",
}

var axes = append(append([]string{"os", "arch"}, axisKeys...), "env")

// languageKeys lists the languages of each key that isn't for all of them.
var languageKeys = map[string][]string{
	"compiler": {"c", "cpp"}, "jdk": {"android", "clojure", "groovy", "java", "ruby", "scala"}, "crystal": {"crystal"},
	"dotnet": {"csharp"}, "mono": {"csharp"}, "solution": {"csharp"}, "d": {"d"}, "dart": {"dart"}, "dart_task": {"dart"},
	"with_content_shell": {"dart"}, "elixir": {"elixir"}, "otp_release": {"elixir", "erlang"}, "elm": {"elm"},
	"elm_format": {"elm"}, "elm_test": {"elm"}, "node_js": {"elm", "node_js"}, "npm_args": {"node_js"}, "go": {"go"},
	"gobuild_args": {"go"}, "go_import_path": {"go"}, "gimme_config": {"go"}, "hhvm": {"hack"}, "php": {"hack", "php"},
	"composer_args": {"php"}, "ghc": {"haskell"}, "haxe": {"haxe"}, "hxml": {"haxe"}, "neko": {"haxe"}, "julia": {"julia"},
	"matlab": {"matlab"}, "nix": {"nix"}, "perl": {"perl"}, "perl6": {"perl6"}, "python": {"python"}, "virtualenv": {"python"},
	"r": {"r"}, "r_packages": {"r"}, "r_binary_packages": {"r"}, "r_github_packages": {"r"}, "apt_packages": {"r"},
	"bioc_packages": {"r"}, "brew_packages": {"r"}, "bioc": {"r"}, "bioc_check": {"r"}, "bioc_required": {"r"},
	"bioc_use_devel": {"r"}, "cran": {"r"}, "disable_homebrew": {"r"}, "latex": {"r"}, "pandoc": {"r"}, "pandoc_version": {"r"},
	"r_build_args": {"r"}, "r_check_args": {"r"}, "r_check_revdep": {"r"}, "warnings_are_errors": {"r"}, "remotes": {"r"},
	"repos": {"r"}, "rvm": {"objective-c", "ruby"}, "gemfile": {"objective-c", "ruby"}, "bundler_args": {"objective-c", "ruby"},
	"xcode_scheme": {"objective-c"}, "xcode_sdk": {"objective-c"}, "podfile": {"objective-c"}, "xcode_destination": {"objective-c"},
	"xcode_project": {"objective-c"}, "xcode_workspace": {"objective-c"}, "xctool_args": {"objective-c"}, "rust": {"rust"},
	"scala": {"scala"}, "sbt_args": {"scala"}, "smalltalk": {"smalltalk"}, "smalltalk_config": {"smalltalk"},
	"smalltalk_vm": {"smalltalk"}, "smalltalk_edge": {"smalltalk"}, "android": {"android"}, "lein": {"clojure"},
}

var systemKeys = map[string][]string{"arch": {"linux"}, "osx_image": {"osx"}}

// vocabulary is a list of values that Travis recognizes, with aliases.
type vocabulary struct {
	values  []string
	aliases map[string]string
}

var (
	languages = vocabulary{
		values: []string{
			"android", "c", "clojure", "cpp", "crystal", "csharp", "d", "dart", "elixir", "elm", "erlang", "generic", "go", "groovy",
			"hack", "haskell", "haxe", "java", "julia", "matlab", "nix", "node_js", "perl", "perl6", "php", "python", "r", "ruby",
			"objective-c", "rust", "scala", "shell", "smalltalk",
		},
		aliases: map[string]string{
			"c++": "cpp", "golang": "go", "jvm": "java", "javascript": "node_js", "js": "node_js", "node": "node_js",
			"objective_c": "objective-c", "swift": "objective-c", "bash": "shell", "minimal": "shell", "sh": "shell",
		},
	}
	operatingSystems = vocabulary{
		values: []string{"linux", "osx", "windows", "freebsd", "linux-ppc64le"},
		aliases: map[string]string{
			"ubuntu": "linux", "mac": "osx", "macos": "osx", "macosx": "osx", "ios": "osx", "win": "windows", "bsd": "freebsd",
		},
	}
	distributions = vocabulary{
		values: []string{"trusty", "precise", "xenial", "bionic", "focal", "jammy", "noble", "server-2016", "rhel8"},
	}
	architectures = vocabulary{
		values: []string{"amd64", "arm64", "arm64-graviton2", "ppc64le", "i386", "s390x"},
		aliases: map[string]string{
			"x86_64": "amd64", "x64": "amd64", "power": "ppc64le", "ppc": "ppc64le", "ppc64": "ppc64le", "x86": "i386",
		},
	}
)

// allows reports whether a list of systems or languages covers those of a job: all of one
// are in the other, or the job has none (travis-yml,
// lib/travis/yml/doc/value/support.rb).
func allows(supported, used []string) bool {
	isMissing := func(list []string) func(string) bool {
		return func(text string) bool { return !slices.Contains(list, text) }
	}
	return !slices.ContainsFunc(used, isMissing(supported)) || !slices.ContainsFunc(supported, isMissing(used))
}

func supportsKey(key string, language string, systems []string) bool {
	if only, limited := languageKeys[key]; limited && language != "" && !slices.Contains(only, language) {
		return false
	}
	only, limited := systemKeys[key]
	return !limited || allows(only, systems)
}

var (
	upperRun   = regexp.MustCompile(`([A-Z]+)([A-Z][a-z])`)
	lowerUpper = regexp.MustCompile(`([a-z\d])([A-Z])`)
	notInKey   = regexp.MustCompile(`[^\w.]`)
	outerLines = regexp.MustCompile(`^__+|_+$`)
)

// fixKey returns the key that Travis reads in place of a section's key, or the key itself
// if it isn't recognized (travis-yml, lib/travis/yml/doc/change/key.rb).
func (s *section) fixKey(key string) string {
	if name, known := s.resolve(key); known {
		return name
	}
	if name, known := s.resolve(strings.ReplaceAll(key, "-", "_")); known {
		return name
	}
	for _, change := range []func(string) string{strings.TrimSpace, underscore, cleanKey} {
		if name, known := s.resolve(change(key)); known {
			return name
		}
	}
	if isKeyElsewhere(key) {
		return key
	}
	for _, match := range []string{misspelled[key], closest(s.known, key)} {
		if name, known := s.resolve(match); known && match != "elm_test" {
			return name
		}
	}
	return key
}

// misspelled are keys that Travis repairs although they differ a lot from the right ones
// (travis-yml, var/keys.dict).
var misspelled = map[string]string{
	"after_deployment": "after_deploy", "after_successsudo": "after_success", "after_test": "after_script",
	"allow_failures__php": "allow_failures", "before_archive": "before_cache", "before_deployment": "before_deploy",
	"before_setup": "before_script", "branchesonly": "branches", "deploybefore_script": "before_script", "distro": "dist",
	"diydeploy": "deploy", "jruby_before_script": "before_script", "known_failures": "allow_failures", "langlanguage": "language",
	"notifications.irc": "notifications", "qqsudo": "sudo",
	"r_apt_packages": "apt_packages", "r_binary_pacakges": "r_binary_packages", "r_check_arg": "r_check_args",
	"warning_are_errors": "warnings_are_errors", "warnings_as_errors": "warnings_are_errors",
}

func (s *section) resolve(key string) (string, bool) {
	if _, known := s.keys[key]; known {
		return key, true
	}
	name, known := s.aliases[key]
	return name, known
}

func underscore(key string) string {
	key = upperRun.ReplaceAllString(key, "${1}_$2")
	key = lowerUpper.ReplaceAllString(key, "${1}_$2")
	return strings.ToLower(strings.ReplaceAll(key, "-", "_"))
}

func cleanKey(key string) string {
	key = strings.NewReplacer("-", "_", " ", "_").Replace(key)
	key = notInKey.ReplaceAllString(key, "")
	key = outerLines.ReplaceAllString(key, "")
	return strings.ReplaceAll(key, "__", "_")
}

// closest returns the valid text that a text was meant to be, or "": the one with the
// fewest edits, fewer than half of the shorter one's length and fewer than four; for
// short texts also one with the same letters (travis-yml,
// lib/travis/yml/doc/helper/match.rb).
func closest(known []string, text string) string {
	const mostEdits, longestKey = 4, 64
	if len(text) < 3 || len(text) > longestKey {
		return ""
	}
	var found []string
	fewest := mostEdits
	for _, other := range known {
		if diff := len(other) - len(text); diff > fewest || -diff > fewest {
			continue
		}
		edits := distance(other, text)
		if edits >= mostEdits || 2*edits >= min(len(other), len(text)) || edits > fewest {
			continue
		}
		if edits < fewest {
			found, fewest = nil, edits
		}
		found = append(found, other)
	}
	if len(found) == 0 && len(text) < 6 {
		for _, other := range known {
			if sortedLetters(other) == sortedLetters(text) {
				return other
			}
		}
	}
	if len(found) == 0 {
		return ""
	}
	// If several are equally close, the one that shares the most letters, then the
	// longest.
	return slices.MaxFunc(found, func(a, b string) int {
		if shared := sharedLetters(a, text) - sharedLetters(b, text); shared != 0 {
			return shared
		}
		return len(a) - len(b)
	})
}

func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := before
			if a[i] != b[j] {
				cost++
			}
			before = row[j+1]
			row[j+1] = min(cost, row[j]+1, before+1)
		}
	}
	return row[len(b)]
}

func sortedLetters(text string) string {
	letters := []byte(text)
	slices.Sort(letters)
	return string(letters)
}

func sharedLetters(a, b string) (count int) {
	for i := range len(a) {
		if strings.IndexByte(a[:i], a[i]) < 0 && strings.IndexByte(b, a[i]) >= 0 {
			count++
		}
	}
	return count
}
