package travisyml

import (
	"regexp"
	"slices"
)

// Form is where in a build the step runs.
type Form int

// The forms. In a build of several jobs both of them become one last stage with
// one job, since either would deploy once for each job.
const (
	// AfterSuccess is an item of after_success, as Convox's page has it. Travis
	// does not let its failure fail the build.
	AfterSuccess Form = iota
	// DeployScript is an item of deploy with "provider: script", which Travis
	// never runs for a pull request, and whose failure fails the build.
	DeployScript
)

// String is the key in .travis.yml.
func (f Form) String() string {
	if f == DeployScript {
		return "deploy"
	}
	return "after_success"
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

// StepError means that a step cannot be written. It does not quote the value,
// which can be anything.
type StepError struct {
	what string
	want string
}

// Error is one lower-case line.
func (e *StepError) Error() string {
	return "write the deploy step: the " + e.what + " is not one that .travis.yml can carry safely"
}

// Code is a word for machines, in snake case.
func (*StepError) Code() string { return "yml_step" }

// Hints are things that can be done, best first.
func (e *StepError) Hints() []string { return []string{"a name of " + e.want} }

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

// Validate refuses what .travis.yml cannot carry, with a *StepError.
func (s Step) Validate() error {
	switch {
	case !appPattern.MatchString(s.App):
		return &StepError{"app's name", "letters, digits, dots, dashes and underscores"}
	case s.Rack != "" && !rackPattern.MatchString(s.Rack):
		return &StepError{"Rack's name", "the form ORG/NAME"}
	case !branchPattern.MatchString(s.Branch):
		return &StepError{"branch's name", "letters, digits and . _ / @ # + , = -, which begins with a letter, a digit or an underscore"}
	case s.Generation != SecondGeneration && s.Generation != ThirdGeneration:
		return &StepError{"client's generation", "the second or the third"}
	case s.Form != AfterSuccess && s.Form != DeployScript:
		return &StepError{"form", "after_success or deploy"}
	}
	return nil
}

// AddStep adds a deployment. A file that deploys with Convox already, anywhere,
// is left as it is: the Change then lists what was Found. In a build of several
// jobs, in one whose job cannot run the client, and in one whose script ends
// before it would get to the step, the step is one last stage with one job on
// Linux; the stage needs no line under
// stages, since Travis puts those that are not listed there last
// (https://github.com/travis-ci/travis-yml/blob/master/lib/travis/yml/configs/stages.rb).
// The error is a *Refusal or a *StepError.
func (d *Document) AddStep(step Step) (Change, error) {
	if found := d.deploys(); len(found) > 0 {
		return Change{Old: d.text, New: d.text, Place: found[0].Place, Found: found}, nil
	}
	if err := step.Validate(); err != nil {
		return Change{}, err
	}
	change, refusal := d.addForm(step)
	if refusal == nil {
		return change, nil
	}
	for _, form := range []Form{AfterSuccess, DeployScript} {
		other := step
		other.Form = form
		if form == step.Form {
			continue
		}
		if _, no := d.addForm(other); no == nil {
			refusal.Instead = append(refusal.Instead, form)
		}
	}
	return Change{}, refusal
}

func (d *Document) addForm(step Step) (Change, *Refusal) {
	if d.matrix().several() {
		return d.addStage(step, nil)
	}
	url, runs := d.clientFor(step, d.root)
	if !runs {
		return d.addStage(step, asItem([]string{"stage: " + firstStage}))
	}
	name := step.Form.String()
	if !d.reaches(name, step.Branch) {
		return d.addStage(step, asItem([]string{"stage: " + firstStage}))
	}
	lines := asItem(step.guarded(url))
	if step.Form == DeployScript {
		lines = asItem(step.scripted(url))
	}
	return d.addUnder(name, lines, step.appended(url))
}

// addUnder adds an item to a list at the top of the document. A block of text
// there is given the text instead: it is a script, and goes on.
func (d *Document) addUnder(name string, lines []string, text map[string][]string) (Change, *Refusal) {
	p := d.whole()
	var edits []edit
	var why refused
	found, ok := p.find(name)
	switch {
	case !ok && lookup(d.root, name) != nil:
		why = reasonAlias
	case !ok:
		edits, why = d.addKey(p, d.nested(name, lines))
	case name == AfterSuccess.String() && isSkipped(found.value):
		why = reasonSkip
	case name == AfterSuccess.String() && isBlock(found.value) && !goesOn(found.value.Value):
		why = reasonOpen
	case name == AfterSuccess.String() && isBlock(found.value):
		edits, why = d.addText(found, text)
	case name == DeployScript.String() && found.value.Kind == scalarKind && !isEmptyNode(found.value):
		why = reasonShape
	default:
		edits, why = d.addItem(found, lines)
	}
	change, done := d.splice(name, edits)
	if done && change.deploysOnce() {
		return change, nil
	}
	refusal := &Refusal{Reason: d.reason(why), Place: name, Lines: d.nested(name, lines)}
	if ok {
		refusal.Line = found.key.Line
		refusal.Lines = slices.Clone(lines)
		if whole, can := d.pastedList(found.key.Value, found.value, lines); can {
			refusal.Lines, refusal.Replace = whole, true
		}
	} else if merged := lookup(d.root, name); merged != nil {
		if whole, can := d.pastedList(name, withoutAnchors(clone(merged)), lines); can {
			refusal.Lines = whole
		}
	}
	return Change{}, d.bracketed(refusal)
}

// deploysOnce reports whether the step that was added is found again, with its
// guard.
func (c Change) deploysOnce() bool {
	document, err := Parse(c.New)
	if err != nil {
		return false
	}
	found := document.deploys()
	return len(found) == 1 && found[0].Branch && found[0].NoPullRequests
}
