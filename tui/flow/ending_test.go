package flow_test

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"convox-travis/internal/convox"
	"convox-travis/internal/gitrepo"
	"convox-travis/internal/secret"
	"convox-travis/travisapi"
	"convox-travis/travisapi/travistest"
	"convox-travis/tui/flow"
)

// wantText compares the marked lines, without what differs between runs.
func (w *world) wantText(got, want string) {
	w.Helper()
	got = strings.NewReplacer(w.rack.Host, "RACK", w.console.Host, "CONSOLE").Replace(got)
	if want = strings.Trim(want, "\n"); got != want {
		w.Errorf("it says\n%s\nand not\n%s", got, want)
	}
}

func TestTheReviewShowsAllThatIsWritten(t *testing.T) {
	w := newWorld(t)
	w.withFile(yml)
	w.travis.SetEnvVars(slug, []travistest.EnvVar{{ID: "1", Name: "CONVOX_PASSWORD", Value: "a"}, {ID: "2", Name: "CONVOX_PASSWORD", Value: "b"}})
	w.travis.ReadAs(slug, travistest.Reading{Status: 404}) // it confirms nothing
	w.begin(flow.Given{}).accept().accept().accept().step(flow.StepReview)
	q := w.flow.Question()
	if q.Title != "Review: nothing has been written yet" || !q.Guarded || len(q.Reason) > 0 {
		t.Errorf("%+v", q)
	}
	var switches []string
	for _, s := range q.Switches {
		switches = append(switches, fmt.Sprint(s.Key, " ", s.Label, " ", s.On))
	}
	if got := strings.Join(switches, ", "); got != "d deploy step true, m migration false, e encrypt false" {
		t.Error(got)
	}
	lines := regexp.MustCompile(`(?m)^\+  .*\n`).ReplaceAllString(w.review(), "") // what is below deploy
	w.wantText(regexp.MustCompile(`: \d+ lines`).ReplaceAllString(lines, ": N lines"), `
# Travis settings of acme/web
+ CONVOX_HOST      RACK
~ CONVOX_PASSWORD  •••••••• private, accepted by production
- CONVOX_PASSWORD  1 duplicate, ignored by builds

# .travis.yml: N lines added
language: ruby
script: rake
+deploy:

A push to main then deploys web once, after the tests pass. Pull requests and other branches don't deploy.

! CONVOX_PASSWORD is replaced; the old value can't be restored.`)
	w.answer(flow.Value{Switch: "d"}).answer(flow.Value{Switch: "e"}).step(flow.StepReview)
	if lines := w.review(); strings.Contains(lines, "can't be restored") || strings.Contains(lines, "duplicate") {
		t.Errorf("the settings don't change, and it says %s", lines)
	}
}

func TestTheReviewOfADryRunSaysSo(t *testing.T) {
	w := newWorld(t).begin(flow.Given{DryRun: true})
	w.accept().accept().accept().step(flow.StepReview)
	if q := w.flow.Question(); q.Title != "Review: a dry run, nothing will be written" || q.Kind != flow.Ending {
		t.Errorf("%+v", q)
	}
	w.accept()
	title, lines := w.flow.Ending()
	if text := fmt.Sprint(lines); title != "Dry run: nothing was written" || !strings.Contains(text, "CONVOX_HOST      would be created") || strings.Contains(text, "Undo") || strings.Contains(text, "Next") {
		t.Errorf("%s: %s", title, text)
	}
}

func TestADeployKeyIsNamedInTheReview(t *testing.T) {
	w := newWorld(t).begin(flow.Given{})
	w.answer(flow.Value{Index: 1}).type_(key).step(flow.StepReview)
	w.wantText(w.review(), `
# Travis settings of acme/web
+ CONVOX_HOST      CONSOLE
+ CONVOX_PASSWORD  •••••••• private deploy key, accepted by CONSOLE
  The deploy key sees acme/production.`)
}

