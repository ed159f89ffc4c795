package flow

import "slices"

// steps lists all steps in their order. A step that isn't always needed says when it
// is.
func steps(given Given) []step {
	if given.Reset != nil {
		return slices.Concat(recovering(), resetting(), []step{resetDoneStep})
	}
	return slices.Concat(
		[]step{signInStep, consoleStep, keyStep, rackStep, mfaStep, profileStep, ssoStep, hostStep, sourceStep, passwordStep},
		recovering(),
		resetting(),
		[]step{
			afterResetStep, rotateStep,
			accountStep, tokenStep,
			repositoryStep, slugStep, readStep, unknownStep, activateStep,
			branchStep, branchNameStep, deployRackStep, commandStep,
			planStep, mixedStep,
			fileStep, reviewStep,
			retryStep,
			testBuildStep,
			doneStep,
		},
	)
}

// recovering reads a lost password from AWS, and verifies any password.
func recovering() []step {
	return []step{recoverStep, certificateStep, uncheckedStep, recoveredStep, recoveredShownStep}
}

// resetting sets a new password.
func resetting() []step {
	return []step{
		lostStep, affectedStep, busyStep,
		newStep, freshStep, keepStep,
		previewStep, resetCertificateStep, changesStep, refreshStep, nameStep,
		saveStep, keptStep, resetStep, continueStep,
	}
}

// The identities of the steps.
const (
	StepSignIn      = "sign in"
	StepConsole     = "console"
	StepKey         = "key"
	StepRack        = "rack"
	StepMFA         = "mfa"
	StepProfile     = "profile"
	StepSSO         = "sso"
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
	StepSave        = "save"
	StepKept        = "kept"
	StepReset       = "reset"
	StepContinue    = "continue"
	StepAfterReset  = "after reset"
	StepRotate      = "rotate"
	StepResetDone   = "reset done"
	StepAccount     = "account"
	StepToken       = "token"
	StepRepository  = "repository"
	StepSlug        = "slug"
	StepRead        = "read"
	StepUnknown     = "unknown"
	StepActivate    = "activate"
	StepBranch      = "branch"
	StepBranchName  = "branch name"
	StepDeployRack  = "deploy rack"
	StepCommand     = "command"
	StepPlan        = "plan"
	StepMixed       = "mixed"
	StepFile        = "file"
	StepReview      = "review"
	StepRetry       = "retry"
	StepProve       = "prove"
	StepDone        = "done"
)

func byConsole(f *Flow) bool   { return f.answers.signIn == ByConsole }
func byRack(f *Flow) bool      { return f.answers.signIn == ByRack }
func hasNoSignIn(f *Flow) bool { return f.answers.signIn == NoSignIn }

// until makes a step wait, in words, for something that is being looked for.
func until(words string, isDone func(*Flow) bool) func(*Flow) string {
	return func(f *Flow) string {
		if isDone(f) {
			return ""
		}
		return words
	}
}
