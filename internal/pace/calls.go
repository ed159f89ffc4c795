package pace

import (
	"slices"
	"time"
)

// calls are the times from which the last calls count for one window more,
// oldest first: the time of the answer, and where there is none yet a mark, a
// time to come, by which the call is known.
type calls []time.Time

const (
	// longestCall is how far in the time to come a mark lies: so long after its
	// beginning a call counts as answered, should its process have been killed.
	// It is longer than any call is waited for.
	longestCall = 20 * time.Second
	// lookAgain is how long a caller waits who cannot know when there is room,
	// because calls are under way.
	lookAgain = 500 * time.Millisecond
)

func markOf(now time.Time) time.Time { return now.Add(longestCall).Round(0) }

func (c *calls) add(at time.Time) {
	*c = append(*c, at)
	slices.SortFunc(*c, time.Time.Compare)
}

// answered puts the time of its answer in the place of a call's mark.
func (c *calls) answered(mark, now time.Time) {
	if i := slices.IndexFunc(*c, mark.Equal); i >= 0 {
		*c = slices.Delete(*c, i, i+1)
	}
	c.add(now.Round(0))
}

// dropExpired drops what does not count any more.
func (c *calls) dropExpired(limit Limit, now time.Time) {
	*c = slices.DeleteFunc(*c, func(at time.Time) bool { return now.Sub(at) > limit.Per })
}

// wait is how long the next call has to wait: until the oldest of the last ones
// is out of the window.
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
