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
	// bounded, without a parameter's value; of a service that doesn't start, also
	// what ECS said. It is "" when nothing failed.
	Reason string
	Repair string   // as Rack.Repair
	Hints  []string // what can be done about a Reason that is a denial
}

// Follow tells each event of an update, once, oldest first, and returns when it
// has ended. While a service doesn't come up, what ECS says of it is an event of
// that resource too. since is a Preview's, or zero for the update that is under way, or
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
	w := watch{since: since, seen: make(map[string]bool), starting: make(map[string]types.StackEvent), said: make(map[string]Event)}
	answered := f.retry.Clock.Now() // when AWS answered last
	asked := answered               // when ECS was asked last
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
			outcome.Repair = f.repair(rack, outcome.Status)
			if e := f.refusal(outcome.Reason); e != nil {
				outcome.Hints = e.Hints
			}
			return outcome, nil
		}
		if now.Sub(moved) >= f.patience && err == nil {
			return Outcome{End: Stuck, Status: w.status, Reason: w.reason()}, nil
		}
		if err == nil && now.Sub(asked) >= askServices {
			asked = now
			f.askStarting(ctx, rack, &w, tell)
		}
		pause := f.poll << min(troubles, mostDoublings)
		if troubles > 0 {
			f.retry.Announce(transport.RetryNotice{What: what, Pause: pause, Try: troubles + 1})
		}
		if err := f.retry.Clock.Sleep(ctx, pause); err != nil {
			return Outcome{}, err
		}
	}
}

// mostDoublings of the pause between two looks at an AWS that does not answer:
// 32 seconds, as it is set.
const mostDoublings = 4

// askServices is the pause between two questions to ECS about a service that
// CloudFormation waits for, which it does for hours without an event.
const askServices = 8 * time.Second

// clockSkew is how far the clocks of two services of AWS may be apart.
const clockSkew = 5 * time.Second

// askStarting tells what ECS says newly of the services that are on their way. That
// it says nothing harms nothing.
func (f *Finder) askStarting(ctx context.Context, rack Rack, w *watch, tell func(Event)) {
	for _, id := range slices.Sorted(maps.Keys(w.starting)) {
		start := w.starting[id]
		service, err := f.service(ctx, "follow the update", rack, aws.ToString(start.PhysicalResourceId))
		if err != nil {
			continue
		}
		described, err := f.describeService(ctx, "follow the update", rack, service)
		if err != nil {
			continue
		}
		words, at := f.newestWords(described.Events, aws.ToTime(start.Timestamp).Add(-clockSkew))
		event := Event{LogicalID: shown(id), Type: ecsService, Status: shown(string(start.ResourceStatus)), Reason: words, At: at}
		if words == "" || event == w.said[id] {
			continue
		}
		if w.said[id] = event; tell != nil {
			tell(event)
		}
	}
}

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

	starting map[string]types.StackEvent // services that CloudFormation waits for, by logical ID
	said     map[string]Event            // what ECS said of a service last
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
	id := aws.ToString(event.LogicalResourceId)
	if delete(w.starting, id); told.Type == ecsService && inProgress(told.Status) {
		w.starting[id] = event
	}
	switch {
	case ofStack(event):
		if opens(event) {
			w.failure, w.stack = "", "" // of an operation before
			clear(w.said)
		}
		w.status = told.Status
		if strings.HasSuffix(told.Status, "_FAILED") || strings.Contains(told.Status, "ROLLBACK_IN_PROGRESS") {
			w.stack = cmp.Or(w.stack, told.Reason)
		}
	case told.failed():
		w.failure = cmp.Or(w.failure, told.Reason+w.services(id))
	}
}

// reason is why the update failed. Where CloudFormation gives none, what ECS says
// of the services that it waits for is one.
func (w *watch) reason() string {
	if reason := cmp.Or(w.failure, w.stack); reason != "" {
		return reason
	}
	return strings.TrimPrefix(w.services(slices.Sorted(maps.Keys(w.starting))...), "; ")
}

