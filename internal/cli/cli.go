// Package cli is the command line: one file for each command, with its flags; one
// result for each run, which result.go prints as text, JSON or JSON lines and turns into
// the exit code; and hints.go, which says what to do about each error.
//
// Next room: tui, where the questions are asked.
package cli

import (
	"io"
	"log"
	"os"

	"convox-travis/internal/build"
	"convox-travis/internal/child"
)

// playerArgument, alone, makes this process play builds; build.Player starts it.
const playerArgument = "__play"

// Run runs the program with the arguments of its process, the program's own name
// excluded, and returns the exit code. It uses the whole process: its environment, its
// standard streams and its signals.
func Run(args []string) int {
	if len(args) == 1 && args[0] == playerArgument {
		if err := build.Child(os.Stdin, os.Stdout); err != nil {
			return exitFailed
		}
		return exitDone
	}
	// net/http logs what servers send unasked and, on request, every header.
	log.SetOutput(io.Discard)
	return systemProgram().runToEnd(args)
}

// player plays builds in child processes of this program.
func player() build.Player {
	executable, err := os.Executable()
	if err != nil {
		executable = "convox-travis" // starting it says why it fails
	}
	return build.Player{Executable: executable, Arguments: []string{playerArgument}}
}

// runToEnd runs p, restores the terminal, and ends what the run started.
func (p *program) runToEnd(args []string) int {
	code := run(args, p)
	p.restoreTerminal()
	child.EndAll()
	return code
}
