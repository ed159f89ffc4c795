package flow_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"convox-travis/internal/connect"
	"convox-travis/internal/convox"
	"convox-travis/internal/faults"
	"convox-travis/internal/secret"
	"convox-travis/internal/secret/secrettest"
	"convox-travis/travisapi"
	"convox-travis/travisapi/travistest"
	"convox-travis/tui/flow"
)

// newWorldOf is a world with n more repositories, acme/r00 and so on, and the
// keys of their rows.
func newWorldOf(t *testing.T, n int) (w *world, keys []string) {
	t.Helper()
	w = newWorld(t)
	w.travis.LimitPosts(1000, time.Second) // there is no pace here
	w.outside.Runner = connect.Runner{Retry: w.retry}
	for i := range n {
		name := fmt.Sprintf("acme/r%02d", i)
		w.travis.AddRepository(travistest.Repository{ID: 100 + i, Slug: name, Active: true})
		keys = append(keys, "github "+name)
	}
	return w, keys
}

func targetsOf(keys ...string) (targets []connect.Target) {
	for _, key := range keys {
		targets = append(targets, connect.Target{Provider: travisapi.GitHub, Slug: strings.TrimPrefix(key, "github ")})
	}
	return targets
}

// toRepositories goes to the question for the repository.
func (w *world) toRepositories() *world {
	w.Helper()
	w.begin(flow.Given{}).accept().accept().accept().step(flow.StepReview)
	w.backTo(flow.StepRepository)
	return w
}

func (w *world) pick(keys ...string) *world {
	w.Helper()
	return w.answer(flow.Value{Key: keys[0], Keys: keys})
}

// wantPairs checks which repositories have the pair; no other may have anything.
func (w *world) wantPairs(keys ...string) {
	w.Helper()
	for _, target := range targetsOf(keys...) {
		var all []string
		for _, v := range w.travis.EnvVars(target.Slug) {
			all = append(all, v.Name+"="+v.Value)
		}
		if got := strings.Join(all, " "); got != fmt.Sprintf(written, w.rack.Host) {
			w.Errorf("%s has %s", target, got)
		}
	}
}

func (w *world) wantNothing(keys ...string) {
	w.Helper()
	for _, target := range targetsOf(keys...) {
		if n := len(w.travis.EnvVars(target.Slug)); n != 0 {
			w.Errorf("%s has %d variables", target, n)
		}
	}
}

// lines is what is to be read.
func (w *world) lines() string {
	var all []string
	for _, l := range w.flow.Question().Lines {
		all = append(all, l.Text)
	}
	return strings.Join(all, "\n")
}

func (w *world) reads(words ...string) *world {
	w.Helper()
	q := w.flow.Question()
	text := q.Title + "\n" + strings.Join(q.Reason, "\n") + "\n" + w.lines()
	for _, word := range words {
		if !strings.Contains(text, word) {
			w.Errorf("%q is not in\n%s", word, text)
		}
	}
	return w
}

func TestSeveralRepositoriesAreSetUpTogether(t *testing.T) {
	w, keys := newWorldOf(t, 3)
	w.toRepositories().pick(keys...).step(flow.StepReview)
	w.reads("Travis settings of 3 repositories", "3 new", "  REPOSITORY  CHANGE\n", "\nacme/r00    new\n", "\nacme/r02    new", "convox-travis yml")
	if n := len(w.travis.Writes()); n != 0 {
		t.Errorf("%d writes before the review", n)
	}
	w.accept().step(flow.StepDone).reads("3 repositories set up in ", "3 new", "convox-travis yml --write --host ", "Undo\nconvox-travis remove --repo acme/r00 --repo acme/r01 --repo acme/r02").accept()
	w.wantPairs(keys...)
	w.wantNothing(slug)
	if w.flow.State() != flow.Over || len(w.flow.Report().Errs()) != 0 {
		t.Errorf("%+v", w.flow.Report())
	}
	for _, item := range w.flow.Rail() {
		if item.Name == "Repository" && item.Answer != "3 repositories · all branches" {
			t.Errorf("the rail says %s", item.Answer)
		}
	}
}

func TestOneThatIsMarkedIsAsOneThatIsPicked(t *testing.T) {
	w, keys := newWorldOf(t, 1)
	w.toRepositories().pick(keys[0]).step(flow.StepReview).reads("Travis settings of acme/r00").accept().step(flow.StepTestBuild)
	w.wantPairs(keys...)
}

