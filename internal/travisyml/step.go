package travisyml

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"al.essio.dev/pkg/shellescape"
	"go.yaml.in/yaml/v3"

	"convox-travis/internal/problem"
)

// Form is where in a build the step runs.
type Form int

// The forms. In a build of several jobs both become one last stage with one job, because
// either would deploy once per job.
const (
	// FittingForm is DeployScript, or a job if that would also run other commands.
	FittingForm Form = iota
	// DeployScript is an item of deploy with "provider: script", which Travis never runs
	// for a pull request, and whose failure fails the build.
	DeployScript
	// AfterSuccess is an item of after_success, as on Convox's page. Travis doesn't let
	// its failure fail the build.
	AfterSuccess
)

// String is the key in .travis.yml.
func (f Form) String() string {
	if f == AfterSuccess {
		return "after_success"
	}
	return "deploy"
}

// Generation is that of the convox CLI.
type Generation int

// The generations: the second is for a Rack directly, the third for a Console.
const (
	SecondGeneration Generation = 2
	ThirdGeneration  Generation = 3
)

// Step is a deployment with Convox.
type Step struct {
	Form       Form
	App        string
	Rack       string // ORG/NAME behind a Console, "" for a Rack directly
	Branch     string // the branch that is deployed
	Generation Generation
	Manifest   string // relative to the top of the repository, "" for convox.yml
	// BeforePromote is SERVICE COMMAND, as after "convox run". It runs on the release
	// before that is promoted, and stops the promotion if it fails. "" is none.
	BeforePromote string
}

// CodeStep is the code of an Error for a step that can't be written.
const CodeStep = "yml_step"

// unwritable doesn't quote the value, which can be anything.
func unwritable(what, want string) error {
	return &problem.Error{
		Code: CodeStep, Action: "write the deploy step", Reason: "the " + what + " isn't one that .travis.yml can contain safely",
		Hints: []string{"use " + want},
	}
}

// Travis inserts a deploy branch into Bash unchanged
// (https://github.com/travis-ci/travis-build/blob/master/lib/travis/build/addons/deploy/script.rb),
// so every form rejects anything that Bash would read as more than a word.
var (
	appPattern    = pattern{regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`), 100}
	rackPattern   = pattern{regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*$`), 200}
	branchPattern = pattern{regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._/@#+,=-]*$`), 250}
	pathPattern   = pattern{regexp.MustCompile(`^[A-Za-z0-9._][A-Za-z0-9._/@+=,-]*$`), 250}
)

const longestCommand = 2000

// pattern is a shape with a maximum number of bytes. As repetition limits, those would
// take a millisecond to compile at each start of the program.
type pattern struct {
	shape   *regexp.Regexp
	longest int
}

// MatchString reports whether text has the shape.
func (p pattern) MatchString(text string) bool {
	return len(text) <= p.longest && p.shape.MatchString(text)
}

// Validate rejects, with CodeStep, what .travis.yml can't contain.
func (s Step) Validate() error {
	switch {
	case !appPattern.MatchString(s.App):
		return unwritable("app's name", "letters, digits, dots, dashes and underscores")
	case s.Rack != "" && !rackPattern.MatchString(s.Rack):
		return unwritable("Rack's name", "the form ORG/NAME")
	case !branchPattern.MatchString(s.Branch):
		return unwritable("branch's name", "letters, digits and . _ / @ # + , = -, which begins with a letter, a digit or an underscore")
	case s.Generation != SecondGeneration && s.Generation != ThirdGeneration:
		return unwritable("client's generation", "the second or the third")
	case s.Form < FittingForm || s.Form > AfterSuccess:
		return unwritable("form", "after_success or deploy")
	case s.Manifest != "" && (!pathPattern.MatchString(s.Manifest) || !filepath.IsLocal(s.Manifest)):
		return unwritable("manifest's path", "a path inside the repository, such as ops/convox.yml, of letters, digits and . _ / @ + = , -")
	}
	return s.validateBeforePromote()
}

