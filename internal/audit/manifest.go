package audit

import (
	"context"
	"slices"
	"strings"

	"convox-travis/internal/connect"
	"convox-travis/internal/gitrepo"
	"convox-travis/internal/text"
	"convox-travis/internal/travisyml"
)

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
