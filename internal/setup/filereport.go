package setup

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/aymanbagabas/go-udiff"

	"convox-travis/internal/problem"
	"convox-travis/internal/text"
	"convox-travis/internal/travisyml"
)

// FileReport is what became of .travis.yml.
type FileReport struct {
	Path      string // clean it before it is shown
	Missing   bool   // there was no such file
	Found     string // where it deployed already, or ""
	Step      bool   // the deploy step was added
	Encrypted bool   // the pair was added, or ours was written anew
	Planned   bool   // nothing was tried: a dry run
	Err       error  // why the file was left alone, or nil
	// ToPaste is what could not be added, for a person to write into the file.
	ToPaste []*travisyml.Refusal
}

// Written reports whether the file was changed.
func (r FileReport) Written() bool { return r.Err == nil && !r.Planned && (r.Step || r.Encrypted) }

// undo is what takes the addition away again.
func (r FileReport) undo() string {
	if r.Missing {
		return "delete .travis.yml, which was not there before"
	}
	return "delete from .travis.yml what git diff shows as added"
}

// Outcome says in words what became of the file.
func (r FileReport) Outcome() string {
	written := "written: "
	if r.Planned {
		written = "would be written: "
	}
	switch {
	case r.Err != nil:
		return "left as it was"
	case r.Step && r.Encrypted:
		return written + "the deploy step, and the pair encrypted"
	case r.Step:
		return written + "the deploy step"
	case r.Encrypted:
		return written + "the pair encrypted"
	case r.Found != "":
		return "left as it is: it deploys already"
	}
	return "left as it is"
}

// WriteFile adds to a file what can be added, and tells what became of it. err is
// that of planning it.
func WriteFile(change FileChange, err error, encrypted bool) *FileReport {
	refused := problem.Has(err, travisyml.CodeRefused, travisyml.CodeNotBuilt, travisyml.CodeStep)
	if err == nil || refused && change.Changed() {
		err = change.Write()
	}
	return change.report(err, encrypted)
}

// Intent tells what would become of the file.
func (c FileChange) Intent(err error, encrypted bool) *FileReport {
	report := c.report(err, encrypted)
	report.Planned = true
	return report
}

func (c FileChange) report(err error, encrypted bool) *FileReport {
	report := &FileReport{Path: c.File.Path, Missing: c.File.Missing, Found: c.Found, Err: err, ToPaste: c.ToPaste}
	if err == nil && c.Changed() {
		report.Step, report.Encrypted = c.Form != "", encrypted && !c.leavesOut("env")
	}
	return report
}

// leavesOut reports whether what is to be pasted belongs to a key.
func (c FileChange) leavesOut(key string) bool {
	return slices.ContainsFunc(c.ToPaste, func(r *travisyml.Refusal) bool { return strings.HasPrefix(r.Place, key) })
}

// Diff is what would be added, as a unified diff
// (https://www.gnu.org/software/diffutils/manual/html_node/Unified-Format.html);
// "" is nothing. The file's name is cleaned of what could steer a terminal.
func (c FileChange) Diff() string {
	name := text.Clean(filepath.Base(c.File.Path))
	before := "a/" + name
	if c.File.Missing {
		before = "/dev/null"
	}
	return udiff.Unified(before, "b/"+name, c.File.Text, c.New)
}

// warn notes what a step does beside deploying.
func (c *FileChange) warn(document *travisyml.Document, place string) {
	if hooks := document.DeployHooks(); place == FormDeploy && len(hooks) > 0 {
		c.Warnings = append(c.Warnings, Warning{
			Code:    "yml_hooks",
			Message: "Travis runs " + strings.Join(hooks, " and ") + " of .travis.yml for each item of deploy, so it runs what is there with this one too",
			Hint:    "--step after_success does without, and then the build passes when the deployment fails",
		})
	}
}

// codeUnseen marks a Warning about what isn't known of the file.
const codeUnseen = "yml_unseen"

// noteUnseen notes what isn't known of the file.
func (c *FileChange) noteUnseen() {
	for i, unseen := range c.Builds.Unseen() {
		unseen.Line = c.lineBefore(unseen.Line)
		if i == mostNamed {
			c.Notes = append(c.Notes, Warning{Code: codeUnseen, Message: "more in it isn't known here"})
			break
		}
		c.Notes = append(c.Notes, Warning{Code: codeUnseen, Message: unseen.String()})
	}
}
