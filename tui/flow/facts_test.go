package flow_test

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"convox-travis/internal/factstest"
	"convox-travis/tui/flow"
)

// recorded is what the tests recorded. Each way is played once: TestFacts plays those that
// weren't before it, and their own tests are skipped after it.
var recorded = struct {
	sync.Mutex
	sheet  factstest.Sheet
	played map[string]bool // by TestFacts
}{sheet: factstest.Sheet{}}

// TestFacts compares which question follows which answer, and what is written,
// with testdata/facts/wizard.txt, for the ways that the other tests take. A line is
// a world: each question as step kind(options or rows), with a ! where it shows a
// problem, each answer behind a =.
func TestFacts(t *testing.T) {
	recorded.played = map[string]bool{}
	for name, play := range ways {
		if recorded.sheet[name] == nil {
			recorded.played[name] = true
			t.Run(name, play)
		}
	}
	sheet := recorded.sheet
	recorded.sheet = factstest.Sheet{}
	for name, worlds := range sheet {
		if ways[name] == nil {
			delete(sheet, name)
		}
		slices.Sort(worlds) // tests play their cases in any order
	}
	sheet.Compare(t, "wizard", len(sheet) < len(ways))
}

// recordFacts has a world tell what happened in it when its test ends.
func recordFacts(w *world) {
	name, inFacts := strings.CutPrefix(w.Name(), "TestFacts/")
	name, _, _ = strings.Cut(name, "/")
	recorded.Lock()
	defer recorded.Unlock()
	if !inFacts && recorded.played[name] {
		w.Skip("TestFacts has played it")
	}
	at := len(recorded.sheet[name])
	recorded.sheet[name] = append(recorded.sheet[name], "")
	w.Cleanup(func() {
		if w.flow != nil && w.flow.State() == flow.Over {
			w.facts = append(w.facts, "over")
		}
		if wrote := w.wrote(); wrote != "" {
			w.facts = append(w.facts, "wrote "+wrote)
		}
		hosts := strings.NewReplacer(w.rack.Host, "RACK", w.console.Host, "CONSOLE")
		recorded.Lock()
		defer recorded.Unlock()
		recorded.sheet[name][at] = hosts.Replace(strings.Join(w.facts, " "))
	})
}

// wrote lists the requests that change something, those of one kind once: several
// repositories are written side by side. Which of them a stop between them finds half
// written, and so undoes, is chance.
func (w *world) wrote() string {
	isChance := strings.HasSuffix(w.stopAt, " done")
	var all []string
	for _, r := range w.travis.Writes() {
		if isChance && r.Method == http.MethodDelete {
			continue
		}
		all = append(all, r.Method+" "+withoutIDs.ReplaceAllString(r.Path, "ID"))
	}
	slices.Sort(all)
	return strings.Join(slices.Compact(all), ", ")
}

