package main

import (
	"errors"
	"fmt"
	"time"

	"convox-travis/internal/crash"
	"convox-travis/internal/setup"
	"convox-travis/internal/transport"
)

// patience is how long a run that was asked to stop may take to report that by
// itself. Its caller waits for a second.
const patience = 750 * time.Millisecond

// inTime waits for a command to end. One that was asked to stop has patience for
// that, and once something was written also the grace of its writes; after a
// second signal, patience alone. Whatever code it runs then has nothing to lose.
func inTime(stop setup.Stop, ended <-chan int) (code int, inTime bool) {
	select {
	case code = <-ended:
		return code, true
	case <-stop.Soft.Done():
	}
	limit := time.NewTimer(patience)
	defer limit.Stop()
	hard, last := stop.Hard.Done(), false
	for {
		select {
		case code = <-ended:
			return code, true
		case <-hard:
			hard, last = nil, true
			limit.Reset(patience)
		case <-limit.C:
			if last || !transport.Wrote(stop.Hard) {
				return 0, false
			}
			last = true
			limit.Reset(setup.Grace)
		}
	}
}

// abandonedError is why a run ended before its command did.
type abandonedError struct {
	cause error
	wrote bool
}

func (e *abandonedError) Error() string {
	if e.wrote {
		return fmt.Sprintf("%v; what was being written may be there or not", e.cause)
	}
	return e.cause.Error()
}

// isHalfWritten reports whether err ended a run in the middle of a write.
func isHalfWritten(err error) bool {
	abandoned, is := errors.AsType[*abandonedError](err)
	return is && abandoned.wrote
}

func (e *abandonedError) Unwrap() error { return e.cause }

func (e *abandonedError) Hints() []string {
	if e.wrote {
		return []string{"run the same command again: it ends in the same state"}
	}
	return nil
}

// abandon ends the run while its command still runs. The process has to exit
// then.
func (p *program) abandon(cause error, wrote bool, out *output) int {
	out.shut.Store(true)
	p.status.shut.Store(true)
	p.status.clear()
	err := error(&abandonedError{cause, wrote})
	code := exitCode(err)
	told := make(chan struct{})
	go func() {
		defer close(told)
		defer crash.Catch()
		p.restoreTerminal()
		// The command may still use p.
		last := &program{args: p.args, out: out.to, err: p.status.to, env: p.env}
		if cmd := p.command.Load(); cmd != nil {
			err = last.unbegun(cmd, err)
		}
		_ = last.exit(err)
	}()
	select {
	case <-told:
	case <-time.After(patience / 5): // nobody reads it
	}
	return code
}
