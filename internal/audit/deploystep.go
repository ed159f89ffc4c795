package audit

import (
	"context"
	"path/filepath"
	"slices"
	"strings"

	"github.com/aymanbagabas/go-udiff"

	"convox-travis/internal/build"
	"convox-travis/internal/connect"
	"convox-travis/internal/gitrepo"
	"convox-travis/internal/problem"
	"convox-travis/internal/text"
	"convox-travis/internal/travisyml"
)

// DeployStep is a deployment with Convox to add to .travis.yml.
type DeployStep struct {
	build.Target
	Console bool
	// Form is "deploy" or "after_success"; "" chooses the one that fits the file.
	Form string
	// Manifest and BeforePromote are those of a travisyml.Step, or "".
	Manifest, BeforePromote string
}

// The forms of a step, by their keys in .travis.yml.
const (
	FormDeploy       = "deploy"        // a failure fails the build
	FormAfterSuccess = "after_success" // a failure doesn't fail the build
)

// CodeEnvironment marks a Warning about another deployment of the file, which stays.
const CodeEnvironment = "yml_other_deploy"

// FileRequest says what .travis.yml should have.
type FileRequest struct {
	Step   DeployStep
	NoStep bool // if nil, no step is added, and only its target counts
	Secure []travisyml.Secure
}

// FileChange is what would be added to a file. Making one only reads.
type FileChange struct {
	File travisyml.File
	New  string // the whole text
	// Found is where the file already deploys the same, such as "after_success, line 12";
	// "" is nowhere.
	Found string
	Form  string // of the added step, "" if none is added
	// ToPaste is what a person has to add to New, because it can't be added
	// automatically.
	ToPaste []*travisyml.Refusal
	// Warnings are about side effects of the step, and Notes about other deploys and what
	// can't be played.
	Warnings, Notes []connect.Warning
	// Builds are what builds do with New.
	Builds Builds

	others []string // other branches that deploy
}

// Changed reports whether there is anything to write.
func (c FileChange) Changed() bool { return c.New != c.File.Text }

// Sentence says what a push to the branch deploys once New is written, or "" without a
// file.
func (c FileChange) Sentence() string {
	if c.Changed() {
		return c.Builds.Sentence("then ", c.others...)
	}
	return c.Builds.Sentence("", c.others...)
}

// lineBefore is the line in the original file of a line of New, or 0.
func (c FileChange) lineBefore(line int) int {
	before, old := 0, strings.Split(c.File.Text, "\n")
	for i, text := range strings.Split(c.New, "\n") {
		if before < len(old) && text == old[before] {
			before++
		}
		if i+1 == line {
			return before
		}
	}
	return line
}

// Write writes the file. It never commits. The error is travisyml's.
func (c FileChange) Write() error {
	if !c.Changed() {
		return nil
	}
	return c.File.Write(c.New)
}

// PlanFile finds out what to add to a file. The errors are travisyml's, that of PlayFile,
// and that of ctx. With a travisyml.Refusal, if something can't be added without changing
// a line, and with travisyml.CodeStep, the change is what can be added; the Refusal is
// the first of ToPaste.
func PlanFile(ctx context.Context, player build.Player, file travisyml.File, request FileRequest) (FileChange, error) {
	change := FileChange{File: file, New: file.Text}
	document, err := travisyml.Parse(file.Text)
	if err != nil {
		return change, err
	}
	if len(request.Secure) > 0 {
		added, err := document.AddSecure(request.Secure...)
		if err == nil {
			change.New = added.New
			document, err = travisyml.Parse(added.New)
		}
		if err != nil && !change.refused(err) {
			return change, err
		}
	}
	var noStep error
	if !request.NoStep {
		err := change.addStep(ctx, player, document, request.Step)
		if problem.Has(err, travisyml.CodeStep) {
			noStep = err
		} else if err != nil && !change.refused(err) {
			return change, err
		}
	}
	after := file
	if change.Changed() {
		after.Text, after.Missing = change.New, false
	}
	if config, outcomes := change.Builds.config, change.Builds.Outcomes; config != nil {
		change.Builds = Builds{Target: request.Step.Target, player: player, source: after}
		err = change.Builds.read(ctx, config, outcomes)
	} else {
		change.Builds, err = PlayFile(ctx, player, after, request.Step.Target)
	}
	if err != nil {
		return change, err
	}
	found := change.Builds.targetDeploys(pushed)
	if change.Form != "" && len(found) > 1 { // in a folder whose .convox/app names the app
		request.NoStep = true
		if change, err = PlanFile(ctx, player, file, request); err == nil {
			change.Found = change.Builds.Found()
		}
		return change, err
	}
	switch {
	case change.Found != "":
		change.Warnings = change.Builds.Warnings(request.Step, change.lineBefore)
	case !request.NoStep:
		change.noteUnseen()
		if change.Form != "" {
			change.checkManifest(ctx, request.Step)
		}
	}
	if len(change.ToPaste) > 0 {
		return change, change.ToPaste[0].Problem()
	}
	return change, noStep
}

