package cfn

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"convox-travis/internal/problem"
	"convox-travis/internal/secret"
	"convox-travis/internal/transport"
)

// otherParameters names every parameter of a stack but the password. What an
// update does not name falls back to the template's default.
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
		return nil, missing(what, "its stack has no parameter Password")
	}
	return keys, nil
}

// capabilities are those that the stack was given before, which the same
// template needs again
// (https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_Stack.html),
// and the one that every Rack's template needs.
func capabilities(described types.Stack) []types.Capability {
	all := append([]types.Capability{types.CapabilityCapabilityIam}, described.Capabilities...)
	slices.Sort(all)
	return slices.Compact(all)
}

// makeChangeSet sends the password, and nothing else of the stack: tags, topics
// and roles that are not sent stay as they are. The request is not kept. Where
// its answer was lost, what was made is looked for by its name, and only when
// there is nothing is it sent again. A request that is under way at a stop may
// be answered: given up, it could arrive after its change set was deleted.
func (f *Finder) makeChangeSet(stop transport.Stop, p *Preview, capabilities []types.Capability, others []string, password secret.String) error {
	parameters := []types.Parameter{{ParameterKey: aws.String(passwordKey), ParameterValue: aws.String(password.Reveal())}}
	for _, key := range others {
		parameters = append(parameters, types.Parameter{ParameterKey: &key, UsePreviousValue: aws.Bool(true)})
	}
	f.onWrite()
	a := attempt{"preview the reset", p.Rack, onStack("CreateChangeSet", p.Rack)}
	pauses := f.retry.Pauses()
	own, cancel := stop.Within(callGrace)
	defer cancel()
	for try := 1; ; try++ {
		answer, err := ask(own, f, a, func(ctx context.Context) (*cloudformation.CreateChangeSetOutput, error) {
			return f.calls.createChangeSet(ctx, &cloudformation.CreateChangeSetInput{
				StackName: &p.Rack.Name, ChangeSetName: &p.name, ClientToken: &p.name, ChangeSetType: types.ChangeSetTypeUpdate,
				Description:         aws.String("A new password for the Rack; every other parameter stays as it is."),
				UsePreviousTemplate: aws.Bool(true), Parameters: parameters, Capabilities: capabilities,
			}, stacksIn(p.Rack.Region), f.changingStack)
		})
		if err == nil {
			p.id = bounded(aws.ToString(answer.Id))
			return nil
		}
		e := ours(err)
		if e != nil && e.Code == CodeLimit {
			return f.tooMany(p, e)
		}
		exists := e != nil && e.Code == CodeFailed && p.unsure && detailOf(e).status == http.StatusBadRequest // AlreadyExistsException, of an earlier try
		if e == nil || Definite(err) && !exists {
			return err
		}
		p.unsure = true
		found, lookup := f.readChangeSet(stop.Soft, p, "")
		if lookup == nil {
			p.id = bounded(aws.ToString(found.ChangeSetId))
			return nil
		}
		if problem.Code(lookup) != CodeMissing || try == f.retry.Tries || f.retry.Clock.Sleep(stop.Soft, pauses.NextBackOff()) != nil {
			return err
		}
	}
}

func (f *Finder) readChangeSet(ctx context.Context, p *Preview, page string) (*cloudformation.DescribeChangeSetOutput, error) {
	request := &cloudformation.DescribeChangeSetInput{StackName: &p.Rack.Name, ChangeSetName: p.reference()}
	if page != "" {
		request.NextToken = &page
	}
	a := attempt{"read the preview", p.Rack, onStack("DescribeChangeSet", p.Rack)}
	return ask(ctx, f, a, func(ctx context.Context) (*cloudformation.DescribeChangeSetOutput, error) {
		return f.calls.describeChangeSet(ctx, request, stacksIn(p.Rack.Region))
	})
}

