//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package tui

import "os"

func canSuspend() bool { return false }

func notifyContinued(chan<- os.Signal) {}

func isForeground(*os.File) bool { return true }

// setEcho does nothing here: secrets are read by package term.
func setEcho(*os.File, bool, bool) {}

// forget does nothing here: nothing is stopped.
func forget(*os.File) {}

const echoIsOurs = false
