// Command convox-travis connects a Travis CI repository to a Convox Rack: it
// verifies a credential and writes CONVOX_HOST and CONVOX_PASSWORD as private
// variables to the repository's settings.
//
// Each subcommand has its own file and returns a result. Only result.go prints
// results, as text, JSON or JSON lines.
//
// The package comments are a tour of the house; each ends with the room to read
// next. Next room: tui, where the questions are asked.
package main

import (
	"cmp"
	"fmt"
	"io"
	"log"
	"os"
	"runtime/debug"
	"strings"

	"convox-travis/internal/build"
)

// playerArgument, alone, makes this process play builds; build.Player starts it.
const playerArgument = "__play"

func isPlayer(args []string) bool { return len(args) == 2 && args[1] == playerArgument }

// player plays builds in child processes of this program.
func player() build.Player {
	executable, err := os.Executable()
	if err != nil {
		executable = "convox-travis" // starting it says why it fails
	}
	return build.Player{Executable: executable, Arguments: []string{playerArgument}}
}

func main() {
	if isPlayer(os.Args) {
		if err := build.Child(os.Stdin, os.Stdout); err != nil {
			os.Exit(exitFailed)
		}
		os.Exit(exitDone)
	}
	// net/http logs what servers send unasked and, on request, every header.
	log.SetOutput(io.Discard)
	p := systemProgram()
	p.quit(run(os.Args[1:], p))
}

// Set by the linker of a release (internal/release).
var number, commit, date string

// buildOrigin returns the version, the commit and the commit's date; each is ""
// if the build doesn't know it.
func buildOrigin() (version, revision, committed string) {
	if number != "" {
		return number, commit, date
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "", "", ""
	}
	if version = info.Main.Version; version == "(devel)" {
		version = ""
	}
	for _, setting := range info.Settings {
		switch setting.Key {
		case "vcs.revision":
			revision = setting.Value
		case "vcs.time":
			committed = setting.Value
		}
	}
	return releaseVersion(version, revision), revision, committed
}

// releaseVersion turns a version of the go command (https://go.dev/ref/mod#versions)
// into the form of a release (internal/release), which has the commit beside it.
func releaseVersion(version, revision string) string {
	version, isChanged := strings.CutSuffix(strings.TrimPrefix(version, "v"), "+dirty")
	if len(revision) >= 12 {
		version = strings.TrimSuffix(version, "-"+revision[:12])
	}
	if isChanged {
		version += "-changed"
	}
	return version
}

func version() string {
	version, revision, committed := buildOrigin()
	version = cmp.Or(version, "devel")
	if revision == "" {
		return version
	}
	return fmt.Sprintf("%s (commit %.12s, %s)", version, revision, committed)
}

func userAgent() string {
	if version, _, _ := buildOrigin(); version != "" {
		return "convox-travis/" + version
	}
	return "convox-travis"
}
