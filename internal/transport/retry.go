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

// RetryNotice announces a retry.
type RetryNotice struct {
	What  string        // such as "read the variables of acme/api"
	Pause time.Duration // before the retry
	Try   int           // the number of the next attempt, from 2
}

// String is a line for a person.
func (a RetryNotice) String() string {
	return fmt.Sprintf("retrying in %.0f s (attempt %d): %s", math.Ceil(a.Pause.Seconds()), a.Try, a.What)
}

const shortestAnnounced = time.Second

// Announce announces a pause, if it is long enough.
func (r Retry) Announce(a RetryNotice) {
	if r.Tell != nil && a.Pause >= shortestAnnounced {
		r.Tell(a)
	}
}

// AnnounceOnce returns r for concurrent calls, whose pauses look like one to a person: it
// announces one at a time.
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

// Attempts counts the attempts of one call.
type Attempts struct {
	retry  Retry
	pauses *backoff.ExponentialBackOff
	tried  int
}

// Attempts begins to count.
func (r Retry) Attempts() *Attempts {
	r = r.Defaults()
	pauses := backoff.NewExponentialBackOff()
	pauses.InitialInterval, pauses.Multiplier = r.Pause, 2
	pauses.Reset()
	return &Attempts{retry: r, pauses: pauses, tried: 1}
}

// Next waits until the call may be retried, as long as err, the last attempt's error,
// requires, but at least a growing pause. It returns false if the attempts are used up or
// ctx ends.
func (a *Attempts) Next(ctx context.Context, err error) bool {
	if a.tried >= a.retry.Tries || ctx.Err() != nil {
		return false
	}
	a.tried++
	notice := RetryNotice{Pause: a.pauses.NextBackOff(), Try: a.tried}
	if e := problem.Of(err); e != nil {
		notice.What = e.Attempted()
	}
	if retryable, is := problem.Detail[Retryable](err); is {
		asked, _ := retryable.Retryable()
		notice.Pause = max(notice.Pause, asked)
	}
	a.retry.Announce(notice)
	return a.retry.Clock.Sleep(ctx, notice.Pause) == nil
}

// Retryable says whether the same read may succeed if it is retried, and how long the
// server asked to wait (0: it didn't say). It is the Detail of a problem.Error.
type Retryable interface {
	Retryable() (wait time.Duration, worth bool)
}

// Retry is how reads are retried. The zero value makes four attempts of 15 seconds each,
// with pauses that grow from a quarter of a second.
type Retry struct {
	Clock    clock.Clock
	Tries    int
	Deadline time.Duration // of one attempt
	Pause    time.Duration // before the second attempt
	// Tell is called before each pause of a second or more, from any goroutine; it may be
	// nil.
	Tell func(RetryNotice)
}

// Defaults fills in what isn't set.
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

// Do calls read until it succeeds, fails with an error that isn't worth a retry, the
// attempts are used up or ctx ends. Each attempt has its deadline. Do returns read's last
// error.
func (r Retry) Do(ctx context.Context, read func(context.Context) error) error {
	return r.Repeat(ctx, func(ctx context.Context) error { return r.Once(ctx, read) })
}

// Repeat is Do for a call with its own deadline.
func (r Retry) Repeat(ctx context.Context, call func(context.Context) error) error {
	attempts := r.Attempts()
	for {
		err := call(ctx)
		retryable, is := problem.Detail[Retryable](err)
		if !is {
			return err
		}
		if _, worth := retryable.Retryable(); !worth || !attempts.Next(ctx, err) {
			return err
		}
	}
}

// Once calls f with the deadline of one attempt.
func (r Retry) Once(ctx context.Context, f func(context.Context) error) error {
	r = r.Defaults()
	ctx, cancel := context.WithTimeout(ctx, r.Deadline)
	defer cancel()
	return f(ctx)
}

// RetryAfter reads how long a server asks to wait, in seconds or until a time
// (https://www.rfc-editor.org/rfc/rfc9110#field.retry-after); 0 if it doesn't say. It is
// at most a day, so that no number overflows.
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

// Budget limits the retries of all calls to a failing server together: each failure costs
// one, each success returns a tenth. While it is spent, nothing is retried, so that a
// failing server gets each request only once
// (https://github.com/grpc/proposal/blob/master/A6-client-retries.md#throttling-retry-attempts-and-hedged-rpcs).
type Budget struct {
	mu    sync.Mutex
	spent int // in tenths
}

// largestBudget is in failures. Eight repositories that are read concurrently, with two
// calls each, may all be retried three times.
const largestBudget = 50

const tenths = 10

// Fail counts a failure, and reports whether the failed call may be retried.
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
