//go:build unix

package child

import (
	"os"
	"os/exec"
	"slices"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

func sameName(a, b string) bool { return a == b }

// apart gives a program its own session: it has no terminal, and its process group has
// its number.
func apart() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }

// tree is a program and everything it started, except orphans with their own session.
type tree struct {
	cmd    *exec.Cmd
	ready  chan struct{} // closed once the program is started
	before []int         // in the foreground: processes that aren't the program's
}

func newTree(cmd *exec.Cmd) *tree {
	t := &tree{cmd: cmd, ready: make(chan struct{})}
	if !isApart(cmd) {
		adoptOrphans()
		t.before = descendants(processes())
	}
	return t
}

func (t *tree) started() { close(t.ready) }

// killTimeout limits the wait for killed processes, which a broken disk can block.
const killTimeout = 200 * time.Millisecond

// end kills the whole tree. It may be called again. If the program hasn't started yet, it
// waits for that.
func (t *tree) end() {
	<-t.ready
	for begun := time.Now(); time.Since(begun) < killTimeout; time.Sleep(time.Millisecond) {
		left := t.processes() // before a parent ends, since it identifies its children
		if isApart(t.cmd) {
			_ = syscall.Kill(-t.cmd.Process.Pid, syscall.SIGKILL) // usually nothing is left
		} else {
			_ = t.cmd.Process.Kill()
		}
		if len(left) == 0 {
			return
		}
		for _, pid := range left {
			_ = syscall.Kill(pid, syscall.SIGKILL) // it may have ended already
		}
	}
}

// processes returns those of the program's session and their descendants; in the
// foreground, where others share our session, our own descendants in it.
func (t *tree) processes() []int {
	all := processes()
	if !isApart(t.cmd) {
		return family(all, slices.DeleteFunc(descendants(all), func(pid int) bool { return slices.Contains(t.before, pid) }))
	}
	var pids []int
	for _, p := range all {
		pids = append(pids, p.pid)
	}
	return family(all, inSession(pids, t.cmd.Process.Pid))
}

// process is a process that isn't a zombie.
type process struct{ pid, parent int }

// descendants returns those of this process that share its session.
func descendants(all []process) []int {
	session, err := unix.Getsid(0)
	if err != nil {
		return nil
	}
	return inSession(family(all, []int{os.Getpid()})[1:], session)
}

// family adds the descendants of pids to pids.
func family(all []process, pids []int) []int {
	for i := 0; i < len(pids); i++ {
		for _, p := range all {
			if p.parent == pids[i] && !slices.Contains(pids, p.pid) {
				pids = append(pids, p.pid)
			}
		}
	}
	return pids
}

// inSession returns those of pids that are in a session.
func inSession(pids []int, session int) []int {
	return slices.DeleteFunc(pids, func(pid int) bool {
		of, err := unix.Getsid(pid)
		return err != nil || of != session
	})
}
