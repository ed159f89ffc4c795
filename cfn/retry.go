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

// retryDefaults: four pauses of 250 ms to 2 s together outlast the throttling
// of one account by another tool, and end before the deadline of a call.
func retryDefaults(r transport.Retry) transport.Retry {
	if r.Tries == 0 {
		r.Tries = 5
	}
	if r.Deadline == 0 {
		r.Deadline = 10 * time.Second
	}
	return r.Defaults().AnnounceOnce() // all regions are asked side by side, and throttled together
}

// newRetryer tries reads again with growing pauses: after throttling, 5xx and
// broken connections. AWS_MAX_ATTEMPTS and a profile's max_attempts go before.
func newRetryer(r transport.Retry) aws.Retryer {
	return awsretry.NewStandard(func(o *awsretry.StandardOptions) {
		o.MaxAttempts = r.Tries
		o.RateLimiter = ratelimit.None // regions that fail must not use up the tries of the others
		o.Backoff = growing(r)
		o.Retryables = append([]awsretry.IsErrorRetryable{
			awsretry.IsErrorRetryableFunc(isFinal),
			awsretry.RetryableHTTPStatusCode{Codes: map[int]struct{}{http.StatusTooManyRequests: {}}},
		}, o.Retryables...)
	})
}

// newWriteRetryer tries again only what AWS refused unread, since it asks for
// fewer calls: a write whose fate is unknown is looked up instead.
func newWriteRetryer(r transport.Retry) aws.Retryer {
	return awsretry.NewStandard(func(o *awsretry.StandardOptions) {
		o.MaxAttempts = r.Tries
		o.RateLimiter = ratelimit.None
		o.Backoff = growing(r)
		o.Retryables = []awsretry.IsErrorRetryable{awsretry.RetryableErrorCode{Codes: throttleCodes()}}
	})
}

// limitExceeded is the code of a quota that is used up, in all services that this
// package calls. The SDK takes it for throttling, which it is in others
// (https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateChangeSet.html).
const limitExceeded = "LimitExceededException"

// throttleCodes are the codes by which AWS asks for fewer calls.
func throttleCodes() map[string]struct{} {
	codes := maps.Clone(awsretry.DefaultThrottleErrorCodes)
	delete(codes, limitExceeded)
	return codes
}

// growing pauses have jitter, so that two that were throttled together do not
// come back together.
func growing(r transport.Retry) awsretry.BackoffDelayerFunc {
	return func(attempt int, _ error) (time.Duration, error) {
		pause := r.Pause << min(max(attempt-1, 0), 10)
		pause = pause/2 + rand.N(pause+1)
		r.Announce(transport.RetryNotice{What: "ask AWS", Pause: pause, Try: attempt + 1})
		return pause, nil
	}
}

// isFinal says of failures that stay that they are not worth another try.
func isFinal(err error) aws.Ternary {
	var certificate *tls.CertificateVerificationError
	var api smithy.APIError
	switch {
	case errors.As(err, &api) && api.ErrorCode() == limitExceeded:
		return aws.FalseTernary
	case transport.ByProxy(err) != nil, errors.Is(err, errNoAnswer), errors.Is(err, errNotAnswer), errors.Is(err, transport.ErrTooLarge),
		errors.Is(err, transport.ErrPlainHTTP), errors.As(err, &certificate),
		errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTUNREACH):
		return aws.FalseTernary
	}
	return aws.UnknownTernary
}
