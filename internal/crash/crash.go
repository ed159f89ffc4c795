// Package crash ends the process in one place when a goroutine of ours panics.
// Go's own way leaves the terminal as it is, and prints the panic's message and
// every goroutine, which may hold a secret.
//
// Each function that starts a goroutine's life begins with
//
//	defer crash.Catch()
//
// and so does each function of ours that a library calls in a goroutine of its
// own. What Go itself gives up on, such as two writes to one map, is no panic and
// isn't caught.
//
// Next room: internal/bounded, which reads small files.
package crash

import (
	"fmt"
	"path"
	"runtime"
	"strings"
	"sync/atomic"
)

// end is the process's, as its signal handlers are.
var end atomic.Pointer[func(place string)]

// Handle sets what ends the process after a panic: f gets the place where it
// happened, in words, and must not return. f may be called from any goroutine,
// once; the panicking goroutine may hold any lock.
func Handle(f func(place string)) { end.Store(&f) }

// Catch is deferred. It ends the process when a panic comes by; without Handle, as
// in a test, the panic continues.
func Catch() {
	reason := recover()
	if reason == nil {
		return
	}
	f := end.Load()
	if f == nil {
		panic(reason)
	}
	if end.CompareAndSwap(f, &wait) {
		(*f)(place())
	}
	wait("")
}

// wait is for the panics after the first: the process is ending.
var wait = func(string) { select {} }

// place is the function and the line that panicked. The message isn't part of it:
// it can quote anything.
func place() string {
	callers := make([]uintptr, 64)
	frames := runtime.CallersFrames(callers[:runtime.Callers(1, callers)])
	panicked := false
	for {
		frame, more := frames.Next()
		inRuntime := strings.HasPrefix(frame.Function, "runtime.")
		if panicked && !inRuntime {
			return fmt.Sprintf("%s (%s:%d)", strings.TrimPrefix(frame.Function, "convox-travis/"), path.Base(frame.File), frame.Line)
		}
		panicked = panicked || frame.Function == "runtime.gopanic"
		if !more {
			return "an unknown place"
		}
	}
}
