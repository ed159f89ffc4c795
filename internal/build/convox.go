package build

import (
	"path"
	"slices"
	"strings"
)

// Call is one call of the convox CLI in a job.
type Call struct {
	Args       []string
	App        string // --app, else CONVOX_APP, else ""; unknown parts as written, with their $
	Rack       string // --rack, else CONVOX_RACK, else ""; like App
	Folder     string // working directory, relative to the repository's top folder, which is ""
	Line       int
	Phase      string
	Deploys    bool // deploys, or promotes what the job has built
	FailsBuild bool // for a deploy: its failure fails the build
	OnFailure  bool // it runs only when other commands or tests fail
	// Manifest is the one that a deploy names, or "". Before is what "convox run" does on
	// the release of a promotion before it, as SERVICE COMMAND.
	Manifest string   `json:",omitempty"`
	Before   []string `json:",omitempty"`

	// Source is for a command that isn't the convox CLI: its last word that contains
	// "convox", which is the CLI's address or package, or "".
	Source string `json:",omitempty"`
	// Sets lists which of CONVOX_HOST, CONVOX_PASSWORD and RACK_URL the file sets for it.
	Sets     []string `json:",omitempty"`
	LoggedIn bool     `json:",omitempty"` // it comes after convox login

	release string   // of "convox run"
	unset   []string // variables in its words that nothing in the job sets, as $NAME
}

// programs are the names under which the convox CLI is downloaded.
var programs = []string{"convox", "convox.exe", "convox-linux", "convox-linux-arm64", "convox-macos", "convox-macos-arm64", "convox-windows.exe"}

// valueOptions are the convox CLI's options that take a separate value.
var valueOptions = []string{"app", "a", "rack", "r", "description", "d", "manifest", "m", "file", "f", "build-args", "wildcard-domain", "release", "timeout", "t", "generation", "g", "external-id", "image-pull-policy"}

// readCall parses a call like the convox CLI does
// (https://docs.convox.com/reference/cli/). It returns false for other programs.
func readCall(args []string, env func(string) string) (call Call, command []string, ok bool) {
	if !slices.Contains(programs, path.Base(args[0])) {
		return Call{}, nil, false
	}
	call = Call{Args: args, App: env("CONVOX_APP"), Rack: env("CONVOX_RACK")}
	for _, name := range []string{"CONVOX_HOST", "CONVOX_PASSWORD"} {
		if env(name) != unknownValue {
			call.Sets = append(call.Sets, name)
		}
	}
	if address := env("RACK_URL"); address != "" && address != unknownValue && address != "$RACK_URL" {
		call.Sets = append(call.Sets, "RACK_URL")
	}
	if slices.ContainsFunc(args, func(arg string) bool { return strings.Contains(arg, breakMark) }) {
		return call, nil, true // an unknown option, app or command
	}
	for i := 1; i < len(args); i++ {
		arg := args[i]
		if len(arg) < 2 || arg[0] != '-' {
			command = append(command, arg)
			continue
		}
		name, value, attached := strings.Cut(strings.TrimLeft(arg, "-"), "=")
		if name == "help" || name == "h" || name == "version" {
			return call, nil, true
		}
		if !attached && slices.Contains(valueOptions, name) && i+1 < len(args) {
			i++
			value = args[i]
		}
		switch name {
		case "app", "a":
			call.App = value
		case "rack", "r":
			call.Rack = value
		case "manifest", "m", "file", "f":
			call.Manifest = value
		case "release":
			call.release = value
		case "promote":
			command = append(command, "--promote")
		case "id":
			command = append(command, "--id")
		}
	}
	return call, command, true
}

type effect int

const (
	noEffect effect = iota
	deployEffect
	buildEffect
	promoteEffect
)

func effectOf(command []string) effect {
	words := slices.DeleteFunc(slices.Clone(command), func(word string) bool { return strings.HasPrefix(word, "--") })
	if len(words) == 0 {
		return noEffect
	}
	first, second := words[0], ""
	if len(words) > 1 {
		second = words[1]
	}
	switch {
	case first == "deploy":
		return deployEffect
	case first == "build", first == "builds" && second == "create":
		if slices.Contains(command, "--promote") {
			return deployEffect
		}
		return buildEffect
	case first == "releases" && second == "promote":
		return promoteEffect
	}
	return noEffect
}

// RunOf returns what "convox run" runs in a call, as SERVICE COMMAND, or "".
func RunOf(call Call) string {
	_, command, ok := readCall(call.Args, func(string) string { return "" })
	if !ok || len(command) < 3 || command[0] != "run" {
		return ""
	}
	return strings.Join(command[1:], " ")
}

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

// fit compares names. One with a dollar sign has unknown variables.
func fit(name, wanted string) Fit {
	switch {
	case strings.Contains(name, "$"):
		return Undecided
	case strings.EqualFold(name, wanted):
		return Same
	}
	return Other
}
