//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package tui

import "os"

// setEcho does nothing here: secrets are read by package term.
func setEcho(*os.File, bool, bool) {}

// forget does nothing here: nothing is stopped.
func forget(*os.File) {}

const echoIsOurs = false
