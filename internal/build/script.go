package build

import (
	"fmt"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"convox-travis/internal/shell"
)

// Script is what Travis's worker runs for a job, as data: the commands, and the effect of
// their exit status.
type Script struct {
	Environment  []string  // NAME=value, exported
	Exports      []Command // Bash that exports the variables of the file
	Dir          string
	Steps        []Step
	Broken       *Unseen // a condition that isn't valid Bash: nothing of the job runs
	AllowFailure bool
	Unseen       []Unseen `json:",omitempty"` // parts of the script that aren't available
}

// Command is Bash and its place in the file.
type Command = shell.Text

// Step is a command of a phase, or several under a condition.
type Step struct {
	Phase     string
	Command   Command
	When      string  `json:",omitempty"` // "success" or "failure" of the tests so far, or always
	Failure   Failure `json:",omitempty"`
	Condition string  `json:",omitempty"` // inside [[ ]]; Steps run if it is true
	Steps     []Step  `json:",omitempty"`
	Relaxed   bool    `json:",omitempty"` // set -e doesn't apply here
}

// Failure is the effect of a failing command.
type Failure int

// The effects of a failing command.
const (
	Ignored   Failure = iota
	EndsJob           // the job is errored
	Collected         // in TRAVIS_TEST_RESULT
)

// phaseOrder lists the phases before and after the tests, in order, and the effect of a
// failing command in each (lib/travis/build/stages.rb of travis-build).
var phaseOrder = []struct {
	name, when string
	failure    Failure
}{
	{"before_install", "", EndsJob},
	{"install", "", EndsJob},
	{"before_script", "", EndsJob},
	{"script", "", Collected},
	{"before_cache", "", Ignored},
	{"after_success", "success", Ignored},
	{"after_failure", "failure", Ignored},
	{"after_script", "", Ignored},
}

// ScriptOf returns what Travis runs for a job of an event.
func ScriptOf(job Job, event Event) Script {
	s := Script{Environment: jobEnvironment(job, event), Dir: buildDir(event), AllowFailure: job.AllowFailure}
	for _, variable := range job.Env {
		name, value, assigned := strings.Cut(variable, "=")
		if value == "[secure]" {
			s.Environment = append(s.Environment, name+"="+shell.Unknown(name, "encrypted"))
		}
		if assigned && !strings.Contains(value, "[secure]") {
			s.Exports = append(s.Exports, Command{Bash: "export " + exported(variable)})
		}
	}
	for _, phase := range phaseOrder {
		commands := commandsOf(job.Config.Get(phase.name))
		if phase.name == "script" && job.Config.Get("script") == nil {
			commands = defaultScript(job)
		}
		if isSkipped(commands) {
			if phase.name != "script" {
				continue
			}
			commands[0].Bash = ":"
		}
		for _, command := range commands {
			s.noteRepository(event, command.Bash, command.Line)
			s.Steps = append(s.Steps, Step{Phase: phase.name, Command: command, When: phase.when, Failure: phase.failure})
		}
		if phase.name == "after_success" {
			s.deploy(job, event)
		}
	}
	return s
}

// exported returns what Travis exports for NAME=value: of a value with unquoted spaces
// the first word, and the variables after it (lib/travis/build/env/var.rb of
// travis-build).
func exported(variable string) string {
	pairs, err := parseEnv(variable)
	if err != nil {
		name, value, _ := strings.Cut(variable, "=")
		value, _, _ = strings.Cut(value, " ")
		return name + "=" + value[:strings.IndexAny(value+`"`, `"'`)]
	}
	var words []string
	for i, pair := range pairs {
		if i == 0 || pair.value != "" {
			words = append(words, pair.name+"="+pair.value)
		}
	}
	return strings.Join(words, " ")
}

// noteRepository notes Bash that uses the repository's name if that is unknown.
func (s *Script) noteRepository(event Event, bash string, line int) {
	if event.Repo == "" && strings.Contains(bash, "TRAVIS_REPO_SLUG") {
		s.Unseen = append(s.Unseen, Unseen{What: unknownRepository, Line: line})
	}
}

// isSkipped reports whether the only word of a phase's commands skips it.
func isSkipped(commands []Command) bool {
	return len(commands) == 1 && slices.Contains([]string{"skip", "ignore"}, strings.TrimSpace(commands[0].Bash))
}

func isSet(n *Node) bool { return n != nil && n.Kind != Null && (n.Kind != List || len(n.Items) > 0) }

func commandsOf(n *Node) []Command {
	switch {
	case n == nil || n.Secure:
		return nil
	case n.Kind == Text || n.Kind == Bool:
		line := n.Line
		if n.Rows {
			line++
		}
		return []Command{{Bash: n.Text, Line: line, Rows: n.Rows}}
	case n.Kind == Mapping:
		return []Command{{Bash: "false", Line: n.Line}} // its text isn't a command
	case n.Kind == List:
		var commands []Command
		for _, item := range n.Items {
			commands = append(commands, commandsOf(item)...)
		}
		return commands
	}
	return nil
}