// refused stores a refusal, if err is one.
func (c *FileChange) refused(err error) bool {
	refusal, is := problem.Detail[*travisyml.Refusal](err)
	if is {
		c.ToPaste = append(c.ToPaste, refusal)
	}
	return is
}

// addStep adds the step to a document that already has the other additions.
func (c *FileChange) addStep(ctx context.Context, player build.Player, document *travisyml.Document, wanted DeployStep) error {
	added, err := document.AddStep(ctx, player, wanted.Target, wanted.step())
	if refusal, refused := problem.Detail[*travisyml.Refusal](err); refused {
		c.warn(document, refusal.Place)
	}
	if err != nil {
		return err
	}
	for _, other := range added.Environments {
		isFound := func(e travisyml.Environment) bool {
			return e.Line == other.Line && e.App == other.App && e.Rack == other.Rack
		}
		if slices.ContainsFunc(added.Found, isFound) { // the warnings name its builds
			continue
		}
		c.Notes = append(c.Notes, connect.Warning{Code: CodeEnvironment, Message: other.String()})
		if other.IsBranch() && other.From != wanted.Branch && !slices.Contains(c.others, other.From) {
			c.others = append(c.others, other.From)
		}
	}
	for _, note := range added.Notes {
		c.Notes = append(c.Notes, connect.Warning{Code: note.Code, Message: note.Message})
	}
	c.New, c.Builds.config, c.Builds.Outcomes = added.New, added.Config, added.Outcomes
	if len(added.Found) > 0 {
		c.Found = added.Found[0].At()
		return nil
	}
	c.warn(document, added.Place)
	c.Form = added.Form.String()
	return nil
}

