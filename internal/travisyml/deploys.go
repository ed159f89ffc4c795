package travisyml

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// lifecycle is the order of a job's phases
// (https://docs.travis-ci.com/user/job-lifecycle/).
var lifecycle = []string{
	"before_install", "install", "before_script", "script", "before_cache",
	"after_success", "after_failure", "before_deploy", "deploy", "after_deploy", "after_script",
}

// hides are the phases whose failure does not fail the build.
var hides = []string{"before_cache", "after_success", "after_failure", "after_deploy", "after_script"}

var (
	deployCommand = regexp.MustCompile(`(?:^|[\s;&|(){}"'` + "`" + `/])convox[A-Za-z0-9._-]*(?:[ \t]+[^\s;&|]+)*?[ \t]+deploy(?:$|[\s;&|)"'` + "`" + `])`)
	installs      = regexp.MustCompile(`cli/linux/convox|convox/releases|convox-linux|(?:curl|wget|install|brew|cp|mv)\b[^\n]*\bconvox`)
	flagApp       = regexp.MustCompile(`(?:^|\s)(?:--app|-a)(?:=|\s+)(\S+)`)
	flagRack      = regexp.MustCompile(`(?:^|\s)(?:--rack|-r)(?:=|\s+)(\S+)`)
	noPulls       = regexp.MustCompile(`type\s*=\s*push|type\s*!=\s*pull_request|type\s+IN\s*\(\s*push\s*\)|NOT\s+type\s*=\s*pull_request`)
	hidden        = regexp.MustCompile(`\|\|\s*(?:true|:|exit 0|echo)`)
)

// scope is a job, or the top of the file, whose phases every job runs that has
// none of its own.
type scope struct {
	prefix string
	node   *yaml.Node
	job    bool
}

func (d *Document) scopes() []scope {
	all := []scope{{node: d.root}}
	for _, job := range jobsOf(d.root) {
		all = append(all, scope{job.place + ".", job.node, true})
	}
	return all
}

// deploys finds the steps that deploy with Convox, each once: a part that other
// parts repeat with an alias is counted where it stands first.
func (d *Document) deploys() []Deploy {
	if d.root == nil {
		return nil
	}
	var all []Deploy
	seen := make(map[*yaml.Node]bool)
	several := d.matrix().several()
	for _, s := range d.scopes() {
		for _, phase := range lifecycle {
			for i, step := range items(lookup(s.node, phase)) {
				if seen[step] {
					continue
				}
				seen[step] = true
				deploy, is := d.deployIn(s, phase, step)
				if !is {
					continue
				}
				deploy.PerJob = several && !s.job
				deploy.Installs = deploy.Installs || d.installsBefore(s, phase, i)
				all = append(all, deploy)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b Deploy) int { return cmp.Compare(a.Line, b.Line) })
	return all
}

// deployIn reads one step of a phase.
func (d *Document) deployIn(s scope, phase string, step *yaml.Node) (Deploy, bool) {
	deploy := Deploy{Line: step.Line, Place: s.prefix + phase}
	conditions := strings.Join([]string{firstValue(lookup(d.root, "if")), firstValue(lookup(s.node, "if"))}, " ")
	deploy.Branch = strings.Contains(conditions, "branch") || lookup(d.root, "branches", "branch") != nil
	deploy.NoPullRequests = noPulls.MatchString(conditions)
	deploy.FailureHidden = slices.Contains(hides, phase)

	if phase == "deploy" && step.Kind == yaml.MappingNode {
		return readProvider(deploy, step)
	}
	text, line, is := deploysText(step)
	if !is {
		return Deploy{}, false
	}
	deploy.Line += line
	readFlags(&deploy, text)
	deploy.Branch = deploy.Branch || strings.Contains(step.Value, "TRAVIS_BRANCH")
	deploy.NoPullRequests = deploy.NoPullRequests || strings.Contains(step.Value, "TRAVIS_PULL_REQUEST") || strings.Contains(step.Value, "TRAVIS_EVENT_TYPE")
	deploy.FailureHidden = deploy.FailureHidden || hidden.MatchString(text)
	deploy.Installs = installs.MatchString(step.Value)
	return deploy, true
}

// readProvider reads an item of deploy: Travis has a provider for Convox, and
// one for scripts. It runs neither for a pull request, and without a branch
// named only on the default one
// (https://github.com/travis-ci/travis-build/blob/master/lib/travis/build/addons/deploy/script.rb).
func readProvider(deploy Deploy, step *yaml.Node) (Deploy, bool) {
	on := lookup(step, "on", "true", "if")
	deploy.NoPullRequests = true
	deploy.Branch = firstValue(lookup(on, "all_branches")) != "true"
	deploy.FailureHidden = firstValue(lookup(step, "allow_failure")) == "true"
	if firstValue(lookup(step, "provider")) == "convox" {
		deploy.App, deploy.Rack = firstValue(lookup(step, "app")), firstValue(lookup(step, "rack"))
		deploy.Installs = true
		return deploy, true
	}
	for _, script := range items(lookup(step, "script")) {
		text, line, is := deploysText(script)
		if !is {
			continue
		}
		deploy.Line = script.Line + line
		readFlags(&deploy, text)
		deploy.FailureHidden = deploy.FailureHidden || hidden.MatchString(text)
		deploy.Installs = installs.MatchString(script.Value)
		return deploy, true
	}
	return deploy, false
}

// deploysText returns the line of a script that deploys with Convox, and how
// many lines below the node it stands, where the script keeps its lines.
func deploysText(step *yaml.Node) (text string, below int, is bool) {
	if step.Kind != yaml.ScalarNode {
		return "", 0, false
	}
	for i, line := range strings.Split(step.Value, "\n") {
		if code := strings.TrimSpace(line); !strings.HasPrefix(code, "#") && deployCommand.MatchString(code) {
			if step.Style&yaml.LiteralStyle != 0 {
				below = i + 1
			}
			return code, below, true
		}
	}
	return "", 0, false
}

func readFlags(deploy *Deploy, text string) {
	_, text, _ = strings.Cut(text, "convox")
	if at := deployCommand.FindStringIndex(" convox" + text); at != nil {
		text = (" convox" + text)[at[0]:]
	}
	text, _, _ = strings.Cut(text, "&&")
	text, _, _ = strings.Cut(text, ";")
	for flag, value := range map[*regexp.Regexp]*string{flagApp: &deploy.App, flagRack: &deploy.Rack} {
		if found := flag.FindStringSubmatch(text); found != nil {
			*value = strings.Trim(found[1], `"'`)
		}
	}
}

// installsBefore reports whether the client is installed by a command that runs
// before an item of a phase in the same job.
func (d *Document) installsBefore(s scope, phase string, item int) bool {
	for _, earlier := range lifecycle {
		commands := items(lookup(s.node, earlier))
		if len(commands) == 0 {
			commands = items(lookup(d.root, earlier))
		}
		for i, command := range commands {
			if earlier == phase && i >= item {
				return false
			}
			if command.Kind == yaml.ScalarNode && installs.MatchString(command.Value) {
				return true
			}
		}
		if earlier == phase {
			return false
		}
	}
	return false
}
