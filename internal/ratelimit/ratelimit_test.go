package ratelimit_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"convox-travis/internal/clock"
	"convox-travis/internal/ratelimit"
)

var travisPosts = ratelimit.Limit{Calls: ratelimit.TravisPosts, Per: ratelimit.TravisWindow}

func TestNoWindowHoldsMoreThanTheLimitHoweverLateACallIs(t *testing.T) {
	for name, late := range map[string]func(n int) time.Duration{
		"never":            func(int) time.Duration { return 0 },
		"the first of all": func(n int) time.Duration { return time.Second * time.Duration(max(0, 2-n)) },
		"now and then":     func(n int) time.Duration { return 100 * time.Millisecond * time.Duration(n%5) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				exhaust(t, 480, late, ratelimit.NewWindow(travisPosts, clock.System{}))
			})
		})
	}
}

// exhaust makes so many calls with each window, eight at a time, and holds them
// all, as they arrive, against the limit of Travis's POSTs; to be called in a
// bubble.
func exhaust(t *testing.T, each int, late func(n int) time.Duration, windows ...*ratelimit.Window) {
	t.Helper()
	limit := travisPosts
	const sideBySide = 8
	var mu sync.Mutex
	var arrived []time.Time
	var sent atomic.Int64
	var all sync.WaitGroup
	start := time.Now()
	for _, window := range windows {
		for range sideBySide {
			all.Go(func() {
				for range each / sideBySide {
					answered, err := window.Begin(t.Context())
					if err != nil {
						t.Error(err)
						return
					}
					time.Sleep(late(int(sent.Add(1) - 1)))
					mu.Lock()
					arrived = append(arrived, time.Now())
					mu.Unlock()
					time.Sleep(20 * time.Millisecond)
					answered()
				}
			})
		}
	}
	all.Wait()
	took := time.Since(start)
	slices.SortFunc(arrived, time.Time.Compare)
	for i := limit.Calls; i < len(arrived); i++ {
		if span := arrived[i].Sub(arrived[i-limit.Calls]); span < limit.Per {
			t.Fatalf("call %d arrived %v after the 48th before it", i, span)
		}
	}
	if most := time.Duration(len(arrived)/limit.Calls) * (limit.Per + 2*time.Second); took > most {
		t.Errorf("%d calls took %v: the limit is not used up", len(arrived), took)
	}
}

func TestAWaitEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		window := ratelimit.NewWindow(ratelimit.Limit{Calls: 1, Per: time.Hour}, clock.System{})
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
		window := ratelimit.NewWindow(ratelimit.Limit{Calls: 8, Per: 12 * time.Second}, clock.System{})
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