func (s DeployStep) step() travisyml.Step {
	step := travisyml.Step{
		App: s.App, Rack: s.Rack, Branch: s.Branch, Generation: travisyml.SecondGeneration,
		Manifest: s.Manifest, BeforePromote: s.BeforePromote,
	}
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

// WriteFile adds to a file what can be added, and reports it. err is that of
// planning it.
func WriteFile(change FileChange, err error, encrypted bool) *connect.FileReport {
	refused := problem.Has(err, travisyml.CodeRefused, travisyml.CodeNotBuilt, travisyml.CodeStep)
	if err == nil || refused && change.Changed() {
		err = change.Write()
	}
	return change.report(err, encrypted)
}

// Intent is the report of a change that wasn't made.
func (c FileChange) Intent(err error, encrypted bool) *connect.FileReport {
	report := c.report(err, encrypted)
	report.Planned = true
	return report
}

func (c FileChange) report(err error, encrypted bool) *connect.FileReport {
	report := &connect.FileReport{Path: c.File.Path, Missing: c.File.Missing, Found: c.Found, Err: err, ToPaste: c.ToPaste}
	if err == nil && c.Changed() {
		leavesOutEnv := slices.ContainsFunc(c.ToPaste, func(r *travisyml.Refusal) bool { return strings.HasPrefix(r.Place, "env") })
		report.Step, report.Encrypted = c.Form != "", encrypted && !leavesOutEnv
	}
	return report
}

// Diff is what would be added, as a unified diff
// (https://www.gnu.org/software/diffutils/manual/html_node/Unified-Format.html); "" is
// nothing. The file's name is cleaned of terminal control characters.
func (c FileChange) Diff() string {
	name := text.Clean(filepath.Base(c.File.Path))
	before := "a/" + name
	if c.File.Missing {
		before = "/dev/null"
	}
	return udiff.Unified(before, "b/"+name, c.File.Text, c.New)
}

// warn adds the side effects of a step.
func (c *FileChange) warn(document *travisyml.Document, place string) {
	if hooks := document.DeployHooks(); place == FormDeploy && len(hooks) > 0 {
		c.Warnings = append(c.Warnings, connect.Warning{
			Code:    "yml_hooks",
			Message: "Travis runs " + strings.Join(hooks, " and ") + " of .travis.yml for each item of deploy, so it runs them with this one too",
			Hint:    "--step after_success does without, and then the build passes when the deployment fails",
		})
	}
}

// codeUnseen marks a Warning about something unknown in the file.
const codeUnseen = "yml_unseen"

// noteUnseen adds what is unknown in the file.
func (c *FileChange) noteUnseen() {
	for i, unseen := range c.Builds.Unseen() {
		unseen.Line = c.lineBefore(unseen.Line)
		if i == mostNamed {
			c.Notes = append(c.Notes, connect.Warning{Code: codeUnseen, Message: "more of it is unknown"})
			break
		}
		c.Notes = append(c.Notes, connect.Warning{Code: codeUnseen, Message: unseen.String()})
	}
}

// The codes of Warnings about what a step needs.
const (
	CodeManifest   = "yml_manifest"    // the clone doesn't have the step's manifest
	CodeNoManifest = "yml_no_manifest" // the clone has no convox.yml, but other manifests
	CodeService    = "yml_service"     // the manifest doesn't have the command's service
	CodeDiffers    = "yml_other_step"  // the file's step does something else than requested
)

// manifests match other names and places of a manifest.
var manifests = []string{":(glob)**/convox*.yml", ":(glob)**/convox*.yaml"}

// checkManifest compares a step with the clone: whether its manifest is there, and has the
// service that runs a command.
func (c *FileChange) checkManifest(ctx context.Context, step DeployStep) {
	if !c.File.IsInClone() {
		return
	}
	manifest := step.Manifest
	if manifest == "" {
		manifest = travisyml.DefaultManifest
		if !step.Console && !c.File.HasManifest(manifest) && c.File.HasManifest(travisyml.OldManifest) {
			manifest = travisyml.OldManifest
		}
	}
	switch {
	case c.File.HasManifest(manifest):
	case step.Manifest != "":
		c.Warnings = append(c.Warnings, connect.Warning{
			Code: CodeManifest, Message: "this clone has no " + manifest + ", which the deploy step names as its manifest",
			Hint: "check the path, which starts at the repository's top folder, or commit the file",
		})
		return
	default:
		others := gitrepo.Files(ctx, c.File.Root, manifests...)
		others = slices.DeleteFunc(others, func(other string) bool { return CheckExtras(other, "") != nil })
		if len(others) > 0 {
			c.Notes = append(c.Notes, connect.Warning{Code: CodeNoManifest, Message: "the top folder has no " + manifest + ", which a deploy needs unless its step names another manifest: " + text.List(others)})
		}
		return
	}
	words, services := strings.Fields(step.BeforePromote), c.File.Services(manifest)
	if len(words) > 0 && len(services) > 0 && !slices.Contains(services, words[0]) {
		c.Warnings = append(c.Warnings, connect.Warning{
			Code: CodeService, Message: manifest + " has no service " + text.Quote(words[0]) + ", in which the command before promoting would run",
			Hint: "start the command with its service: " + text.List(services),
		})
	}
}

// CheckExtras rejects, with travisyml.CodeStep, a manifest and a command that no step can
// have.
func CheckExtras(manifest, command string) error {
	return travisyml.Step{App: "app", Branch: "main", Generation: travisyml.SecondGeneration, Manifest: manifest, BeforePromote: command}.Validate()
}
