//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package tui

import (
	"os"

	"golang.org/x/sys/unix"
)

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
