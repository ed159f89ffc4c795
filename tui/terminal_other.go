//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package tui

import (
	"os"
)

// job is never stopped here: what there is of it elsewhere never happens.
type job struct {
	stops, continues chan os.Signal
	canStop          bool
}

func newJob() *job { return &job{} }

func (*job) close() {}

func (*job) stop(bool) {}

func isForeground(*os.File) bool { return true }

// setEcho does nothing here: secrets are read by package term.
func setEcho(*os.File, bool, bool) {}

// forget does nothing here: nothing is stopped.
func forget(*os.File) {}

const echoIsOurs = false
