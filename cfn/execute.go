package cfn

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"convox-travis/internal/problem"
	"convox-travis/internal/transport"
)

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
