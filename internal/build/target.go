package build

import (
	"path"
	"strings"
)

// Target is what a deploy is for: an app on a Rack, from the builds of a branch.
type Target struct {
	Repo   string // OWNER/NAME, or "" where it isn't known
	Branch string
	App    string
	Rack   string // ORG/NAME behind a Console, or "" for a Rack directly
	// DefaultApp is the app of a command that names none and runs in the top folder:
	// that of .convox/app, else the repository's name
	// (https://docs.convox.com/reference/cli/deploy/).
	DefaultApp string
}

// Fit says whether a deploy is for a target.
type Fit int

// The fits. What depends on a variable that isn't known here is Undecided.
const (
	Other Fit = iota
	Undecided
	Same
)

// Fit compares what a call deploys with the target. It doesn't look at the branch:
// that is for the build to say in which the call was played.
func (t Target) Fit(c Call) Fit {
	return min(fit(t.AppOf(c), t.App), t.fitRack(c.Rack))
}

// AppOf returns the app that a call deploys: the one that it names, else the one
// of the folder in which it runs.
func (t Target) AppOf(c Call) string {
	switch {
	case c.App != "":
		return c.App
	case c.Folder != "":
		return path.Base(c.Folder)
	}
	return t.DefaultApp
}

// fitRack compares Racks. Behind a Console a command that names none uses the one
// of the settings' CONVOX_RACK or of .convox/rack, which isn't known here.
func (t Target) fitRack(rack string) Fit {
	if t.Rack != "" && rack == "" {
		return Undecided
	}
	return fit(rack, t.Rack)
}

// fit compares names. A name with a dollar is as it is written, since its variables
// aren't known.
func fit(name, wanted string) Fit {
	switch {
	case strings.Contains(name, "$"):
		return Undecided
	case strings.EqualFold(name, wanted):
		return Same
	}
	return Other
}
