package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"convox-travis/internal/connect"
	"convox-travis/travisapi"
)

// listing answers once all its owners are asked for.
type listing struct {
	left *atomic.Int32
	all  chan struct{}
}

func (l listing) Repositories(ctx context.Context, options travisapi.ListOptions) ([]travisapi.Repository, error) {
	if l.left.Add(-1) == 0 {
		close(l.all)
	}
	select {
	case <-l.all:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if strings.HasPrefix(options.Owner, "bad") {
		return nil, errors.New("Travis failed")
	}
	return []travisapi.Repository{{Slug: options.Owner + "/web"}}, nil
}

func TestOwnersAreListedTogetherInTheirOrder(t *testing.T) {
	t.Parallel()
	var targets []connect.Target
	for _, owner := range []string{"zoo", "bad1", "acme", "bad2"} {
		for i := range manyOfOne {
			targets = append(targets, connect.Target{Slug: fmt.Sprintf("%s/r%d", owner, i)})
		}
	}
	targets = append(targets, connect.Target{Slug: "few/web"})
	lister := listing{new(atomic.Int32), make(chan struct{})}
	lister.left.Store(4)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	known, err := listMany(ctx, lister, targets)
	if len(known) != 2 || known[0].Slug != "zoo/web" || known[1].Slug != "acme/web" {
		t.Errorf("%+v", known)
	}
	if err == nil || err.Error() != "bad1: Travis failed\nbad2: Travis failed" {
		t.Error(err)
	}
}
