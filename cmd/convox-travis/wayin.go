package main

import (
	"strings"

	"convox-travis/internal/convox"
)

// wayIn is where a build will log in, as the flags and CONVOX_HOST say it.
type wayIn struct {
	console bool
	host    convox.Host // of the Console, or of the Rack where it was given
	stack   string      // the Rack's name in CloudFormation, where it has to be looked up
	rack    string      // ORG/NAME, the deploy step's Rack behind a Console
}

// given reports whether there is a way in at all.
func (w wayIn) given() bool { return !w.host.IsZero() || w.stack != "" }

// wayIn reads the way in. It refuses what contradicts itself: a key must never
// go to a host that was not meant.
func (o *options) wayIn(env func(string) string) (wayIn, error) {
	switch {
	case o.console != "" && o.host != "":
		return wayIn{}, &usageError{what: "--console and --host are two ways in", hints: []string{"for a Console of your own: --console=HOST"}}
	case o.console != "":
		return o.consoleWay(o.console)
	case strings.Contains(o.rack, "/"):
		return wayIn{}, &usageError{
			what:  "--rack ORG/NAME names a Rack of Console, and --console was not given",
			hints: []string{"with a deploy key: --console --rack ORG/NAME", "a Rack directly is named by its stack, without ORG/"},
		}
	case o.host != "":
		return o.rackWay(o.host, "--host")
	case o.rack != "":
		return wayIn{stack: o.rack}, nil
	case env("CONVOX_HOST") == "":
		return wayIn{}, nil
	}
	host, err := convox.ParseHost(env("CONVOX_HOST"))
	if err == nil && host.IsHostedConsole() {
		return o.consoleWay(env("CONVOX_HOST"))
	}
	return o.rackWay(env("CONVOX_HOST"), "CONVOX_HOST")
}

func (o *options) consoleWay(text string) (wayIn, error) {
	host, err := convox.ParseHost(text)
	if err != nil {
		return wayIn{}, hostError("the Console's host", err)
	}
	if o.rack != "" && !isOrgRack(o.rack) {
		return wayIn{}, &usageError{what: "with --console, --rack is ORG/NAME", hints: []string{"convox racks lists them, and so does the dashboard of Console"}}
	}
	if o.saved {
		return wayIn{}, &usageError{
			what:  "--saved is for a Rack: what the convox client saves for a Console is a person's own key",
			hints: []string{"make a deploy key in Console, and pipe it in with --password-stdin"},
		}
	}
	return wayIn{console: true, host: host, rack: o.rack}, nil
}

func (o *options) rackWay(text, from string) (wayIn, error) {
	host, err := convox.ParseHost(text)
	if err != nil {
		return wayIn{}, hostError(from, err)
	}
	if host.IsHostedConsole() {
		return wayIn{}, &usageError{what: from + " is Console's", hints: []string{"with a deploy key: --console"}}
	}
	return wayIn{host: host, stack: o.rack}, nil
}

func isOrgRack(text string) bool {
	organization, name, found := strings.Cut(text, "/")
	return found && organization != "" && name != "" && !strings.Contains(name, "/")
}

func hostError(from string, err error) error {
	return &usageError{what: from + ": " + err.Error(), hints: hintsOf(err)}
}