// awaitChangeSet waits until AWS has worked out the changes, and reads them.
func (f *Finder) awaitChangeSet(ctx context.Context, p *Preview) error {
	begun := f.retry.Clock.Now()
	for {
		answer, err := f.readChangeSet(ctx, p, "")
		if err != nil {
			return err
		}
		switch answer.Status {
		case types.ChangeSetStatusCreateComplete:
			return f.readChanges(ctx, p, answer)
		case types.ChangeSetStatusCreatePending, types.ChangeSetStatusCreateInProgress:
		default:
			return f.failedChangeSet(p, aws.ToString(answer.StatusReason))
		}
		if f.retry.Clock.Now().Sub(begun) >= f.patience {
			return failed(CodeNoAnswer, of("preview the reset", p.Rack), "AWS does not finish the change set", "try again later")
		}
		if err := f.retry.Clock.Sleep(ctx, f.poll); err != nil {
			return err
		}
	}
}

// failedChangeSet tells why AWS could not work out the changes.
func (f *Finder) failedChangeSet(p *Preview, text string) error {
	what := of("preview the reset", p.Rack)
	if changesNothing(text) {
		return unchanged(what)
	}
	e := f.understood("", text)
	switch {
	case e == nil:
		return failed(CodeFailed, what, "AWS cannot work it out: "+f.reason(text))
	case e.Code == CodeLimit:
		e = f.tooMany(p, e)
	}
	return attempting(what, e)
}

// tooMany adds to the error how old change sets are found and deleted.
func (f *Finder) tooMany(p *Preview, e *problem.Error) *problem.Error {
	region, stack := quoted(p.Rack.Region), quoted(p.Rack.Name)
	list := fmt.Sprintf("aws cloudformation list-change-sets --region %s --stack-name %s", region, stack)
	remove := fmt.Sprintf("aws cloudformation delete-change-set --region %s --stack-name %s --change-set-name NAME", region, stack)
	return hinting(hinting(e, "list the stack's change sets: "+f.command(list)), "delete those that nobody needs: "+f.command(remove))
}

// readChanges reads all pages of changes.
func (f *Finder) readChanges(ctx context.Context, p *Preview, page *cloudformation.DescribeChangeSetOutput) error {
	var read []Change
	for range mostPages {
		for _, change := range page.Changes {
			read = append(read, readChange(change))
		}
		next := aws.ToString(page.NextToken)
		if next == "" {
			p.Changes = read
			return nil
		}
		var err error
		if page, err = f.readChangeSet(ctx, p, next); err != nil {
			return err
		}
		if aws.ToString(page.NextToken) == next {
			break
		}
	}
	return f.unreadable(of("read the preview", p.Rack), "its list of changes does not end", nil)
}

func readChange(change types.Change) Change {
	if change.ResourceChange == nil {
		return Change{Type: shown(string(change.Type))}
	}
	c := change.ResourceChange
	return Change{
		LogicalID: shown(aws.ToString(c.LogicalResourceId)), Type: shown(aws.ToString(c.ResourceType)),
		Action: shown(string(c.Action)), Replacement: shown(string(c.Replacement)),
	}
}

// deleteChangeSet deletes until it is gone: AWS refuses while it still works on
// it. The error is CodeStale for one that was executed.
func (f *Finder) deleteChangeSet(ctx context.Context, p *Preview) error {
	limited, cancel := context.WithTimeoutCause(ctx, cleanUp, errNoAnswer)
	defer cancel()
	a := attempt{"discard the preview", p.Rack, onStack("DeleteChangeSet", p.Rack)}
	for {
		_, err := ask(limited, f, a, func(ctx context.Context) (*cloudformation.DeleteChangeSetOutput, error) {
			return f.calls.deleteChangeSet(ctx, &cloudformation.DeleteChangeSetInput{StackName: &p.Rack.Name, ChangeSetName: p.reference()}, stacksIn(p.Rack.Region))
		})
		if err == nil || problem.Code(err) == CodeMissing {
			return nil
		}
		if problem.Code(err) != CodeStale && !isPassing(err) {
			return f.notDeleted(ctx, p, err)
		}
		switch status := f.executionStatus(limited, p); {
		case begun(status):
			return stale(p, "it was executed")
		case status == types.ExecutionStatusObsolete: // nobody can execute it any more
			return nil
		}
		if f.retry.Clock.Sleep(limited, min(f.poll, 250*time.Millisecond)) != nil {
			return f.notDeleted(ctx, p, err)
		}
	}
}

