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

// apart gives a program a session of its own: it has no terminal, and its
// process group has its number.
func apart() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }

// tree is a program with all that it started, but for orphans that have a
// session of their own.
type tree struct {
	cmd    *exec.Cmd
	ready  chan struct{} // closed once the program is started
	before []int         // in the foreground, what isn't the program's
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

// killTimeout bounds the wait for what was killed, which a broken disk can hold up.
const killTimeout = 200 * time.Millisecond

// end ends all of it, and may be called again. Before the start it waits for that.
func (t *tree) end() {
	<-t.ready
	for begun := time.Now(); time.Since(begun) < killTimeout; time.Sleep(time.Millisecond) {
		left := t.processes() // before a parent ends, which tells whose they are
		if isApart(t.cmd) {
			_ = syscall.Kill(-t.cmd.Process.Pid, syscall.SIGKILL) // usually nothing is left
		} else {
			_ = t.cmd.Process.Kill()
		}
		if len(left) == 0 {
			return
		}
		for _, pid := range left {
			_ = syscall.Kill(pid, syscall.SIGKILL) // it may have ended
		}
	}
}

// processes returns those of the program's session, or in the foreground, where
// that is ours and others', our descendants in it; and the descendants of these.
func (t *tree) processes() []int {
	all := processes()
	if !isApart(t.cmd) {
		return family(all, slices.DeleteFunc(descendants(all), func(pid int) bool { return slices.Contains(t.before, pid) }))
	}
	var own []int
	for _, p := range all {
		own = append(own, p.pid)
	}
	return family(all, inSession(own, t.cmd.Process.Pid))
}

// process is one of the machine that isn't a zombie.
type process struct{ pid, parent int }

// descendants returns those of this process that share its session.
func descendants(all []process) []int {
	session, err := unix.Getsid(0)
	if err != nil {
		return nil
	}
	return inSession(family(all, []int{os.Getpid()})[1:], session)
}

// family adds to pids their children, the children of these and so on.
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
