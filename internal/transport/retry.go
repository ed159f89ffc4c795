package transport

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/cenkalti/backoff/v5"

	"convox-travis/internal/clock"
	"convox-travis/internal/problem"
)

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
	Tell func(Again)
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
