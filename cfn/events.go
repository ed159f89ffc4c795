package cfn

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"convox-travis/internal/transport"
)

// End is how an update ended.
type End string

const (
	Complete   End = "complete"    // as asked
	RolledBack End = "rolled_back" // restored
	Stuck      End = "stuck"       // in a state that AWS doesn't leave by itself, or without progress
)

// Outcome is how an update ended.
type Outcome struct {
	End    End
	Status string // of the stack
	// Reason is AWS's reason for the first resource that failed: one short line, without
	// a parameter's value; for a service that doesn't start, also ECS's newest event.
	// It is "" if nothing failed.
	Reason string
	Repair string   // as Rack.Repair
	Hints  []string // for a Reason that is a denial
}

// Follow reports each event of an update once, oldest first, and returns when the
// update has ended. While a service doesn't start, ECS's events are reported as events
// of that resource. since is a Preview's, or zero for the update that is in progress or
// was the last one. onEvent may be nil. It waits out throttling and broken connections;
// its failure doesn't affect the update.
//
// The errors are those of Search, with a hint to follow the update again; if ctx ends,
// its cause.
func (f *Finder) Follow(ctx context.Context, rack Rack, since time.Time, onEvent func(Event)) (Outcome, error) {
	what := ofRack("follow the update", rack)
	w := watch{since: since, seen: make(map[string]bool), starting: make(map[string]Event), serviceEvents: make(map[string]Event)}
	answered := f.retry.Clock.Now() // AWS's last answer
	asked := answered               // the last question to ECS
	moved := answered               // the last new event
	troubles := 0                   // failures since AWS answered
	for {
		news, err := f.events(ctx, rack, w.isOld)
		now := f.retry.Clock.Now()
		switch {
		case ctx.Err() != nil:
			return Outcome{}, context.Cause(ctx)
		case err == nil:
			answered, troubles = now, 0
		case !isTransient(err) || now.Sub(answered) >= f.patience:
			if e := asError(err); e != nil {
				err = withHint(withAction(what, e), "follow it again: the update continues in AWS by itself")
			}
			return Outcome{}, err
		default:
			troubles++
		}
		for _, event := range news {
			moved = now
			w.record(event)
			if onEvent != nil {
				onEvent(event)
			}
		}
		if outcome, ended := w.outcome(); ended {
			outcome.Repair = f.repair(rack, outcome.Status)
			if e := f.denialFromMessage(outcome.Reason); e != nil {
				outcome.Hints = e.Hints
			}
			return outcome, nil
		}
		if now.Sub(moved) >= f.patience && err == nil {
			return Outcome{End: Stuck, Status: w.status, Reason: w.reason()}, nil
		}
		if err == nil && now.Sub(asked) >= servicePoll {
			asked = now
			f.pollServices(ctx, rack, &w, onEvent)
		}
		pause := f.poll << min(troubles, maxDoublings)
		if troubles > 0 {
			f.retry.Announce(transport.RetryNotice{What: what, Pause: pause, Try: troubles + 1})
		}
		if err := f.retry.Clock.Sleep(ctx, pause); err != nil {
			return Outcome{}, err
		}
	}
}

// maxDoublings limits the growth of the pause while AWS doesn't answer: to 32 seconds
// by default.
const maxDoublings = 4

// servicePoll is how often ECS is asked about a service that CloudFormation waits for,
// which it does for hours without an event.
const servicePoll = 8 * time.Second

// clockSkew is how much the clocks of two AWS services may differ.
const clockSkew = 5 * time.Second

// pollServices reports new ECS events of the services that are starting. It ignores
// errors.
func (f *Finder) pollServices(ctx context.Context, rack Rack, w *watch, onEvent func(Event)) {
	for _, id := range slices.Sorted(maps.Keys(w.starting)) {
		start := w.starting[id]
		service, err := f.service(ctx, "follow the update", rack, start.physicalID)
		if err != nil {
			continue
		}
		described, err := f.describeService(ctx, "follow the update", rack, service)
		if err != nil {
			continue
		}
		event := start
		event.Reason, event.At = f.newestServiceEvent(described.Events, start.At.Add(-clockSkew))
		if event.Reason == "" || event == w.serviceEvents[id] {
			continue
		}
		if w.serviceEvents[id] = event; onEvent != nil {
			onEvent(event)
		}
	}
}

type watch struct {
	since   time.Time
	seen    map[string]bool // events, by ID
	status  string          // of the stack
	failure string          // reason of the first resource that failed
	stack   string          // reason of the stack itself

	starting      map[string]Event // services that CloudFormation waits for, by logical ID
	serviceEvents map[string]Event // the last ECS event of a service
}

