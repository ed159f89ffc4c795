package cli

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"mvdan.cc/sh/v3/shell"

	"convox-travis/internal/connect"
	"convox-travis/internal/faults"
	"convox-travis/internal/secret/secrettest"
	"convox-travis/travisapi/travistest"
)

// goodFile deploys as it should.
const goodFile = `language: ruby
deploy:
  provider: script
  script: bash -c 'curl -fsSL -o /tmp/convox https://download.convox.com/cli/linux/convox && chmod +x /tmp/convox && /tmp/convox deploy --app web --wait'
  on:
    branch: main
`

// checkout makes the folder the clone of acme/web, with a commit for each text
// of .travis.yml.
func (w *world) checkout(t testing.TB, texts ...string) {
	t.Helper()
	made, _ := clones.LoadOrStore(strings.Join(texts, "\x00"), sync.OnceValue(func() fs.FS { return makeClone(t, texts) }))
	if err := os.CopyFS(w.dir, made.(func() fs.FS)()); err != nil {
		t.Fatal(err)
	}
}

// clones are those that were checked out, by their commits: git makes each once.
var clones sync.Map

func makeClone(t testing.TB, texts []string) fs.FS {
	t.Helper()
	dir := t.TempDir()
	gitIn(t, dir, "init", "-q", "--template=")
	gitIn(t, dir, "remote", "add", "origin", "git@github.com:acme/web.git")
	for _, text := range texts {
		if err := os.WriteFile(filepath.Join(dir, ".travis.yml"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		gitIn(t, dir, "add", ".travis.yml")
		gitIn(t, dir, "-c", "user.name=Ann", "-c", "user.email=ann@example.com", "commit", "-q", "-m", "change")
	}
	files := fstest.MapFS{}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		file := &fstest.MapFile{Mode: entry.Type() | 0o600}
		if !entry.IsDir() {
			file.Data, err = os.ReadFile(path)
		}
		files[filepath.ToSlash(strings.TrimPrefix(path, dir+string(filepath.Separator)))] = file
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// setUp gives acme/web its pair.
func (w *world) setUp() {
	w.Helper()
	w.Travis.SetEnvVars("acme/web", []travistest.EnvVar{
		{ID: "h", Name: "CONVOX_HOST", Value: w.setting("DEMO_RACK_HOST")},
		{ID: "p", Name: "CONVOX_PASSWORD", Value: quotedCanary},
	})
}

// checked reads the one JSON document of a run.
func (w *world) checked(e ending) checkDocument {
	w.Helper()
	var document checkDocument
	decoder := json.NewDecoder(strings.NewReader(e.out))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&document); err != nil || decoder.More() {
		w.Fatalf("%v in %s", err, e.out)
	}
	return document
}

func codesOf(document checkDocument) string {
	var all []string
	for _, f := range document.Findings {
		all = append(all, f.Severity+" "+f.Code)
	}
	return strings.Join(all, ", ")
}

func TestCheckFindsNothingOnAWellSetUpRepository(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.setUp()
	w.checkout(t, goodFile)
	e := w.run(w.password(), "check", "--host", w.setting("DEMO_RACK_HOST"), "--password-stdin")
	w.want(e, 0)
	if e.out != "acme/web: Travis confirms what a push to main runs\nnothing found in 1 repository\n" || e.err != "" {
		t.Errorf("%q, %q", e.out, e.err)
	}
	document := w.checked(w.run("", "check", "--json"))
	if document.Version != 1 || document.Result != "done" || len(document.Findings) != 0 || len(document.Repositories) != 1 || document.Repositories[0].Slug != "acme/web" || document.Repositories[0].ID == 0 {
		t.Errorf("%+v", document)
	}
	w.wantNoWrite()
}

func TestCheckFindsWhatIsWrongAndChangesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	e := w.run("", "check", "--repo", "acme/mobile", "--repo", "acme/worker", "--repo", "acme/website", "--repo", "acme/nowhere")
	w.want(e, 5, "CONVOX_PASSWORD is public", "convox-travis --repo acme/mobile", "2 times", "neither CONVOX_HOST nor CONVOX_PASSWORD",
		"isn't active there", "Travis doesn't know it", "no Rack", "3 errors, 4 warnings, 1 note in 4 repositories")
	if e.err != "" {
		t.Errorf("it says beside the result: %s", e.err)
	}
	w.wantNoWrite()
}

func TestCheckNotesAloneAreNoFinding(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	e := w.run("", "check", "--repo", "acme/billing", "--json")
	w.want(e, 0)
	if document := w.checked(e); document.Result != "done" || codesOf(document) != "note branches_only" {
		t.Errorf("%+v", document)
	}
}

func TestCheckTellsItAsJSON(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	e := w.run("", "check", "--repo", "acme/payments", "--repo", "gitlab.com/acme/embedded", "--json")
	w.want(e, 5)
	document := w.checked(e)
	if document.Result != "found" || codesOf(document) != "error missing_password, note branches_only, error missing_pair" {
		t.Errorf("%+v", document)
	}
	last := document.Findings[2]
	if *last.Repository != "acme/embedded" || *last.Provider != "gitlab" || !strings.Contains(last.Hint, "--repo gitlab.com/acme/embedded") {
		t.Errorf("%+v", last)
	}
	lines := strings.Split(strings.TrimSpace(w.run("", "check", "--repo", "acme/payments", "--json=lines").out), "\n")
	if len(lines) != 2 || !strings.HasPrefix(lines[0], `{"severity":"error","code":"missing_password",`) {
		t.Errorf("%q", lines)
	}
}

func TestCheckLooksForSecretsInTheFileAndItsCommits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.setUp()
	open := goodFile + "env:\n  global:\n    - \"CONVOX_PASSWORD='" + secrettest.Canary + "'\"\n"
	w.checkout(t, open, goodFile)
	w.want(w.run("", "check"), 5, "CONVOX_PASSWORD is in clear text in the .travis.yml of", "commit", "1 warning")
	if err := os.WriteFile(filepath.Join(w.dir, ".travis.yml"), []byte(open), 0o600); err != nil {
		t.Fatal(err)
	}
	e := w.run(w.password(), "check", "--host", w.setting("DEMO_RACK_HOST"), "--password-stdin", "--json")
	w.want(e, 5, "the given password")
	if got := codesOf(w.checked(e)); got != "error plain_secret, warning overridden" {
		t.Error(got)
	}
	w.want(w.run("", "check", "--repo", "acme/admin"), 0) // another repository's file is not here
}

