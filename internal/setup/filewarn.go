package setup

import (
	"strings"

	"convox-travis/internal/travisyml"
)

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
