package cfn

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"convox-travis/internal/problem"
)

// StackState is what a Rack's stack is doing.
type StackState struct {
	Status     string // such as UPDATE_IN_PROGRESS
	InProgress bool   // AWS is at work on it: Follow follows
	Updatable  bool   // an update may begin
	Repair     string // as Rack.Repair
	// Reset means that the update that is under way, or was the last one, is a
	// Preview of this program that was executed, by whichever run.
	Reset bool
	// Since is when the last update began, or the stack was made, by the clock
	// of AWS.
	Since time.Time

	changeSet string // ARN of the one that the last update executed, "" where AWS doesn't say
}

// Busy says that the stack can't be updated now, and what helps.
func (s StackState) Busy() *problem.Error { return busy(s.Status, s.Repair) }

// IsOf reports whether the stack's last update is that of a preview, or may be:
// AWS doesn't name the change set of every update.
func (s StackState) IsOf(p *Preview) bool {
	return s.changeSet == "" || p.id == "" || s.changeSet == p.id
}

// State reads what a Rack's stack is doing. The errors are those of Search, and
// CodeMissing.
func (f *Finder) State(ctx context.Context, rack Rack) (StackState, error) {
	if err := f.enter(ctx, of("read the state", rack), rack); err != nil {
		return StackState{}, err
	}
	described, err := f.describe(ctx, "read the state", rack)
	if err != nil {
		return StackState{}, err
	}
	return f.stateOf(rack, described), nil
}

// repair says how to bring a Rack's stack out of a state that it doesn't leave by
// itself, "" where that is another matter
// (https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-continueupdaterollback.html).
func (f *Finder) repair(rack Rack, status string) string {
	if status != string(types.StackStatusUpdateRollbackFailed) {
		return ""
	}
	return fmt.Sprintf("fix what the rollback of Rack %s failed on, then continue it: ", shown(rack.Name)) +
		f.command(fmt.Sprintf("aws cloudformation continue-update-rollback --stack-name %s --region %s", quoted(rack.Name), quoted(rack.Region)))
}

func (f *Finder) stateOf(rack Rack, described types.Stack) StackState {
	status := string(described.StackStatus)
	state := StackState{Status: bounded(status), InProgress: inProgress(status), Updatable: slices.Contains(updatable(), status), Repair: f.repair(rack, status)}
	state.changeSet = aws.ToString(described.ChangeSetId)
	state.Reset = strings.Contains(state.changeSet, ":changeSet/"+changeSetPrefix)
	switch {
	case described.LastUpdatedTime != nil:
		state.Since = *described.LastUpdatedTime
	case described.CreationTime != nil:
		state.Since = *described.CreationTime
	}
	return state
}

// updatable are the states from which this program begins an update. AWS allows
// a few more, which a failure has left.
func updatable() []string {
	return []string{
		string(types.StackStatusCreateComplete), string(types.StackStatusUpdateComplete), string(types.StackStatusUpdateRollbackComplete),
		string(types.StackStatusImportComplete),
	}
}

// inProgress knows all states of work by their ending
// (https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html).
// In REVIEW_IN_PROGRESS nothing works: a stack's first change set waits to be
// executed.
func inProgress(status string) bool {
	return strings.HasSuffix(status, "_IN_PROGRESS") && status != string(types.StackStatusReviewInProgress)
}

// Meaning says what the state of its stack is for a Rack, to follow its name, and
// what helps. Both are "" for a Rack that is as it should be.
func (r Rack) Meaning() (is, hint string) { return meaning(r.Status) }

const repairStack = "repair its stack first, in the CloudFormation console: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/troubleshooting.html"

func meaning(status string) (is, hint string) {
	switch types.StackStatus(status) {
	case types.StackStatusCreateInProgress:
		return "is being installed", "wait until its stack is in the state CREATE_COMPLETE, and try again"
	case types.StackStatusReviewInProgress:
		return "was never installed", "delete its stack, or execute the change set that waits there: this state doesn't end by waiting"
	case types.StackStatusRollbackInProgress:
		return "failed to install, and is being rolled back", "wait until its stack is in the state ROLLBACK_COMPLETE, then delete the stack and install the Rack again"
	case types.StackStatusCreateFailed, types.StackStatusRollbackFailed, types.StackStatusRollbackComplete:
		return "failed to install", "delete its stack, which can't be used any more, and install the Rack again"
	case types.StackStatusDeleteInProgress:
		return "is being deleted", "use another Rack: this one is gone soon"
	case types.StackStatusDeleteFailed:
		return "was deleted in part", "use another Rack, and delete what is left of this one in the CloudFormation console"
	}
	switch {
	case inProgress(status) && strings.Contains(status, "ROLLBACK"):
		return "is being rolled back", "wait until that has ended, and try again"
	case inProgress(status):
		return "is being updated", "wait until that has ended, and try again: nothing is changed while another change runs"
	case strings.HasSuffix(status, "_FAILED"):
		return "failed to update", repairStack
	}
	return "", ""
}

