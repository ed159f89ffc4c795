package child

import (
	"os"
	"strings"
	"syscall"

	"golang.org/x/sys/windows"
)

// apart gives a program no console.
func apart() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{CreationFlags: windows.CREATE_NEW_PROCESS_GROUP | windows.DETACHED_PROCESS}
}

func endAll(process *os.Process) error { return process.Kill() }

func sameName(a, b string) bool { return strings.EqualFold(a, b) }
