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
	InProgress bool   // AWS is working on it: use Follow
	Updatable  bool   // an update can start
	Repair     string // as Rack.Repair
	// Reset means that the update that is in progress or was the last one executed a
	// Preview of this program, of any run.
	Reset bool
	// Since is when the last update started, or the stack was created, by AWS's clock.
	Since time.Time

	changeSet string // ARN of the one that the last update executed, or ""
}

// Busy is the error that the stack can't be updated now.
func (s StackState) Busy() *problem.Error { return busyError(s.Status, s.Repair) }

// IsOf reports whether the stack's last update is or may be that of a preview: AWS
// doesn't name the change set of every update.
func (s StackState) IsOf(p *Preview) bool {
	return s.changeSet == "" || p.id == "" || s.changeSet == p.id
}

// State reads what a Rack's stack is doing. The errors are those of Search, and
// CodeMissing.
func (f *Finder) State(ctx context.Context, rack Rack) (StackState, error) {
	described, err := f.describe(ctx, "read the state", rack)
	if err != nil {
		return StackState{}, err
	}
	return f.stateOf(rack, described), nil
}

// repair is a hint for a state that the stack doesn't leave by itself, or ""
// (https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-continueupdaterollback.html).
func (f *Finder) repair(rack Rack, status string) string {
	if status != string(types.StackStatusUpdateRollbackFailed) {
		return ""
	}
	return fmt.Sprintf("fix what the rollback of Rack %s failed on, then continue it: ", abbreviate(rack.Name)) +
		f.command(fmt.Sprintf("aws cloudformation continue-update-rollback --stack-name %s --region %s", quote(rack.Name), quote(rack.Region)))
}

