package travisyml

import (
	"regexp"

	"convox-travis/internal/problem"
)

// Form is where in a build the step runs.
type Form int

// The forms. In a build of several jobs all of them become one last stage with one
// job, since either would deploy once for each job.
const (
	// FittingForm is DeployScript, or a job where that runs other commands too.
	FittingForm Form = iota
	// DeployScript is an item of deploy with "provider: script", which Travis
	// never runs for a pull request, and whose failure fails the build.
	DeployScript
	// AfterSuccess is an item of after_success, as Convox's page has it. Travis
	// does not let its failure fail the build.
	AfterSuccess
)

// String is the key in .travis.yml.
func (f Form) String() string {
	if f == AfterSuccess {
		return "after_success"
	}
	return "deploy"
}

// Generation is the convox client's.
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
	Branch     string // the one that is deployed
	Generation Generation
}

// CodeStep is that of an Error for a step that cannot be written.
const CodeStep = "yml_step"

// unwritable doesn't quote the value, which can be anything.
func unwritable(what, want string) error {
	return &problem.Error{
		Code: CodeStep, Action: "write the deploy step", Reason: "the " + what + " is not one that .travis.yml can carry safely",
		Hints: []string{"use " + want},
	}
}

// Travis puts a deploy branch into Bash as it is
// (https://github.com/travis-ci/travis-build/blob/master/lib/travis/build/addons/deploy/script.rb),
// so what Bash would read as more than a word is refused, in every form.
var (
	appPattern    = pattern{regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`), 100}
	rackPattern   = pattern{regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*$`), 200}
	branchPattern = pattern{regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._/@#+,=-]*$`), 250}
)

// pattern is a shape of so many bytes at the most. As repetitions the bounds
// would take a millisecond to be compiled, at each start of the program.
type pattern struct {
	shape   *regexp.Regexp
	longest int
}

// MatchString reports whether text has the shape.
func (p pattern) MatchString(text string) bool {
	return len(text) <= p.longest && p.shape.MatchString(text)
}

// Validate refuses what .travis.yml cannot carry, with CodeStep.
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
	}
	return nil
}
