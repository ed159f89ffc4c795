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

// tree is a program with all that it started, but for what made a session of its
// own.
type tree struct {
	cmd    *exec.Cmd
	ready  chan struct{} // closed once the program is started
	before []int         // descendants of this process that aren't the program's
}

func newTree(cmd *exec.Cmd) *tree {
	t := &tree{cmd: cmd, ready: make(chan struct{})}
	if !isApart(cmd) {
		adoptOrphans()
		t.before = descendants()
	}
	return t
}

func (t *tree) started() { close(t.ready) }

// end ends all of it, and may be called again. Before the start it waits for that.
func (t *tree) end() {
	<-t.ready
	if isApart(t.cmd) {
		_ = syscall.Kill(-t.cmd.Process.Pid, syscall.SIGKILL) // usually nothing is left
		return
	}
	t.endForeground()
}

// longestEnd bounds the wait for what was killed, which a broken disk can hold up.
const longestEnd = 200 * time.Millisecond

// endForeground ends the program and all in our own session that descends from
// it. The group is also that of others, such as those of a pipeline.
func (t *tree) endForeground() {
	_ = t.cmd.Process.Kill()
	for begun := time.Now(); time.Since(begun) < longestEnd; time.Sleep(time.Millisecond) {
		left := slices.DeleteFunc(descendants(), func(pid int) bool { return slices.Contains(t.before, pid) })
		if len(left) == 0 {
			return
		}
		for _, pid := range left {
			_ = syscall.Kill(pid, syscall.SIGKILL) // it may have ended
		}
	}
}

// process is one of the machine that isn't a zombie.
type process struct{ pid, parent int }

// descendants returns the children of this process, their children and so on, as
// far as they share its session.
func descendants() []int {
	session, err := unix.Getsid(0)
	if err != nil {
		return nil
	}
	all := processes()
	family := []int{os.Getpid()}
	for i := 0; i < len(family); i++ {
		for _, p := range all {
			if p.parent == family[i] && !slices.Contains(family, p.pid) {
				family = append(family, p.pid)
			}
		}
	}
	return slices.DeleteFunc(family[1:], func(pid int) bool {
		of, err := unix.Getsid(pid)
		return err != nil || of != session
	})
}
