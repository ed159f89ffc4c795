// Package progress is how far something is that takes its time: what is counted,
// and what a call waits for before it is tried again or may be made at all. The
// status line of a command shows it, and so do both drivers of the wizard.
//
// Next room: internal/secret, the ground of the house.
package progress

import (
	"fmt"
	"time"
)

// Progress is how far something is.
type Progress struct {
	Done, Of int    // Of is 0 where that is not known
	Words    string // what is being done or waited for
	Often    bool   // it changes more often than anybody wants to hear
	// ToGo is about how long the rest takes, 0 where that is not known; it may be nil.
	ToGo func(now time.Time) time.Duration
}

// Text is Words with the time that the rest takes.
func (p Progress) Text(now time.Time) string {
	if p.ToGo == nil {
		return p.Words
	}
	if toGo := p.ToGo(now); toGo > 0 {
		return p.Words + ", about " + approximate(toGo)
	}
	return p.Words
}

// Bar divides so many cells into full and empty ones.
func (p Progress) Bar(cells int) (full, empty int) {
	if p.Of > 0 {
		full = cells * min(p.Done, p.Of) / p.Of
	}
	return full, cells - full
}

// newsInterval is how long nothing is said of what changes often.
const newsInterval = 2 * time.Second

// IsNews reports whether p is worth another line after last, which was said so
// long ago: of what changes often, a tenth more after a while.
func (p Progress) IsNews(last Progress, ago time.Duration) bool {
	if !p.Often {
		return p.Done != last.Done || p.Of != last.Of || p.Words != last.Words
	}
	return ago >= newsInterval && p.Of > 0 && 10*p.Done/p.Of > 10*last.Done/p.Of
}

// Silence is how long a work says nothing at the most: then what it said last is
// repeated, with the time that has passed.
const Silence = 10 * time.Second

// approximate says a time as nobody can know it better.
func approximate(d time.Duration) string {
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s", max(1, int(d.Round(time.Second).Seconds())))
	case d < time.Hour:
		return fmt.Sprintf("%d min", int(d.Round(time.Minute).Minutes()))
	}
	return fmt.Sprintf("%d h %d min", int(d.Hours()), int(d.Minutes())%60)
}

// Wait is what a call waits for, such as another try.
type Wait struct {
	Words func(left time.Duration) string
	Until time.Time
}

// Text says what is waited for at a moment, "" where it is nothing.
func (w Wait) Text(now time.Time) string {
	if !now.Before(w.Until) {
		return ""
	}
	return w.Words(w.Until.Sub(now))
}

// Tally counts how far a run over repositories is.
type Tally struct {
	of, done, failed int
	began            time.Time
	least            time.Duration
}

// NewTally returns the count of a run over so many that begins now and takes least,
// at the least.
func NewTally(of int, least time.Duration, now time.Time) *Tally {
	return &Tally{of: of, began: now, least: least}
}

// Count counts one that has come to its end, with err or without.
func (t *Tally) Count(err error) {
	if err == nil {
		t.done++
	} else {
		t.failed++
	}
}

// Progress is how far the run is.
func (t *Tally) Progress() Progress {
	ended := t.done + t.failed
	return Progress{
		Done: ended, Of: t.of, Often: true, ToGo: t.toGo(),
		Words: fmt.Sprintf("%d done, %d failed, %d left", t.done, t.failed, t.of-ended),
	}
}

// toGo takes for the rest as long as those before took, and no less than the whole
// run takes at the least.
func (t *Tally) toGo() func(now time.Time) time.Duration {
	ended, left, began, least := t.done+t.failed, t.of-t.done-t.failed, t.began, t.least
	return func(now time.Time) time.Duration {
		if left == 0 {
			return 0
		}
		elapsed := now.Sub(began)
		toGo := least - elapsed
		if ended > 0 {
			toGo = max(toGo, elapsed/time.Duration(ended)*time.Duration(left))
		}
		return max(0, toGo)
	}
}