func TestCheckProvesTheCredential(t *testing.T) {
	t.Parallel()
	w := newWorld(t).watched()
	w.setUp()
	console := "--console=" + w.setting("DEMO_CONSOLE_HOST")
	e := w.run("wrong\n", "check", "--repo", "acme/web", "--host", w.setting("DEMO_RACK_HOST"), "--password-stdin", "--json")
	w.want(e, 4)
	if document := w.checked(e); document.Result != "refused" || codesOf(document) != "error credential_refused" || document.Findings[0].Repository != nil {
		t.Errorf("%+v", document)
	}
	w.want(w.run(w.key(), "check", "--repo", "acme/web", console, "--password-stdin"), 0)
	w.want(w.run(w.key(), "check", "--repo", "acme/web", console, "--rack", "globex/production", "--password-stdin"), 5, "can't see Rack globex/production", "acme/staging")
	w.want(w.run("", "check", "--repo", "acme/mobile", "--rack", "payments"), 5, "IP allowlist", "and not rack.payments-1690000000")
	w.checkout(t, goodFile)
	w.want(w.run(w.key(), "check", console, "--password-stdin"), 5, "names no Rack")
}

func TestCheckHasABuildProveWhatIsSet(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.setUp()
	w.checkout(t, goodFile)
	builds := make(chan travistest.Build, 9)
	play := func(took time.Duration, state string) {
		w.Travis.PlayBuilds(took, func(b travistest.Build) string {
			builds <- b
			return state
		})
	}
	play(0, "passed")
	host := w.setting("DEMO_RACK_HOST")
	e := w.run("", "check", "--host", host, "--build")
	w.want(e, 0, "acme/web: a test build logged in with the stored variables", "nothing found")
	if played := <-builds; played.Env["CONVOX_HOST"] != host || played.Branch != "main" || !strings.Contains(string(played.Config), "convox") {
		t.Errorf("a build of %s", played.Branch)
	}
	play(0, "failed")
	e = w.run("", "check", "--host", host, "--build", "--json")
	w.want(e, 5)
	if document := w.checked(e); codesOf(document) != "error proof_failed" || document.Result != "found" {
		t.Errorf("%+v", document)
	}
	for repo, why := range map[string]string{"acme/website": "the variables aren't set", "acme/api": "the variables aren't set"} {
		w.want(w.run("", "check", "--repo", repo, "--host", host, "--build"), 5, repo+": no test build was started: "+why)
	}
	document := w.checked(w.run("", "check", "--repo", "acme/api", "--host", host, "--build", "--json"))
	if proof := document.Repositories[0].TestBuild; proof == nil || proof.State != "" || proof.Reason == "" {
		t.Errorf("%+v", proof)
	}
	w.want(w.run("", "check", "--build"), 2, "the Rack that builds log in to")
	w.want(w.run("", "check", "--build", "--console="+w.setting("DEMO_CONSOLE_HOST")), 2, "--rack ORG/NAME")
	w.want(w.run("", "check", "--build", "--owner", "acme", "--all", "--host", host), 2, "--build and --all exclude each other")
	if len(builds) != 1 {
		t.Errorf("%d builds after the first", len(builds))
	}
	play(time.Hour, "passed")
	w.want(w.run("", "check", "--host", host, "--build", "--timeout", "2s"), 1, "its result is unknown", "nothing found")
}

