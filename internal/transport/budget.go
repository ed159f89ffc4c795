package transport

import "sync"

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
