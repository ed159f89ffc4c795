// Package clock tells the time and waits, so that a test can play both.
//
// Next room: internal/crash, where it ends before its time.
package clock

import (
	"context"
	"time"
)

// Clock is what anything that waits or compares times is given.
type Clock interface {
	Now() time.Time
	// Sleep waits for d, or until ctx ends, and then returns its cause.
	Sleep(ctx context.Context, d time.Duration) error
}

// System is the machine's own clock.
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