// A hint is a command for the run that comes next.
func TestAHintOfCheckCanBeRunAsItIs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.checkout(t, "language: go\n")
	host := w.setting("DEMO_RACK_HOST")
	e := w.run(w.password(), "check", "--host", host, "--password-stdin", "--travis-endpoint", w.env["TRAVIS_ENDPOINT"], "--json")
	w.want(e, 5)
	endpoint := w.env["TRAVIS_ENDPOINT"]
	delete(w.env, "TRAVIS_ENDPOINT")
	for _, f := range w.checked(e).Findings {
		for _, hint := range strings.Split(f.Hint, "\n") {
			_, command, is := strings.Cut(hint, "convox-travis ")
			if !is {
				continue
			}
			command, file, piped := strings.Cut(command, " < ")
			input := ""
			if piped && file == "PASSWORD-FILE" {
				input = w.password()
			}
			if e := w.pasted(input, command); e.code != 0 {
				t.Errorf("%s: %s: exit %d\n%s", f.Code, command, e.code, e.err)
			}
		}
	}
	w.env["TRAVIS_ENDPOINT"] = endpoint
	w.want(w.run(w.password(), "check", "--host", host, "--password-stdin"), 0, "nothing found")
}

// Every flag of a command that a hint shows is one of that command.
func TestTheFlagsOfHintsAreThoseOfTheirCommands(t *testing.T) {
	t.Parallel()
	const pair = "env:\n  global:\n    CONVOX_HOST: rack.example.com\n    CONVOX_PASSWORD: "
	w := newWorld(t)
	w.checkout(t, goodFile+pair+"old\n", "script: go test\n"+pair+"{secure: \"YQ==\"}\n")
	host, console := w.setting("DEMO_RACK_HOST"), "--console="+w.setting("DEMO_CONSOLE_HOST")
	next := "next"
	w.Travis.SetEnvVars("acme/web", []travistest.EnvVar{{ID: "h", Name: "CONVOX_HOST", Value: host}, {ID: "n", Name: "CONVOX_HOST", Value: host, Branch: &next}})
	shown := map[string]int{}
	for input, args := range map[string]string{
		"":           "check --repo acme/web --repo gitlab.com/acme/embedded --branch next",
		w.password(): "check --host " + host + " --password-stdin --fingerprint " + strings.Repeat("ab", 32),
		w.key():      "check " + console + " --rack acme/production --password-stdin --travis-endpoint " + w.env["TRAVIS_ENDPOINT"],
		"\n":         "check --host " + host + " --repo acme/web",
	} {
		for _, f := range w.checked(w.run(input, append(strings.Fields(args), "--json")...)).Findings {
			for line := range strings.Lines(f.Hint) {
				_, line, is := strings.Cut(strings.TrimSpace(line), "convox-travis ")
				line, _, _ = strings.Cut(line, " < ")
				words, err := shell.Fields(line, nil)
				if !is || err != nil || strings.Contains(line, " with the ") {
					continue
				}
				root := newRoot(&program{env: os.Getenv}, &connect.Stop{Soft: t.Context(), Hard: t.Context()})
				cmd, flags, err := root.Find(words)
				if err == nil {
					err = cmd.ParseFlags(flags)
				}
				if err != nil || cmd.Flags().NArg() > 0 {
					t.Errorf("%s: %q: %v", f.Code, line, err)
				}
				shown[cmd.Name()]++
			}
		}
	}
	for _, name := range []string{"convox-travis", "apply", "remove", "yml", "check"} {
		if shown[name] == 0 {
			t.Errorf("no hint shows %s: %v", name, shown)
		}
	}
}

func TestNoBuildIsRunWhereTheFileHasThePair(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.checkout(t, goodFile+"env:\n  global:\n    # CONVOX_HOST, by convox-travis\n    - secure: \"YQ==\"\n    # CONVOX_PASSWORD, by convox-travis\n    - secure: \"YQ==\"\n")
	w.want(w.run("", "check", "--host", w.setting("DEMO_RACK_HOST"), "--build"), 0, "no test build was started: the variables are in the file")
	w.wantNoWrite()
}

