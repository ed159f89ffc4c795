package setup

import (
	"context"
	"time"

	"convox-travis/internal/crash"
	"convox-travis/internal/transport"
	"convox-travis/travisapi"
)

// What is left to a run once it is asked to stop: the call under way may end,
// and what the run created is taken away, all within Grace.
const (
	callGrace = 3 * time.Second
	Grace     = 5 * time.Second
)

// Stop is how a run is ended from outside. When Soft ends (a first Ctrl-C, the
// run's deadline), no new step begins, the call under way is finished and what
// was created is taken away; when Hard ends (a second Ctrl-C), everything stops
// where it is. Soft must end with Hard.
type Stop struct {
	Soft, Hard context.Context
}

// asked returns why the run should stop, or nil.
func (s Stop) asked() error { return context.Cause(s.Soft) }

// kept reports whether err is that of a write that was kept back, since a stop
// came while it waited for its turn.
func (s Stop) kept(err error) bool {
	return s.asked() != nil && travisapi.Failed(err, travisapi.CodeCanceled) && !fateUnknown(err)
}

// call returns the context of the steps of a run: a write that is under way may
// be finished, and none begins, however long it has waited for its turn.
func (s Stop) call() (context.Context, context.CancelFunc) {
	ctx, cancel := s.within(callGrace)
	return transport.BeginWhile(ctx, s.Soft), cancel
}

// cleanup returns the context for taking away what the run created. It is made
// when the run begins, so that its grace counts from the moment of the stop.
func (s Stop) cleanup() (context.Context, context.CancelFunc) { return s.within(Grace) }

// within returns a context that ends grace after Soft does, and with Hard.
func (s Stop) within(grace time.Duration) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(s.Hard)
	detach := context.AfterFunc(s.Soft, func() {
		defer crash.Catch()
		timer := time.NewTimer(grace)
		defer timer.Stop()
		select {
		case <-timer.C:
			cancel(context.Cause(s.Soft))
		case <-ctx.Done():
		}
	})
	return ctx, func() {
		detach()
		cancel(context.Canceled)
	}
}
