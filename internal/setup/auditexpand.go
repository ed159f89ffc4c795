package setup

import (
	"cmp"
	"context"
	"strings"

	"convox-travis/internal/build"
)

// FoundDiffers is where Travis reads .travis.yml differently than we do.
const FoundDiffers = "yml_differs"

// Confirmation is whether Travis makes the same of a .travis.yml, for a push to the
// branch that is audited. The builds are judged as Travis reads the file.
type Confirmation struct {
	Branch     string
	Confirmed  bool
	Difference string   // in one sentence, or ""
	Imports    []string // the files that it imports, as OWNER/NAME:PATH@REF
	Reason     string   // why Travis didn't expand the file, or what it wasn't told, or ""
}

// branch is the audited branch.
func (f *repositoryFacts) branch(audited string) string {
	return cmp.Or(audited, f.repository.DefaultBranch, "main")
}

// expand lets Travis expand the file of a repository that was found. Nothing else
// depends on it.
func (f *repositoryFacts) expand(ctx context.Context, travis Expander, branch string) {
	if f.file == nil || f.file.err != nil || f.file.missing {
		return
	}
	event := build.Event{Type: build.Push, Branch: f.branch(branch)}
	expanded, err := Expand(ctx, travis, f.repository, f.file.text, event)
	f.confirmation = &Confirmation{Branch: event.Branch}
	if err != nil {
		f.confirmation.Reason = err.Error()
		return
	}
	f.expanded = &expanded
}

// adopt takes over how Travis reads the file, for the push that it was expanded
// for.
func (f *repositoryFacts) adopt(ctx context.Context, event build.Event) {
	if f.expanded == nil {
		return
	}
	adoption, err := f.expanded.Adopt(ctx, f.file.config, event)
	if err != nil {
		f.confirmation.Reason = "read Travis's answer: " + err.Error()
		return
	}
	f.file.config = adoption.Config
	f.confirmation.Confirmed, f.confirmation.Difference, f.confirmation.Imports = adoption.Confirms(), adoption.Difference, f.expanded.Imports()
	if adoption.Untold != "" {
		f.confirmation.Reason = "the jobs depend on " + adoption.Untold + " of the push"
	}
}

// withoutNoLine takes line 0 out of a sentence: it is that of what Travis reads and
// the file at hand doesn't hold.
func withoutNoLine(text string) string { return noLine.Replace(text) }

var noLine = strings.NewReplacer(" on line 0", "", " (line 0)", "", "line 0: ", "", "delete line 0", "delete it")
