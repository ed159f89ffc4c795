package flow_test

import (
	"context"
	"crypto/rsa"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"convox-travis/internal/connect"
	"convox-travis/internal/convox"
	"convox-travis/internal/gitrepo"
	"convox-travis/internal/secret"
	"convox-travis/internal/secret/secrettest"
	"convox-travis/internal/travisyml"
	"convox-travis/travisapi/travistest"
	"convox-travis/tui/flow"
)

// withFile gives the clone a .travis.yml, and returns its path.
func (w *world) withFile(text string) string {
	w.Helper()
	path := filepath.Join(w.TempDir(), "web", ".travis.yml")
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		w.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		w.Fatal(err)
	}
	w.outside.File = func(context.Context) (travisyml.File, error) { return travisyml.OpenFile(path) }
	w.outside.Folder = filepath.Dir(path)
	return path
}

func (w *world) read(path string) string {
	w.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		w.Fatal(err)
	}
	return string(text)
}

func (w *world) review() string {
	w.Helper()
	marks := map[flow.Tone]string{flow.Added: "+ ", flow.Replaced: "~ ", flow.Removed: "- ", flow.FileAdded: "+", flow.FileRemoved: "-", flow.Good: "✓ ", flow.Warning: "! ", flow.Bad: "✗ ", flow.Command: "$ ", flow.Heading: "# "}
	var lines []string
	for _, l := range w.flow.Question().Lines {
		lines = append(lines, marks[l.Tone]+l.Text)
	}
	return strings.Join(lines, "\n")
}

const yml = "language: ruby\nscript: rake\n"

