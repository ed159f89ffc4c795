package build

import "slices"

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

// isKeyElsewhere reports whether Travis recognizes a key in any section.
func isKeyElsewhere(key string) bool {
	_, atRoot := rootSection.keys[key]
	_, inJobs := jobSection.keys[key]
	_, found := slices.BinarySearch(otherKeys, key)
	return found || atRoot || inJobs
}
