//go:build unix

package child

import (
	"errors"
	"os"
	"syscall"
)

// apart gives a program a session of its own: it has no terminal, and its
// process group has its number.
func apart() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }

// endAll ends the process group of a program, the program included.
func endAll(process *os.Process) error {
	err := syscall.Kill(-process.Pid, syscall.SIGKILL)
	if errors.Is(err, syscall.ESRCH) || errors.Is(err, syscall.EPERM) { // macOS answers EPERM for a group of zombies
		return os.ErrProcessDone
	}
	return err
}

func sameName(a, b string) bool { return a == b }
