package setup

import (
	"errors"

	"convox-travis/internal/travisyml"
)

// DeployStep is a deployment with Convox, to be added to .travis.yml.
type DeployStep struct {
	App     string
	Console bool
	Rack    string // ORG/NAME, behind a Console
	Branch  string
	// Form is "deploy" or "after_success"; "" is the one that fits the file.
	Form string
}

// The forms of a step, by their keys in .travis.yml.
const (
	FormDeploy       = "deploy"        // a failure fails the build
	FormAfterSuccess = "after_success" // a failure is not seen
)

// FileRequest says what is to be in .travis.yml.
type FileRequest struct {
	Step   *DeployStep // nil is none
	Secure []travisyml.Secure
}

// FileChange is what would be added to a file. Making one only reads.
type FileChange struct {
	File travisyml.File
	New  string // the whole text
	// Found is where the file deploys with Convox already, such as
	// "after_success, line 12"; "" is nowhere.
	Found string
	Form  string // of the step that is added, "" where none is
	// ToPaste is what a person has to write into New themselves, since it cannot
	// be added.
	ToPaste []*travisyml.Refusal
	// Warnings are about what the step does beside deploying, and Notes about what
	// could not be seen.
	Warnings, Notes []Warning
	// OwnScripts are what the file calls that may deploy out of its sight, such as
	// "make deploy", and Imports is whether it takes in other files.
	OwnScripts []string
	Imports    bool
}

// Changed reports whether there is anything to write.
func (c FileChange) Changed() bool { return c.New != c.File.Text }

// Write writes the file. It never commits. The error is travisyml's.
func (c FileChange) Write() error {
	if !c.Changed() {
		return nil
	}
	return c.File.Write(c.New)
}

// Deploys reports whether a file deploys with Convox already. The error is
// travisyml's, for a file that does not parse.
func Deploys(file travisyml.File) (bool, error) {
	document, err := travisyml.Parse(file.Text)
	if err != nil {
		return false, err
	}
	return len(document.Inspect().Deploys) > 0, nil
}

// PlanFile works out what has to be added to a file. The errors are travisyml's:
// a *SyntaxError for a file that does not parse, and a *Refusal where something
// cannot be added without changing a line: it is the first of ToPaste, and the
// change is what can be added.
func PlanFile(file travisyml.File, request FileRequest) (FileChange, error) {
	change := FileChange{File: file, New: file.Text}
	document, err := travisyml.Parse(file.Text)
	if err != nil {
		return change, err
	}
	report := document.Inspect()
	change.OwnScripts, change.Imports = report.OwnScripts, report.Imports
	secureRefused := false
	if len(request.Secure) > 0 {
		added, err := document.AddSecure(request.Secure...)
		if secureRefused = change.refused(err); err != nil && !secureRefused {
			return change, err
		}
		if err == nil {
			change.New = added.New
			if document, err = travisyml.Parse(added.New); err != nil {
				return change, err
			}
		}
	}
	if request.Step != nil {
		if err := change.addStep(document, *request.Step); err != nil && !change.refused(err) {
			return change, err
		}
	}
	if secureRefused && change.Changed() { // by the step, which may have moved lines
		if document, err = travisyml.Parse(change.New); err != nil {
			return change, err
		}
		change.ToPaste = nil
		if _, err := document.AddSecure(request.Secure...); !change.refused(err) {
			return change, err
		}
	}
	if len(change.ToPaste) > 0 {
		return change, change.ToPaste[0]
	}
	return change, nil
}

// refused keeps a refusal, if err is one.
func (c *FileChange) refused(err error) bool {
	refusal, is := errors.AsType[*travisyml.Refusal](err)
	if is {
		c.ToPaste = append(c.ToPaste, refusal)
	}
	return is
}

// addStep adds the step to a document that holds what was added already.
func (c *FileChange) addStep(document *travisyml.Document, wanted DeployStep) error {
	step := wanted.in(document)
	added, err := document.AddStep(step)
	refusal, refused := errors.AsType[*travisyml.Refusal](err)
	if refused && wanted.Form == "" && len(refusal.Instead) > 0 && (refusal.Instead[0] != travisyml.DeployScript || len(document.DeployHooks()) == 0) {
		step.Form = refusal.Instead[0]
		added, err = document.AddStep(step)
		refusal, refused = errors.AsType[*travisyml.Refusal](err)
	}
	if refused {
		c.warn(document, refusal.Place)
	}
	if err != nil {
		return err
	}
	c.New = added.New
	if len(added.Found) > 0 {
		c.Found = added.Found[0].At()
		for _, found := range added.Found {
			if missesWait(found, false) {
				c.Warnings = append(c.Warnings, Warning{Code: FoundNoWait, Message: "the deploy step in " + found.At() + noWait, Hint: addWait})
			}
		}
		return nil
	}
	c.warn(document, added.Place)
	c.Form = step.Form.String()
	return nil
}

// Check refuses a step that no .travis.yml can carry. The error is travisyml's.
func (s DeployStep) Check() error { return s.inForm(travisyml.DeployScript).Validate() }

// in is the step in the form that fits a document: the one whose failure fails
// the build, unless the document has steps of the other one already, or something
// that Travis would run with it.
func (s DeployStep) in(document *travisyml.Document) travisyml.Step {
	other := document.Has(FormAfterSuccess) || len(document.DeployHooks()) > 0
	if s.Form == FormAfterSuccess || s.Form == "" && other {
		return s.inForm(travisyml.AfterSuccess)
	}
	return s.inForm(travisyml.DeployScript)
}

func (s DeployStep) inForm(form travisyml.Form) travisyml.Step {
	step := travisyml.Step{Form: form, App: s.App, Rack: s.Rack, Branch: s.Branch, Generation: travisyml.SecondGeneration}
	if s.Console {
		step.Generation = travisyml.ThirdGeneration
	}
	return step
}
