package main

import (
	"fmt"
	"time"

	"convox-travis/internal/crash"
	"convox-travis/internal/problem"
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

// abandon ends the run while its command still runs. The process has to exit
// then.
func (p *program) abandon(cause error, wrote bool, out *output) int {
	out.shut.Store(true)
	p.status.shut.Store(true)
	p.status.clear()
	r := result{err: cause, stopped: cause}
	if wrote {
		r.code = exitPartial
		r.err = &problem.Error{
			Code: codeOf(cause), Reason: fmt.Sprintf("%v; what was being written may be there or not", cause), Cause: cause,
			Hints: []string{"run the same command again: it ends in the same state"},
		}
	}
	told := make(chan struct{})
	go func() {
		defer close(told)
		defer crash.Catch()
		p.restoreTerminal()
		// The command may still use p.
		last := &program{args: p.args, form: p.form, blanks: p.blanks, out: out.to, err: p.status.to, env: p.env}
		last.finish(p.command.Load(), r)
	}()
	select {
	case <-told:
	case <-time.After(patience / 5): // nobody reads it
	}
	return r.exitCode()
}
