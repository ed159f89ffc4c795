package flow

import (
	"context"
	"time"
)

// Wait is what a call waits for, such as another try.
type Wait struct {
	Words func(left time.Duration) string
	Until time.Time
}

// searchWaits takes what comes for as long as the flow goes on.
func (o Outside) searchWaits(ctx context.Context, tell func(Update)) {
	for {
		select {
		case wait := <-o.Waits:
			tell(func(f *Flow) { f.found.wait = wait })
		case <-ctx.Done():
			return
		}
	}
}

// HeldUp is what a call waits for at a moment; ok is false where it is nothing.
func (f *Flow) HeldUp(now time.Time) (wait Wait, ok bool) {
	return f.found.wait, now.Before(f.found.wait.Until)
}
