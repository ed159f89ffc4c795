package cfn

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"convox-travis/internal/problem"
	"convox-travis/internal/secret"
	"convox-travis/internal/transport"
)

// otherParameters lists every parameter of a stack except the password. What an
// update doesn't name falls back to the template's default.
func otherParameters(described types.Stack, what string) ([]string, error) {
	var keys []string
	hasPassword := false
	for _, parameter := range described.Parameters {
		switch key := aws.ToString(parameter.ParameterKey); key {
		case passwordKey:
			hasPassword = true
		default:
			keys = append(keys, key)
		}
	}
	if !hasPassword {
		return nil, newError(CodeMissing, what, "its stack has no parameter Password")
	}
	return keys, nil
}

// capabilities are those of the stack, which the same template needs again
// (https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_Stack.html),
// and the one that every Rack's template needs.
func capabilities(described types.Stack) []types.Capability {
	all := append([]types.Capability{types.CapabilityCapabilityIam}, described.Capabilities...)
	slices.Sort(all)
	return slices.Compact(all)
}

// makeChangeSet sends the password and nothing else: tags, topics and roles that
// aren't sent stay as they are. If the answer is lost, the change set is looked up by
// its name, and the request is sent again only if there is none. A request that is in
// progress at a stop may finish: abandoned, it could arrive after its change set was
// deleted.
func (f *Finder) makeChangeSet(stop transport.Stop, p *Preview, capabilities []types.Capability, others []string, password secret.String) error {
	parameters := []types.Parameter{{ParameterKey: aws.String(passwordKey), ParameterValue: aws.String(password.Reveal())}}
	for _, key := range others {
		parameters = append(parameters, types.Parameter{ParameterKey: &key, UsePreviousValue: aws.Bool(true)})
	}
	f.onWrite()
	create := cloudformation.NewFromConfig(f.writesIn(p.Rack.Region)).CreateChangeSet
	attempts := f.retry.Attempts()
	limited, cancel := stop.Within(callGrace)
	defer cancel()
	for {
		answer, err := callAWS(limited, f, "preview the reset", p.Rack, create, &cloudformation.CreateChangeSetInput{
			StackName: &p.Rack.Name, ChangeSetName: &p.name, ClientToken: &p.name, ChangeSetType: types.ChangeSetTypeUpdate,
			Description:         aws.String("A new password for the Rack; every other parameter keeps its value."),
			UsePreviousTemplate: aws.Bool(true), Parameters: parameters, Capabilities: capabilities,
		})
		if err == nil {
			p.id = truncate(aws.ToString(answer.Id))
			return nil
		}
		e := asError(err)
		if e != nil && e.Code == CodeLimit {
			return f.withChangeSetHints(p, e)
		}
		exists := e != nil && e.Code == CodeFailed && p.unsure && detailOf(e).status == http.StatusBadRequest // AlreadyExistsException from an earlier try
		if e == nil || DidNothing(err) && !exists {
			return err
		}
		p.unsure = true
		found, lookup := f.readChangeSet(stop.Soft, p, nil)
		if lookup == nil {
			p.id = truncate(aws.ToString(found.ChangeSetId))
			return nil
		}
		if problem.Code(lookup) != CodeMissing || !attempts.Next(stop.Soft, err) {
			return err
		}
	}
}

func (f *Finder) readChangeSet(ctx context.Context, p *Preview, page *string) (*cloudformation.DescribeChangeSetOutput, error) {
	return callAWS(ctx, f, "read the preview", p.Rack, cloudformation.NewFromConfig(f.in(p.Rack.Region)).DescribeChangeSet,
		&cloudformation.DescribeChangeSetInput{StackName: &p.Rack.Name, ChangeSetName: p.reference(), NextToken: page})
}

