package connect_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"convox-travis/internal/clock"
	"convox-travis/internal/connect"
	"convox-travis/internal/faults"
	"convox-travis/internal/ratelimit"
	"convox-travis/internal/secret"
	"convox-travis/internal/secret/secrettest"
	"convox-travis/internal/transport"
	"convox-travis/travisapi"
	"convox-travis/travisapi/travistest"
)

// played is a world whose time is the bubble's, with n repositories that are all
// new. paced is whether it keeps to Travis's limits, together with whatever else
// names the same folder.
func played(t *testing.T, n int, folder string, paced bool) (*world, []connect.Target) {
	t.Helper()
	server := travistest.New()
	server.AddAccount(travistest.Account{ID: 1, Login: "ann", Token: token, Organizations: []string{"acme"}})
	var targets []connect.Target
	for i := range n {
		target := connect.Target{Provider: travisapi.GitHub, Slug: fmt.Sprintf("acme/r%04d", i)}
		server.AddRepository(travistest.Repository{ID: 100 + i, Slug: target.Slug, Active: true})
		targets = append(targets, target)
	}
	server.Faults.SetLatency(100 * time.Millisecond)
	return &world{T: t, travis: server, client: playedClient(t, server, folder, paced)}, targets
}

func playedClient(t *testing.T, server *travistest.Server, folder string, paced bool) *travisapi.Client {
	t.Helper()
	return clientWithin(t, server, folder, paced, ratelimit.TravisCalls)
}

func clientWithin(t *testing.T, server *travistest.Server, folder string, paced bool, calls int) *travisapi.Client {
	t.Helper()
	config := travisapi.Config{Endpoint: "http://127.0.0.1", Token: secret.New(token), HTTP: server.Direct()}
	if paced {
		config.Posts = ratelimit.NewShared(folder, "posts", ratelimit.Limit{Calls: ratelimit.TravisPosts, Per: ratelimit.TravisWindow}, clock.System{}).Begin
		config.Calls = ratelimit.NewWindow(ratelimit.Limit{Calls: calls, Per: ratelimit.TravisMinute}, clock.System{}).Wait
	}
	client, err := travisapi.New(config)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func (w *world) playOut(targets []connect.Target, known ...travisapi.Repository) connect.Report {
	w.Helper()
	plan, err := connect.MakePlan(w.Context(), w.client, accepts{}, w.request(func(r *connect.Request) { r.Targets, r.Known = targets, known }))
	if err != nil {
		w.Fatal(err)
	}
	return connect.Runner{Travis: w.client}.Apply(w.stop(), plan)
}

// wantQuick holds the time of a run that made so many POSTs against the one that
// the limit allows. The reads before them count.
func (w *world) wantQuick(posts int, took time.Duration) {
	w.Helper()
	made := w.posts()
	allowed := time.Duration((posts-1)/ratelimit.TravisPosts) * ratelimit.TravisWindow
	share := float64(allowed) / float64(took)
	w.Logf("%d POSTs in %v: %.2f %% of the allowed pace", made, took, 100*share)
	if made != posts || share < 0.95 {
		w.Errorf("%d POSTs, not %d, at %.2f %% of the allowed pace", made, posts, 100*share)
	}
}

func TestAThousandNewRepositoriesOfAnOwnerTakeAsLongAsTheLimitMakesThem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, targets := played(t, 1000, t.TempDir(), true)
		begun := time.Now()
		known, err := w.client.Repositories(t.Context(), travisapi.ListOptions{Owner: "acme"})
		if err != nil {
			t.Fatal(err)
		}
		report := w.playOut(targets, known...)
		took := time.Since(begun)
		if errs := report.Errs(); len(errs) > 0 || w.travis.Banned(token) {
			t.Fatalf("%d errors, such as %v", len(errs), errs[0])
		}
		for _, target := range targets {
			if n := len(w.travis.EnvVars(target.Slug)); n != 2 {
				t.Fatalf("%s has %d variables", target, n)
			}
		}
		w.wantQuick(2000, took)
	})
}

func TestRunsThatShareATokenTakeAsLongAsTheLimitMakesThem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		folder := t.TempDir()
		w, targets := played(t, 300, folder, true)
		begun := time.Now()
		var all sync.WaitGroup
		for part := range slices.Chunk(targets, 100) {
			other := *w
			other.client = playedClient(t, w.travis, folder, true)
			all.Go(func() {
				if errs := other.playOut(part).Errs(); len(errs) > 0 {
					t.Error(errs[0])
				}
			})
		}
		all.Wait()
		w.wantQuick(600, time.Since(begun))
	})
}

func (w *world) posts() int {
	n := 0
	for _, r := range w.travis.Writes() {
		if r.Method == "POST" {
			n++
		}
	}
	return n
}

// All that waited for the next minute is then sent together.
func TestWritesThatTheCallsOfAMinuteHoldUpProvokeNoBan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, targets := played(t, 45, "", true)
		w.client = clientWithin(t, w.travis, "", true, 100)
		if errs := w.playOut(targets).Errs(); len(errs) > 0 || w.posts() != 90 {
			t.Errorf("%d POSTs, %v", w.posts(), errs)
		}
	})
}

