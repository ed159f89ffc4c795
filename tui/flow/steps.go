package flow

// steps is the whole way, in its order. What belongs to one way in alone, and
// what is asked only when something is found to be so, says when.
func steps() []step {
	return []step{
		wayStep(),
		consoleStep(), keyStep(),
		rackStep(), mfaStep(), hostStep(), sourceStep(), recoverStep(), passwordStep(), certificateStep(), uncheckedStep(),
		accountStep(), tokenStep(),
		repositoryStep(), slugStep(), unknownStep(), activateStep(),
		branchStep(),
		planStep(), mixedStep(),
		reviewStep(),
		retryStep(),
		doneStep(),
	}
}

// The identities of the steps, for Tip, for going to one and for tests.
const (
	StepWay         = "way"
	StepConsole     = "console"
	StepKey         = "key"
	StepRack        = "rack"
	StepMFA         = "mfa"
	StepHost        = "host"
	StepSource      = "source"
	StepRecover     = "recover"
	StepPassword    = "password"
	StepCertificate = "certificate"
	StepUnchecked   = "unchecked"
	StepAccount     = "account"
	StepToken       = "token"
	StepRepository  = "repository"
	StepSlug        = "slug"
	StepUnknown     = "unknown"
	StepActivate    = "activate"
	StepBranch      = "branch"
	StepPlan        = "plan"
	StepMixed       = "mixed"
	StepReview      = "review"
	StepRetry       = "retry"
	StepDone        = "done"
)

func byConsole(f *Flow) bool { return f.answers.way == ByConsole }
func byRack(f *Flow) bool    { return f.answers.way == ByRack }

// tip is a line of the demo that says what to type.
func (f *Flow) tip(step string) []string {
	if f.outside.Tip == nil {
		return nil
	}
	if tip := f.outside.Tip(step); tip != "" {
		return []string{tip}
	}
	return nil
}