func (f *Finder) awaitChangeSet(ctx context.Context, p *Preview) error {
	begun := f.retry.Clock.Now()
	for {
		answer, err := f.readChangeSet(ctx, p, nil)
		if err != nil {
			return err
		}
		switch answer.Status {
		case types.ChangeSetStatusCreateComplete:
			return f.readChanges(ctx, p)
		case types.ChangeSetStatusCreatePending, types.ChangeSetStatusCreateInProgress:
		default:
			return f.changeSetError(p, aws.ToString(answer.StatusReason))
		}
		if f.retry.Clock.Now().Sub(begun) >= f.patience {
			return newError(CodeNoAnswer, ofRack("preview the reset", p.Rack), "AWS didn't finish the change set", "try again later")
		}
		if err := f.retry.Clock.Sleep(ctx, f.poll); err != nil {
			return err
		}
	}
}

func (f *Finder) changeSetError(p *Preview, text string) error {
	what := ofRack("preview the reset", p.Rack)
	if changesNothing(text) {
		return unchangedError(what)
	}
	e := f.errorFromMessage("", text)
	switch {
	case e == nil:
		return newError(CodeFailed, what, "AWS can't compute the changes: "+f.cleanReason(text))
	case e.Code == CodeLimit:
		e = f.withChangeSetHints(p, e)
	}
	return withAction(what, e)
}

func (f *Finder) withChangeSetHints(p *Preview, e *problem.Error) *problem.Error {
	region, stack := quote(p.Rack.Region), quote(p.Rack.Name)
	list := fmt.Sprintf("aws cloudformation list-change-sets --region %s --stack-name %s", region, stack)
	remove := fmt.Sprintf("aws cloudformation delete-change-set --region %s --stack-name %s --change-set-name NAME", region, stack)
	return withHint(withHint(e, "list the stack's change sets: "+f.command(list)), "delete those that you don't need: "+f.command(remove))
}

func (f *Finder) readChanges(ctx context.Context, p *Preview) error {
	return f.eachPage(ofRack("read the preview", p.Rack), "changes", func(token *string) (next *string, err error) {
		page, err := f.readChangeSet(ctx, p, token)
		if err != nil {
			return nil, err
		}
		for _, change := range page.Changes {
			p.Changes = append(p.Changes, readChange(change))
		}
		return page.NextToken, nil
	})
}

func readChange(change types.Change) Change {
	if change.ResourceChange == nil {
		return Change{Type: abbreviate(string(change.Type))}
	}
	c := change.ResourceChange
	return Change{
		LogicalID: abbreviate(aws.ToString(c.LogicalResourceId)), Type: abbreviate(aws.ToString(c.ResourceType)),
		Action: abbreviate(string(c.Action)), Replacement: abbreviate(string(c.Replacement)),
	}
}

// deleteChangeSet retries until the change set is gone: AWS refuses while it still
// works on it. The error is CodeStale for one that was executed.
func (f *Finder) deleteChangeSet(ctx context.Context, p *Preview) error {
	limited, cancel := context.WithTimeoutCause(ctx, cleanUpTimeout, errNoAnswer)
	defer cancel()
	for {
		_, err := callAWS(limited, f, "discard the preview", p.Rack, cloudformation.NewFromConfig(f.in(p.Rack.Region)).DeleteChangeSet,
			&cloudformation.DeleteChangeSetInput{StackName: &p.Rack.Name, ChangeSetName: p.reference()})
		if err == nil || problem.Code(err) == CodeMissing {
			return nil
		}
		if problem.Code(err) != CodeStale && !isTransient(err) {
			return f.notDeletedError(ctx, p, err)
		}
		switch found, lookup := f.readChangeSet(limited, p, nil); {
		case lookup != nil:
		case isExecuted(found.ExecutionStatus):
			return staleError(p, "it was executed")
		case found.ExecutionStatus == types.ExecutionStatusObsolete: // it can't be executed anymore
			return nil
		}
		if f.retry.Clock.Sleep(limited, min(f.poll, 250*time.Millisecond)) != nil {
			return f.notDeletedError(ctx, p, err)
		}
	}
}