func TestNothingThatWaitsForItsTurnIsSentAfterAStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, targets := played(t, 40, "", true)
		plan := w.planFor(targets)
		soft, ask := context.WithCancelCause(t.Context())
		time.AfterFunc(29500*time.Millisecond, func() { ask(errStop) }) // the turn comes within the grace
		begun := time.Now()
		report := connect.Runner{Travis: w.client}.Apply(connect.Stop{Soft: soft, Hard: t.Context()}, plan)
		if took := time.Since(begun); w.posts() != ratelimit.TravisPosts || took > 30*time.Second {
			t.Errorf("%d POSTs; it took %v", w.posts(), took)
		}
		for _, r := range report.Repositories {
			if n := len(w.travis.EnvVars(r.Target.Slug)); n == 1 || n == 0 && !errors.Is(r.Err, errStop) {
				t.Errorf("%s has %d variables, %v", r.Target, n, r.Err)
			}
		}
	})
}

func TestWithoutAPaceManyNewRepositoriesAreBanned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, targets := played(t, 100, "", false)
		report := w.playOut(targets)
		if !w.travis.Banned(token) || !slices.ContainsFunc(report.Errs(), isBan) {
			t.Errorf("no ban: %v", report.Errs())
		}
		if late := w.posts(); late > 50+mayBegin {
			t.Errorf("%d POSTs: it went on after the ban", late)
		}
	})
}

func TestAWriteThatIsTriedAgainIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, targets := played(t, 1, "", false)
		for _, method := range []string{"POST", "DELETE"} {
			w.travis.Faults.Add(faults.Rule{Kind: faults.ThrottledUntil, Match: func(r faults.Request) bool { return r.Method == method }})
		}
		var told []string
		runner := connect.Runner{Travis: w.client, Retry: transport.Retry{Tell: func(a transport.RetryNotice) { told = append(told, a.String()) }}}
		plan := w.planFor(targets)
		if errs := runner.Apply(w.stop(), plan).Errs(); len(errs) > 0 {
			t.Fatal(errs[0])
		}
		removal := connect.MakeRemoval(t.Context(), w.client, connect.RemoveRequest{Targets: targets})
		if errs := runner.Remove(w.stop(), removal).Errs(); len(errs) > 0 {
			t.Fatal(errs[0])
		}
		want := []string{
			"retrying in 1 s (attempt 2): set CONVOX_HOST on acme/r0000",
			"retrying in 1 s (attempt 2): delete a variable of acme/r0000",
		}
		if !slices.Equal(told, want) {
			t.Errorf("told\n%s", strings.Join(told, "\n"))
		}
	})
}

func TestARunEndsWhereTravisFailsAgainAndAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, targets := played(t, 200, "", false)
		plan := w.planFor(targets)
		w.travis.Faults.Add(faults.Rule{Kind: faults.Status500, Times: -1, Match: func(r faults.Request) bool { return r.Method == "POST" }})
		report := connect.Runner{Travis: w.client}.Apply(w.stop(), plan)
		if n := len(w.travis.Writes()); n > 50+10+3*mayBegin { // the reads between them give a little back
			t.Errorf("%d writes", n)
		}
		gaveUp := func(err error) bool { return travisapi.FailureOf(err).GaveUp }
		if n := w.begun(report, gaveUp); n == 0 || n > 50 {
			t.Errorf("%d repositories were begun", n)
		}
		for _, r := range report.Repositories {
			if r.Err == nil || r.HasChanges() {
				t.Errorf("%s: %s, %v", r.Target, story(r), r.Err)
			}
			secrettest.Absent(t, "the error", fmt.Sprint(r.Err))
		}
	})
}

func TestReadingEndsWhereTravisFailsAgainAndAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, targets := played(t, 200, "", false)
		w.travis.Faults.Add(faults.Rule{Kind: faults.Status503, Times: -1})
		plan := w.plan(w.request(func(r *connect.Request) { r.Targets = targets }))
		removal := connect.MakeRemoval(t.Context(), w.client, connect.RemoveRequest{Targets: targets})
		if n := len(w.travis.Faults.Requests()); n > 100+4*mayBegin {
			t.Errorf("%d requests for twice %d repositories", n, len(targets))
		}
		if last := plan.Repositories[199].Err; codeOf(last) != connect.CodeNotStarted || removal.Repositories[199].Err == nil {
			t.Errorf("the last one: %v; %v", last, removal.Repositories[199].Err)
		}
	})
}

func TestARunEndsWhereTravisAsksToWaitForAnHour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, targets := played(t, 100, "", true)
		plan := w.planFor(targets)
		w.travis.Faults.Add(faults.Rule{Kind: faults.ThrottledForLong, Times: -1, Skip: 20})
		report := connect.Runner{Travis: w.client}.Apply(w.stop(), plan)
		over := travisapi.RefusedUntil(report.Errs()[0])
		if _, _, _, left := report.Count(); left < 70 || over.IsZero() || over.Before(time.Now().Add(55*time.Minute)) {
			t.Errorf("%d were not begun; until %v: %v", left, over, report.Errs()[0])
		}
	})
}
