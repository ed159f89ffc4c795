// Package progress describes how far a longer task is: what is counted, and what a call
// waits for before it is retried or may start. A command's status line shows it, and so
// do both drivers of the wizard.
//
// Next room: internal/version, which says what was built.
package progress

import (
	"fmt"
	"time"
)

// Progress is how far a task is.
type Progress struct {
	Done, Of int    // Of is 0 if unknown
	Words    string // what is being done or waited for
	Often    bool   // it changes too often to print each change
	// ToGo estimates the remaining time, 0 if unknown; it may be nil.
	ToGo func(now time.Time) time.Duration
}

// Text is Words with the remaining time.
func (p Progress) Text(now time.Time) string {
	if p.ToGo == nil {
		return p.Words
	}
	if toGo := p.ToGo(now); toGo > 0 {
		return p.Words + ", about " + approximate(toGo)
	}
	return p.Words
}

// Bar divides a number of cells into full and empty ones.
func (p Progress) Bar(cells int) (full, empty int) {
	if p.Of > 0 {
		full = cells * min(p.Done, p.Of) / p.Of
	}
	return full, cells - full
}

// newsInterval is the minimum time between two lines about something that changes often.
const newsInterval = 2 * time.Second

// IsNews reports whether p is worth another line after last, printed some time ago: for
// something that changes often, after a tenth more and some time.
func (p Progress) IsNews(last Progress, ago time.Duration) bool {
	if !p.Often {
		return p.Done != last.Done || p.Of != last.Of || p.Words != last.Words
	}
	return ago >= newsInterval && p.Of > 0 && 10*p.Done/p.Of > 10*last.Done/p.Of
}

// Silence is the maximum time without a line: then the last one is repeated with the
// elapsed time.
const Silence = 10 * time.Second

// approximate rounds a duration that is only an estimate.
func approximate(d time.Duration) string {
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s", max(1, int(d.Round(time.Second).Seconds())))
	case d < time.Hour:
		return fmt.Sprintf("%d min", int(d.Round(time.Minute).Minutes()))
	}
	return fmt.Sprintf("%d h %d min", int(d.Hours()), int(d.Minutes())%60)
}

// Wait is something that a call waits for, such as a retry.
type Wait struct {
	Words func(left time.Duration) string
	Until time.Time
}

// Text says what is being waited for, or "" if nothing is.
func (w Wait) Text(now time.Time) string {
	if !now.Before(w.Until) {
		return ""
	}
	return w.Words(w.Until.Sub(now))
}

// Tally counts the progress of a run over repositories.
type Tally struct {
	of, done, failed int
	began            time.Time
	least            time.Duration
}

// NewTally returns the count of a run that starts now and takes at least least.
func NewTally(of int, least time.Duration, now time.Time) *Tally {
	return &Tally{of: of, began: now, least: least}
}

// Count counts one that has ended, with err or without.
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

// toGo assumes that the rest takes as long as what is done so far, and the whole run no
// less than its minimum.
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