func TestWhatWasMarkedStaysMarked(t *testing.T) {
	w, keys := newWorldOf(t, 4)
	w.toRepositories().pick(keys[:3]...).step(flow.StepReview)
	w.backTo(flow.StepRepository)
	if kept := w.flow.Question().Initial.Keys; !slices.Equal(kept, keys[:3]) {
		t.Errorf("marked are %q", kept)
	}
	w.answer(flow.Value{Key: "type", Keys: keys[:3]}).step(flow.StepSlug).type_("acme/r03").step(flow.StepReview).reads("4 repositories")
	w.backTo(flow.StepRepository)
	w.answer(flow.Value{Key: "github " + slug}).step(flow.StepReview).reads("Travis settings of " + slug)
	w.backTo(flow.StepRepository)
	if kept := w.flow.Question().Initial; kept.Keys != nil || kept.Key != "github "+slug {
		t.Errorf("marked are %+v", kept)
	}
}

func TestInactiveOnesAreAskedAboutOnce(t *testing.T) {
	w, keys := newWorldOf(t, 2)
	w.travis.AddRepository(travistest.Repository{ID: 50, Slug: "acme/off2"})
	off := []string{"github acme/off", "github acme/off2"}
	w.toRepositories().pick(append(off, keys...)...).step(flow.StepActivate).reads("2 of the 4", "acme/off, acme/off2")
	w.answer(flow.Value{Index: 2}).step(flow.StepRepository).accept().step(flow.StepActivate)
	w.answer(flow.Value{Index: 1}).step(flow.StepReview).reads("2 repositories", "2 new")
	w.backTo(flow.StepActivate)
	if w.flow.Question().Initial.Index != 1 {
		t.Error("the answer is lost")
	}
	w.answer(flow.Value{Index: 0}).step(flow.StepReview).reads("4 repositories", "4 new, 2 activated", "acme/off2   activated, new")
	w.accept().step(flow.StepDone).reads("4 new, 2 activated")
	w.wantPairs(append(off, keys...)...)
	w = newWorld(t)
	w.travis.AddRepository(travistest.Repository{ID: 50, Slug: "acme/off2"})
	w.toRepositories().pick(off...).step(flow.StepActivate)
	if options := w.flow.Question().Options; len(options) != 2 || strings.Contains(fmt.Sprint(options), "out") {
		t.Errorf("nothing would be left: %+v", options)
	}
}

func TestUnknownOnesAreLeftOutOrSynced(t *testing.T) {
	w, keys := newWorldOf(t, 2)
	w.travis.SyncTime = 10 * time.Millisecond
	given := append(targetsOf(keys...), targetsOf("acme/new", "acme/nowhere")...)
	w.begin(flow.Given{Targets: given}).accept().accept().accept().step(flow.StepUnknown).reads("2 of the 4", "acme/new, acme/nowhere", "hasn't read")
	w.answer(flow.Value{Index: 1}).step(flow.StepRepository)
	w.accept().step(flow.StepUnknown).answer(flow.Value{Index: 2}).step(flow.StepReview).reads("2 repositories", "2 new")
	w.backTo(flow.StepUnknown)
	w.answer(flow.Value{Index: 0}).step(flow.StepUnknown).reads("can't find acme/nowhere", "Travis has just read")
	w.answer(flow.Value{Index: 2}).step(flow.StepActivate).answer(flow.Value{Index: 0}).step(flow.StepReview).accept().step(flow.StepDone).reads("3 repositories set up")
	w.wantPairs(append(keys, "acme/new")...)
}

func TestMixedPairsAreConfirmedOnceForAll(t *testing.T) {
	w, keys := newWorldOf(t, 3)
	branch := "old"
	for _, target := range targetsOf(keys[:2]...) {
		w.travis.SetEnvVars(target.Slug, []travistest.EnvVar{{ID: target.Slug, Name: "CONVOX_HOST", Value: "x", Branch: &branch}})
	}
	w.toRepositories().pick(keys...).step(flow.StepMixed).reads("acme/r00: branch old", "acme/r01: branch old")
	if q := w.flow.Question(); q.Initial.Index != 0 || q.Options[0].Label != "Leave these 2 out" || !q.Guarded {
		t.Errorf("%+v", q)
	}
	w.answer(flow.Value{Index: 1}).step(flow.StepBranch).accept().step(flow.StepMixed)
	w.travis.Faults.Forget()
	w.answer(flow.Value{Index: 2}).step(flow.StepReview).reads("2 repositories (acme/r00, acme/r01): branch old has", "acme/r00    new")
	if n := len(w.travis.Faults.Requests()); n != 0 {
		t.Errorf("a yes cost %d calls", n)
	}
	w.accept().step(flow.StepDone)
}

