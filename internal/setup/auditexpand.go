package setup

import (
	"cmp"
	"context"
	"fmt"

	"convox-travis/internal/build"
)

// FoundDiffers is where Travis reads .travis.yml otherwise than it is read here.
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

// expand lets Travis expand the file of a repository that was found. Nothing else
// depends on it.
func (f *repositoryFacts) expand(ctx context.Context, travis Expander, clone *ClonedFile, branch string) {
	if f.file == nil || f.file.err != nil || f.file.missing || f.repository.ID == 0 {
		return
	}
	event := pushTo(f.repository.Slug, cmp.Or(branch, f.repository.DefaultBranch, "main"))
	f.expanded, f.expandErr = Expand(ctx, travis, f.repository, clone.File.Text, event)
	f.isExpanded = f.expandErr == nil
}

func pushTo(repo, branch string) build.Event {
	return build.Event{Type: build.Push, Repo: repo, Branch: branch}
}

// adopt takes over how Travis reads the file, for the push that it was expanded
// for. It returns the config to play.
func (f *repositoryFacts) adopt(ctx context.Context, config *build.Config, event build.Event) *build.Config {
	if f.expandErr != nil {
		f.confirmation = &Confirmation{Branch: event.Branch, Reason: f.expandErr.Error()}
	}
	if !f.isExpanded {
		return config
	}
	adoption, err := f.expanded.Adopt(ctx, config, event)
	if err != nil {
		f.confirmation = &Confirmation{Branch: event.Branch, Reason: fmt.Sprintf("Travis's answer can't be read: %v", err)}
		return config
	}
	f.confirmation = &Confirmation{Branch: event.Branch, Confirmed: adoption.Confirms(), Difference: adoption.Difference, Imports: f.expanded.Imports()}
	if adoption.Untold != "" {
		f.confirmation.Reason = fmt.Sprintf("it depends on %s of the push", adoption.Untold)
	}
	return adoption.Config
}