func TestABuildThatTellsNothingIsNoRefusal(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.setUp()
	w.Travis.PlayBuilds(0, func(travistest.Build) string { return "canceled" })
	e := w.run("", "check", "--repo", "acme/web", "--host", w.setting("DEMO_RACK_HOST"), "--build", "--json")
	w.want(e, 1, "verifies nothing")
	if document := w.checked(e); codesOf(document) != "" || document.Repositories[0].Error.Code != "proof_unknown" {
		t.Errorf("%+v", document)
	}
}

// The demo's builds log in as real ones do: with what is set, or not at all.
func TestABuildOfTheDemoTellsTheTruth(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.setUp()
	host := w.setting("DEMO_RACK_HOST")
	document := w.checked(w.run("", "check", "--repo", "acme/web", "--host", host, "--build", "--json"))
	if proof := document.Repositories[0].TestBuild; proof == nil || proof.State != "passed" {
		t.Errorf("%+v", proof)
	}
	w.Travis.SetEnvVars("acme/web", []travistest.EnvVar{{ID: "h", Name: "CONVOX_HOST", Value: host}, {ID: "p", Name: "CONVOX_PASSWORD", Value: "another"}})
	w.want(w.run("", "check", "--repo", "acme/web", "--host", host, "--build"), 5, "it couldn't log in with the variables that are set")
}

func TestCheckTakesAllOfAnOwners(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	e := w.run("", "check", "--owner", "acme", "--all", "--active")
	w.want(e, 5, "acme/mobile", "acme/payments", "without Convox variables", "\n3 repositories with both variables: acme/admin, acme/mobile, acme/worker\n")
	if strings.Contains(e.out, "service-") || strings.Contains(e.out, "acme/website") {
		t.Errorf("what has nothing of Convox is listed:\n%s", e.out)
	}
	document := w.checked(w.run("", "check", "--owner", "acme", "--all", "--json"))
	both := 0
	for _, r := range document.Repositories {
		if r.HasBoth {
			both++
		}
	}
	if both != 3 || len(document.Repositories) < 20 || !strings.Contains(codesOf(document), "note not_set_up") {
		t.Errorf("%d repositories: %s", len(document.Repositories), codesOf(document))
	}
	w.want(w.run("", "check", "--owner", "acme", "--all", "--provider", "gitlab"), 0, "in 1 repository")
	w.want(w.run("", "check", "--owner", "nobody", "--all"), 1, "error: ")
	for _, args := range [][]string{{"--owner", "acme"}, {"--all"}, {"--active", "--repo", "a/b"}, {"--owner", "acme", "--all", "--repo", "a/b"}} {
		w.want(w.run("", append([]string{"check"}, args...)...), 2, "hint: ")
	}
}

func TestCheckListsTheAnswersThatAreMissing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	delete(w.env, "TRAVIS_TOKEN")
	w.want(w.run("", "check", "--password-stdin"), 2, "a Rack or Console", "a repository", "a Travis token")
	w.want(w.run("", "check", "--repo", "acme/web", "https://x"), 2, "check takes no argument, only flags")
}

func TestCheckSaysWhatItCouldNotRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.env["TRAVIS_TOKEN"] = "unknown"
	e := w.run("", "check", "--repo", "acme/web", "--json")
	w.want(e, 4)
	if document := w.checked(e); document.Result != "refused" || document.Error == nil || document.Error.Code != "unknown_token" {
		t.Errorf("%+v", document)
	}
	w = newWorld(t)
	w.Travis.Faults.Add(faults.Rule{Kind: faults.RedirectAway, Times: -1, Match: func(r faults.Request) bool { return strings.HasSuffix(r.Path, "/env_vars") }})
	e = w.run("", "check", "--repo", "acme/web", "--json")
	w.want(e, 1, "error: ")
	if document := w.checked(e); document.Result != "failed" || document.Repositories[0].Error == nil {
		t.Errorf("%+v", document)
	}
}

func TestCheckEndsWhenItsTimeIsOver(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Travis.Faults.SetLatency(5 * time.Second)
	e := w.run("", "check", "--repo", "acme/web", "--timeout", "100ms", "--json")
	w.want(e, 1, "--timeout")
	if document := w.checked(e); document.Result != "failed" || document.Error.Code != "timeout" || document.Findings == nil {
		t.Errorf("%s", e.out)
	}
}

func TestCheckSaysWhatBuildsOfTheCloneDo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.setUp()
	w.checkout(t, strings.Replace(goodFile, "branch: main", "branch: master", 1))
	e := w.run("", "check", "--json")
	w.want(e, 5, "runs for master only, not for pushes to main: `on.branch` on line 6 is master")
	if got := codesOf(w.checked(e)); got != "warning never_deploys" {
		t.Error(got)
	}
	w.wantNoWrite()
}
