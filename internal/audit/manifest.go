package audit

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"convox-travis/internal/connect"
	"convox-travis/internal/convox"
	"convox-travis/internal/gitrepo"
	"convox-travis/internal/text"
	"convox-travis/internal/travisyml"
)

// The codes of Warnings about what a step needs.
const (
	CodeManifest   = "yml_manifest"    // the clone doesn't have the step's manifest
	CodeNoManifest = "yml_no_manifest" // the clone has no convox.yml, but other manifests
	CodeService    = "yml_service"     // the manifest doesn't have the command's service
	CodeDiffers    = "yml_differs"     // the file's step does something else than requested
	CodeNoApp      = "app_missing"     // the Rack doesn't have the app
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
		others = slices.DeleteFunc(others, func(other string) bool { return !canWrite(travisyml.Step{Manifest: other}) })
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

// canWrite reports whether a step can have its manifest and command.
func canWrite(step travisyml.Step) bool {
	step.App, step.Branch, step.Generation = "app", "main", travisyml.SecondGeneration
	return step.Validate() == nil
}

// compareFound warns if the step that is there doesn't do what was requested.
func (c *FileChange) compareFound(step DeployStep) {
	warn := func(line int, what string) {
		c.Warnings = append(c.Warnings, connect.Warning{
			Code: CodeDiffers, Message: fmt.Sprintf("%s %s", stepOn(c.lineBefore(line)), what), Hint: "delete that step, then run this again",
		})
	}
	for _, call := range c.Builds.own(pushed) {
		if runs := step.step().Runs(); runs != "" && !slices.Contains(call.Before, runs) {
			warn(call.Line, "doesn't run that command before it promotes")
		}
		if step.Manifest != "" && path.Clean(call.Manifest) != path.Clean(step.Manifest) {
			warn(call.Line, "doesn't use the manifest "+step.Manifest)
		}
	}
}

// NoApp is the Warning for an app that a Rack doesn't have. rack is ORG/NAME behind a
// Console, otherwise "".
func NoApp(login convox.Login, rack, app string) connect.Warning {
	name, command := rack, []string{"convox", "apps", "create", app}
	switch {
	case rack != "":
		command = append(command, "--rack", rack)
	case len(login.Racks) == 1:
		name = login.Racks[0].Name
	default:
		name = login.Host.String()
	}
	return connect.Warning{
		Code: CodeNoApp, Message: "Rack " + name + " has no app " + text.Quote(app) + ", so a deploy of it fails",
		Hint: "create it: " + text.Command(command...),
	}
}
