//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package tui

import (
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"
)

// canSuspend reports whether Ctrl-Z may stop this process: whoever started it can
// forbid that. The group of a terminal's first process has no shell with job control
// that could continue it, and the kernel doesn't stop it
// (https://pubs.opengroup.org/onlinepubs/9799919799/basedefs/V1_chap11.html).
func canSuspend() bool {
	sid, err := unix.Getsid(0)
	return !signal.Ignored(syscall.SIGTSTP) && !(err == nil && sid == unix.Getpgrp())
}

// notifyContinued reports each time the process continues after a stop. The terminal
// was a shell's meanwhile, and may have its settings.
func notifyContinued(c chan<- os.Signal) { signal.Notify(c, syscall.SIGCONT) }

// isForeground reports whether no other job has the terminal: whoever sets that one's is stopped.
func isForeground(terminal *os.File) bool {
	group, err := unix.IoctlGetInt(int(terminal.Fd()), unix.TIOCGPGRP)
	return err != nil || group == unix.Getpgrp() // an error: it controls no job of this session
}

// setEcho switches the echo of a terminal and, where flush, drops what was typed
// before: that was not meant for the secret that is asked for next.
func setEcho(terminal *os.File, on, flush bool) {
	settings, err := unix.IoctlGetTermios(int(terminal.Fd()), getTermios)
	if err != nil {
		return // it is gone
	}
	settings.Lflag &^= unix.ECHO
	if on {
		settings.Lflag |= unix.ECHO
	}
	request := uint(setTermios)
	if flush {
		request = setTermiosAndFlush
	}
	_ = unix.IoctlSetTermios(int(terminal.Fd()), request, settings) // the same
}

// forget drops what was typed and not read.
func forget(terminal *os.File) {
	if settings, err := unix.IoctlGetTermios(int(terminal.Fd()), getTermios); err == nil {
		_ = unix.IoctlSetTermios(int(terminal.Fd()), setTermiosAndFlush, settings) // one that is gone has nothing typed
	}
}

const echoIsOurs = true
