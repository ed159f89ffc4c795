package main

import (
	"errors"
	"io"
	"sync/atomic"
)

// output remembers that something could not be written.
type output struct {
	to     io.Writer
	status *status // whose line gives way
	failed bool
	shut   atomic.Bool
}

// Write implements io.Writer.
func (o *output) Write(p []byte) (int, error) {
	if o.shut.Load() {
		return len(p), nil // the run is over, and its end reported
	}
	o.status.clear()
	n, err := o.to.Write(p)
	o.failed = o.failed || err != nil
	return n, err
}

var errOutput = errors.New("the result cannot be written to standard output")

// check tells that a result was lost. A run that went well has failed then: a script
// would take nothing for success.
func (o *output) check(p *program, code int) int {
	if !o.failed {
		return code
	}
	printError(p.err, errOutput)
	if code == exitDone {
		return exitFailed
	}
	return code
}
