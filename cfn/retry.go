package cfn

import (
	"crypto/tls"
	"errors"
	"maps"
	"math/rand/v2"
	"net/http"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	awsretry "github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go"

	"convox-travis/internal/transport"
)

// retryDefaults has four pauses of 250 ms to 2 s: they outlast the throttling caused by
// another tool, and end before the deadline of a call.
func retryDefaults(r transport.Retry) transport.Retry {
	if r.Tries == 0 {
		r.Tries = 5
	}
	if r.Deadline == 0 {
		r.Deadline = 10 * time.Second
	}
	return r.Defaults().AnnounceOnce() // all regions are searched at once, and throttled together
}

// newRetryer retries reads with growing pauses, after throttling, 5xx and broken
// connections. AWS_MAX_ATTEMPTS and a profile's max_attempts take precedence.
func newRetryer(r transport.Retry) aws.Retryer {
	return awsretry.NewStandard(func(o *awsretry.StandardOptions) {
		o.MaxAttempts = r.Tries
		o.RateLimiter = ratelimit.None // regions that fail must not use up the tries of others
		o.Backoff = newBackoff(r)
		o.Retryables = append([]awsretry.IsErrorRetryable{
			awsretry.IsErrorRetryableFunc(isPermanent),
			awsretry.RetryableHTTPStatusCode{Codes: map[int]struct{}{http.StatusTooManyRequests: {}}},
		}, o.Retryables...)
	})
}

// newWriteRetryer retries only after throttling, when AWS did nothing: a write whose
// outcome is unknown is looked up instead.
func newWriteRetryer(r transport.Retry) aws.Retryer {
	return awsretry.NewStandard(func(o *awsretry.StandardOptions) {
		o.MaxAttempts = r.Tries
		o.RateLimiter = ratelimit.None
		o.Backoff = newBackoff(r)
		o.Retryables = []awsretry.IsErrorRetryable{awsretry.RetryableErrorCode{Codes: throttleCodes()}}
	})
}

// limitExceeded is the code of a used-up quota in all services that this package calls.
// The SDK treats it as throttling, which it is in others
// (https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateChangeSet.html).
const limitExceeded = "LimitExceededException"

// throttleCodes are the codes of throttling.
func throttleCodes() map[string]struct{} {
	codes := maps.Clone(awsretry.DefaultThrottleErrorCodes)
	delete(codes, limitExceeded)
	return codes
}

// newBackoff has jitter, so that calls that were throttled together aren't retried
// together.
func newBackoff(r transport.Retry) awsretry.BackoffDelayerFunc {
	return func(attempt int, _ error) (time.Duration, error) {
		pause := r.Pause << min(max(attempt-1, 0), 10)
		pause = pause/2 + rand.N(pause+1)
		r.Announce(transport.RetryNotice{What: "ask AWS", Pause: pause, Try: attempt + 1})
		return pause, nil
	}
}

// isPermanent rules out retries of failures that stay.
func isPermanent(err error) aws.Ternary {
	var certificate *tls.CertificateVerificationError
	var api smithy.APIError
	switch {
	case errors.As(err, &api) && api.ErrorCode() == limitExceeded:
		return aws.FalseTernary
	case transport.ByProxy(err) != nil, errors.Is(err, errNoAnswer), errors.Is(err, errForeignAnswer), errors.Is(err, transport.ErrTooLarge),
		errors.Is(err, transport.ErrPlainHTTP), errors.As(err, &certificate),
		errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTUNREACH):
		return aws.FalseTernary
	}
	return aws.UnknownTernary
}
