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

// keepTerminal does nothing: on Windows each program has its own console mode.
func keepTerminal(*exec.Cmd) (restore func()) { return func() {} }

// tree is a program and everything it started: a job, which ends with this process,
// however that ends (https://learn.microsoft.com/windows/win32/procthread/job-objects).
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
		return // in that case only the program itself is killed
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

// end kills the whole tree. It may be called again. If the program hasn't started yet, it
// waits for that.
func (t *tree) end() {
	<-t.ready
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.job != 0 {
		_ = windows.CloseHandle(t.job) // kills everything in it
		t.job = 0
	}
	_ = t.cmd.Process.Kill() // it may have ended already
}