// isOld reports whether an event, and so each before it, belongs to an earlier update
// or was reported already; and whether it is the update's first.
func (w *watch) isOld(e Event) (old, last bool) {
	if w.seen[e.id] {
		return true, false
	}
	if w.since.IsZero() {
		return false, e.startsOperation()
	}
	return !e.At.After(w.since), false
}

func (w *watch) record(e Event) {
	w.seen[e.id] = true
	if delete(w.starting, e.LogicalID); e.Type == ecsService && inProgress(e.Status) {
		w.starting[e.LogicalID] = e
	}
	switch {
	case e.isOfStack:
		if e.startsOperation() {
			w.failure, w.stack = "", "" // of an earlier operation
			clear(w.serviceEvents)
		}
		w.status = e.Status
		if strings.HasSuffix(e.Status, "_FAILED") || strings.Contains(e.Status, "ROLLBACK_IN_PROGRESS") {
			w.stack = cmp.Or(w.stack, e.Reason)
		}
	case e.failed():
		w.failure = cmp.Or(w.failure, e.Reason+w.services(e.LogicalID))
	}
}

// reason is why the update failed. If CloudFormation gives no reason, it is ECS's
// events of the services that CloudFormation waits for.
func (w *watch) reason() string {
	if reason := cmp.Or(w.failure, w.stack); reason != "" {
		return reason
	}
	return strings.TrimPrefix(w.services(slices.Sorted(maps.Keys(w.starting))...), "; ")
}

// services is the last ECS event of each service, to be appended to a reason.
func (w *watch) services(ids ...string) string {
	words := ""
	for _, id := range ids {
		if said := w.serviceEvents[id]; said.Reason != "" {
			words += "; ECS says of " + said.LogicalID + ": " + said.Reason
		}
	}
	return words
}

// outcome decides by the stack's last event whether the update has ended.
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

// Event is something that happened to a stack or to one of its resources
// (https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_StackEvent.html).
// The texts are cleaned.
type Event struct {
	LogicalID string // of the stack itself: its name
	Type      string // of the stack itself: AWS::CloudFormation::Stack
	Status    string // such as UPDATE_IN_PROGRESS
	Reason    string // one short line, without a parameter's value
	At        time.Time

	id, physicalID string
	isOfStack      bool
}

func (e Event) startsOperation() bool {
	starts := []string{"CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS", "IMPORT_IN_PROGRESS"}
	return e.isOfStack && slices.Contains(starts, e.Status)
}

func (f *Finder) readEvent(event types.StackEvent) Event {
	physicalID := aws.ToString(event.PhysicalResourceId)
	return Event{
		LogicalID: abbreviate(aws.ToString(event.LogicalResourceId)), Type: abbreviate(aws.ToString(event.ResourceType)),
		Status: abbreviate(string(event.ResourceStatus)), Reason: f.cleanReason(aws.ToString(event.ResourceStatusReason)),
		At: aws.ToTime(event.Timestamp), id: aws.ToString(event.EventId), physicalID: physicalID,
		isOfStack: aws.ToString(event.ResourceType) == "AWS::CloudFormation::Stack" && physicalID == aws.ToString(event.StackId),
	}
}

func (f *Finder) eventPage(ctx context.Context, rack Rack, token *string) (*cloudformation.DescribeStackEventsOutput, error) {
	return callAWS(ctx, f, "read the events", rack, cloudformation.NewFromConfig(f.in(rack.Region)).DescribeStackEvents,
		&cloudformation.DescribeStackEventsInput{StackName: &rack.Name, NextToken: token})
}

// events reads the events up to the first old one, oldest first. AWS lists the newest
// first.
func (f *Finder) events(ctx context.Context, rack Rack, isOld func(Event) (old, last bool)) ([]Event, error) {
	var read []Event
	err := f.eachPage(ofRack("read the events", rack), "events", func(token *string) (next *string, err error) {
		page, err := f.eventPage(ctx, rack, token)
		if err != nil {
			return nil, err
		}
		for _, found := range page.StackEvents {
			event := f.readEvent(found)
			old, last := isOld(event)
			if !old {
				read = append(read, event)
			}
			if old || last {
				return nil, nil
			}
		}
		return page.NextToken, nil
	})
	slices.Reverse(read)
	return read, err
}

// failed reports whether a resource failed, not because another one did.
func (e Event) failed() bool {
	return strings.HasSuffix(e.Status, "_FAILED") && e.Reason != "" && !strings.Contains(strings.ToLower(e.Reason), "cancelled")
}
