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

// deployedApp returns the app that a call deploys to the Rack of an accepted credential,
// and behind a Console also the Rack.
func deployedApp(call build.Call, target build.Target, c connect.Credential, login convox.Login) (rack, app string, ok bool) {
	app, rack = target.AppOf(call), call.Rack
	isSeen := slices.ContainsFunc(login.Racks, func(r convox.Rack) bool { return r.String() == rack })
	return rack, app, isPlain(app) && (rack == "" && !c.Console || rack != "" && c.Console && isSeen)
}

// FindApp asks the Rack of an accepted credential once whether it has the app that a push
// deploys to it, and warns if it hasn't.
func (b Builds) FindApp(ctx context.Context, checker Checker, c connect.Credential, login convox.Login) []connect.Warning {
	for _, call := range b.deploys(pushed) {
		rack, app, ok := deployedApp(call, b.Target, c, login)
		switch {
		case !ok:
		case checker.LacksApp(ctx, c.Host, c.Password, rack, app):
			return []connect.Warning{NoApp(login, rack, app)}
		default:
			return nil
		}
	}
	return nil
}

// judgeApp is FindApp for what a file deploys, if its builds use the given credential.
func (c *repositoryCase) judgeApp(ctx context.Context, checker Checker) {
	given := c.login.credential
	isUsed := given.Console && c.logsInToConsole() || !given.Console && c.logsInToRack()
	if !c.login.isAccepted() || !isUsed || c.file == nil || c.file.played == nil {
		return
	}
	for _, s := range c.file.played.steps {
		for _, r := range s.in(pushed) {
			rack, app, ok := deployedApp(r.call, build.Target{DefaultApp: c.file.app}, given, c.login.login)
			if !ok {
				continue
			}
			if checker.LacksApp(ctx, given.Host, given.Password, rack, app) {
				w := NoApp(c.login.login, rack, app)
				c.add(SeverityWarning, FoundNoApp, fmt.Sprintf("%s (line %d)", w.Message, s.line), w.Hint)
			}
			return
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