// notDeleted tells of a change set that is left behind, or why the run ended.
func (f *Finder) notDeleted(ctx context.Context, p *Preview, err error) error {
	e := ours(err)
	if e == nil || e.Code == CodeStale {
		what, why := of("discard the preview", p.Rack), "AWS does not delete the change set"
		if e = failed(CodeNoAnswer, what, why); ctx.Err() != nil {
			e = stopped(what, why, context.Cause(ctx))
		}
	}
	return f.leftBehind(p, e)
}

// leftBehind adds how a change set is deleted by hand.
func (f *Finder) leftBehind(p *Preview, e *problem.Error) *problem.Error {
	remove := fmt.Sprintf("aws cloudformation delete-change-set --region %s --stack-name %s --change-set-name %s", quoted(p.Rack.Region), quoted(p.Rack.Name), p.name)
	return hinting(e, "delete the change set "+p.name+", which was left behind and does nothing by itself: "+f.command(remove))
}

// executionStatus is what AWS says became of a change set, "" where it does not
// say.
func (f *Finder) executionStatus(ctx context.Context, p *Preview) types.ExecutionStatus {
	answer, err := f.readChangeSet(ctx, p, "")
	if err != nil {
		return ""
	}
	return answer.ExecutionStatus
}

// Execute begins the update that a preview showed, and returns when AWS has
// begun: Follow tells how it goes on. It is sent once. When its fate is unknown,
// also because of a stop, it is looked up, within 5 seconds more; nil means that
// the update has begun, whatever became of the call. So it may be called again
// after any error.
//
// The errors are those of Search, and CodeUnexpected for a preview with that
// verdict, which is not executed; CodeStale when it was discarded or the
// stack was changed since; CodeBusy; CodeUnknown when AWS could not say whether
// it has begun: then State and Follow tell.
func (f *Finder) Execute(stop transport.Stop, p *Preview) error {
	what := of("reset the password", p.Rack)
	if p.Verdict != AsExpected && p.Verdict != InstancesReplaced {
		return failed(CodeUnexpected, what, "the update would change more than the password")
	}
	call, cancel := stop.Call()
	defer cancel()
	ctx := call.Hard
	if err := f.enter(ctx, what, p.Rack); err != nil {
		return err
	}
	f.onWrite()
	a := attempt{"reset the password", p.Rack, onStack("ExecuteChangeSet", p.Rack)}
	_, err := ask(ctx, f, a, func(ctx context.Context) (*cloudformation.ExecuteChangeSetOutput, error) {
		return f.calls.executeChangeSet(ctx, &cloudformation.ExecuteChangeSetInput{
			StackName: &p.Rack.Name, ChangeSetName: p.reference(), ClientRequestToken: &p.name,
		}, stacksIn(p.Rack.Region), f.changingStack)
	})
	if err == nil {
		return nil
	}
	switch code := problem.Code(err); {
	case code == CodeMissing: // another update takes the change sets before it away
		return stale(p, "it was discarded, or its stack was changed since")
	case Definite(err) && code != CodeStale && code != CodeBusy:
		return err
	}
	return f.lookUp(stop, p, err)
}

func stale(p *Preview, why string) error {
	return failed(CodeStale, of("execute the preview", p.Rack), why, "start again, with a new preview")
}

// looks is how often a change set that was not executed is looked at: a request
// that was lost on its way back may still be at work.
const looks = 3

// lookUp asks what became of an execution that failed.
func (f *Finder) lookUp(stop transport.Stop, p *Preview, failed error) error {
	own, cancel := context.WithTimeout(stop.Hard, cleanUp)
	defer cancel()
	for look := 1; ; look++ {
		answer, err := f.readChangeSet(own, p, "")
		switch {
		case err != nil:
			return &problem.Error{
				Code: CodeUnknown, Action: of("reset the password", p.Rack), Reason: "the answer was lost, and it isn't known whether the update has begun", Cause: failed,
			}
		case begun(answer.ExecutionStatus):
			return nil
		case answer.ExecutionStatus == types.ExecutionStatusObsolete:
			return stale(p, "its stack was changed since")
		case look == looks || f.retry.Clock.Sleep(own, f.poll) != nil:
			return failed
		}
	}
}

// begun reports whether a change set was executed, to whatever end.
func begun(status types.ExecutionStatus) bool {
	switch status {
	case types.ExecutionStatusExecuteInProgress, types.ExecutionStatusExecuteComplete, types.ExecutionStatusExecuteFailed:
		return true
	}
	return false
}