// Commands returns the commands of the file's phases and deployments: those of the whole
// file, then those of each included job.
func (c *Config) Commands() []Command {
	var all []Command
	for _, job := range c.jobs() {
		all = append(all, job.commands()...)
	}
	return all
}

// jobs returns the root, whose keys all jobs inherit, and the included jobs.
func (c *Config) jobs() []*Node {
	return append([]*Node{c.Root}, c.Root.Get("jobs").Get("include").List()...)
}

// Deployments returns the deployments of a job.
func (n *Node) Deployments() []*Node {
	return slices.Concat(n.Get("deploy").List(), n.Get("addons").Get("deploy").List())
}

func (n *Node) commands() []Command {
	var all []Command
	for _, phase := range phases {
		if phase != "deploy" {
			all = append(all, commandsOf(n.Get(phase))...)
			continue
		}
		for _, provider := range n.Deployments() {
			all = append(all, commandsOf(provider.Get("script"))...)
		}
	}
	return all
}

// defaultScript returns what Travis runs in a job without a script: ":" for anything that
// runs something of the repository, or is imported, and false for anything that always
// fails (lib/travis/build/script of travis-build).
func defaultScript(job Job) []Command {
	if job.Imports {
		return []Command{{Bash: ":"}}
	}
	switch job.Language {
	case "generic", "bash", "sh", "shell", "minimal":
		return nil
	case "python":
		return []Command{{Bash: "false"}}
	case "csharp":
		if !isSet(job.Config.Get("solution")) || job.Config.Get("mono").text() == "none" {
			return []Command{{Bash: "false"}}
		}
	case "haxe":
		if !isSet(job.Config.Get("hxml")) {
			return []Command{{Bash: "false"}}
		}
	}
	return []Command{{Bash: ":"}}
}

// deploy adds the deployments, which are part of after_success
// (lib/travis/build/addons/deploy/script.rb of travis-build). Pull requests have none,
// and on Windows dpl does nothing.
func (s *Script) deploy(job Job, event Event) {
	if isSkipped(commandsOf(job.Config.Get("after_success"))) || event.Type == PullRequest || job.OS == "windows" {
		return
	}
	config := job.Config.Get("deploy")
	if config == nil {
		config = job.Config.Get("addons").Get("deploy")
	}
	for _, provider := range config.List() {
		if provider == nil || provider.Kind != Mapping {
			continue
		}
		condition, line := conditionOf(provider, event)
		s.noteRepository(event, condition, line)
		if on := provider.Get("on"); event.Repo == "" && isSet(on.Get("repo")) {
			s.Unseen = append(s.Unseen, Unseen{What: unknownRepository, Line: on.Get("repo").Line})
		}
		if condition != "" && !isCondition(condition) && s.Broken == nil {
			s.Broken = &Unseen{What: fmt.Sprintf("the condition of this deployment isn't valid Bash: [[ %s ]]", condition), Line: line}
		}
		step := Step{Phase: "deploy", Command: Command{Line: line}, When: "success", Condition: condition, Relaxed: true}
		step.Steps = append(step.Steps, around(job, "before_deploy", EndsJob)...)
		if command, ok := dplCommand(provider, event); ok {
			s.noteRepository(event, command.Bash, command.Line)
			failure := EndsJob
			if isTrue(provider.Get("allow_failure")) {
				failure = Ignored
			}
			step.Steps = append(step.Steps, Step{Phase: "deploy", Command: command, Failure: failure})
		}
		step.Steps = append(step.Steps, around(job, "after_deploy", Ignored)...)
		s.Steps = append(s.Steps, step)
	}
}

func around(job Job, phase string, failure Failure) []Step {
	commands := commandsOf(job.Config.Get(phase))
	if isSkipped(commands) {
		return nil
	}
	var steps []Step
	for _, command := range commands {
		steps = append(steps, Step{Phase: phase, Command: command, Failure: failure})
	}
	return steps
}

func isTrue(n *Node) bool {
	return n != nil && !n.Secure && (n.Text == "true" || n.Kind == Text && n.Text != "" && n.Text != "false")
}

// isCondition reports whether Bash can parse a condition of [[.
func isCondition(condition string) bool {
	if len(condition) > 64<<10 {
		return false
	}
	file, err := syntax.NewParser().Parse(strings.NewReader("if [[ "+condition+" ]]; then :; fi"), "")
	return err == nil && len(file.Stmts) == 1
}

// runtimes are the keys of deploy.on that compare a version.
var runtimes = []string{
	"d", "dart", "elm", "elixir", "ghc", "go", "haxe", "jdk", "julia", "mono", "node_js", "otp_release", "perl", "php",
	"python", "r", "rust", "rvm", "scala", "smalltalk",
}

func versionName(runtime string) string {
	return "TRAVIS_" + strings.NewReplacer("RVM", "RUBY", "NODE_JS", "NODE").Replace(strings.ToUpper(runtime)) + "_VERSION"
}

