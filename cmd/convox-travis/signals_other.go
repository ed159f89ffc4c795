//go:build !unix

package main

import (
	"os"
	"syscall"
)

// endingSignals ask the run to stop.
var endingSignals = []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP}

// outliveReaders does nothing here: a write to a pipe that nobody reads fails.
func outliveReaders() {}
