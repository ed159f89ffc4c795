package convox

import (
	"context"
	"time"

	"convox-travis/internal/crash"
	"convox-travis/internal/problem"
	"convox-travis/internal/secret"
)

// aside is a call beside the one that decides. Of its errors only those of TLS
// count: a certificate that was not accepted is never passed over.
type aside struct {
	answer answer
	err    error
	done   chan struct{}
	cancel context.CancelFunc
	grace  time.Duration
}

// beside begins a call whose failing spoils nothing.
func (s *session) beside(ctx context.Context, path string, credential secret.String) *aside {
	ctx, cancel := context.WithCancel(ctx)
	a := &aside{done: make(chan struct{}), cancel: cancel, grace: s.retry.Deadline}
	go func() {
		defer close(a.done)
		defer crash.Catch()
		a.answer, a.err = s.get(ctx, path, credential)
	}()
	return a
}

// wait returns what came of it, within the time of one try.
func (a *aside) wait() (answer, error) {
	timer := time.AfterFunc(a.grace, a.cancel)
	defer timer.Stop()
	<-a.done
	return a.answer, a.err
}

// end gives it up, if it is not done.
func (a *aside) end() {
	a.cancel()
	<-a.done
}

// isTLS reports whether err means that a certificate was not accepted, or that
// there was no safe connection.
func isTLS(err error) bool {
	return problem.Has(err, CodeUntrusted, CodeTLS)
}
