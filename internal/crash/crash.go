// Package crash ends the process in one place when one of our goroutines panics. Go's own
// way leaves the terminal unrestored, and prints the panic's message and every goroutine,
// which can contain a secret.
//
// Every function that starts a goroutine begins with
//
//	defer crash.Catch()
//
// and so does each of our functions that a library calls in its own goroutine. Fatal
// errors of Go itself, such as concurrent map writes, aren't panics and aren't caught.
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

// end belongs to the process, like its signal handlers.
var end atomic.Pointer[func(place string)]

// Handle sets what ends the process after a panic: f gets the location in words, and must
// not return. f is called once, from any goroutine; the panicking goroutine may hold any
// lock.
func Handle(f func(place string)) { end.Store(&f) }

// Catch is deferred. It ends the process on a panic; without Handle, as in a test, the
// panic continues.
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

// wait blocks later panics: the process is already ending.
var wait = func(string) { select {} }

// place returns the function and line that panicked. The message isn't included: it can
// quote anything.
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