// withoutIDs are those of variables, and of repositories of which there are many.
var withoutIDs = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f-]{27}|\b[0-9]{3,}\b`)

var kinds = map[flow.Kind]string{
	flow.Choice: "choice", flow.Text: "text", flow.Secret: "secret", flow.Pick: "pick", flow.Confirm: "confirm",
	flow.Review: "review", flow.Shown: "shown", flow.Ending: "ending",
}

func (w *world) noteQuestion(step string) {
	w.asked = step
	q := w.flow.Question()
	note := step + " " + kinds[q.Kind]
	switch q.Kind {
	case flow.Choice:
		note += fmt.Sprintf("(%d)", len(q.Options))
	case flow.Pick:
		note += fmt.Sprintf("(%d)", len(q.Rows))
	}
	if q.Problem != nil {
		note += "!"
	}
	w.facts = append(w.facts, note)
}

func (w *world) noteAnswer(v flow.Value) {
	if step, _ := w.flow.Step(); step != w.asked {
		w.facts = append(w.facts, "back to")
		w.noteQuestion(step)
	}
	answer := "typed"
	switch kind := w.flow.Question().Kind; {
	case v.Switch != "":
		answer = v.Switch
	case kind == flow.Choice:
		answer = fmt.Sprint(v.Index)
	case kind == flow.Confirm, kind == flow.Review, kind == flow.Ending:
		answer = map[bool]string{true: "yes", false: "no"}[v.Yes]
	case kind == flow.Pick && len(v.Keys) > 1:
		answer = fmt.Sprintf("%d keys", len(v.Keys))
	case kind == flow.Pick:
		answer = v.Key
	}
	w.facts = append(w.facts, "="+answer+";")
}

var ways = map[string]func(*testing.T){
	"TestAYesIsForOneRepositoryAndOneBranch":                          TestAYesIsForOneRepositoryAndOneBranch,
	"TestARetryIsReviewedWithWhatTravisHasNow":                        TestARetryIsReviewedWithWhatTravisHasNow,
	"TestACertificateIsApprovedByItsOwner":                            TestACertificateIsApprovedByItsOwner,
	"TestAPasswordIsForTheHostThatItNames":                            TestAPasswordIsForTheHostThatItNames,
	"TestWhatThePersonSaidIsNotPassedOver":                            TestWhatThePersonSaidIsNotPassedOver,
	"TestARackBehindConsoleIsNotLookedForInAWS":                       TestARackBehindConsoleIsNotLookedForInAWS,
	"TestAnotherAccountHasOtherRepositories":                          TestAnotherAccountHasOtherRepositories,
	"TestAProviderThatWasNamedCounts":                                 TestAProviderThatWasNamedCounts,
	"TestASavedRackThatIsFoundToBePrivateIsWarnedOf":                  TestASavedRackThatIsFoundToBePrivateIsWarnedOf,
	"TestAnActivationThatStandsIsReportedAfterARetry":                 TestAnActivationThatStandsIsReportedAfterARetry,
	"TestAnActivationThatStandsIsTold":                                TestAnActivationThatStandsIsTold,
	"TestTravisHasTheLastWordInTheReview":                             TestTravisHasTheLastWordInTheReview,
	"TestTheReviewWaitsForNoWordOfTravis":                             TestTheReviewWaitsForNoWordOfTravis,
	"TestEachPlanIsExpandedOnce":                                      TestEachPlanIsExpandedOnce,
	"TestNoPlainValueGoesToTravisWithTheFile":                         TestNoPlainValueGoesToTravisWithTheFile,
	"TestNothingIsExpandedWithoutAReview":                             TestNothingIsExpandedWithoutAReview,
	"TestABranchThatIsNotBuiltIsSaidOnce":                             TestABranchThatIsNotBuiltIsSaidOnce,
	"TestAFileThatCannotBeUsedIsNamedOnTheReview":                     TestAFileThatCannotBeUsedIsNamedOnTheReview,
	"TestTheDeployStepIsWrittenWithThePair":                           TestTheDeployStepIsWrittenWithThePair,
	"TestTheReviewSaysWhatOfTheFileWasNotLookedAt":                    TestTheReviewSaysWhatOfTheFileWasNotLookedAt,
	"TestTheReviewSaysWhatAPushThenDoes":                              TestTheReviewSaysWhatAPushThenDoes,
	"TestTheFileIsPlannedOnceForWhatIsAskedFor":                       TestTheFileIsPlannedOnceForWhatIsAskedFor,
	"TestAFileThatCannotBePlayedIsLeftAlone":                          TestAFileThatCannotBePlayedIsLeftAlone,
	"TestASwitchLeavesTheFileAlone":                                   TestASwitchLeavesTheFileAlone,
	"TestThePairCanBeEncryptedInTheFile":                              TestThePairCanBeEncryptedInTheFile,
	"TestAnEncryptedPairGetsAnInactiveRepositoryActivatedToo":         TestAnEncryptedPairGetsAnInactiveRepositoryActivatedToo,
	"TestAPairThatCannotBeEncryptedCanGoIntoTheSettings":              TestAPairThatCannotBeEncryptedCanGoIntoTheSettings,
	"TestOfSeveralRacksOneIsDeployedTo":                               TestOfSeveralRacksOneIsDeployedTo,
	"TestLinesThatCannotBeAddedAreShown":                              TestLinesThatCannotBeAddedAreShown,
	"TestTheFileOfAnotherRepositoryIsNotTouched":                      TestTheFileOfAnotherRepositoryIsNotTouched,
	"TestAFileThatChangedMeanwhileIsTriedAgain":                       TestAFileThatChangedMeanwhileIsTriedAgain,
	"TestABuildProvesThePairWhenThatIsAsked":                          TestABuildProvesThePairWhenThatIsAsked,
	"TestAStopThatCompletesThePairSaysThatTheFileIsNotWritten":        TestAStopThatCompletesThePairSaysThatTheFileIsNotWritten,
	"TestAProofThatIsNotWaitedForIsAnInterruption":                    TestAProofThatIsNotWaitedForIsAnInterruption,
	"TestAPairForOneBranchIsNotEncryptedInTheFile":                    TestAPairForOneBranchIsNotEncryptedInTheFile,
	"TestADryRunTellsOfTheFile":                                       TestADryRunTellsOfTheFile,
	"TestWhatIsEncryptedAndCannotBeAddedIsGivenAtTheEnd":              TestWhatIsEncryptedAndCannotBeAddedIsGivenAtTheEnd,
	"TestABranchThatTheFileCannotCarryGetsNoStep":                     TestABranchThatTheFileCannotCarryGetsNoStep,
	"TestWithEverythingFoundFewQuestionsAreAsked":                     TestWithEverythingFoundFewQuestionsAreAsked,
	"TestADeployKeyIsTheOtherWayIn":                                   TestADeployKeyIsTheOtherWayIn,
	"TestGoingBackLosesNoAnswer":                                      TestGoingBackLosesNoAnswer,
	"TestAWrongPasswordIsMendedInPlace":                               TestAWrongPasswordIsMendedInPlace,
	"TestASecretThatCannotBeMeantIsRefusedAtOnce":                     TestASecretThatCannotBeMeantIsRefusedAtOnce,
	"TestARackOutOfReachNeedsAWord":                                   TestARackOutOfReachNeedsAWord,
	"TestAnUnknownRepositoryIsSyncedOrChosenAnew":                     TestAnUnknownRepositoryIsSyncedOrChosenAnew,
	"TestAnInactiveRepositoryIsActivatedWithTheRest":                  TestAnInactiveRepositoryIsActivatedWithTheRest,
	"TestAMixedPairNeedsAWord":                                        TestAMixedPairNeedsAWord,
	"TestTheClonesOtherHostsAreNotOffered":                            TestTheClonesOtherHostsAreNotOffered,
	"TestATokenIsAskedForAndChecked":                                  TestATokenIsAskedForAndChecked,
	"TestAFailureIsTriedAgain":                                        TestAFailureIsTriedAgain,
	"TestACredentialGoesToTheHostThatItWasGivenFor":                   TestACredentialGoesToTheHostThatItWasGivenFor,
	"TestADryRunWritesNothing":                                        TestADryRunWritesNothing,
	"TestFlagsAnswer":                                                 TestFlagsAnswer,
	"TestAnMFACodeStartsTheSearchAgain":                               TestAnMFACodeStartsTheSearchAgain,
	"TestRowsSayWhatTheyMeanForTravis":                                TestRowsSayWhatTheyMeanForTravis,
	"TestWhatIsMissingIsNamed":                                        TestWhatIsMissingIsNamed,
	"TestTheOfferedRackDoesNotDependOnWhichRegionAnswersFirst":        TestTheOfferedRackDoesNotDependOnWhichRegionAnswersFirst,
	"TestALostPasswordIsReadFromAWS":                                  TestALostPasswordIsReadFromAWS,
	"TestAPasswordFromAWSThatIsNoGoodIsSaid":                          TestAPasswordFromAWSThatIsNoGoodIsSaid,
	"TestARecoveredPasswordIsSavedAndShownWhenItsOwnerAsks":           TestARecoveredPasswordIsSavedAndShownWhenItsOwnerAsks,
	"TestARotationIsOfferedTheCandidatesAlone":                        TestARotationIsOfferedTheCandidatesAlone,
	"TestARotationOfTheClonesRepositoryLeavesItsFile":                 TestARotationOfTheClonesRepositoryLeavesItsFile,
	"TestARotationSkipsNamedOnesWithoutTheVariables":                  TestARotationSkipsNamedOnesWithoutTheVariables,
	"TestARotationAmongAnOwnersRepositories":                          TestARotationAmongAnOwnersRepositories,
	"TestAResetOffersARotation":                                       TestAResetOffersARotation,
	"TestALostPasswordBecomesWrittenVariables":                        TestALostPasswordBecomesWrittenVariables,
	"TestANewPasswordThatIsShownIsTypedBack":                          TestANewPasswordThatIsShownIsTypedBack,
	"TestATypedPasswordCanBeOne":                                      TestATypedPasswordCanBeOne,
	"TestAResetIsOfferedWhenNothingBetterIsAtHand":                    TestAResetIsOfferedWhenNothingBetterIsAtHand,
	"TestWhatIsBetterComesFirst":                                      TestWhatIsBetterComesFirst,
	"TestSayingNoChangesNothing":                                      TestSayingNoChangesNothing,
	"TestInstancesBeingReplacedNeedAWordOfTheirOwn":                   TestInstancesBeingReplacedNeedAWordOfTheirOwn,
	"TestADriftedStackIsShownAndLeftAlone":                            TestADriftedStackIsShownAndLeftAlone,
	"TestARollBackPutsTheSavedLoginBack":                              TestARollBackPutsTheSavedLoginBack,
	"TestAResetThatIsNotOverIsTakenUp":                                TestAResetThatIsNotOverIsTakenUp,
	"TestAnUpdateThatRunsIsWaitedFor":                                 TestAnUpdateThatRunsIsWaitedFor,
	"TestAResetAloneEndsWithWhatIsToBeDone":                           TestAResetAloneEndsWithWhatIsToBeDone,
	"TestAPasswordThatWasSavedAndNeverSetIsTakenBack":                 TestAPasswordThatWasSavedAndNeverSetIsTakenBack,
	"TestAPasswordThatIsBeingSetStaysWithItsOwner":                    TestAPasswordThatIsBeingSetStaysWithItsOwner,
	"TestASavedPasswordIsTriedFirst":                                  TestASavedPasswordIsTriedFirst,
	"TestAnOldPasswordIsNotPutBack":                                   TestAnOldPasswordIsNotPutBack,
	"TestOnlyWhatLeadsNowhereIsNotOfferedAgain":                       TestOnlyWhatLeadsNowhereIsNotOfferedAgain,
	"TestARefusalBehindACertificateLeavesTheWayOverAWS":               TestARefusalBehindACertificateLeavesTheWayOverAWS,
	"TestALoginThatCannotBePutBackIsTold":                             TestALoginThatCannotBePutBackIsTold,
	"TestAnUnansweredPreviewIsNotTakenForAnAnswer":                    TestAnUnansweredPreviewIsNotTakenForAnAnswer,
	"TestAResetThatWasTakenBackMeanwhileIsTold":                       TestAResetThatWasTakenBackMeanwhileIsTold,
	"TestAStackThatCannotBeUpdatedIsSaidAtOnce":                       TestAStackThatCannotBeUpdatedIsSaidAtOnce,
	"TestAShortPasswordIsTypedBackWhole":                              TestAShortPasswordIsTypedBackWhole,
	"TestAResetThatEndsLeavesNothingBehind":                           TestAResetThatEndsLeavesNothingBehind,
	"TestAPasswordThatIsGoneMeanwhileIsSavedAgain":                    TestAPasswordThatIsGoneMeanwhileIsSavedAgain,
	"TestEachRoundTakesBackWhatItSaved":                               TestEachRoundTakesBackWhatItSaved,
	"TestARackThatAClientTookForAConsoleIsOfferedOnceItsStackIsFound": TestARackThatAClientTookForAConsoleIsOfferedOnceItsStackIsFound,
	"TestSeveralRepositoriesAreSetUpTogether":                         TestSeveralRepositoriesAreSetUpTogether,
	"TestOneThatIsMarkedIsAsOneThatIsPicked":                          TestOneThatIsMarkedIsAsOneThatIsPicked,
	"TestWhatWasMarkedStaysMarked":                                    TestWhatWasMarkedStaysMarked,
	"TestInactiveOnesAreAskedAboutOnce":                               TestInactiveOnesAreAskedAboutOnce,
	"TestUnknownOnesAreLeftOutOrSynced":                               TestUnknownOnesAreLeftOutOrSynced,
	"TestMixedPairsAreConfirmedOnceForAll":                            TestMixedPairsAreConfirmedOnceForAll,
	"TestOneBranchCountsForAll":                                       TestOneBranchCountsForAll,
	"TestTheClonesFileIsLeftAloneForSeveral":                          TestTheClonesFileIsLeftAloneForSeveral,
	"TestARepositoryThatCannotBeWrittenIsToldBefore":                  TestARepositoryThatCannotBeWrittenIsToldBefore,
	"TestOnlyThoseThatFailedAreTriedAgain":                            TestOnlyThoseThatFailedAreTriedAgain,
	"TestWhatChangedBeforeItIsTriedAgainIsReviewed":                   TestWhatChangedBeforeItIsTriedAgainIsReviewed,
	"TestABanEndsSeveral":                                             TestABanEndsSeveral,
	"TestABanBeforeItIsTriedAgainEndsSeveral":                         TestABanBeforeItIsTriedAgainEndsSeveral,
	"TestAStopEndsSeveralAndTellsWhatStands":                          TestAStopEndsSeveralAndTellsWhatStands,
	"TestAnOwnersRepositoriesAreAskedOfTravis":                        TestAnOwnersRepositoriesAreAskedOfTravis,
	"TestADryRunOfSeveralWritesNothing":                               TestADryRunOfSeveralWritesNothing,
	"TestWhatIsWrittenIsWhatWasVerifiedOnce":                          TestWhatIsWrittenIsWhatWasVerifiedOnce,
}