// describe reads the stack of a Rack.
func (f *Finder) describe(ctx context.Context, what string, rack Rack) (types.Stack, error) {
	answer, err := ask(ctx, f, attempt{what, rack, onStack("DescribeStacks", rack)}, func(ctx context.Context) (*cloudformation.DescribeStacksOutput, error) {
		return f.calls.describeStacks(ctx, &cloudformation.DescribeStacksInput{StackName: &rack.Name}, stacksIn(rack.Region))
	})
	if err != nil {
		return types.Stack{}, err
	}
	for _, described := range answer.Stacks {
		if aws.ToString(described.StackName) == rack.Name {
			return described, nil
		}
	}
	return types.Stack{}, missing(of(what, rack), "there is no such stack")
}

// physicalID reads the ID of the first of some resources that the stack has.
// Racks have more resources than one answer lists.
func (f *Finder) physicalID(ctx context.Context, what string, rack Rack, logicalIDs ...string) (string, error) {
	var last error
	for _, id := range logicalIDs {
		answer, err := ask(ctx, f, attempt{what, rack, onStack("DescribeStackResource", rack)}, func(ctx context.Context) (*cloudformation.DescribeStackResourceOutput, error) {
			return f.calls.describeStackResource(ctx, &cloudformation.DescribeStackResourceInput{StackName: &rack.Name, LogicalResourceId: &id}, stacksIn(rack.Region))
		})
		switch {
		case problem.Code(err) == CodeMissing:
			last = missing(of(what, rack), "its stack has no resource "+id)
			continue
		case err != nil:
			return "", err
		}
		if answer.StackResourceDetail != nil && aws.ToString(answer.StackResourceDetail.PhysicalResourceId) != "" {
			return bounded(*answer.StackResourceDetail.PhysicalResourceId), nil
		}
		last = missing(of(what, rack), "the resource "+id+" of its stack has not been made")
	}
	return "", last
}

// Shape is what a reset by hand has to know of a Rack's stack. It holds no
// parameter's value.
type Shape struct {
	StackID string // ARN
	// Parameters are the keys of all parameters but the password, as AWS lists
	// them: letters and digits.
	Parameters []string
	// Capabilities are those that an update of the stack needs: capital letters
	// and underscores.
	Capabilities []string
	// Cluster and WebService name the service that answers for the Rack's API,
	// for ECS. Both are "" when they are not known.
	Cluster, WebService string
}

// What a template can call a parameter
// (https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html),
// and what capabilities look like. Shape's go into scripts.
var (
	parameterKey   = regexp.MustCompile(`^[A-Za-z0-9]{1,255}$`)
	capabilityName = regexp.MustCompile(`^[A-Z][A-Z_]{0,63}$`)
)

// Shape reads what a reset by hand has to know of a Rack's stack. Where the web
// service may not be looked up (cloudformation:DescribeStackResource), or the
// stack has none, the rest is returned without it, and without an error.
//
// The errors are those of Search, CodeMissing when there is no such stack or it
// has no password, and CodeUnreadable when a parameter or a capability has a
// name that none can have.
func (f *Finder) Shape(ctx context.Context, rack Rack) (Shape, error) {
	const what = "read the shape"
	if err := f.enter(ctx, of(what, rack), rack); err != nil {
		return Shape{}, err
	}
	described, err := f.describe(ctx, what, rack)
	if err != nil {
		return Shape{}, err
	}
	keys, err := otherParameters(described, of(what, rack))
	if err != nil {
		return Shape{}, err
	}
	shape := Shape{StackID: bounded(aws.ToString(described.StackId)), Parameters: keys}
	for _, capability := range capabilities(described) {
		shape.Capabilities = append(shape.Capabilities, string(capability))
	}
	switch {
	case !eachMatches(shape.Parameters, parameterKey):
		return Shape{}, f.unreadable(of(what, rack), "a parameter of its stack is not named with letters and digits", nil)
	case !eachMatches(shape.Capabilities, capabilityName):
		return Shape{}, f.unreadable(of(what, rack), "its stack has a capability that none can be called", nil)
	}
	service, err := f.webService(ctx, what, rack)
	switch {
	case err == nil:
		shape.Cluster, shape.WebService = service.cluster, service.name
	case !problem.Has(err, CodeDenied, CodeMissing):
		return Shape{}, err
	}
	return shape, nil
}

// eachMatches reports whether every text matches.
func eachMatches(texts []string, pattern *regexp.Regexp) bool {
	return !slices.ContainsFunc(texts, func(text string) bool { return !pattern.MatchString(text) })
}