func TestOneBranchCountsForAll(t *testing.T) {
	w, keys := newWorldOf(t, 2)
	w.toRepositories().pick(keys...).step(flow.StepReview)
	w.backTo(flow.StepBranch)
	w.reads("all 2 repositories", "isn't checked").answer(flow.Value{Key: "type"}).step(flow.StepBranchName).type_("release").step(flow.StepReview).reads("only for branch release", "branch release: that wasn't checked")
	w.accept().step(flow.StepDone).reads("--branch release")
	for _, v := range w.travis.EnvVars("acme/r01") {
		if v.Branch == nil || *v.Branch != "release" {
			t.Errorf("%+v", v)
		}
	}
}

func TestTheClonesFileIsLeftAloneForSeveral(t *testing.T) {
	w, keys := newWorldOf(t, 1)
	path := w.withFile(yml)
	w.begin(flow.Given{}).accept().accept().accept().step(flow.StepReview).answer(flow.Value{Switch: "e"}).step(flow.StepReview)
	w.backTo(flow.StepRepository)
	w.pick("github "+slug, keys[0]).step(flow.StepReview)
	if q := w.flow.Question(); len(q.Switches) != 0 || strings.Contains(w.lines(), "provider: script") {
		t.Errorf("%+v", q)
	}
	w.accept().step(flow.StepDone)
	w.wantPairs("github "+slug, keys[0])
	if w.read(path) != yml {
		t.Error("it was written")
	}
}

func TestARepositoryThatCannotBeWrittenIsToldBefore(t *testing.T) {
	w, keys := newWorldOf(t, 2)
	w.travis.AddRepository(travistest.Repository{ID: 60, Slug: "acme/locked", Active: true, Permissions: map[string]bool{"create_env_var": false}})
	w.begin(flow.Given{Targets: targetsOf(append(keys, "acme/locked")...)}).accept().accept().accept()
	w.step(flow.StepReview).reads("Travis settings of 3 repositories", "1 can't be written, 2 new", "acme/locked: this Travis account can't change its settings")
	w.accept().step(flow.StepDone).reads("2 repositories set up").accept()
	w.wantPairs(keys...)
	w, keys = newWorldOf(t, 2)
	w.travis.AddRepository(travistest.Repository{ID: 60, Slug: "acme/locked", Active: true, Permissions: map[string]bool{"create_env_var": false}})
	w.begin(flow.Given{Agreed: true, SignIn: flow.ByRack, Rack: "production", Saved: true, Targets: targetsOf(append(keys, "acme/locked")...)})
	w.step(flow.StepRetry).reads("1 of 3 repositories failed", "acme/locked").answer(flow.Value{Index: 1})
	w.step(flow.StepDone).reads("2 of 3 repositories set up", "acme/locked: this", "get push access").accept()
	w.wantPairs(keys...)
	w = newWorld(t)
	w.travis.AddRepository(travistest.Repository{ID: 60, Slug: "acme/l1", Active: true, Permissions: map[string]bool{"create_env_var": false}})
	w.travis.AddRepository(travistest.Repository{ID: 61, Slug: "acme/l2", Active: true, Permissions: map[string]bool{"create_env_var": false}})
	w.begin(flow.Given{Targets: targetsOf("acme/l1", "acme/l2")}).accept().accept().accept().step(flow.StepRepository).wantProblem("acme/l1: this Travis account can't")
}

// failOnly makes Travis refuse to set variables of some repositories, by their
// numbers.
func (w *world) failOnly(ids ...int) {
	w.travis.Faults.Clear()
	for _, id := range ids {
		w.travis.Faults.Add(faults.Rule{Kind: faults.Status503, Times: -1, Match: func(r faults.Request) bool {
			return r.Method == http.MethodPost && strings.HasPrefix(r.Path, fmt.Sprintf("/repo/%d/", id))
		}})
	}
}

