//go:build unix

package child

import (
	"os"
	"os/exec"
	"reflect"

	"golang.org/x/sys/unix"
	"golang.org/x/term"
)

// keepTerminal saves the terminal's state and returns a function that restores it: a
// program that is killed while it reads a secret leaves echo off.
func keepTerminal(*exec.Cmd) (restore func()) {
	terminal, err := os.OpenFile("/dev/tty", os.O_RDWR, 0)
	if err != nil {
		return func() {}
	}
	fd := int(terminal.Fd())
	before, err := term.GetState(fd)
	return func() {
		defer func() { _ = terminal.Close() }() // nothing was written
		after, failed := term.GetState(fd)
		if err != nil || failed != nil || reflect.DeepEqual(before, after) {
			return
		}
		// In the background the terminal belongs to a shell by now, and changing it would
		// stop us.
		if group, err := unix.IoctlGetInt(fd, unix.TIOCGPGRP); err == nil && group == unix.Getpgrp() {
			_ = term.Restore(fd, before) // nothing to do if the terminal is gone
		}
	}
}