// conditionOf returns what is between [[ and ]] before a deployment, and the line of the
// custom condition or of the branches. An unknown repository matches.
func conditionOf(provider *Node, event Event) (condition string, line int) {
	on := provider.Get("on")
	line = provider.Line
	if on != nil {
		line = on.Line
	}
	if on != nil && on.Kind != Mapping {
		on = &Node{Kind: Mapping, Line: on.Line, Fields: []Field{{Key: "branch", Value: on}}}
	}
	var parts []string
	tags := on.Get("tags")
	if repo := on.Get("repo"); isSet(repo) && event.Repo != "" {
		parts = append(parts, `$TRAVIS_REPO_SLUG = "`+repo.Text+`"`)
	}
	if !isTrue(on.Get("all_branches")) && !isTrue(tags) {
		var branches []string
		for _, branch := range branchesOf(provider, on) {
			branches = append(branches, "$TRAVIS_BRANCH = "+branch)
		}
		parts = append(parts, strings.Join(branches, " || "))
		if branch := on.Get("branch"); branch != nil {
			line = branch.Line
		}
	}
	for _, runtime := range runtimes {
		if value := on.Get(runtime); isSet(value) {
			quoted, _ := syntax.Quote(value.Text, syntax.LangBash) // which is "" for what Bash can't have
			parts = append(parts, "$"+versionName(runtime)+" = "+quoted)
		}
	}
	for _, custom := range commandsOf(on.Get("condition")) {
		parts = append(parts, custom.Bash)
		line = custom.Line
	}
	switch tags.text() { // another text turns the branches off, and checks nothing
	case "true":
		parts = append(parts, `"$TRAVIS_TAG" != ""`)
	case "false":
		parts = append(parts, `"$TRAVIS_TAG" = ""`)
	}
	for i := range parts {
		parts[i] = "(" + parts[i] + ")"
	}
	return strings.Join(parts, " && "), line
}

// branchesOf returns the branches of a deployment. Without on.branch they are the keys of
// all options that are mappings, or master.
func branchesOf(provider, on *Node) []string {
	if branch := on.Get("branch"); isSet(branch) {
		switch branch.Kind {
		case List:
			var names []string
			for _, item := range branch.Items {
				names = append(names, item.Text)
			}
			return names
		case Mapping:
			return fieldKeys(branch)
		}
		return []string{branch.Text}
	}
	var names []string
	for _, option := range provider.Fields {
		if option.Value == nil || option.Value.Kind != Mapping || option.Key == "on" || option.Key == "edge" {
			continue
		}
		for _, key := range fieldKeys(option.Value) {
			if !slices.Contains(names, key) {
				names = append(names, key)
			}
		}
	}
	if len(names) == 0 {
		return []string{"master"}
	}
	return names
}

func fieldKeys(n *Node) []string {
	var keys []string
	for _, field := range n.Fields {
		keys = append(keys, field.Key)
	}
	return keys
}

// dplCommand returns what dpl runs. The job's shell expands its options first.
func dplCommand(provider *Node, event Event) (Command, bool) {
	option := func(key string) (string, int) {
		value := provider.Get(key)
		if value != nil && value.Kind == Mapping && !value.Secure {
			value = value.Get(event.Branch) // an option can have a value per branch
		}
		if value != nil && value.Kind == List && len(value.Items) > 0 {
			value = value.Items[0]
		}
		if value == nil {
			return "", provider.Line
		}
		return inspect(value.Text), value.Line
	}
	name, line := option("provider")
	switch strings.Trim(name, `"`) {
	case "":
		return Command{Bash: "false", Line: line}, true
	case "script":
		script, line := option("script")
		if script == "" {
			return Command{Bash: "false", Line: line}, true // dpl requires it
		}
		return Command{Bash: "bash -c " + script, Line: line}, true
	case "convox": // https://github.com/travis-ci/dpl/blob/master/lib/dpl/providers/convox.rb
		app, _ := option("app")
		rack, _ := option("rack")
		if app == "" {
			app = `"$CONVOX_APP"`
		}
		if rack == "" {
			rack = `"$CONVOX_RACK"`
		}
		command := "deploy --wait"
		if promote := provider.Get("promote"); promote != nil && promote.Text == "false" {
			command = "build"
		}
		bash := fmt.Sprintf(`test -n %[1]s && test -n %[2]s && env convox %[3]s --id --rack %[2]s --app %[1]s`, app, rack, command)
		return Command{Bash: bash, Line: line}, true
	}
	return Command{}, false
}

// breakMark stands for the n that is left of a line break in an option of dpl. No file
// has this character: Travis drops everything that isn't ASCII.
const breakMark = "\u240a"

// HasLostBreak reports whether a command of dpl had a line break.
func HasLostBreak(c Command) bool { return strings.Contains(c.Bash, breakMark) }

// inspect quotes a text like Ruby's inspect, which dpl's options go through.
func inspect(text string) string {
	quoted := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\`+breakMark, "\t", `\t`, "\r", `\r`, "\x1b", `\e`,
		"#{", `\#{`, "#$", `\#$`, "#@", `\#@`).Replace(text)
	return `"` + quoted + `"`
}
