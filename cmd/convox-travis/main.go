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
	"io"
	"log"
	"os"

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
