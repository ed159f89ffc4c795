package child

import (
	"context"
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
// with its own session, stays. The error is that of exec.Cmd.Run. Stdout and Stderr can't
// be the same writer; if one fails, the program is killed.
func Run(cmd *exec.Cmd) error {
	restore := func() {}
	if !isApart(cmd) {
		foreground.Lock()
		defer foreground.Unlock()
		restore = keepTerminal(cmd)
	}
	t := newTree(cmd)
	outputs, err := redirect(cmd, t)
	if err == nil {
		err = start(cmd, t)
	}
	for _, o := range outputs {
		_ = o.theirs.Close() // the program has a copy
		if err != nil {
			_ = o.ours.Close()
		}
	}
	if err != nil {
		return err
	}
	err = cmd.Wait()
	t.end() // immediately, before the group's number is reused
	restore()
	finish(t)
	late, cancel := context.WithTimeout(context.Background(), outputGrace)
	defer cancel()
	for _, o := range outputs {
		failed := o.wait(late.Done())
		if failed != nil && (err == nil || failed != exec.ErrWaitDelay) {
			err = failed
		}
	}
	return err
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

// output is a pipe between a program and its writer. exec's own would block Wait, and so
// the cleanup.
type output struct {
	ours, theirs *os.File
	copied       chan error
}

// redirect sends a program's output through pipes. Close what it returns, also after an
// error.
func redirect(cmd *exec.Cmd, t *tree) ([]*output, error) {
	var outputs []*output
	for _, stream := range []*io.Writer{&cmd.Stdout, &cmd.Stderr} {
		to := *stream
		if _, isFile := to.(*os.File); isFile || to == nil {
			continue
		}
		ours, theirs, err := os.Pipe()
		if err != nil {
			return outputs, err
		}
		o := &output{ours, theirs, make(chan error, 1)}
		go func() {
			defer crash.Catch()
			o.copy(to, t)
		}()
		*stream = theirs
		outputs = append(outputs, o)
	}
	return outputs, nil
}

func (o *output) copy(to io.Writer, t *tree) {
	_, err := io.Copy(to, o.ours)
	if err != nil && !errors.Is(err, os.ErrClosed) {
		t.end()
	}
	o.copied <- err
}

// wait waits until all output is copied, or until late.
func (o *output) wait(late <-chan struct{}) error {
	defer func() { _ = o.ours.Close() }() // opened for reading only
	select {
	case err := <-o.copied:
		return err
	case <-late:
	}
	_ = o.ours.Close() // ends the copying
	if err := <-o.copied; !errors.Is(err, os.ErrClosed) {
		return err
	}
	return exec.ErrWaitDelay
}
