// Command convox-travis connects a Travis CI repository to a Convox Rack: it
// proves that a credential works and writes CONVOX_HOST and CONVOX_PASSWORD as
// private variables into the repository's settings.
//
// Each subcommand has a file of its own; errors are printed, and exit codes
// picked, in exit.go alone.
//
// The comments of the packages are a tour of the house: each ends with the room
// to read next. Next room: tui, where the questions are asked.
package main

import (
	"io"
	"log"
	"os"
)

func main() {
	// net/http logs what a server sends unasked, and on request every header.
	log.SetOutput(io.Discard)
	p := systemProgram()
	p.quit(run(os.Args[1:], p))
}
