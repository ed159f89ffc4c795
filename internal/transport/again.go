package transport

import (
	"context"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// Again is something that is about to be tried again.
type Again struct {
	What  string        // "read the variables of acme/api"
	Pause time.Duration // before it is tried
	Try   int           // which one it will be, from 2
}

// String is a line for a person.
func (a Again) String() string {
	return fmt.Sprintf("trying again in %.0f s, %s time: %s", math.Ceil(a.Pause.Seconds()), ordinal(a.Try), a.What)
}

func ordinal(n int) string {
	ending := "th"
	if tens := n / 10 % 10; tens != 1 {
		switch n % 10 {
		case 1:
			ending = "st"
		case 2:
			ending = "nd"
		case 3:
			ending = "rd"
		}
	}
	return fmt.Sprint(n, ending)
}

// worthTelling is the shortest pause that a person is told of.
const worthTelling = time.Second

// Announce tells of a pause that is about to begin, if it is worth that.
func (r Retry) Announce(a Again) {
	if r.Tell != nil && a.Pause >= worthTelling {
		r.Tell(a)
	}
}

// TellOnce returns r for calls side by side, whose pauses are one to a person: one is
// announced at a time.
func (r Retry) TellOnce() Retry {
	tell := r.Tell
	if tell == nil {
		return r
	}
	var mu sync.Mutex
	var until time.Time
	now := r.Defaults().Clock.Now
	r.Tell = func(a Again) {
		mu.Lock()
		defer mu.Unlock()
		if at := now(); !at.Before(until) {
			until = at.Add(a.Pause)
			tell(a)
		}
	}
	return r
}

// Attempts counts the tries of one call.
type Attempts struct {
	retry  Retry
	pauses *backoff.ExponentialBackOff
	tried  int
}

// Attempts begins to count.
func (r Retry) Attempts() *Attempts {
	r = r.Defaults()
	return &Attempts{retry: r, pauses: r.Pauses(), tried: 1}
}

// Next waits until the call may be tried again, as long as err, of its last try,
// asks for, but at least a growing pause. It reports whether it may be: not when
// the tries are used up or ctx ends.
func (a *Attempts) Next(ctx context.Context, err error) bool {
	if a.tried >= a.retry.Tries || ctx.Err() != nil {
		return false
	}
	a.tried++
	pause := a.pauses.NextBackOff()
	retryable, what, is := retryableOf(err)
	if is {
		asked, _ := retryable.Retryable()
		pause = max(pause, asked)
	}
	a.retry.Announce(Again{What: what, Pause: pause, Try: a.tried})
	return a.retry.Clock.Sleep(ctx, pause) == nil
}