func TestTheEndSaysWhatWasWrittenAndWhatIsNext(t *testing.T) {
	for name, c := range map[string]struct {
		vars []travistest.EnvVar
		old  string
		want string
	}{
		"all new": {old: yml, want: `
✓ CONVOX_HOST      created
✓ CONVOX_PASSWORD  created
✓ .travis.yml      deploy step added

# Next
$ git add .travis.yml && git commit -m "Deploy with Convox" && git push

# Undo
$ convox-travis remove --repo acme/web
  delete the lines of .travis.yml that git diff shows as added`},
		"a replaced password": {vars: []travistest.EnvVar{{ID: "1", Name: "CONVOX_PASSWORD", Value: "a"}}, old: yml, want: `
✓ CONVOX_HOST      created
✓ CONVOX_PASSWORD  replaced
✓ .travis.yml      deploy step added

# Next
$ git add .travis.yml && git commit -m "Deploy with Convox" && git push

# Remove
$ convox-travis remove --repo acme/web
  deletes both variables; the replaced password can't be restored
  delete the lines of .travis.yml that git diff shows as added`},
		"it deploys": {old: "script: rake\ndeploy:\n  provider: script\n  script: convox deploy --app web\n  on: main\n", want: `
✓ CONVOX_HOST      created
✓ CONVOX_PASSWORD  created
✓ .travis.yml      unchanged: it already deploys

# Undo
$ convox-travis remove --repo acme/web`},
		"no file": {want: `
✓ CONVOX_HOST      created
✓ CONVOX_PASSWORD  created

# Next
$ convox-travis yml --write --host RACK
  run it in the clone of acme/web: it adds the deploy step

# Undo
$ convox-travis remove --repo acme/web`},
	} {
		w := newWorld(t)
		if c.old != "" {
			w.withFile(c.old)
		}
		w.travis.SetEnvVars(slug, c.vars)
		w.begin(flow.Given{}).accept().accept().accept().step(flow.StepReview).accept().step(flow.StepTestBuild)
		if q := w.flow.Question(); q.Title != "Run a test build?" || q.No != "No, finish" || q.Initial.Yes {
			t.Errorf("%+v", q)
		}
		w.accept().step(flow.StepDone)
		q := w.flow.Question()
		if !regexp.MustCompile(`^Done in \d+\.\d s$`).MatchString(q.Title) {
			t.Errorf("%s: %s", name, q.Title)
		}
		t.Log(name)
		w.wantText(w.review(), c.want)
		first := ""
		if _, next, has := strings.Cut(c.want, "# Next\n$ "); has {
			first, _, _ = strings.Cut(next, "\n")
		}
		if got := strings.ReplaceAll(q.Copy, w.rack.Host, "RACK"); got != first {
			t.Errorf("%s: it copies %q", name, got)
		}
		w.accept()
		if title, lines := w.flow.Ending(); w.flow.State() != flow.Over || title != q.Title || fmt.Sprint(lines) != fmt.Sprint(q.Lines) {
			t.Errorf("%s: once it is over, it says %s: %v", name, title, lines)
		}
	}
}

func TestTheEndOfAStopAndOfAFailureSayWhatIsThere(t *testing.T) {
	w := newWorld(t).begin(flow.Given{})
	if title, lines := w.flow.Ending(); title != "" || lines != nil {
		t.Errorf("before anything is tried: %s: %v", title, lines)
	}
	w.accept().accept().accept().failWrites(true)
	w.accept().step(flow.StepRetry).answer(flow.Value{Index: 1})
	title, lines := w.flow.Ending()
	if text := fmt.Sprint(lines); title != "Not completed" || !strings.Contains(text, "CONVOX_HOST      not created") || strings.Contains(text, "Next") || strings.Contains(text, "Undo") {
		t.Errorf("%s: %s", title, text)
	}
	w = newWorld(t)
	w.stopAt = "reading both variables back"
	w.begin(flow.Given{}).accept().accept().accept().step(flow.StepReview).accept()
	title, lines = w.flow.Ending()
	if text := fmt.Sprint(lines); title != "Stopped" || !strings.Contains(text, "CONVOX_PASSWORD  created") || strings.Contains(text, "Next") || !strings.Contains(text, "convox-travis remove --repo acme/web") {
		t.Errorf("%s: %s", title, text)
	}
}

