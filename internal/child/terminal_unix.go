//go:build unix

package child

import (
	"os"
	"os/exec"
	"reflect"

	"golang.org/x/sys/unix"
	"golang.org/x/term"
)

// keepTerminal notes the state of the terminal, and returns what restores it: a
// program that is killed while it reads a secret leaves the echo off.
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
		// In the background it is a shell's by now, and setting it would stop us.
		if group, err := unix.IoctlGetInt(fd, unix.TIOCGPGRP); err == nil && group == unix.Getpgrp() {
			_ = term.Restore(fd, before) // a terminal that is gone needs nothing
		}
	}
}