// services is what ECS said of services last, to be appended to a reason.
func (w *watch) services(ids ...string) string {
	words := ""
	for _, id := range ids {
		if said := w.said[id]; said.Reason != "" {
			words += "; ECS says of " + said.LogicalID + ": " + said.Reason
		}
	}
	return words
}

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

// Event is something that happened to a stack or to one of its resources
// (https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_StackEvent.html).
// The texts are cleaned.
type Event struct {
	LogicalID string // of the stack itself: its name
	Type      string // of the stack itself: AWS::CloudFormation::Stack
	Status    string // such as UPDATE_IN_PROGRESS
	Reason    string // one line, bounded, without a parameter's value
	At        time.Time
}

// ofStack reports whether an event is the stack's own.
func ofStack(event types.StackEvent) bool {
	return aws.ToString(event.ResourceType) == "AWS::CloudFormation::Stack" && aws.ToString(event.PhysicalResourceId) == aws.ToString(event.StackId)
}

// opens reports whether an event is the first of an operation on the stack.
func opens(event types.StackEvent) bool {
	switch event.ResourceStatus {
	case types.ResourceStatusCreateInProgress, types.ResourceStatusUpdateInProgress, types.ResourceStatusDeleteInProgress, types.ResourceStatusImportInProgress:
		return ofStack(event)
	}
	return false
}

func (f *Finder) event(event types.StackEvent) Event {
	return Event{
		LogicalID: shown(aws.ToString(event.LogicalResourceId)), Type: shown(aws.ToString(event.ResourceType)),
		Status: shown(string(event.ResourceStatus)), Reason: f.reason(aws.ToString(event.ResourceStatusReason)),
		At: aws.ToTime(event.Timestamp),
	}
}

// newestEvent returns when the last thing happened to a stack, by the clock of
// AWS.
func (f *Finder) newestEvent(ctx context.Context, rack Rack) (time.Time, error) {
	page, err := f.eventPage(ctx, rack, "")
	if err != nil || len(page.StackEvents) == 0 {
		return time.Time{}, err
	}
	return aws.ToTime(page.StackEvents[0].Timestamp), nil
}

func (f *Finder) eventPage(ctx context.Context, rack Rack, token string) (*cloudformation.DescribeStackEventsOutput, error) {
	request := &cloudformation.DescribeStackEventsInput{StackName: &rack.Name}
	if token != "" {
		request.NextToken = &token
	}
	a := attempt{"read the events", rack, onStack("DescribeStackEvents", rack)}
	return ask(ctx, f, a, func(ctx context.Context) (*cloudformation.DescribeStackEventsOutput, error) {
		return f.calls.describeStackEvents(ctx, request, stacksIn(rack.Region))
	})
}

// events reads the events that isOld does not end, oldest first. AWS lists the
// newest first.
func (f *Finder) events(ctx context.Context, rack Rack, isOld func(types.StackEvent) (old, last bool)) ([]types.StackEvent, error) {
	var read []types.StackEvent
	token := ""
	for range mostPages {
		page, err := f.eventPage(ctx, rack, token)
		if err != nil {
			return nil, err
		}
		for _, event := range page.StackEvents {
			old, last := isOld(event)
			if !old {
				read = append(read, event)
			}
			if old || last {
				slices.Reverse(read)
				return read, nil
			}
		}
		next := aws.ToString(page.NextToken)
		if next == "" {
			slices.Reverse(read)
			return read, nil
		}
		if next == token {
			break
		}
		token = next
	}
	return nil, f.unreadable(of("read the events", rack), "its list of events does not end", nil)
}

// failed reports whether a resource failed by itself, not because another one
// did.
func (e Event) failed() bool {
	return strings.HasSuffix(e.Status, "_FAILED") && e.Reason != "" && !strings.Contains(strings.ToLower(e.Reason), "cancelled")
}
