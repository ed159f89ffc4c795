//go:build unix

package main

import (
	"os"
	"os/signal"
	"syscall"
)

// endingSignals ask the run to stop: all that would end the process without the
// terminal being restored, and that can be caught.
var endingSignals = []os.Signal{
	os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT,
	syscall.SIGABRT, syscall.SIGALRM, syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGVTALRM, syscall.SIGXCPU,
	// sent by a person; a fault of the program itself still ends in a panic
	syscall.SIGSEGV, syscall.SIGBUS, syscall.SIGFPE, syscall.SIGILL, syscall.SIGTRAP, syscall.SIGSYS, syscall.SIGXFSZ,
}

// outliveReaders makes a write to a pipe that nobody reads any more fail, where
// it would end the program: a Ctrl-C also ends the tee behind it, and what was
// begun has to be finished or rolled back.
func outliveReaders() { signal.Ignore(syscall.SIGPIPE) }
