package build

import (
	"path"
	"strings"
)

// Target is what a deploy should deploy: an app on a Rack, from builds of a branch.
type Target struct {
	Repo   string // OWNER/NAME, or "" if unknown
	Branch string
	App    string
	Rack   string // ORG/NAME behind a Console, or "" for a Rack directly
	// DefaultApp is the app of a command that names none and runs in the top folder: that
	// of .convox/app, else the repository's name
	// (https://docs.convox.com/reference/cli/deploy/).
	DefaultApp string
}

// Fit says whether a deploy matches a target.
type Fit int

// The fits. Undecided means that it depends on an unknown variable.
const (
	Other Fit = iota
	Undecided
	Same
)

// Fit compares what a call deploys with the target. It ignores the branch, which depends
// on the build in which the call was played.
func (t Target) Fit(c Call) Fit {
	return min(fit(t.AppOf(c), t.App), t.fitRack(c.Rack))
}

// AppOf returns the app that a call deploys: the one it names, else the one of its
// working directory.
func (t Target) AppOf(c Call) string {
	switch {
	case c.App != "":
		return c.App
	case c.Folder != "":
		return path.Base(c.Folder)
	}
	return t.DefaultApp
}

// fitRack compares Racks. Behind a Console, a command that names none uses the
// CONVOX_RACK of the settings or .convox/rack, which are unknown.
func (t Target) fitRack(rack string) Fit {
	if t.Rack != "" && rack == "" {
		return Undecided
	}
	return fit(rack, t.Rack)
}

// fit compares names. One with a dollar sign is as written, because its variables are
// unknown.
func fit(name, wanted string) Fit {
	switch {
	case strings.Contains(name, "$"):
		return Undecided
	case strings.EqualFold(name, wanted):
		return Same
	}
	return Other
}
