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

// outputGrace is how long output is read after a program has ended: a daemon that
// it started can hold the pipe open, and on a busy machine reading takes a
// moment.
const outputGrace = time.Second

var errOver = errors.New("no program is started any more")

// running are the programs of this process, each with what tells its end.
var running = struct {
	sync.Mutex
	trees map[*tree]chan struct{}
	over  bool // EndAll was called
}{trees: map[*tree]chan struct{}{}}

// foreground is held by the program that may ask: no two ask at once.
var foreground sync.Mutex

// Run runs a program of Command or ForegroundCommand to its end. Then it ends
// what the program left behind and restores the terminal's state. A daemon, an orphan
// with a session of its own, stays. The error is that of exec.Cmd.Run. Stdout and
// Stderr can't be the same writer; when one fails, the program is ended.
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
	t.end() // at once, before the group's number can be another's
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

// EndAll ends all programs that run, with all that they started, and lets no
// other start. It is for the end of this process, and takes a second at most.
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

// output is a pipe between a program and the writer that it writes to. exec's
// own would hold up Wait, and so the end of what was left behind.
type output struct {
	ours, theirs *os.File
	copied       chan error
}

// redirect leads the output of a program through pipes. What it returns is to be
// closed, also with an error.
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

// wait waits until all output was copied, or until late.
func (o *output) wait(late <-chan struct{}) error {
	defer func() { _ = o.ours.Close() }() // was only read
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