// validateBeforePromote rejects what "convox run" can't carry: it sends the command in a
// header (https://github.com/convox/rack/blob/master/sdk/methods.go).
func (s Step) validateBeforePromote() error {
	service, command := splitCommand(s.BeforePromote)
	const form = `SERVICE COMMAND, such as "web rake db:migrate"`
	isControl := func(r rune) bool { return unicode.IsControl(r) && r != '\t' }
	refuse := func(reason, hint string) error {
		return &problem.Error{Code: CodeStep, Action: "write the deploy step", Reason: "the command before promoting " + reason, Hints: []string{hint}}
	}
	switch {
	case s.BeforePromote == "":
		return nil
	case strings.ContainsAny(s.BeforePromote, "\r\n"):
		return refuse("has a line break, which `convox run` can't send", "join its lines with && or ;, or put them into a script of the app")
	case strings.ContainsFunc(s.BeforePromote, isControl) || !utf8.ValidString(s.BeforePromote):
		return refuse("has a control character or isn't UTF-8, which `convox run` can't send", "put it into a script of the app, and run that")
	case len(s.BeforePromote) > longestCommand:
		return refuse(fmt.Sprintf("has more than %d bytes", longestCommand), "put it into a script of the app, and run that")
	case !appPattern.MatchString(service):
		return refuse("doesn't start with the name of a service", "use "+form)
	case command == "":
		return refuse("has only one word, which is its service", "use "+form)
	case strings.HasPrefix(command, "-"):
		return refuse("has an option where its program belongs", "use "+form)
	}
	return nil
}

func splitCommand(text string) (service, command string) {
	text = strings.TrimSpace(text)
	end := strings.IndexAny(text, " \t")
	if end < 0 {
		return text, ""
	}
	return text[:end], strings.TrimSpace(text[end:])
}

const scalarKind = yaml.ScalarNode

// The addresses of Convox's CLIs for Linux; the one for arm64 has a suffix
// (https://docs.convox.com/installation/cli/).
const (
	secondGenerationClient = "https://download.convox.com/cli/linux/convox"
	thirdGenerationClient  = "https://github.com/convox/convox/releases/latest/download/convox-linux"
	arm64Suffix            = "-arm64"
)

// What the step writes is outside the clone, which is what gets deployed.
const (
	installed   = "/tmp/convox"
	releaseFile = "/tmp/release" // the ID of a release, without a line break
)

// noClient is the suffix for a processor that the CLI doesn't support.
const noClient = "none"

// clientSuffix is the end of the CLI's address for a job's processor.
func clientSuffix(arch string) string {
	switch {
	case arch == "", arch == "amd64", arch == "x86_64":
		return ""
	case arch == "aarch64", strings.HasPrefix(arch, "arm64"):
		return arm64Suffix
	}
	return noClient
}

func (s Step) client(suffix string) string {
	if s.Generation == ThirdGeneration {
		return thirdGenerationClient + suffix
	}
	return secondGenerationClient + suffix
}

// command installs the CLI and deploys, in its own shell: the lines of one command, which
// means the same if they are joined by spaces. It fails like the first of them that does.
// The second generation of the CLI exits 0 as soon as a release is promoted, so it
// has to wait for the rollout to notice a rollback; the third accepts the flag too.
// Waiting prints nothing for minutes, and Travis ends a job that is silent for ten
// (https://docs.travis-ci.com/user/common-build-problems/#build-times-out-because-no-output-was-received),
// so a loop in the background prints. The loop and its sleep end before the command does.
//
// Nothing in it changes its meaning in double quotes, in which Travis passes on the
// script of a deployment, nor in dpl, which reads %{name} as a variable and two spaces as
// one (https://github.com/travis-ci/dpl/blob/master/lib/dpl/helper/interpolate.rb). So
// there is no variable for the release, and xargs appends it to each command.
func (s Step) command(url string) []string {
	target, manifest := " --app "+shellescape.Quote(s.App), ""
	if s.Rack != "" {
		target += " --rack " + shellescape.Quote(s.Rack)
	}
	if s.Manifest != "" {
		manifest = " --manifest " + shellescape.Quote(s.Manifest)
	}
	lines := []string{
		"bash -c 'stop() { kill %1; wait; exit; };",
		"(trap stop TERM; while sleep 240 & wait %1; do echo still deploying; done) 2>/dev/null &",
		"trap stop EXIT;",
		"curl -fsSL --retry 3 -o " + installed + " " + url + " &&",
		"chmod +x " + installed + " &&",
	}
	if s.BeforePromote == "" {
		return append(lines, installed+" deploy"+target+manifest+" --wait'")
	}
	return append(lines,
		installed+" build"+target+manifest+" --id > "+releaseFile+" &&",
		s.runCommand(target)+" &&",
		"xargs "+installed+" releases promote --wait"+target+" < "+releaseFile+"'")
}

