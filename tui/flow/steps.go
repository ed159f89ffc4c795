package flow

import "slices"

// steps is the whole way, in its order. What belongs to one way in alone, and
// what is asked only when something is found to be so, says when.
func steps(given Given) []step {
	if given.Reset != nil {
		return slices.Concat(recovering(), resetting(), []step{resetDoneStep()})
	}
	return slices.Concat(
		[]step{wayStep(), consoleStep(), keyStep(), rackStep(), mfaStep(), hostStep(), sourceStep(), passwordStep()},
		recovering(),
		resetting(),
		[]step{
			accountStep(), tokenStep(),
			repositoryStep(), slugStep(), readStep(), unknownStep(), activateStep(),
			branchStep(), deployRackStep(),
			planStep(), mixedStep(),
			fileStep(), reviewStep(),
			retryStep(),
			proveStep(),
			doneStep(),
		},
	)
}

// recovering reads a lost password where AWS has it, and proves any password.
func recovering() []step {
	return []step{recoverStep(), certificateStep(), uncheckedStep(), recoveredStep(), recoveredShownStep()}
}

// resetting sets a new password where nothing better exists.
func resetting() []step {
	return []step{
		lostStep(), affectedStep(), busyStep(),
		newStep(), freshStep(),
		previewStep(), resetCertificateStep(), changesStep(), refreshStep(), nameStep(),
		keepStep(), keptStep(),
		resetStep(), goOnStep(),
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
	StepRecovered   = "recovered"
	StepShown       = "shown"
	StepLost        = "lost"
	StepAffected    = "affected"
	StepBusy        = "busy"
	StepNew         = "new"
	StepFresh       = "fresh"
	StepPreview     = "preview"
	StepResetTrust  = "reset certificate"
	StepChanges     = "changes"
	StepRefresh     = "refresh"
	StepName        = "name"
	StepKeep        = "keep"
	StepKept        = "kept"
	StepReset       = "reset"
	StepGoOn        = "go on"
	StepResetDone   = "reset done"
	StepAccount     = "account"
	StepToken       = "token"
	StepRepository  = "repository"
	StepSlug        = "slug"
	StepRead        = "read"
	StepUnknown     = "unknown"
	StepActivate    = "activate"
	StepBranch      = "branch"
	StepDeployRack  = "deploy rack"
	StepPlan        = "plan"
	StepMixed       = "mixed"
	StepFile        = "file"
	StepReview      = "review"
	StepRetry       = "retry"
	StepProve       = "prove"
	StepDone        = "done"
)

func byConsole(f *Flow) bool { return f.answers.way == ByConsole }
func byRack(f *Flow) bool    { return f.answers.way == ByRack }
