// Package clock tells the time and waits, so that tests can replace both.
//
// Next room: internal/crash, for a process that ends early.
package clock

import (
	"context"
	"time"
)

// Clock is passed to anything that waits or compares times.
type Clock interface {
	Now() time.Time
	// Sleep waits for d, or until ctx ends, and then returns its cause.
	Sleep(ctx context.Context, d time.Duration) error
}

// System is the machine's clock.
type System struct{}

// Now implements Clock.
func (System) Now() time.Time { return time.Now() }

// Sleep implements Clock.
func (System) Sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return context.Cause(ctx)
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
