package transport

import (
	"context"
	"time"

	"convox-travis/internal/crash"
)

// The time that a run has left once it is asked to stop: the current call may finish, and
// what the run created is rolled back, all within Grace.
const (
	callGrace = 3 * time.Second
	Grace     = 5 * time.Second
)

// Stop is how a run is ended from outside. When Soft ends (a first Ctrl-C, the run's
// deadline), no new step starts, the current call finishes and what was created is rolled
// back; when Hard ends (a second Ctrl-C), everything stops immediately. Soft must end
// with Hard.
type Stop struct {
	Soft, Hard context.Context
}

// Asked returns why the run should stop, or nil.
func (s Stop) Asked() error { return context.Cause(s.Soft) }

// Until is the Stop of something that ends at once when ctx does.
func Until(ctx context.Context) Stop { return Stop{Soft: ctx, Hard: ctx} }

// Call returns the Stop for the steps of a run: a write in progress may finish, and none
// starts, however long it has waited for its turn.
func (s Stop) Call() (Stop, context.CancelFunc) {
	ctx, cancel := s.Within(callGrace)
	return Stop{Soft: s.Soft, Hard: ctx}, cancel
}

// Cleanup returns the context for rolling back what the run created. Make it when the run
// begins, so that its grace counts from the moment of the stop.
func (s Stop) Cleanup() (context.Context, context.CancelFunc) { return s.Within(Grace) }

// Within returns a context that ends grace after Soft does, and with Hard.
func (s Stop) Within(grace time.Duration) (context.Context, context.CancelFunc) {
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
