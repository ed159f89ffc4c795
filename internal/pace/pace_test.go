package pace_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"convox-travis/internal/clock"
	"convox-travis/internal/pace"
)

var travisPosts = pace.Limit{Calls: pace.TravisPosts, Per: pace.TravisWindow}

func TestNoWindowHoldsMoreThanTheLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		exhaust(t, 480, pace.NewWindow(travisPosts, clock.System{}))
	})
}

// exhaust makes so many calls with each window, eight at a time, and holds them
// all against the limit of Travis's POSTs; to be called in a bubble.
func exhaust(t *testing.T, each int, windows ...*pace.Window) {
	t.Helper()
	limit := travisPosts
	const sideBySide = 8
	var mu sync.Mutex
	var begun []time.Time
	var all sync.WaitGroup
	start := time.Now()
	for _, window := range windows {
		for range sideBySide {
			all.Go(func() {
				for range each / sideBySide {
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
	}
	all.Wait()
	took := time.Since(start)
	slices.SortFunc(begun, time.Time.Compare)
	for i := limit.Calls; i < len(begun); i++ {
		if span := begun[i].Sub(begun[i-limit.Calls]); span < limit.Per {
			t.Fatalf("call %d began %v after the 48th before it", i, span)
		}
	}
	if most := time.Duration(len(begun)/limit.Calls) * (limit.Per + time.Second); took > most {
		t.Errorf("%d calls took %v: the limit is not used up", len(begun), took)
	}
}

func TestAWaitEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		window := pace.NewWindow(pace.Limit{Calls: 1, Per: time.Hour}, clock.System{})
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

func TestALongWaitIsToldOnceForAllWhoWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		window := pace.NewWindow(pace.Limit{Calls: 8, Per: 12 * time.Second}, clock.System{})
		var told []time.Duration
		window.Tell = func(wait time.Duration) { told = append(told, wait.Round(time.Second)) }
		var all sync.WaitGroup
		for range 16 {
			all.Go(func() {
				if err := window.Wait(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if !slices.Equal(told, []time.Duration{12 * time.Second}) {
			t.Errorf("told %v", told)
		}
	})
}
