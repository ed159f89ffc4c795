package pace

import (
	"slices"
	"time"
)

// calls are the times at which the last calls were answered, oldest first. Each counts
// for one window from then. A call in progress has a mark instead: a unique time in the
// future.
type calls []time.Time

const (
	// longestCall is how far in the future a mark is: if the process is killed, the call
	// counts as answered after that. It is longer than any call's deadline.
	longestCall = 20 * time.Second
	// lookAgain is how long a caller waits when the time is unknown because calls are in
	// progress.
	lookAgain = 500 * time.Millisecond
)

func markOf(now time.Time) time.Time { return now.Add(longestCall).Round(0) }

func (c *calls) add(at time.Time) {
	*c = append(*c, at)
	slices.SortFunc(*c, time.Time.Compare)
}

// answered replaces a call's mark with the time of its answer.
func (c *calls) answered(mark, now time.Time) {
	if i := slices.IndexFunc(*c, mark.Equal); i >= 0 {
		*c = slices.Delete(*c, i, i+1)
	}
	c.add(now.Round(0))
}

// dropExpired drops calls that no longer count.
func (c *calls) dropExpired(limit Limit, now time.Time) {
	*c = slices.DeleteFunc(*c, func(at time.Time) bool { return now.Sub(at) > limit.Per })
}

// wait is how long the next call must wait: until the oldest of the last ones leaves the
// window.
func (c calls) wait(limit Limit, now time.Time) time.Duration {
	if len(c) < limit.Calls {
		return 0
	}
	since := now.Sub(c[len(c)-limit.Calls])
	if since < 0 {
		return lookAgain
	}
	return max(0, limit.Per-since+time.Millisecond)
}
