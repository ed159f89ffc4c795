// Command convox-travis connects a Travis CI repository to a Convox Rack: it
// verifies a credential and writes CONVOX_HOST and CONVOX_PASSWORD as private
// variables to the repository's settings.
//
// The package comments are a tour of the house; each ends with the room to read
// next. Next room: internal/cli, the command line.
package main

import (
	"os"

	"convox-travis/internal/cli"
)

func main() { os.Exit(cli.Run(os.Args[1:])) }
