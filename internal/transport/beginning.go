package transport

import (
	"context"

	"convox-travis/internal/crash"
)

type beginningKey struct{}

// BeginWhile returns a context for calls of which no write begins any more when
// begin has ended, also if it only waits for its turn. What is under way may be
// finished, and looked up.
func BeginWhile(ctx, begin context.Context) context.Context {
	return context.WithValue(ctx, beginningKey{}, begin)
}

// Beginning returns the context in which a write has to begin: it ends with ctx
// and with what BeginWhile was given, and then has its cause.
func Beginning(ctx context.Context) (context.Context, context.CancelFunc) {
	both, cancel := context.WithCancelCause(ctx)
	begin, limited := ctx.Value(beginningKey{}).(context.Context)
	if !limited {
		return both, func() { cancel(nil) }
	}
	if begin.Err() != nil {
		cancel(context.Cause(begin))
	}
	detach := context.AfterFunc(begin, func() {
		defer crash.Catch()
		cancel(context.Cause(begin))
	})
	return both, func() {
		detach()
		cancel(nil)
	}
}
