//go:build !unix

package cli

import (
	"os"
	"syscall"
)

// endingSignals ask the run to stop.
var endingSignals = []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP}

// ignoreBrokenPipe does nothing: here, writes to a closed pipe fail.
func ignoreBrokenPipe() {}