func TestABranchIsPickedFromTheClone(t *testing.T) {
	w := newWorld(t)
	w.outside.Clone = func(context.Context) (gitrepo.Clone, error) {
		return gitrepo.Clone{Remotes: []gitrepo.Remote{{Name: "origin", Host: "github.com", Slug: slug, Provider: gitrepo.GitHub}}, Branch: "release"}, nil
	}
	w.outside.Branches = func(context.Context) []string { return []string{"feature/x", "main", "release"} }
	w.begin(flow.Given{}).accept().accept().accept().step(flow.StepReview)
	w.backTo(flow.StepBranch)
	keys := func() string {
		var all []string
		for _, row := range w.flow.Question().Rows {
			all = append(all, row.Key)
		}
		return strings.Join(all, ", ")
	}
	if got := keys(); got != "branch , branch main, branch release, branch feature/x, type" {
		t.Error(got)
	}
	if q := w.flow.Question(); q.Initial.Key != "branch " || q.Growing || !q.Rows[4].Other || q.Rows[1].Note != "default branch" {
		t.Errorf("%+v", q)
	}
	w.answer(flow.Value{Key: "branch release"}).step(flow.StepReview).reads("Travis settings of acme/web, only for branch release")
	w.backTo(flow.StepBranch)
	w.answer(flow.Value{Key: "type"}).step(flow.StepBranchName)
	for _, text := range []string{"", "a b"} {
		if err := w.flow.Answer(flow.Value{Text: text}); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
	w.type_("other").step(flow.StepReview).reads("only for branch other")
	w.backTo(flow.StepBranchName)
	w.backTo(flow.StepBranch)
	if got := keys(); got != "branch , branch main, branch other, branch release, branch feature/x, type" {
		t.Error(got)
	}
	w.answer(flow.Value{Key: "branch "}).step(flow.StepReview).accept()
	w.wantWritten()

	w = newWorld(t) // its branches are another repository's
	w.travis.AddRepository(travistest.Repository{ID: 11, Slug: "acme/second", Active: true})
	w.outside.Branches = func(context.Context) []string { return []string{"feature/x"} }
	w.begin(flow.Given{Targets: targetsOf("acme/second")}).accept().accept().accept().step(flow.StepReview)
	w.backTo(flow.StepBranch)
	if got := keys(); got != "branch , branch main, type" {
		t.Error(got)
	}
}

func TestARepositoryIsLeftOutWhereAQuestionIsAboutIt(t *testing.T) {
	branch := "old"
	w, keys := newWorldOf(t, 2)
	w.travis.SetEnvVars("acme/r00", []travistest.EnvVar{{ID: "h", Name: "CONVOX_HOST", Value: "x", Branch: &branch}})
	w.toRepositories().pick(keys...).step(flow.StepMixed)
	if q := w.flow.Question(); q.Options[0].Label != "Leave acme/r00 out" || q.Initial.Index != 0 {
		t.Errorf("%+v", q)
	}
	w.accept().step(flow.StepReview).reads("Travis settings of 1 repository", "1 new").accept().step(flow.StepDone)
	w.wantPairs(keys[1])
	if n := len(w.travis.EnvVars("acme/r00")); n != 1 {
		t.Errorf("acme/r00 has %d variables", n)
	}
	w, keys = newWorldOf(t, 1)
	w.travis.AddRepository(travistest.Repository{ID: 60, Slug: "acme/locked", Active: true, Permissions: map[string]bool{"create_env_var": false}})
	w.toRepositories().pick(keys[0], "github acme/locked", "github acme/off").step(flow.StepActivate).answer(flow.Value{Index: 1})
	w.step(flow.StepReview).accept().step(flow.StepDone)
	w.wantPairs(keys[0])
	w.wantNothing("github acme/off", "github acme/locked")
}

func TestTheTokenIsCopiedWhereTheEndpointHasIt(t *testing.T) {
	w := newWorld(t)
	w.outside.Token = func(context.Context) (secret.String, error) { return secret.String{}, nil }
	w.outside.Travis = func(token secret.String) (flow.Travis, error) {
		return travisapi.New(travisapi.Config{Endpoint: "https://travis.acme.example/api", Token: token})
	}
	w.begin(flow.Given{}).accept().accept().accept().step(flow.StepToken).reads("https://travis.acme.example/account/preferences")
	w = newWorld(t)
	w.outside.Token = func(context.Context) (secret.String, error) { return secret.String{}, nil }
	w.begin(flow.Given{}).accept().accept().accept().step(flow.StepToken).reads("https://app.travis-ci.com/account/preferences")
}

func TestRepositoriesAreListedWithTheirNotes(t *testing.T) {
	w := newWorld(t).toRepositories()
	q := w.flow.Question()
	if len(q.Headings) != len(q.Rows[0].Cells) || !strings.HasPrefix(q.Found, "2 repositories, 0.") {
		t.Errorf("%v, %q", q.Headings, q.Found)
	}
	var all []string
	for _, row := range q.Rows {
		all = append(all, fmt.Sprintf("%v %q %t %t %v", row.Cells, row.Note, row.Warn, row.Other, row.Detail))
	}
	w.wantText(strings.Join(all, "\n"), `
[acme/web github] "remote origin" false false [{default branch main} {will deploy to RACK}]
[acme/off github] "inactive on Travis" true false [{default branch main} {will deploy to RACK}]
[Enter a repository…] "" false true []`)
}

func TestAnUnverifiedPasswordIsCalledThat(t *testing.T) {
	w := newWorld(t)
	w.outside.Saved = func(context.Context, ...convox.Host) ([]convox.SavedLogin, error) { return nil, nil }
	w.begin(flow.Given{}).answer(flow.Value{Index: 0}).answer(flow.Value{Key: "host 127.0.0.1:1"}).type_("pw").answer(yes).step(flow.StepReview)
	w.reads("•••••••• private, not verified").accept().step(flow.StepTestBuild).accept().step(flow.StepDone).reads("The password isn't verified")
}
