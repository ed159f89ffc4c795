package transport

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"

	"convox-travis/internal/clock"
	"convox-travis/internal/problem"
)

// RetryNotice is something that is about to be tried again.
type RetryNotice struct {
	What  string        // "read the variables of acme/api"
	Pause time.Duration // before it is tried
	Try   int           // which one it will be, from 2
}

// String is a line for a person.
func (a RetryNotice) String() string {
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

// shortestAnnounced is the shortest pause that a person is told of.
const shortestAnnounced = time.Second

// Announce tells of a pause that is about to begin, if it is worth that.
func (r Retry) Announce(a RetryNotice) {
	if r.Tell != nil && a.Pause >= shortestAnnounced {
		r.Tell(a)
	}
}

// AnnounceOnce returns r for calls side by side, whose pauses are one to a person: one is
// announced at a time.
func (r Retry) AnnounceOnce() Retry {
	tell := r.Tell
	if tell == nil {
		return r
	}
	var mu sync.Mutex
	var until time.Time
	now := r.Defaults().Clock.Now
	r.Tell = func(a RetryNotice) {
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
	a.retry.Announce(RetryNotice{What: what, Pause: pause, Try: a.tried})
	return a.retry.Clock.Sleep(ctx, pause) == nil
}

// Retryable says whether the same read may succeed if it is tried again, and how
// long the server asked to wait first (0: it did not say). It is the Detail of a
// problem.Error.
type Retryable interface {
	Retryable() (wait time.Duration, worth bool)
}

// retryableOf returns what err says, and what was attempted.
func retryableOf(err error) (retryable Retryable, what string, is bool) {
	for e := range problem.Chain(err) {
		if detail, is := e.Detail.(Retryable); is {
			return detail, e.Attempted(), true
		}
	}
	return nil, "", false
}

// Retry is how reads are tried again. The zero value makes four tries of
// 15 seconds each, with pauses that grow from a quarter of a second.
type Retry struct {
	Clock    clock.Clock
	Tries    int
	Deadline time.Duration // of one try
	Pause    time.Duration // before the second try
	// Tell is told of each pause of a second or more before it begins, by any
	// goroutine; it may be nil.
	Tell func(RetryNotice)
}

// Defaults fills in what is not set.
func (r Retry) Defaults() Retry {
	if r.Clock == nil {
		r.Clock = clock.System{}
	}
	if r.Tries == 0 {
		r.Tries = 4
	}
	if r.Deadline == 0 {
		r.Deadline = 15 * time.Second
	}
	if r.Pause == 0 {
		r.Pause = 250 * time.Millisecond
	}
	return r
}

// Do calls read until it succeeds, fails with an error that is not worth
// another try, the tries are used up or ctx ends. Each try has its deadline. Do
// returns read's last error.
func (r Retry) Do(ctx context.Context, read func(context.Context) error) error {
	return r.Repeat(ctx, func(ctx context.Context) error { return r.Once(ctx, read) })
}

// Repeat is Do for a call that has a deadline of its own.
func (r Retry) Repeat(ctx context.Context, call func(context.Context) error) error {
	attempts := r.Attempts()
	for {
		err := call(ctx)
		retryable, _, is := retryableOf(err)
		if !is {
			return err
		}
		if _, worth := retryable.Retryable(); !worth || !attempts.Next(ctx, err) {
			return err
		}
	}
}

// Once calls f with the deadline of one try.
func (r Retry) Once(ctx context.Context, f func(context.Context) error) error {
	r = r.Defaults()
	ctx, cancel := context.WithTimeout(ctx, r.Deadline)
	defer cancel()
	return f(ctx)
}

// Pauses returns the growing pauses between tries.
func (r Retry) Pauses() *backoff.ExponentialBackOff {
	pauses := backoff.NewExponentialBackOff()
	pauses.InitialInterval = r.Defaults().Pause
	pauses.Multiplier = 2
	pauses.Reset()
	return pauses
}

// RetryAfter reads how long a server asks to wait, in seconds or until a time
// (https://www.rfc-editor.org/rfc/rfc9110#field.retry-after); 0 when it does
// not say. It is at most a day, so that no number overflows.
func RetryAfter(header http.Header, now time.Time) time.Duration {
	const longest = 24 * time.Hour
	text := header.Get("Retry-After")
	if seconds, err := strconv.Atoi(text); err == nil {
		return time.Duration(min(max(seconds, 0), int(longest/time.Second))) * time.Second
	}
	at, err := http.ParseTime(text)
	if err != nil {
		return 0
	}
	return min(max(at.Sub(now).Round(time.Second), 0), longest)
}

// Budget is how much may be asked again of a server that fails, by all who ask
// it together: each failure costs one, each success gives a tenth back. While it
// is spent, nothing is tried again, so that a server that is dying is asked no
// more than once for each thing
// (https://github.com/grpc/proposal/blob/master/A6-client-retries.md#throttling-retry-attempts-and-hedged-rpcs).
type Budget struct {
	mu    sync.Mutex
	spent int // in tenths
}

// largestBudget is in failures. Eight repositories that are read side by side,
// with two calls each, may all be asked three times more.
const largestBudget = 50

const tenths = 10

// Fail counts a failure, and reports whether what failed may be tried again.
func (b *Budget) Fail() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	left := largestBudget*tenths - b.spent
	b.spent += min(left, tenths)
	return left >= tenths
}

// Succeed counts a success.
func (b *Budget) Succeed() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.spent = max(b.spent-1, 0)
}