// notDeletedError reports a change set that is left behind, or why the run ended.
func (f *Finder) notDeletedError(ctx context.Context, p *Preview, err error) error {
	e := asError(err)
	if e == nil || e.Code == CodeStale {
		what, why := ofRack("discard the preview", p.Rack), "AWS didn't delete the change set"
		if e = newError(CodeNoAnswer, what, why); ctx.Err() != nil {
			e = canceledError(what, why, context.Cause(ctx))
		}
	}
	return f.withDeleteHint(p, e)
}

func (f *Finder) withDeleteHint(p *Preview, e *problem.Error) *problem.Error {
	remove := fmt.Sprintf("aws cloudformation delete-change-set --region %s --stack-name %s --change-set-name %s", quote(p.Rack.Region), quote(p.Rack.Name), p.name)
	return withHint(e, "delete the change set "+p.name+", which is left behind and does nothing by itself: "+f.command(remove))
}

// Execute starts the update of a preview, and returns when AWS has started it;
// Follow follows it. It is sent once. If the outcome is unknown, for example after a
// stop, it is looked up within another 5 seconds; nil means that the update has
// started, even if the call failed. So it may be called again after any error.
//
// The errors are those of Search, and CodeUnexpected for a preview with that
// verdict, which isn't executed; CodeStale if it was discarded or the stack has
// changed since; CodeBusy; CodeUnknown if AWS couldn't say whether the update has
// started: then use State and Follow.
func (f *Finder) Execute(stop transport.Stop, p *Preview) error {
	what := ofRack("reset the password", p.Rack)
	if p.Verdict != AsExpected && p.Verdict != InstancesReplaced {
		return newError(CodeUnexpected, what, "the update would change more than the password")
	}
	call, cancel := stop.Call()
	defer cancel()
	ctx := call.Hard
	if err := f.prepare(ctx, "reset the password", p.Rack); err != nil {
		return err // nothing was written
	}
	f.onWrite()
	_, err := callAWS(ctx, f, "reset the password", p.Rack, cloudformation.NewFromConfig(f.writesIn(p.Rack.Region)).ExecuteChangeSet,
		&cloudformation.ExecuteChangeSetInput{StackName: &p.Rack.Name, ChangeSetName: p.reference(), ClientRequestToken: &p.name})
	if err == nil {
		return nil
	}
	switch code := problem.Code(err); {
	case code == CodeMissing: // another update deletes the change sets before it
		return staleError(p, "it was discarded, or its stack has changed since")
	case DidNothing(err) && code != CodeStale && code != CodeBusy:
		return err
	}
	return f.lookUpExecution(stop, p, err)
}

func staleError(p *Preview, why string) error {
	return newError(CodeStale, ofRack("execute the preview", p.Rack), why, "start again, with a new preview")
}

// maxLooks is how often a change set that wasn't executed is read: a request whose
// answer was lost may still be in progress.
const maxLooks = 3

func (f *Finder) lookUpExecution(stop transport.Stop, p *Preview, failed error) error {
	limited, cancel := context.WithTimeout(stop.Hard, cleanUpTimeout)
	defer cancel()
	for look := 1; ; look++ {
		answer, err := f.readChangeSet(limited, p, nil)
		switch {
		case err != nil:
			return &problem.Error{
				Code: CodeUnknown, Action: ofRack("reset the password", p.Rack), Reason: "the answer was lost, and it isn't known whether the update has started", Cause: failed,
			}
		case isExecuted(answer.ExecutionStatus):
			return nil
		case answer.ExecutionStatus == types.ExecutionStatusObsolete:
			return staleError(p, "its stack has changed since")
		case look == maxLooks || f.retry.Clock.Sleep(limited, f.poll) != nil:
			return failed
		}
	}
}

func isExecuted(status types.ExecutionStatus) bool {
	return strings.HasPrefix(string(status), "EXECUTE_")
}
