package build

import "slices"

// axisKeys are the keys that expand jobs, besides os, arch and env, in the order in which
// Travis multiplies them: os and arch first, env last (travis-yml, schema.json,
// "expand").
var axisKeys = []string{
	"compiler", "osx_image", "jdk", "crystal", "dotnet", "mono", "solution", "d", "dart", "dart_task", "elixir", "otp_release",
	"elm", "node_js", "go", "hhvm", "php", "ghc", "haxe", "julia", "matlab", "nix", "perl", "perl6", "python", "r", "rvm",
	"gemfile", "xcode_scheme", "xcode_sdk", "rust", "scala", "smalltalk", "smalltalk_config", "smalltalk_vm",
}

var axes = append(append([]string{"os", "arch"}, axisKeys...), "env")

// languageKeys lists which languages support a key. Keys that aren't listed apply to all
// languages.
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

// systemKeys lists which systems support a key.
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

// supportsKey reports whether a language and its systems support a key.
func supportsKey(key string, language string, systems []string) bool {
	if only, limited := languageKeys[key]; limited && language != "" && !slices.Contains(only, language) {
		return false
	}
	only, limited := systemKeys[key]
	return !limited || allows(only, systems)
}
