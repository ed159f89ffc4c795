//go:build unix

package main

import (
	"os/signal"
	"syscall"
)

// outliveReaders makes a write to a pipe that nobody reads any more fail, where
// it would end the program: a Ctrl-C also ends the tee behind it, and what was
// begun has to be finished or taken away.
func outliveReaders() { signal.Ignore(syscall.SIGPIPE) }