func TestOnlyThoseThatFailedAreTriedAgain(t *testing.T) {
	w, keys := newWorldOf(t, 30)
	w.toRepositories().pick(keys...).step(flow.StepReview)
	w.failOnly(103, 117)
	w.accept().step(flow.StepRetry).reads("2 of 30 repositories failed", "acme/r03", "acme/r17")
	if w.flow.CanGoBack() {
		t.Error("it goes back after something was written")
	}
	w.failOnly(117)
	w.travis.Faults.Forget()
	w.accept().step(flow.StepReview).reads("Only the repositories that failed are listed", "Travis settings of 2 repositories").accept().step(flow.StepRetry).reads("1 of 30")
	w.failOnly()
	w.accept().step(flow.StepReview).accept().step(flow.StepDone).reads("30 repositories set up", "--repos-from FILE")
	for _, r := range w.travis.Faults.Requests() {
		if !strings.Contains(r.Path, "/103") && !strings.Contains(r.Path, "/117") && !strings.Contains(r.Path, "r03") && !strings.Contains(r.Path, "r17") {
			t.Errorf("%s %s", r.Method, r.Path)
		}
	}
	w.wantPairs(keys...)
	if done, _, failed, left := w.flow.Report().Count(); done != 30 || failed+left != 0 {
		t.Errorf("%d done, %d failed, %d left", done, failed, left)
	}
}

func TestWhatChangedBeforeItIsTriedAgainIsReviewed(t *testing.T) {
	w, keys := newWorldOf(t, 3)
	w.toRepositories().pick(keys...).step(flow.StepReview)
	w.failOnly(101)
	w.accept().step(flow.StepRetry)
	w.failOnly()
	w.travis.SetEnvVars("acme/r01", []travistest.EnvVar{{ID: "h", Name: "CONVOX_HOST", Value: "theirs"}, {ID: "p", Name: "CONVOX_PASSWORD", Value: "theirs"}})
	w.accept().step(flow.StepReview).reads("1 repository", "1 replaced", "what is left to write", "that failed")
	w.accept().step(flow.StepDone).reads("3 repositories set up", "2 new, 1 replaced")
	w.wantPairs(keys...)
}

// A ban has to be waited for: nothing is asked any more.
func TestABanEndsSeveral(t *testing.T) {
	w, keys := newWorldOf(t, 30)
	w.toRepositories().pick(keys...).step(flow.StepReview)
	sent := 0
	w.travis.Faults.Add(faults.Rule{Kind: faults.Status500, Times: -1, Match: func(r faults.Request) bool {
		if r.Method == http.MethodPost {
			if sent++; sent == 12 {
				w.travis.Ban(token)
			}
		}
		return false
	}})
	w.accept()
	done, _, failed, left := w.flow.Report().Count()
	if w.flow.State() != flow.Over || failed == 0 || left == 0 || done+failed+left != 30 {
		t.Errorf("state %d: %d done, %d failed, %d left", w.flow.State(), done, failed, left)
	}
}

func TestABanBeforeItIsTriedAgainEndsSeveral(t *testing.T) {
	w, keys := newWorldOf(t, 3)
	w.toRepositories().pick(keys...).step(flow.StepReview)
	w.failOnly(101)
	w.accept().step(flow.StepRetry)
	w.travis.Ban(token)
	w.accept()
	errs := w.flow.Report().Errs()
	if w.flow.State() != flow.Over || len(errs) != 1 || !travisapi.Failed(errs[0], travisapi.CodeBanned) {
		t.Errorf("state %d, %v", w.flow.State(), errs)
	}
}

func TestHelpExplainsOnlyWhatTheScreenOffers(t *testing.T) {
	w, keys := newWorldOf(t, 2)
	w.toRepositories().pick(keys...).step(flow.StepReview)
	if help := strings.Join(w.flow.Question().Help, "\n"); strings.Contains(help, "deploy step") || strings.Contains(help, "encrypted") {
		t.Errorf("the review of several explains the file: %s", help)
	}
	w = newWorld(t)
	w.begin(flow.Given{}).accept().accept().step(flow.StepSource)
	if q := w.flow.Question(); strings.Contains(fmt.Sprint(q.Help), "Set a new one") || len(q.Options) == 0 {
		t.Errorf("the help explains a choice that isn't there: %v, %s", q.Options, q.Help)
	}
}

