// Command convox-travis connects a Travis CI repository to a Convox Rack: it
// proves that a credential works and writes CONVOX_HOST and CONVOX_PASSWORD as
// private variables into the repository's settings.
//
// Each subcommand has a file of its own and ends with a result, which result.go
// alone prints as text, JSON or JSON lines.
//
// The comments of the packages are a tour of the house: each ends with the room
// to read next. Next room: tui, where the questions are asked.
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

// playerArgument alone makes this program the process that plays builds, which
// build.Player starts.
const playerArgument = "__play"

func isPlayer(args []string) bool { return len(args) == 2 && args[1] == playerArgument }

// player plays builds in processes of this program.
func player() build.Player {
	executable, err := os.Executable()
	if err != nil {
		executable = "convox-travis" // as it is called; starting it says why it can't be
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
	// net/http logs what a server sends unasked, and on request every header.
	log.SetOutput(io.Discard)
	p := systemProgram()
	p.quit(run(os.Args[1:], p))
}

// The linker of a release sets these (internal/release).
var number, commit, date string

// origin is what the build knows of itself: the version, and the commit and its
// date; "" each where it does not.
func origin() (version, revision, made string) {
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
			made = setting.Value
		}
	}
	return asReleased(version, revision), revision, made
}

// asReleased is a version of the go command in the form that a release has it
// (internal/release): the commit stands beside it
// (https://go.dev/ref/mod#versions).
func asReleased(version, revision string) string {
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
	version, revision, made := origin()
	version = cmp.Or(version, "devel")
	if revision == "" {
		return version
	}
	return fmt.Sprintf("%s (commit %.12s, %s)", version, revision, made)
}

func userAgent() string {
	if version, _, _ := origin(); version != "" {
		return "convox-travis/" + version
	}
	return "convox-travis"
}
