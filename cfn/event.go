package cfn

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
)

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
	return nil, unreadable(of("read the events", rack), "its list of events does not end")
}

// failed reports whether a resource failed by itself, not because another one
// did.
func (e Event) failed() bool {
	return strings.HasSuffix(e.Status, "_FAILED") && e.Reason != "" && !strings.Contains(strings.ToLower(e.Reason), "cancelled")
}
