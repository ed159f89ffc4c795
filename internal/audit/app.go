package audit

import (
	"context"
	"fmt"
	"slices"

	"convox-travis/internal/build"
	"convox-travis/internal/connect"
	"convox-travis/internal/convox"
	"convox-travis/internal/text"
)

// CodeNoApp is the code of NoApp.
const CodeNoApp = "app_missing"

// lackedApp asks the Rack of an accepted credential once whether it has the app of the
// first of the deploys that go to it, and returns a warning if it hasn't.
func lackedApp(ctx context.Context, checker Checker, c connect.Credential, login convox.Login, target build.Target, deploys []build.Call) (w connect.Warning, line int, lacks bool) {
	for _, call := range deploys {
		app, rack := target.AppOf(call), call.Rack
		isSeen := slices.ContainsFunc(login.Racks, func(r convox.Rack) bool { return r.String() == rack })
		if isPlain(app) && (rack == "" && !c.Console || rack != "" && c.Console && isSeen) {
			return NoApp(login, rack, app), call.Line, checker.LacksApp(ctx, c.Host, c.Password, rack, app)
		}
	}
	return w, 0, false
}

// FindApp warns if the Rack of an accepted credential doesn't have the app that a push
// deploys to it.
func (b Builds) FindApp(ctx context.Context, checker Checker, c connect.Credential, login convox.Login) []connect.Warning {
	if w, _, lacks := lackedApp(ctx, checker, c, login, b.Target, b.deploys(pushed)); lacks {
		return []connect.Warning{w}
	}
	return nil
}

// judgeApp is FindApp for a file whose builds use the given credential.
func (c *repositoryCase) judgeApp(ctx context.Context, checker Checker) {
	given := c.login.credential
	isUsed := given.Console && c.logsInToConsole() || !given.Console && c.logsInToRack()
	if !c.login.isAccepted() || !isUsed || c.file == nil || c.file.played == nil {
		return
	}
	var deploys []build.Call
	for _, s := range c.file.played.steps {
		for _, r := range s.in(pushed) {
			deploys = append(deploys, r.call)
		}
	}
	if w, line, lacks := lackedApp(ctx, checker, given, c.login.login, build.Target{DefaultApp: c.file.app}, deploys); lacks {
		c.add(SeverityWarning, FoundNoApp, fmt.Sprintf("%s (line %d)", w.Message, line), w.Hint)
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
