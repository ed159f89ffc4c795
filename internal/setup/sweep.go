package setup

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"convox-travis/internal/crash"
	"convox-travis/internal/pace"
	"convox-travis/internal/progress"
)

// sideBySide is how many repositories are worked on at the same time. In one of
// them one call is made after the other: Travis loses one of two simultaneous
// writes (https://github.com/travis-ci/travis-api, lib/travis/model/json_sync.rb).
const sideBySide = 8

// planned is a repository of a Plan or of a Removal.
type planned interface {
	why() error // nothing is changed there, or nil
}

func (p RepositoryPlan) why() error    { return p.Err }
func (r RepositoryRemoval) why() error { return r.Err }

// sweep works on all repositories, side by side, and reports them in their
// order. Once an error ends the run, those under way end as they do when
// the run is asked to stop, and work has to begin no other.
func sweep[R planned](r Runner, stop Stop, all []R, work func(Runner, Stop, R) RepositoryReport) Report {
	soft, end := context.WithCancelCause(stop.Soft)
	defer end(nil)
	if why := ended(all); why != nil {
		end(why)
	}
	r = r.oneAtATime()
	report := Report{Repositories: make([]RepositoryReport, len(all))}
	var working errgroup.Group
	working.SetLimit(sideBySide)
	for i, repository := range all {
		working.Go(func() error {
			defer crash.Catch()
			outcome := work(r, Stop{Soft: soft, Hard: stop.Hard}, repository)
			if endsRun(outcome.Err) {
				end(outcome.Err)
			}
			r.tell(Event{Target: outcome.Target, Step: StepFinished, Report: &outcome})
			report.Repositories[i] = outcome
			return nil
		})
	}
	_ = working.Wait() // what went wrong is in each repository's report
	report.Stopped = stop.Asked()
	return report
}

// readEach calls read with each number below n, side by side. told, which may be
// nil, learns how many are over, one at a time.
func readEach(n int, told func(done int), read func(i int)) {
	var reads errgroup.Group
	reads.SetLimit(sideBySide)
	var telling sync.Mutex
	done := 0
	for i := range n {
		reads.Go(func() error {
			defer crash.Catch()
			read(i)
			if told != nil {
				telling.Lock()
				defer telling.Unlock()
				done++
				told(done)
			}
			return nil
		})
	}
	_ = reads.Wait() // what went wrong is kept by read
}

// oneAtATime returns a Runner that tells of one event after the other.
func (r Runner) oneAtATime() Runner {
	if tell := r.Tell; tell != nil {
		var telling sync.Mutex
		r.Tell = func(e Event) {
			telling.Lock()
			defer telling.Unlock()
			tell(e)
		}
	}
	return r
}

// Tally returns the count of a run over the plan that begins now. Its POSTs take
// their time.
func (p Plan) Tally(now time.Time) *progress.Tally {
	posts := 0
	for _, repository := range p.Repositories {
		posts += repository.posts()
	}
	return progress.NewTally(len(p.Repositories), time.Duration(max(0, posts-1)/pace.TravisPosts)*pace.TravisWindow, now)
}

// posts is how many POSTs the plan makes at the least.
func (p RepositoryPlan) posts() int {
	posts := 0
	if p.Err != nil {
		return 0
	}
	for _, change := range []Change{p.Host, p.Password} {
		if change.Action == Create {
			posts++
		}
	}
	if p.Activate {
		posts++
	}
	return posts
}

// Tally returns the count of a run over the removal that begins now.
func (r Removal) Tally(now time.Time) *progress.Tally {
	return progress.NewTally(len(r.Repositories), 0, now)
}