func TestAStopEndsSeveralAndTellsWhatStands(t *testing.T) {
	w, keys := newWorldOf(t, 30)
	w.toRepositories().pick(keys...).step(flow.StepReview)
	w.stopAt = "3 done"
	w.accept()
	report := w.flow.Report()
	done, _, _, left := report.Count()
	if w.flow.State() != flow.Over || !errors.Is(report.Stopped, errStop) || done < 3 || left == 0 {
		t.Errorf("state %d, %v: %d done, %d left", w.flow.State(), report.Stopped, done, left)
	}
	title, lines := w.flow.Ending()
	if text := fmt.Sprint(lines); title != "Stopped" || strings.Count(text, "not started") != 1 || !strings.Contains(text, fmt.Sprintf("%d not started: acme/", left)) || strings.Contains(text, "Next") {
		t.Errorf("%s: %s", title, text)
	}
	for _, r := range report.Repositories {
		if n := len(w.travis.EnvVars(r.Target.Slug)); n != 0 && n != 2 || (n == 2) != r.HasChanges() {
			t.Errorf("%s has %d variables, and is told to be: %s", r.Target, n, r.Outcome())
		}
	}
}

func TestAnOwnersRepositoriesAreAskedOfTravis(t *testing.T) {
	w, keys := newWorldOf(t, 3)
	listed := 0
	w.outside.Owned = func(context.Context, flow.Travis) ([]connect.Target, []travisapi.Repository, error) {
		listed++
		return targetsOf(keys...), nil, nil
	}
	w.begin(flow.Given{}).accept().accept().accept().step(flow.StepReview).reads("3 repositories")
	w.backTo(flow.StepRepository)
	w.pick(keys[:2]...).step(flow.StepReview).reads("2 repositories")
	if listed != 1 {
		t.Errorf("they were listed %d times", listed)
	}
	w = newWorld(t)
	w.outside.Owned = func(context.Context, flow.Travis) ([]connect.Target, []travisapi.Repository, error) {
		return nil, nil, errors.New("there are none")
	}
	w.begin(flow.Given{}).accept().accept().accept().step(flow.StepRepository).wantProblem("there are none")
}

func TestADryRunOfSeveralWritesNothing(t *testing.T) {
	w, keys := newWorldOf(t, 3)
	w.begin(flow.Given{DryRun: true, Targets: targetsOf(keys...)}).accept().accept().accept().step(flow.StepReview).accept()
	if w.flow.State() != flow.Over || len(w.travis.Writes()) != 0 || len(w.flow.Report().Repositories) != 3 {
		t.Errorf("%d writes, %+v", len(w.travis.Writes()), w.flow.Report())
	}
}

// listening notes each credential that is checked.
type listening struct {
	flow.Checker
	checked *[]secret.String
}

func (r listening) Rack(ctx context.Context, host convox.Host, password secret.String) (convox.Login, error) {
	*r.checked = append(*r.checked, password)
	return r.Checker.Rack(ctx, host, password)
}

// No credential reaches Travis until the Rack accepted it, and that takes one check.
func TestWhatIsWrittenIsWhatWasVerifiedOnce(t *testing.T) {
	for _, n := range []int{1, 3} {
		w, keys := newWorldOf(t, n)
		var checked []secret.String
		newChecker := w.outside.Checker
		w.outside.Checker = func(fingerprint string) (flow.Checker, error) {
			checker, err := newChecker(fingerprint)
			return listening{checker, &checked}, err
		}
		typePassword := func(password string) {
			w.answer(flow.Value{Index: 1}).step(flow.StepPassword).type_(password)
		}
		w.rack.SetPassword("before")
		w.begin(flow.Given{SignIn: flow.ByRack, Host: w.host(), Targets: targetsOf(keys...)}).step(flow.StepSource)
		typePassword("before")
		w.step(flow.StepReview)
		w.rack.SetPassword(secrettest.Canary)
		w.backTo(flow.StepSource)
		typePassword("wrong")
		w.step(flow.StepPassword).wantProblem("doesn't accept").type_(secrettest.Canary).step(flow.StepReview).accept()
		w.wantPairs(keys...)
		if want := []string{"before", "wrong", secrettest.Canary}; !slices.EqualFunc(checked, want, func(c secret.String, text string) bool { return c.Equal(secret.New(text)) }) {
			t.Errorf("of %d repositories, %d credentials were checked, not %d", n, len(checked), len(want))
		}
	}
}
