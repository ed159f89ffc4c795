//go:build unix

package cli

import (
	"os"
	"os/signal"
	"syscall"
)

// endingSignals ask the run to stop: every signal that would end the process before the
// terminal is restored, and that can be caught.
var endingSignals = []os.Signal{
	os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT,
	syscall.SIGABRT, syscall.SIGALRM, syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGVTALRM, syscall.SIGXCPU,
	// only if someone sends them: a fault of the program itself still panics
	syscall.SIGSEGV, syscall.SIGBUS, syscall.SIGFPE, syscall.SIGILL, syscall.SIGTRAP, syscall.SIGSYS, syscall.SIGXFSZ,
}

// ignoreBrokenPipe makes writes to a closed pipe fail instead of ending the process.
// Ctrl-C also ends a tee behind it, but writes have to be finished or rolled back.
func ignoreBrokenPipe() { signal.Ignore(syscall.SIGPIPE) }
