package setup

import (
	"context"
	"errors"

	"convox-travis/internal/build"
	"convox-travis/internal/travisyml"
)

// DeployStep is a deployment with Convox, to be added to .travis.yml.
type DeployStep struct {
	App     string
	Console bool
	Rack    string // ORG/NAME, behind a Console
	Branch  string
	Repo    string // OWNER/NAME on Travis, or "" where it isn't known
	// DefaultApp is the app of a command that names none, or "".
	DefaultApp string
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
	// Found is where the file deploys the same already, such as "after_success,
	// line 12"; "" is nowhere.
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

// PlanFile works out what has to be added to a file, by playing what its builds do.
// The errors are travisyml's:
// a *SyntaxError for a file that does not parse, and a *Refusal where something
// cannot be added without changing a line: it is the first of ToPaste, and the
// change is what can be added.
func PlanFile(ctx context.Context, player build.Player, file travisyml.File, request FileRequest) (FileChange, error) {
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
		if err := change.addStep(ctx, player, document, *request.Step); err != nil && !change.refused(err) {
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
func (c *FileChange) addStep(ctx context.Context, player build.Player, document *travisyml.Document, wanted DeployStep) error {
	added, err := document.AddStep(ctx, player, wanted.target(), wanted.step())
	if refusal, refused := errors.AsType[*travisyml.Refusal](err); refused {
		c.warn(document, refusal.Place)
	}
	if err != nil {
		return err
	}
	for _, other := range added.Environments {
		c.Notes = append(c.Notes, Warning{Code: "yml_other_deploy", Message: other.String() + ", which stays"})
	}
	for _, note := range added.Notes {
		c.Notes = append(c.Notes, Warning{Code: note.Code, Message: note.Message})
	}
	c.New = added.New
	if len(added.Found) > 0 {
		c.Found = added.Found[0].At()
		for _, found := range added.Found {
			if !found.Waits && !wanted.Console {
				c.Warnings = append(c.Warnings, Warning{Code: FoundNoWait, Message: "the deploy step in " + found.At() + noWait, Hint: addWait})
			}
		}
		return nil
	}
	c.warn(document, added.Place)
	c.Form = added.Form.String()
	return nil
}

// Check refuses a step that no .travis.yml can carry. The error is travisyml's.
func (s DeployStep) Check() error { return s.step().Validate() }

func (s DeployStep) step() travisyml.Step {
	step := travisyml.Step{App: s.App, Rack: s.Rack, Branch: s.Branch, Generation: travisyml.SecondGeneration}
	if s.Console {
		step.Generation = travisyml.ThirdGeneration
	}
	switch s.Form {
	case FormDeploy:
		step.Form = travisyml.DeployScript
	case FormAfterSuccess:
		step.Form = travisyml.AfterSuccess
	}
	return step
}

func (s DeployStep) target() build.Target {
	return build.Target{Repo: s.Repo, Branch: s.Branch, App: s.App, Rack: s.Rack, DefaultApp: s.DefaultApp}
}
