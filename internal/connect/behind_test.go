package connect_test

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"convox-travis/internal/connect"
	"convox-travis/travisapi"
)

// behind is a Travis whose lists do not have what was created a moment ago.
type behind struct {
	*travisapi.Client
	by  time.Duration
	new map[string]time.Time
}

func (b *behind) CreateEnvVar(stop connect.Stop, ref travisapi.Ref, v travisapi.EnvVar) (travisapi.EnvVar, error) {
	made, err := b.Client.CreateEnvVar(stop, ref, v)
	if err == nil {
		b.new[made.ID] = time.Now()
	}
	return made, err
}

func (b *behind) EnvVars(ctx context.Context, ref travisapi.Ref) ([]travisapi.EnvVar, error) {
	vars, err := b.Client.EnvVars(ctx, ref)
	return slices.DeleteFunc(vars, func(v travisapi.EnvVar) bool { return time.Since(b.new[v.ID]) < b.by }), err
}

func TestAListThatIsBehindIsNoLoss(t *testing.T) {
	for name, c := range map[string]struct {
		by    time.Duration
		story string
		left  int
	}{
		"for a moment":              {900 * time.Millisecond, "HOST create done, PASSWORD create done", 2},
		"for longer than one waits": {time.Minute, "HOST create undone, PASSWORD create undone", 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, targets := played(t, 1, "", false)
				travis := &behind{Client: w.client, by: c.by, new: map[string]time.Time{}}
				report := connect.Runner{Travis: travis}.Apply(w.stop(), w.planFor(targets))
				r := report.Repositories[0]
				if story(r) != c.story || len(w.travis.EnvVars(targets[0].Slug)) != c.left || (r.Err == nil) != (c.left == 2) {
					t.Errorf("%s; Travis has %d; %v", story(r), len(w.travis.EnvVars(targets[0].Slug)), r.Err)
				}
				if c.left == 2 && w.posts() != 2 {
					t.Errorf("%d POSTs", w.posts())
				}
			})
		})
	}
}