// Runs returns what the step runs on a release, as SERVICE COMMAND, or "". The second
// generation passes a command to a shell
// (https://github.com/convox/rack/blob/master/provider/aws/processes.go), the third only
// splits it (https://github.com/convox/convox/blob/master/provider/k8s/process.go), so it
// gets a shell where it needs one.
func (s Step) Runs() string {
	service, command := splitCommand(s.BeforePromote)
	if s.Generation == ThirdGeneration && strings.ContainsAny(command, "|&;<>()$`*?[~=") {
		command = "sh -c " + shellescape.Quote(command)
	}
	return strings.TrimSpace(service + " " + command)
}

// runCommand runs BeforePromote on the release, in octal if quotes or dpl would change it.
func (s Step) runCommand(target string) string {
	service, command := splitCommand(s.Runs())
	run := installed + " run " + service
	if quotedPattern.MatchString(command) && !strings.Contains(command, "  ") {
		return "xargs " + run + ` "` + command + `"` + target + " --release < " + releaseFile
	}
	return `printf "` + octal(command) + `\0--release\0" | cat - ` + releaseFile + " | xargs -0 " + run + target
}

// quotedPattern matches commands that can stand in double quotes as they are.
var quotedPattern = regexp.MustCompile(`^[A-Za-z0-9 ._/:=,@+^*?~()\[\]{}<>|&;-]*$`)

// octal writes a text for printf, all but what quotedPattern allows as octal numbers.
func octal(text string) string {
	var b strings.Builder
	for i := range len(text) {
		if one := text[i : i+1]; quotedPattern.MatchString(one) && !(one == " " && strings.HasSuffix(b.String(), " ")) {
			b.WriteString(one)
		} else {
			fmt.Fprintf(&b, `\%03o`, text[i])
		}
	}
	return b.String()
}

// guard is true in builds of the branch that aren't for a pull request: a pull request's
// build has its target as the branch
// (https://docs.travis-ci.com/user/environment-variables/#default-environment-variables).
func (s Step) guard() string {
	return `[ "$TRAVIS_BRANCH" = ` + shellescape.Quote(s.Branch) + ` ] && [ "$TRAVIS_PULL_REQUEST" = false ]`
}

// guarded is the step as a text block for after_success.
func (s Step) guarded(url string) []string {
	return append([]string{"|"}, s.guardedScript(url)...)
}

func (s Step) guardedScript(url string) []string {
	lines := append([]string{"if " + s.guard() + "; then"}, indented(s.command(url), 2)...)
	return append(lines, "fi")
}

// scripted is the step as an item of deploy. Its script must be a single command
// (https://docs.travis-ci.com/user/deployment/script/). It says nothing about cleanup: a
// deployment sends what is in the repository, and that is there in any case.
func (s Step) scripted(url string) []string {
	lines := append([]string{"provider: script", "script: >-"}, indented(s.command(url), 2)...)
	return append(lines, "on:", "  branch: "+scalar(s.Branch))
}

// appended is the step for a text block: in lines, or for a folded one in one line.
func (s Step) appended(url string) map[string][]string {
	oneLine := "if " + s.guard() + "; then " + strings.Join(s.command(url), " ") + "; fi"
	return map[string][]string{"|": s.guardedScript(url), ">": {"", oneLine}}
}

var plainScalar = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9._/-]*$`)

// scalar writes a name so that every YAML parser reads it as text.
func scalar(name string) string {
	switch strings.ToLower(name) {
	case "y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf":
		return strconv.Quote(name)
	}
	if plainScalar.MatchString(name) {
		return name
	}
	return strconv.Quote(name) // a step's patterns allow nothing that Go and YAML escape differently
}
