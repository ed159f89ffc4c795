package cfn

import (
	"cmp"
	"context"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"convox-travis/internal/transport"
)

// End is how an update ended.
type End string

// The ends.
const (
	Complete   End = "complete"    // as asked
	RolledBack End = "rolled_back" // as it was before
	Stuck      End = "stuck"       // in a state that AWS does not leave by itself, or in which nothing happens
)

// Outcome is how an update ended.
type Outcome struct {
	End    End
	Status string // of the stack
	// Reason is what AWS said about the first resource that failed: one line,
	// bounded, without a parameter's value. It is "" when nothing failed.
	Reason string
}

// Follow tells each event of an update, once, oldest first, and returns when it
// has ended. since is a Preview's, or zero for the update that is under way, or
// was the last one. tell may be nil. It waits out throttling and broken
// connections; nothing that happens to it harms the update.
//
// The errors are those of Search, with a hint on how to pick the update up;
// when ctx ends, its cause.
func (f *Finder) Follow(ctx context.Context, rack Rack, since time.Time, tell func(Event)) (Outcome, error) {
	what := of("follow the update", rack)
	if err := f.enter(ctx, what, rack); err != nil {
		return Outcome{}, following(err, what)
	}
	w := watch{since: since, seen: make(map[string]bool)}
	answered := f.retry.Clock.Now() // when AWS answered last
	moved := answered               // when something new was there last
	troubles := 0                   // since AWS answered last
	for {
		news, err := f.events(ctx, rack, w.isOld)
		now := f.retry.Clock.Now()
		switch {
		case ctx.Err() != nil:
			return Outcome{}, context.Cause(ctx)
		case err == nil:
			answered, troubles = now, 0
		case !isPassing(err) || now.Sub(answered) >= f.patience:
			return Outcome{}, following(err, what)
		default:
			troubles++
		}
		for _, event := range news {
			moved = now
			told := f.event(event)
			w.note(event, told)
			if tell != nil {
				tell(told)
			}
		}
		if outcome, ended := w.outcome(); ended {
			return outcome, nil
		}
		if now.Sub(moved) >= f.patience && err == nil {
			return Outcome{End: Stuck, Status: w.status, Reason: w.reason()}, nil
		}
		pause := f.poll << min(troubles, mostDoublings)
		if troubles > 0 {
			f.retry.Announce(transport.Again{What: what, Pause: pause, Try: troubles + 1})
		}
		if err := f.retry.Clock.Sleep(ctx, pause); err != nil {
			return Outcome{}, err
		}
	}
}

// mostDoublings of the pause between two looks at an AWS that does not answer:
// 32 seconds, as it is set.
const mostDoublings = 4

// following adds to an error that the update does not depend on it.
func following(err error, what string) error {
	e := ours(err)
	if e == nil {
		return err
	}
	return hinting(attempting(what, e), "follow it again: the update continues in AWS by itself")
}

// watch is what is known of an update.
type watch struct {
	since   time.Time
	seen    map[string]bool // events, by ID
	status  string          // of the stack
	failure string          // of the first resource that failed
	stack   string          // what the stack said when it failed
}

// isOld reports whether an event, and so each before it, is not of this update
// or was told; and whether it is the update's first.
func (w *watch) isOld(event types.StackEvent) (old, last bool) {
	if w.seen[aws.ToString(event.EventId)] {
		return true, false
	}
	if w.since.IsZero() {
		return false, opens(event)
	}
	return !aws.ToTime(event.Timestamp).After(w.since), false
}

func (w *watch) note(event types.StackEvent, told Event) {
	w.seen[aws.ToString(event.EventId)] = true
	switch {
	case ofStack(event):
		if opens(event) {
			w.failure, w.stack = "", "" // of an operation before
		}
		w.status = told.Status
		if strings.HasSuffix(told.Status, "_FAILED") || strings.Contains(told.Status, "ROLLBACK_IN_PROGRESS") {
			w.stack = cmp.Or(w.stack, told.Reason)
		}
	case told.failed():
		w.failure = cmp.Or(w.failure, told.Reason)
	}
}

func (w *watch) reason() string { return cmp.Or(w.failure, w.stack) }

// outcome tells by the stack's own last event whether the update has ended.
func (w *watch) outcome() (Outcome, bool) {
	switch {
	case w.status == "", inProgress(w.status):
		return Outcome{}, false
	case strings.HasSuffix(w.status, "ROLLBACK_COMPLETE"):
		return Outcome{End: RolledBack, Status: w.status, Reason: w.reason()}, true
	case w.status == "UPDATE_COMPLETE", w.status == "CREATE_COMPLETE", w.status == "IMPORT_COMPLETE":
		return Outcome{End: Complete, Status: w.status}, true
	}
	return Outcome{End: Stuck, Status: w.status, Reason: w.reason()}, true
}
