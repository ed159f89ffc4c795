//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package tui

import (
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// job is this process as a shell sees it: Ctrl-Z and kill -TSTP ask it to stop,
// fg and bg let it go on
// (https://pubs.opengroup.org/onlinepubs/9799919799/basedefs/V1_chap11.html).
// kill -STOP asks nobody; that it is over is told all the same.
type job struct {
	stops     chan os.Signal // it is asked to stop
	continues chan os.Signal // it goes on, and the terminal was another's meanwhile
	canStop   bool
}

func newJob() *job {
	j := &job{stops: make(chan os.Signal, 1), continues: make(chan os.Signal, 1)}
	// Whoever started it may not want it to stop, and the first process of a
	// terminal has no shell behind it that could let it go on.
	sid, err := unix.Getsid(0)
	j.canStop = !signal.Ignored(syscall.SIGTSTP) && !(err == nil && sid == os.Getpid())
	j.listen()
	return j
}

func (j *job) listen() {
	if j.canStop {
		signal.Notify(j.stops, syscall.SIGTSTP)
	}
	signal.Notify(j.continues, syscall.SIGCONT)
}

func (j *job) close() {
	signal.Stop(j.stops)
	signal.Stop(j.continues)
}

// stop stops this process, and with it, where all, the others of the job, whom a
// key that is no signal did not reach: a script would go on waiting, and the
// shell for the script. It returns when the process goes on.
func (j *job) stop(all bool) {
	if !j.canStop {
		return
	}
	j.close() // what comes of this stop is dealt with here
	defer j.listen()
	continued := make(chan os.Signal, 1)
	signal.Notify(continued, syscall.SIGCONT)
	defer signal.Stop(continued)
	whom := os.Getpid()
	if all {
		whom = 0
	}
	// Not SIGTSTP: what Go has listened to once does not stop it any more (sigdisable
	// in https://github.com/golang/go/blob/go1.26.0/src/runtime/signal_unix.go).
	// Nor SIGSTOP: this one the kernel passes over where no shell is left that
	// could let the job go on.
	_ = syscall.Kill(whom, syscall.SIGTTIN) // one's own job can be signaled
	// As the clock goes on while it is stopped, no single wait tells that.
	for range 5 {
		select {
		case <-continued:
			return
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// isForeground reports whether the terminal is no other job's: whoever sets that
// is stopped by the kernel.
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