func TestAFileThatCannotBeUsedIsNamedOnTheReview(t *testing.T) {
	w := newWorld(t)
	outside, clone := filepath.Join(t.TempDir(), "shared.yml"), t.TempDir()
	for _, name := range []string{outside, filepath.Join(clone, ".git")} {
		if err := os.WriteFile(name, []byte(yml), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(outside, filepath.Join(clone, ".travis.yml")); err != nil {
		t.Skip("no links here")
	}
	w.outside.File = func(context.Context) (travisyml.File, error) { return travisyml.Open(clone) }
	w.begin(flow.Given{}).accept().accept().accept().step(flow.StepReview)
	if lines := w.review(); !strings.Contains(lines, outside) || !strings.Contains(lines, "isn't a file of this clone") || strings.Contains(lines, "+deploy:") {
		t.Errorf("the review says %s", lines)
	}
	w.accept().step(flow.StepTestBuild).accept().step(flow.StepDone)
	if w.read(outside) != yml {
		t.Errorf("it holds %s", w.read(outside))
	}
}

func TestTheDeployStepIsWrittenWithThePair(t *testing.T) {
	w := newWorld(t)
	path := w.withFile(yml)
	w.begin(flow.Given{}).accept().accept().accept().step(flow.StepReview)
	if lines := w.review(); !strings.Contains(lines, "+deploy:") || !strings.Contains(lines, "--app web") || w.read(path) != yml {
		t.Errorf("the review says %s", lines)
	}
	w.accept().step(flow.StepTestBuild).accept().step(flow.StepDone)
	w.wantWritten()
	if text := w.read(path); !strings.HasPrefix(text, yml) || !strings.Contains(text, "provider: script") {
		t.Errorf("it holds %s", text)
	}
	if lines := w.review(); !strings.Contains(lines, "git add .travis.yml && git commit") || strings.Contains(lines, "yml --write") {
		t.Errorf("it ends with %s", lines)
	}
	w.begin(flow.Given{}).accept().accept().accept().step(flow.StepReview)
	if lines := w.review(); !strings.Contains(lines, "It already deploys: deploy, line 5") {
		t.Errorf("the review says %s", lines)
	}
}

func TestTheReviewSaysWhatOfTheFileWasNotLookedAt(t *testing.T) {
	w := newWorld(t)
	w.withFile("language: go\nscript: ./ci/all.sh\n")
	w.begin(flow.Given{}).accept().accept().accept().step(flow.StepReview)
	if lines := w.review(); !strings.Contains(lines, "./ci/all.sh isn't checked, and may deploy too") {
		t.Errorf("the review says %s", lines)
	}
	w.answer(flow.Value{Switch: "d"})
	if lines := w.review(); strings.Contains(lines, "isn't checked") {
		t.Errorf("without the step it says %s", lines)
	}
}

func TestTheReviewSaysWhatAPushThenDoes(t *testing.T) {
	for name, c := range map[string]struct {
		old, switches string
		want          []string
		not           string
	}{
		"tests":               {yml, "", []string{".travis.yml: ", "lines added", "A push to main then deploys web once, after the tests pass. Pull requests and other branches don't deploy."}, "new file"},
		"no step":             {yml, "d", []string{".travis.yml: unchanged", "A push to main deploys nothing."}, "then"},
		"it deploys":          {"script: rake\ndeploy:\n  provider: script\n  script: convox deploy --app web\n  on: main\n", "", []string{"It already deploys: deploy, line 4.", "A push to main deploys web once, after the tests pass."}, "then"},
		"another environment": {"script: rake\ndeploy:\n  provider: script\n  script: convox deploy --app web --rack acme/staging\n  on: develop\n", "", []string{"develop deploys web to acme/staging (line 4)", "Pull requests and branches other than main and develop don't deploy."}, ""},
		"not built":           {yml + "branches:\n  only: develop\n", "", []string{"Travis doesn't build main: `branches.only` on line 4 leaves main out"}, "+deploy:"},
		"pull requests":       {"script: rake && convox deploy --app web\n", "", []string{"A push to main deploys web once.", "Pull requests, other branches and tags deploy too."}, "tests"},
	} {
		w := newWorld(t)
		w.withFile(c.old)
		w.travis.ReadAs(slug, travistest.Reading{Status: 404}) // it confirms nothing
		w.begin(flow.Given{}).accept().accept().accept().step(flow.StepReview)
		if c.switches != "" {
			w.answer(flow.Value{Switch: c.switches}).step(flow.StepReview)
		}
		lines := w.review()
		for _, want := range c.want {
			if !strings.Contains(lines, want) {
				t.Errorf("%s: %q isn't in %s", name, want, lines)
			}
		}
		if c.not != "" && strings.Contains(lines, c.not) {
			t.Errorf("%s: %q is in %s", name, c.not, lines)
		}
	}
	w := newWorld(t)
	if err := os.Remove(w.withFile("")); err != nil {
		t.Fatal(err)
	}
	w.travis.ReadAs(slug, travistest.Reading{Status: 404})
	w.begin(flow.Given{}).accept().accept().accept().step(flow.StepReview)
	if lines := w.review(); !strings.Contains(lines, ".travis.yml: new file, ") || !strings.Contains(lines, "A push to main then deploys web once; no tests run.") {
		t.Errorf("the review says %s", lines)
	}
}

// A play takes too long for the drawing of a screen.
func TestTheFileIsPlannedOnceForWhatIsAskedFor(t *testing.T) {
	const playing = "playing the builds of .travis.yml"
	w := newWorld(t)
	path := w.withFile(yml)
	reads, read := 0, w.outside.File
	w.outside.File = func(ctx context.Context) (travisyml.File, error) {
		reads++
		return read(ctx)
	}
	w.begin(flow.Given{}).accept().accept().accept().step(flow.StepReview)
	w.outside.Player.Executable = "no such program" // which only another plan would start
	first := w.review()
	if again := w.review(); again != first || !strings.Contains(first, "+deploy:") {
		t.Errorf("it says %s, and then %s", first, again)
	}
	for i, step := range []bool{false, true} {
		if err := w.flow.Answer(flow.Value{Switch: "d"}); err != nil {
			t.Fatal(err)
		}
		if plays := w.flow.State() == flow.Working && w.flow.Busy() == playing; plays == step { // back is a plan that there is
			t.Fatalf("turn %d: state %d, %s", i, w.flow.State(), w.flow.Busy())
		}
		w.settle()
		if lines := w.step(flow.StepReview).review(); strings.Contains(lines, "+deploy:") != step {
			t.Errorf("turn %d: the review says %s", i, lines)
		}
	}
	w.flow.Back()
	w.step(flow.StepBranch).answer(flow.Value{Key: "type"}).step(flow.StepBranchName).type_("release").step(flow.StepReview)
	if lines := w.review(); !strings.Contains(lines, "branch: release") || !strings.Contains(lines, "A push to release then deploys web once") {
		t.Errorf("for another branch the review says %s", lines)
	}
	w.accept()
	if text := w.read(path); !strings.Contains(text, "branch: release") || reads != 1 {
		t.Errorf("%d reads, and it holds %s", reads, text)
	}
}

func TestAFileThatCannotBePlayedIsLeftAlone(t *testing.T) {
	w := newWorld(t)
	path := w.withFile(yml)
	w.outside.Player.Executable = filepath.Join(t.TempDir(), "none")
	w.begin(flow.Given{}).accept().accept().accept().step(flow.StepReview)
	if lines := w.review(); !strings.Contains(lines, "start the player") || strings.Contains(lines, "+deploy:") {
		t.Errorf("the review says %s", lines)
	}
	if w.read(path) != yml {
		t.Error("it was written")
	}
}

func TestASwitchLeavesTheFileAlone(t *testing.T) {
	w := newWorld(t)
	path := w.withFile(yml)
	w.begin(flow.Given{}).accept().accept().accept().step(flow.StepReview)
	w.answer(flow.Value{Switch: "d"}).step(flow.StepReview)
	if q := w.flow.Question(); q.Switches[0].On || strings.Contains(w.review(), "+deploy:") {
		t.Errorf("%+v", q)
	}
	w.accept().step(flow.StepTestBuild).accept().step(flow.StepDone)
	if w.read(path) != yml {
		t.Error("it was written")
	}
	w.begin(flow.Given{Agreed: true, SignIn: flow.ByRack, Rack: "production", Saved: true}).step(flow.StepDone)
	if w.read(path) != yml {
		t.Error("it was written without having been shown")
	}
	w.begin(flow.Given{Targets: []connect.Target{{Provider: "github", Slug: "acme/other"}}})
	if len(w.travis.Writes()) == 0 {
		t.Error("nothing was written at all")
	}
}

var sealed = regexp.MustCompile(`secure: "([A-Za-z0-9+/=]+)"`)

func TestThePairCanBeEncryptedInTheFile(t *testing.T) {
	w := newWorld(t)
	path := w.withFile(yml)
	w.begin(flow.Given{}).accept().accept().accept().step(flow.StepReview)
	w.answer(flow.Value{Switch: "e"}).step(flow.StepReview)
	if lines := w.review(); !strings.Contains(lines, "encrypted for this repository") || strings.Contains(lines, w.rack.Host) {
		t.Errorf("the review says %s", lines)
	}
	w.accept().step(flow.StepDone)
	if n := len(w.travis.Writes()); n != 0 {
		t.Errorf("%d writes to Travis", n)
	}
	text := w.read(path)
	secrettest.Absent(t, "the file", text)
	key, err := w.travis.PrivateKey(slug)
	if err != nil {
		t.Fatal(err)
	}
	var opened []string
	for _, found := range sealed.FindAllStringSubmatch(text, -1) {
		bytes, _ := base64.StdEncoding.DecodeString(found[1])
		//lint:ignore SA1019 as Travis does
		plain, err := rsa.DecryptPKCS1v15(nil, key, bytes)
		if err != nil {
			t.Fatal(err)
		}
		opened = append(opened, string(plain))
	}
	if len(opened) != 2 || opened[0] != "CONVOX_HOST="+w.rack.Host || opened[1] != "CONVOX_PASSWORD='"+secrettest.Canary+"'" {
		t.Errorf("%d are encrypted", len(opened))
	}
	if strings.Contains(w.review(), "convox-travis remove") {
		t.Errorf("variables that were not set are to be removed: %s", w.review())
	}
	if !strings.Contains(w.review(), "encrypted variables added") || !w.flow.Report().HasChanges() {
		t.Errorf("it ends with %s", w.review())
	}
}

func TestAnEncryptedPairGetsAnInactiveRepositoryActivatedToo(t *testing.T) {
	w := newWorld(t)
	path := w.withFile(yml)
	w.outside.Clone = func(context.Context) (gitrepo.Clone, error) {
		return gitrepo.Clone{Remotes: []gitrepo.Remote{{Name: "origin", Host: "github.com", Slug: "acme/off", Provider: gitrepo.GitHub}}}, nil
	}
	w.begin(flow.Given{Targets: []connect.Target{{Provider: "github", Slug: "acme/off"}}})
	w.accept().accept().accept().step(flow.StepActivate).accept().step(flow.StepReview)
	w.answer(flow.Value{Switch: "e"}).step(flow.StepReview).accept().step(flow.StepDone)
	if writes := w.travis.Writes(); len(writes) != 1 || writes[0].Path != "/repo/8/activate" {
		t.Errorf("%d writes", len(writes))
	}
	if !strings.Contains(w.read(path), "secure:") {
		t.Errorf("it holds %s", w.read(path))
	}
}

// A key that is too short for the password leaves the other place to choose.
func TestAPairThatCannotBeEncryptedCanGoIntoTheSettings(t *testing.T) {
	w := newWorld(t)
	path := w.withFile(yml)
	w.travis.AddRepository(travistest.Repository{ID: 12, Slug: "acme/old", Active: true, KeyBits: 1024})
	long := strings.Repeat("long", 40)
	w.outside.Clone = func(context.Context) (gitrepo.Clone, error) {
		return gitrepo.Clone{Remotes: []gitrepo.Remote{{Name: "origin", Host: "github.com", Slug: "acme/old", Provider: gitrepo.GitHub}}}, nil
	}
	w.rack.SetPassword(long)
	w.outside.Saved = func(context.Context, ...convox.Host) ([]convox.SavedLogin, error) {
		return []convox.SavedLogin{{Host: w.host(), Password: secret.New(long), InUse: true}}, nil
	}
	w.begin(flow.Given{Targets: []connect.Target{{Provider: "github", Slug: "acme/old"}}}).accept().accept().accept().step(flow.StepReview)
	w.answer(flow.Value{Switch: "e"}).step(flow.StepReview)
	w.accept().step(flow.StepReview).wantProblem("1024 bits")
	if w.read(path) != yml || len(w.travis.Writes()) != 0 {
		t.Error("something was written")
	}
	w.answer(flow.Value{Switch: "e"}).step(flow.StepReview).accept().step(flow.StepTestBuild)
	if len(w.travis.Writes()) != 2 {
		t.Errorf("%d writes", len(w.travis.Writes()))
	}
}

func TestOfSeveralRacksOneIsDeployedTo(t *testing.T) {
	w := newWorld(t)
	path := w.withFile(yml)
	w.console.AddRack(convox.Rack{Organization: "acme", Name: "staging"})
	w.begin(flow.Given{}).choose("Console deploy key").type_(key).step(flow.StepDeployRack)
	w.answer(flow.Value{Key: "acme/staging"}).step(flow.StepReview).accept().step(flow.StepTestBuild).accept().step(flow.StepDone)
	if text := w.read(path); !strings.Contains(text, "--rack acme/staging") {
		t.Errorf("it holds %s", text)
	}
	w = newWorld(t)
	path = w.withFile(yml)
	w.console.AddRack(convox.Rack{Organization: "acme", Name: "staging"})
	w.begin(flow.Given{}).choose("Console deploy key").type_(key).step(flow.StepDeployRack)
	w.answer(flow.Value{Key: "none"}).step(flow.StepReview).accept().step(flow.StepDone)
	if w.read(path) != yml {
		t.Error("it was written")
	}
}

func TestLinesThatCannotBeAddedAreShown(t *testing.T) {
	w := newWorld(t)
	path := w.withFile("{language: ruby}\n")
	w.begin(flow.Given{}).accept().accept().accept().step(flow.StepReview)
	if lines := w.review(); !strings.Contains(lines, "in brackets") || !strings.Contains(lines, "provider: script") {
		t.Errorf("the review says %s", lines)
	}
	w.accept().step(flow.StepTestBuild).accept().step(flow.StepDone)
	w.wantWritten()
	if w.read(path) != "{language: ruby}\n" {
		t.Error("it was written")
	}
}

// A clone of another repository has another file.
func TestTheFileOfAnotherRepositoryIsNotTouched(t *testing.T) {
	w := newWorld(t)
	path := w.withFile(yml)
	w.travis.AddRepository(travistest.Repository{ID: 12, Slug: "acme/other", Active: true})
	w.begin(flow.Given{Targets: []connect.Target{{Provider: "github", Slug: "acme/other"}}}).accept().accept().accept().step(flow.StepReview)
	if q := w.flow.Question(); len(q.Switches) != 0 {
		t.Errorf("%+v", q.Switches)
	}
	w.accept().step(flow.StepTestBuild).accept().step(flow.StepDone)
	if w.read(path) != yml {
		t.Error("it was written")
	}
}

func TestAFileThatChangedMeanwhileIsTriedAgain(t *testing.T) {
	w := newWorld(t)
	path := w.withFile(yml)
	w.begin(flow.Given{}).accept().accept().accept().step(flow.StepReview)
	if err := os.WriteFile(path, []byte("language: go\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	w.accept().step(flow.StepRetry).wantProblem("changed in the meantime")
	if reason := strings.Join(w.flow.Question().Reason, "\n"); !strings.Contains(reason, "both created") || !strings.Contains(reason, ".travis.yml unchanged") {
		t.Errorf("it says %s", reason)
	}
	w.accept().step(flow.StepReview) // what would be written now was not seen yet
	w.accept().step(flow.StepTestBuild)
	if text := w.read(path); !strings.HasPrefix(text, "language: go\n") || !strings.Contains(text, "provider: script") {
		t.Errorf("it holds %s", text)
	}
}

func TestABuildProvesThePairWhenThatIsAsked(t *testing.T) {
	w := newWorld(t)
	var played []travistest.Build
	state := "failed"
	w.travis.OnBuild = func(b travistest.Build) string {
		played = append(played, b)
		return state
	}
	w.travis.BuildTime = 0
	w.begin(flow.Given{}).accept().accept().accept().step(flow.StepReview).accept().step(flow.StepTestBuild)
	if w.flow.Question().Initial.Yes || len(played) != 0 {
		t.Error("it is not off by default")
	}
	w.answer(yes).step(flow.StepTestBuild).wantProblem("couldn't log in")
	state = "passed"
	w.answer(yes).step(flow.StepDone)
	if lines := w.review(); !strings.Contains(lines, "test build       signed in with the new variables") || len(played) != 2 {
		t.Errorf("it ends with %s", lines)
	}
	if played[1].Env["CONVOX_HOST"] != w.rack.Host || !strings.Contains(string(played[1].Config), "convox") {
		t.Errorf("%+v", played[1].Branch)
	}
}

func TestAStopThatCompletesThePairSaysThatTheFileIsNotWritten(t *testing.T) {
	w := newWorld(t)
	path := w.withFile(yml)
	w.stopAt = "reading both variables back"
	w.begin(flow.Given{}).accept().accept().accept().step(flow.StepReview).accept()
	w.wantWritten()
	r := w.flow.Report()
	if w.flow.State() != flow.Over || !errors.Is(r.Stopped, errStop) || w.read(path) != yml {
		t.Errorf("state %d, %v", w.flow.State(), r.Stopped)
	}
	if file := r.Repositories[0].File; file == nil || file.Outcome() != "unchanged" || r.Cleanup("").Command == "" {
		t.Errorf("%+v, %+v", file, r.Cleanup(""))
	}
}

func TestAProofThatIsNotWaitedForIsAnInterruption(t *testing.T) {
	w := newWorld(t)
	w.travis.BuildTime = time.Hour
	w.begin(flow.Given{}).accept().accept().accept().step(flow.StepReview).accept().step(flow.StepTestBuild)
	w.stopAt = "test build: "
	w.answer(yes)
	_, lines := w.flow.Ending()
	said := fmt.Sprint(lines)
	if r := w.flow.Report(); w.flow.State() != flow.Over || !errors.Is(r.Stopped, errStop) || len(r.Errs()) > 0 {
		t.Errorf("state %d, %v", w.flow.State(), r.Stopped)
	}
	if strings.Contains(said, "signed in") || !strings.Contains(said, "the test build was started, and its result is unknown") {
		t.Errorf("it ends with %s", said)
	}
}

// What is in the file counts for every branch.
func TestAPairForOneBranchIsNotEncryptedInTheFile(t *testing.T) {
	w := newWorld(t)
	w.withFile(yml)
	w.begin(flow.Given{}).accept().accept().accept().step(flow.StepReview).answer(flow.Value{Switch: "e"})
	w.flow.Back()
	w.step(flow.StepBranch).answer(flow.Value{Key: "type"}).step(flow.StepBranchName).type_("release").step(flow.StepReview)
	if q := w.flow.Question(); len(q.Switches) != 2 || q.Switches[1].Key != "m" || strings.Contains(w.review(), "encrypted") {
		t.Errorf("%+v, %s", q.Switches, w.review())
	}
	w.flow.Back()
	w.step(flow.StepBranchName)
	w.flow.Back()
	w.step(flow.StepBranch).answer(flow.Value{Key: "branch "}).step(flow.StepReview)
	if q := w.flow.Question(); len(q.Switches) != 3 || q.Switches[2].Key != "e" || q.Switches[2].On {
		t.Errorf("%+v", q.Switches)
	}
}

func TestADryRunTellsOfTheFile(t *testing.T) {
	for switches, want := range map[string]string{"": "deploy step would be added", "e": "deploy step and encrypted variables would be added", "d": ""} {
		w := newWorld(t)
		path := w.withFile(yml)
		w.begin(flow.Given{DryRun: true}).accept().accept().accept().step(flow.StepReview)
		if switches != "" {
			w.answer(flow.Value{Switch: switches}).step(flow.StepReview)
		}
		w.accept()
		r := w.flow.Report().Repositories[0]
		got := ""
		if r.File != nil {
			got = r.File.Outcome()
		}
		if got != want || r.HasChanges() || (len(r.Variables) == 0) != (switches == "e") || w.read(path) != yml || len(w.travis.Writes()) > 0 {
			t.Errorf("%q: %q, %+v", switches, got, r)
		}
	}
}

// What is encrypted is made when it is written, so only the end can give it.
func TestWhatIsEncryptedAndCannotBeAddedIsGivenAtTheEnd(t *testing.T) {
	for name, c := range map[string]struct{ old, want string }{
		"a line that would change":  {"language: ruby\nenv: A=1\n", "add the lines shown to env.global at line 2 yourself"},
		"and nothing can be added":  {"{language: ruby}\n", "add the lines shown to the file yourself"},
		"and the step moves a line": {"language: ruby\nenv: A=1\nscript: true\n", "to env.global at line 2 yourself"},
	} {
		w := newWorld(t)
		path := w.withFile(c.old)
		key, err := w.travis.PrivateKey(slug) // made before a call waits for it
		if err != nil {
			t.Fatal(err)
		}
		w.begin(flow.Given{}).accept().accept().accept().step(flow.StepReview)
		w.answer(flow.Value{Switch: "e"}).step(flow.StepReview)
		if lines := w.review(); !strings.Contains(lines, connect.Placeholder) || !strings.Contains(lines, "The end shows the lines to paste") {
			t.Errorf("%s: the review says %s", name, lines)
		}
		w.accept().step(flow.StepDone)
		if text := w.read(path); strings.Contains(text, "secure") || !strings.HasPrefix(text, c.old) {
			t.Errorf("%s: it holds %s", name, text)
		}
		if added := strings.Contains(w.read(path), "provider: script"); added == strings.HasPrefix(c.old, "{") {
			t.Errorf("%s: the step was added: %t", name, added)
		}
		lines := w.lines()
		secrettest.Absent(t, "the end", lines)
		if !strings.Contains(lines, c.want) || strings.Contains(lines, connect.Placeholder) || strings.Contains(lines, "check --build") || !strings.Contains(lines, "git add") {
			t.Errorf("%s: it ends with %s", name, lines)
		}
		all := sealed.FindAllStringSubmatch(strings.ReplaceAll(lines, "secure: \"", "secure: \""), -1)
		if strings.HasPrefix(c.old, "{") {
			all = regexp.MustCompile(`secure: "?([A-Za-z0-9+/=]+)"?`).FindAllStringSubmatch(lines, -1)
		}
		var opened []string
		for _, found := range all {
			bytes, _ := base64.StdEncoding.DecodeString(found[1])
			//lint:ignore SA1019 as Travis does
			plain, err := rsa.DecryptPKCS1v15(nil, key, bytes)
			if err != nil {
				t.Fatal(err)
			}
			opened = append(opened, string(plain))
		}
		if len(opened) != 2 || opened[0] != "CONVOX_HOST="+w.rack.Host || opened[1] != "CONVOX_PASSWORD='"+secrettest.Canary+"'" {
			t.Errorf("%s: %d are encrypted", name, len(opened))
		}
		if len(w.travis.Writes()) != 0 || !strings.Contains(w.review(), "secure: ") {
			t.Errorf("%s: it ends with %s", name, w.review())
		}
	}
}

// Bash would read such a branch otherwise.
func TestABranchThatTheFileCannotCarryGetsNoStep(t *testing.T) {
	w := newWorld(t)
	path := w.withFile(yml)
	w.travis.AddRepository(travistest.Repository{ID: 12, Slug: "acme/odd", Active: true, DefaultBranch: "a&b"})
	w.outside.Clone = func(context.Context) (gitrepo.Clone, error) {
		return gitrepo.Clone{Remotes: []gitrepo.Remote{{Name: "origin", Host: "github.com", Slug: "acme/odd", Provider: gitrepo.GitHub}}}, nil
	}
	w.begin(flow.Given{Targets: []connect.Target{{Provider: "github", Slug: "acme/odd"}}}).accept().accept().accept().step(flow.StepReview)
	if lines := w.review(); !strings.Contains(lines, "No deploy step is added") || !strings.Contains(lines, "the branch's name isn't one that .travis.yml can contain") {
		t.Errorf("the review says %s", lines)
	}
	if q := w.flow.Question(); len(q.Switches) != 1 || q.Switches[0].Key != "e" {
		t.Errorf("%+v", q.Switches)
	}
	w.accept().step(flow.StepTestBuild).accept().step(flow.StepDone)
	if w.read(path) != yml || len(w.travis.Writes()) != 2 {
		t.Errorf("%d writes", len(w.travis.Writes()))
	}
	w.withFile("after_success: convox deploy\n")
	w.begin(flow.Given{Targets: []connect.Target{{Provider: "github", Slug: "acme/odd"}}}).accept().accept().accept().step(flow.StepReview)
	if lines := w.review(); !strings.Contains(lines, "It already deploys") || strings.Contains(lines, "No deploy step is added") {
		t.Errorf("the review says %s", lines)
	}
}
