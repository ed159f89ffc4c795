package child

import (
	"errors"
	"io"
	"maps"
	"os"
	"os/exec"
	"sync"
	"time"

	"convox-travis/internal/crash"
)

// outputGrace is how long output is read after a program has ended: a daemon that it
// started can keep the pipe open, and reading can lag on a busy machine.
const outputGrace = time.Second

var errOver = errors.New("no more programs are started")

// running are the programs of this process, with what closes when each ends.
var running = struct {
	sync.Mutex
	trees map[*tree]chan struct{}
	over  bool // EndAll was called
}{trees: map[*tree]chan struct{}{}}

// foreground is locked by the program that may ask, so that no two ask at once.
var foreground sync.Mutex

// Run runs a program of Command or ForegroundCommand to its end. It then kills what the
// program left behind and restores the terminal's state. A daemon, which is an orphan
// with its own session, stays; its output isn't waited for. The error is that of
// exec.Cmd.Run. If Stdout or Stderr fails, the program is killed.
func Run(cmd *exec.Cmd) error {
	restore := func() {}
	if !isApart(cmd) {
		foreground.Lock()
		defer foreground.Unlock()
		restore = keepTerminal(cmd)
	}
	t := newTree(cmd)
	for _, stream := range []*io.Writer{&cmd.Stdout, &cmd.Stderr} {
		if _, isFile := (*stream).(*os.File); !isFile && *stream != nil {
			*stream = output{*stream, t}
		}
	}
	cmd.WaitDelay = outputGrace
	if err := start(cmd, t); err != nil {
		return err
	}
	err := cmd.Wait()
	t.end()
	restore()
	finish(t)
	if errors.Is(err, exec.ErrWaitDelay) {
		return nil
	}
	return err
}

// output kills a program when its writer fails.
type output struct {
	io.Writer
	t *tree
}

// Write implements io.Writer.
func (o output) Write(text []byte) (int, error) {
	defer crash.Catch()
	n, err := o.Writer.Write(text)
	if err != nil {
		o.t.end()
	}
	return n, err
}

func start(cmd *exec.Cmd, t *tree) error {
	running.Lock()
	defer running.Unlock()
	if running.over {
		return errOver
	}
	cmd.Cancel = func() error {
		t.end()
		return nil
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	t.started()
	running.trees[t] = make(chan struct{})
	return nil
}

func finish(t *tree) {
	running.Lock()
	defer running.Unlock()
	close(running.trees[t])
	delete(running.trees, t)
}

// EndAll kills all running programs and everything they started, and prevents new ones
// from starting. Call it at the end of this process. It takes at most a second.
func EndAll() {
	running.Lock()
	running.over = true
	trees := maps.Clone(running.trees)
	running.Unlock()
	for t := range trees {
		t.end()
	}
	late := time.After(outputGrace)
	for _, ended := range trees {
		select {
		case <-ended:
		case <-late:
			return
		}
	}
}