func (f *Finder) stateOf(rack Rack, described types.Stack) StackState {
	status := string(described.StackStatus)
	state := StackState{Status: truncate(status), InProgress: inProgress(status), Repair: f.repair(rack, status)}
	switch described.StackStatus { // AWS also allows an update in some states after a failure
	case types.StackStatusCreateComplete, types.StackStatusUpdateComplete, types.StackStatusUpdateRollbackComplete, types.StackStatusImportComplete:
		state.Updatable = true
	}
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

// inProgress reports whether AWS is working on the stack
// (https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html).
// In REVIEW_IN_PROGRESS it isn't: the stack's first change set waits to be executed.
func inProgress(status string) bool {
	return strings.HasSuffix(status, "_IN_PROGRESS") && status != string(types.StackStatusReviewInProgress)
}

const repairStack = "repair its stack first, in the CloudFormation console: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/troubleshooting.html"

// Meaning says what the state of its stack means for a Rack, to complete "Rack NAME …",
// with a hint. Both are "" if all is well.
func (r Rack) Meaning() (is, hint string) {
	switch types.StackStatus(r.Status) {
	case types.StackStatusCreateInProgress:
		return "is being installed", "wait until its stack is in the state CREATE_COMPLETE, and try again"
	case types.StackStatusReviewInProgress:
		return "was never installed", "delete its stack, or execute its change set: waiting doesn't help"
	case types.StackStatusRollbackInProgress:
		return "failed to install, and is being rolled back", "wait until its stack is in the state ROLLBACK_COMPLETE, then delete the stack and install the Rack again"
	case types.StackStatusCreateFailed, types.StackStatusRollbackFailed, types.StackStatusRollbackComplete:
		return "failed to install", "delete its stack, which can't be used anymore, and install the Rack again"
	case types.StackStatusDeleteInProgress:
		return "is being deleted", "use another Rack: this one will be gone soon"
	case types.StackStatusDeleteFailed:
		return "was only partly deleted", "use another Rack, and delete the rest of this one in the CloudFormation console"
	}
	switch {
	case inProgress(r.Status) && strings.Contains(r.Status, "ROLLBACK"):
		return "is being rolled back", "wait until it has finished, and try again"
	case inProgress(r.Status):
		return "is being updated", "wait until it has finished, and try again: nothing is changed while another update runs"
	case strings.HasSuffix(r.Status, "_FAILED"):
		return "failed to update", repairStack
	}
	return "", ""
}

func (f *Finder) describe(ctx context.Context, what string, rack Rack) (types.Stack, error) {
	answer, err := callAWS(ctx, f, what, rack, cloudformation.NewFromConfig(f.in(rack.Region)).DescribeStacks, &cloudformation.DescribeStacksInput{StackName: &rack.Name})
	if err != nil {
		return types.Stack{}, err
	}
	for _, described := range answer.Stacks {
		if aws.ToString(described.StackName) == rack.Name {
			return described, nil
		}
	}
	return types.Stack{}, newError(CodeMissing, ofRack(what, rack), "there is no such stack")
}

// physicalID reads the ID of the first of the resources that the stack has. Racks have
// more resources than one answer lists.
func (f *Finder) physicalID(ctx context.Context, what string, rack Rack, logicalIDs ...string) (string, error) {
	var last error
	for _, id := range logicalIDs {
		answer, err := callAWS(ctx, f, what, rack, cloudformation.NewFromConfig(f.in(rack.Region)).DescribeStackResource,
			&cloudformation.DescribeStackResourceInput{StackName: &rack.Name, LogicalResourceId: &id})
		switch {
		case problem.Code(err) == CodeMissing:
			last = newError(CodeMissing, ofRack(what, rack), "its stack has no resource "+id)
			continue
		case err != nil:
			return "", err
		}
		if answer.StackResourceDetail != nil && aws.ToString(answer.StackResourceDetail.PhysicalResourceId) != "" {
			return truncate(*answer.StackResourceDetail.PhysicalResourceId), nil
		}
		last = newError(CodeMissing, ofRack(what, rack), "the resource "+id+" of its stack hasn't been created")
	}
	return "", last
}

// StackInfo is what a reset by hand needs to know about a Rack's stack. It contains no
// parameter's value.
type StackInfo struct {
	StackID string // ARN
	// Parameters are the keys of all parameters except the password, in AWS's order:
	// letters and digits.
	Parameters []string
	// Capabilities are those that an update of the stack needs: capital letters
	// and underscores.
	Capabilities []string
	// Cluster and WebService identify the ECS service of the Rack's API. Both are "" if
	// they aren't known.
	Cluster, WebService string
}

// The names that a template can give a parameter
// (https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html),
// and the form of capabilities. Those of StackInfo go into scripts.
var (
	parameterKey   = regexp.MustCompile(`^[A-Za-z0-9]+$`)
	capabilityName = regexp.MustCompile(`^[A-Z][A-Z_]*$`)
)

// StackInfo reads what a reset by hand needs to know about a Rack's stack. If the web
// service can't be looked up for lack of permission (cloudformation:DescribeStackResource),
// or the stack has none, the rest is returned without an error.
//
// The errors are those of Search, CodeMissing if there is no such stack or it has no
// password, and CodeUnreadable if a parameter or a capability has an impossible name.
func (f *Finder) StackInfo(ctx context.Context, rack Rack) (StackInfo, error) {
	const what = "read the parameters"
	described, err := f.describe(ctx, what, rack)
	if err != nil {
		return StackInfo{}, err
	}
	keys, err := otherParameters(described, ofRack(what, rack))
	if err != nil {
		return StackInfo{}, err
	}
	shape := StackInfo{StackID: truncate(aws.ToString(described.StackId)), Parameters: keys}
	for _, capability := range capabilities(described) {
		shape.Capabilities = append(shape.Capabilities, string(capability))
	}
	switch {
	case !eachMatches(shape.Parameters, parameterKey):
		return StackInfo{}, f.unreadableError(ofRack(what, rack), "a parameter of its stack has a name with other characters than letters and digits", nil)
	case !eachMatches(shape.Capabilities, capabilityName):
		return StackInfo{}, f.unreadableError(ofRack(what, rack), "its stack has a capability with an impossible name", nil)
	}
	service, err := f.webService(ctx, what, rack)
	switch {
	case err == nil:
		shape.Cluster, shape.WebService = service.cluster, service.name
	case !problem.Has(err, CodeDenied, CodeMissing):
		return StackInfo{}, err
	}
	return shape, nil
}

// eachMatches reports whether every text matches, and isn't longer than AWS allows.
func eachMatches(texts []string, pattern *regexp.Regexp) bool {
	return !slices.ContainsFunc(texts, func(text string) bool { return len(text) > 255 || !pattern.MatchString(text) })
}
