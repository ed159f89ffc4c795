package travisyml

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// matrix is which jobs a file makes.
type matrix struct {
	expanded int      // by the keys that multiply, or 0 when there is none
	included int      // by jobs.include
	why      []string // what makes several
}

// several reports whether a step at the top would run once for each of several
// jobs. A job that is listed by itself counts as well: one more stage is added
// to those without losing any, while in a file without them Travis drops a lone
// expanded job for the first that is listed
// (https://github.com/travis-ci/travis-yml/blob/master/lib/travis/yml/matrix.rb).
func (m matrix) several() bool { return m.expanded > 1 || m.included > 0 }

// axes are the keys that Travis multiplies jobs by, and the languages for which
// it does, "" for all (https://docs.travis-ci.com/user/build-matrix/). A key of
// another language counts for nothing.
var axes = map[string][]string{
	"os": {""}, "arch": {""},
	"compiler":  {"c", "cpp", "c++"},
	"crystal":   {"crystal"},
	"d":         {"d"},
	"dart":      {"dart"},
	"dotnet":    {"csharp"},
	"elixir":    {"elixir"},
	"elm":       {"elm"},
	"gemfile":   {"ruby", "objective-c", "objective_c", "swift"},
	"ghc":       {"haskell"},
	"go":        {"go", "golang"},
	"haxe":      {"haxe"},
	"jdk":       {"java", "jvm", "android", "clojure", "groovy", "php", "ruby", "scala"},
	"julia":     {"julia"},
	"mono":      {"csharp"},
	"node_js":   {"node_js", "javascript", "js", "node"},
	"osx_image": {"objective-c", "objective_c", "swift"},

	"otp_release":  {"erlang", "elixir"},
	"perl":         {"perl"},
	"perl6":        {"perl6"},
	"php":          {"php"},
	"python":       {"python"},
	"r":            {"r"},
	"rust":         {"rust"},
	"rvm":          {"ruby", "objective-c", "objective_c", "swift"},
	"scala":        {"scala"},
	"smalltalk":    {"smalltalk"},
	"xcode_scheme": {"objective-c", "objective_c", "swift"},
	"xcode_sdk":    {"objective-c", "objective_c", "swift"},
}

// otherNames are what Travis takes some of the keys for.
var otherNames = map[string][]string{
	"rvm": {"rvm", "ruby", "rbenv"}, "node_js": {"node_js", "node"}, "gemfile": {"gemfile", "gemfiles"}, "compiler": {"compiler", "compilers"},
}

const defaultLanguage = "ruby"

// matrix counts the jobs of a build, before any is excluded.
func (d *Document) matrix() matrix {
	var m matrix
	multiply := func(name string, n int) {
		if n == 0 {
			return
		}
		m.expanded = max(1, m.expanded) * n
		if n > 1 {
			m.why = append(m.why, fmt.Sprintf("%s has %d values", name, n))
		}
	}
	for _, axis := range axesOf(d.root) {
		multiply(axis, len(items(lookup(d.root, namesOf(axis)...))))
	}
	multiply("env", len(envJobs(lookup(d.root, "env"))))
	if m.included = len(jobsOf(d.root)); m.included > 0 {
		m.why = append(m.why, fmt.Sprintf("%d listed one by one", m.included))
	}
	return m
}

// axesOf are the keys that multiply in this file, in a fixed order.
func axesOf(root *yaml.Node) []string {
	language := languageOf(root)
	var names []string
	for name, languages := range axes {
		counts := slices.Contains(languages, "") || slices.Contains(languages, language) || name == "osx_image" && !runsLinux(root)
		if counts && lookup(root, namesOf(name)...) != nil {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func namesOf(axis string) []string {
	if names, others := otherNames[axis]; others {
		return names
	}
	return []string{axis}
}

func languageOf(root *yaml.Node) string {
	if first := firstValue(lookup(root, "language")); first != "" {
		return strings.ToLower(first)
	}
	return defaultLanguage
}

// envJobs are the entries of env that make a job each. A mapping of variables
// alone is one.
func envJobs(env *yaml.Node) []*yaml.Node {
	if env == nil || env.Kind != yaml.MappingNode {
		return items(env)
	}
	if jobs := lookup(env, "jobs", "matrix"); jobs != nil {
		return items(jobs)
	}
	if lookup(env, "global") != nil || len(env.Content) == 0 {
		return nil
	}
	return []*yaml.Node{env}
}

// listed is a job that is listed by itself, and where.
type listed struct {
	node  *yaml.Node
	place string
}

// jobsOf are the jobs that are listed one by one. Of a file with both matrix
// and jobs it gives those of both.
func jobsOf(root *yaml.Node) []listed {
	var all []listed
	for _, key := range []string{"matrix", "jobs"} {
		jobs, name := lookup(root, key), key
		if jobs != nil && jobs.Kind == yaml.MappingNode {
			jobs, name = lookup(jobs, "include"), key+".include"
		}
		for i, job := range items(jobs) {
			if job.Kind == yaml.MappingNode {
				all = append(all, listed{job, fmt.Sprintf("%s[%d]", name, i)})
			}
		}
	}
	return all
}

func firstValue(node *yaml.Node) string {
	for _, item := range items(node) {
		return item.Value
	}
	return ""
}

// runsLinux reports whether one of the job's systems is Linux.
func runsLinux(job *yaml.Node) bool {
	systems := items(lookup(job, "os"))
	if len(systems) == 0 {
		return !slices.Contains(axes["xcode_sdk"], languageOf(job))
	}
	return slices.ContainsFunc(systems, func(system *yaml.Node) bool {
		name := strings.ToLower(system.Value)
		return strings.HasPrefix(name, "linux") || name == "ubuntu"
	})
}
