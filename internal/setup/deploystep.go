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

// PlanFile works out what has to be added to a file. The errors are travisyml's:
// a *SyntaxError for a file that does not parse, and a *Refusal, with the lines to
// paste, where something cannot be added without changing a line.
func PlanFile(file travisyml.File, request FileRequest) (FileChange, error) {
	change := FileChange{File: file, New: file.Text}
	document, err := travisyml.Parse(file.Text)
	if err != nil {
		return change, err
	}
	if len(request.Secure) > 0 {
		added, err := document.AddSecure(request.Secure...)
		if err != nil {
			return change, err
		}
		change.New = added.New
		if document, err = travisyml.Parse(added.New); err != nil {
			return change, err
		}
	}
	if request.Step == nil {
		return change, nil
	}
	step := request.Step.in(document)
	added, err := document.AddStep(step)
	if refusal, is := errors.AsType[*travisyml.Refusal](err); is && request.Step.Form == "" && len(refusal.Instead) > 0 {
		step.Form = refusal.Instead[0]
		added, err = document.AddStep(step)
	}
	if err != nil {
		return change, err
	}
	change.New = added.New
	if len(added.Found) > 0 {
		change.Found = added.Found[0].At()
		return change, nil
	}
	change.Form = step.Form.String()
	return change, nil
}

// in is the step in the form that fits a document: the one whose failure fails
// the build, unless the document has steps of the other one already.
func (s DeployStep) in(document *travisyml.Document) travisyml.Step {
	step := travisyml.Step{Form: travisyml.DeployScript, App: s.App, Rack: s.Rack, Branch: s.Branch, Generation: travisyml.SecondGeneration}
	if s.Console {
		step.Generation = travisyml.ThirdGeneration
	}
	if s.Form == FormAfterSuccess || s.Form == "" && document.Has(FormAfterSuccess) {
		step.Form = travisyml.AfterSuccess
	}
	return step
}
