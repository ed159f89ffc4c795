package child

import (
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"unsafe"

	"golang.org/x/sys/windows"
)

func sameName(a, b string) bool { return strings.EqualFold(a, b) }

// apart gives a program no console.
func apart() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{CreationFlags: windows.CREATE_NEW_PROCESS_GROUP | windows.DETACHED_PROCESS}
}

// keepTerminal does nothing: a console's mode is that of each program.
func keepTerminal(*exec.Cmd) (restore func()) { return func() {} }

// tree is a program with all that it started: a job, which ends with this
// process, however that ends
// (https://learn.microsoft.com/windows/win32/procthread/job-objects).
type tree struct {
	cmd   *exec.Cmd
	ready chan struct{} // closed once the program is started
	mu    sync.Mutex
	job   windows.Handle // 0 is none
}

func newTree(cmd *exec.Cmd) *tree { return &tree{cmd: cmd, ready: make(chan struct{})} }

func (t *tree) started() {
	defer close(t.ready)
	job, err := windows.CreateJobObject(nil, nil)
	if err != nil {
		return // then the program alone is ended
	}
	limits := windows.JOBOBJECT_EXTENDED_LIMIT_INFORMATION{
		BasicLimitInformation: windows.JOBOBJECT_BASIC_LIMIT_INFORMATION{LimitFlags: windows.JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE},
	}
	_, err = windows.SetInformationJobObject(job, windows.JobObjectExtendedLimitInformation, uintptr(unsafe.Pointer(&limits)), uint32(unsafe.Sizeof(limits)))
	if err == nil {
		err = assign(job, uint32(t.cmd.Process.Pid))
	}
	if err != nil {
		_ = windows.CloseHandle(job)
		return
	}
	t.job = job
}

func assign(job windows.Handle, pid uint32) error {
	process, err := windows.OpenProcess(windows.PROCESS_SET_QUOTA|windows.PROCESS_TERMINATE, false, pid)
	if err != nil {
		return err
	}
	defer func() { _ = windows.CloseHandle(process) }()
	return windows.AssignProcessToJobObject(job, process)
}

// end ends all of it, and may be called again. Before the start it waits for that.
func (t *tree) end() {
	<-t.ready
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.job != 0 {
		_ = windows.CloseHandle(t.job) // ends all in it
		t.job = 0
	}
	_ = t.cmd.Process.Kill() // it may have ended
}
