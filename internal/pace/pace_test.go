package pace_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"convox-travis/internal/clock"
	"convox-travis/internal/pace"
)

func TestNoWindowHoldsMoreThanTheLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		window := pace.NewWindow(48, 30*time.Second, clock.System{})
		var mu sync.Mutex
		var begun []time.Time
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				for range 60 {
					if err := window.Wait(t.Context()); err != nil {
						t.Error(err)
						return
					}
					mu.Lock()
					begun = append(begun, time.Now())
					mu.Unlock()
					time.Sleep(20 * time.Millisecond)
				}
			})
		}
		start := time.Now()
		all.Wait()
		for i := 48; i < len(begun); i++ {
			if span := begun[i].Sub(begun[i-48]); span < 30*time.Second {
				t.Fatalf("call %d began %v after the 48th before it", i, span)
			}
		}
		if took := time.Since(start); took > 9*31*time.Second {
			t.Errorf("480 calls took %v: the limit is not used up", took)
		}
	})
}

func TestAWaitEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		window := pace.NewWindow(1, time.Hour, clock.System{})
		if err := window.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		for range 2 { // the second one waits behind the first
			all := make(chan error)
			go func() { all <- window.Wait(ctx) }()
			if err := <-all; !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("a wait that was cancelled returned %v", err)
			}
		}
	})
}
