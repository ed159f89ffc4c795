package setup

import (
	"fmt"
	"time"

	"convox-travis/internal/pace"
)

// Tally counts how far a run over repositories has come.
type Tally struct {
	Of     int // repositories
	Done   int
	Failed int

	began time.Time
	posts int // that the run has to make at the least
}

// Tally returns the count of a run over the plan that begins now.
func (p Plan) Tally(now time.Time) *Tally {
	t := &Tally{Of: len(p.Repositories), began: now}
	for _, repository := range p.Repositories {
		t.posts += repository.posts()
	}
	return t
}

// Tally returns the count of a run over the removal that begins now.
func (r Removal) Tally(now time.Time) *Tally { return &Tally{Of: len(r.Repositories), began: now} }

// Count counts a repository's end.
func (t *Tally) Count(r RepositoryReport) {
	if r.Err == nil {
		t.Done++
	} else {
		t.Failed++
	}
}

// Left is how many repositories have not come to their end.
func (t *Tally) Left() int { return t.Of - t.Done - t.Failed }

// ToGo is about how long the rest takes: as long as the ones before took, and no
// less than the pace of POSTs lets the whole run take; 0 where nothing is known
// yet.
func (t *Tally) ToGo(now time.Time) time.Duration {
	if t.Left() == 0 {
		return 0
	}
	elapsed := now.Sub(t.began)
	toGo := time.Duration(max(0, t.posts-1)/pace.TravisPosts)*pace.TravisWindow - elapsed
	if ended := t.Of - t.Left(); ended > 0 {
		toGo = max(toGo, elapsed/time.Duration(ended)*time.Duration(t.Left()))
	}
	return max(0, toGo)
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

// Words says how far the run has come.
func (t *Tally) Words(now time.Time) string {
	words := fmt.Sprintf("%d done, %d failed, %d left", t.Done, t.Failed, t.Left())
	if toGo := t.ToGo(now); toGo > 0 {
		words += ", about " + roughly(toGo)
	}
	return words
}

// roughly says a time as nobody can know it better.
func roughly(d time.Duration) string {
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s", max(1, int(d.Round(time.Second).Seconds())))
	case d < time.Hour:
		return fmt.Sprintf("%d min", int(d.Round(time.Minute).Minutes()))
	}
	return fmt.Sprintf("%d h %d min", int(d.Hours()), int(d.Minutes())%60)
}
