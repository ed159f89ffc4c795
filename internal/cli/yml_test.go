package cli

import (
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"convox-travis/internal/secret/secrettest"
)

const simple = "language: ruby\nscript: rake # all\n"

// withYML makes the world's place a clone that has a .travis.yml.
func (w *world) withYML(text string) *world {
	w.Helper()
	w.inClone()
	w.writeYML(text)
	return w
}

func (w *world) ymlPath() string { return filepath.Join(w.dir, ".travis.yml") }

func (w *world) writeYML(text string) {
	w.Helper()
	if err := os.WriteFile(w.ymlPath(), []byte(text), 0o644); err != nil {
		w.Fatal(err)
	}
}

func (w *world) yml() string {
	w.Helper()
	text, err := os.ReadFile(w.ymlPath())
	if err != nil {
		w.Fatal(err)
	}
	return string(text)
}

var console = []string{"yml", "--console", "--rack", "acme/production", "--branch", "main", "--app", "web"}

func TestTheDeployStepIsShownWrittenAndFoundAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withYML(simple)
	e := w.run("", console...)
	w.want(e, 0, "+deploy:", "--app web --rack acme/production", "nothing was written")
	if w.yml() != simple || !strings.HasPrefix(e.out, "--- a/.travis.yml\n+++ b/.travis.yml\n@@") {
		t.Errorf("%s", e.out)
	}
	w.want(w.run("", append(console, "--check")...), 5, "something is missing")
	w.want(w.run("", append(console, "--write")...), 0, "written", "git add")
	if text := w.yml(); !strings.HasPrefix(text, simple) || !strings.Contains(text, "provider: script") {
		t.Errorf("it holds %s", text)
	}
	e = w.run("", append(console, "--check")...)
	w.want(e, 0, "the file already deploys, deploy, line")
	if e.out != "" {
		t.Errorf("%s", e.out)
	}
}

func TestAStepThatDoesNotWaitDeploysAndIsWarnedOf(t *testing.T) {
	t.Parallel()
	const download = "curl -fsSL --retry 3 -o /tmp/convox https://download.convox.com/cli/linux/convox"
	for yml, line := range map[string]string{
		simple + "deploy:\n  - provider: script\n    script: >-\n      bash -c '" + download + "\n      && chmod +x /tmp/convox\n      && /tmp/convox deploy --app web'\n    on:\n      branch: main\n":                                  "deploy, line",
		simple + "after_success:\n  - |\n    if [ \"$TRAVIS_BRANCH\" = main ] && [ \"$TRAVIS_PULL_REQUEST\" = false ]; then\n      " + download + " &&\n        chmod +x /tmp/convox &&\n        /tmp/convox deploy --app web\n    fi\n": "after_success, line",
	} {
		w := newWorld(t).withYML(yml)
		for _, flags := range [][]string{{"--check"}, {"--write"}} {
			e := w.run("", append([]string{"yml", "--host", "rack.example.com", "--branch", "main"}, flags...)...)
			w.want(e, 0, "the file already deploys, "+line, "warning: the deploy step on line ", "doesn't wait for the release", "hint: add --wait")
			if w.yml() != yml {
				t.Error("it is changed")
			}
		}
	}
}

func TestItWorksFromAnyFolderOfTheClone(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withYML(simple)
	below := filepath.Join(w.dir, "a", "b")
	if err := os.MkdirAll(below, 0o700); err != nil {
		t.Fatal(err)
	}
	cmd, out, said := w.start(t.Context(), "", append(console, "--write")...)
	cmd.Dir = below
	w.want(w.ended(cmd.Run(), out, said), 0, "written")
	if !strings.Contains(w.yml(), "provider: script") {
		t.Error("it was not written")
	}
	other := filepath.Join(w.dir, "other.yml")
	if err := os.WriteFile(other, []byte("after_success: []\nafter_script: x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	w.want(w.run("", append(console, "--file", other, "--step", "after_success")...), 1, "error: add to .travis.yml, in after_success")
}

func TestWhatCannotBeAddedIsToBePasted(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withYML("{language: ruby}\n")
	e := w.run("", append(console, "--json")...)
	var document ymlDocument
	if err := json.Unmarshal([]byte(e.out), &document); err != nil || document.Error == nil || len(document.Lines) == 0 || document.Changed {
		t.Errorf("%v: %s", err, e.out)
	}
	w.want(e, 1, "in brackets")
	if w.yml() != "{language: ruby}\n" {
		t.Error("it was written")
	}
}

// With --check it is a finding: something is to be added.
func TestWhatCannotBeAddedIsMissingToo(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withYML("{language: ruby}\n")
	e := w.run("", append(console, "--check")...)
	w.want(e, 5, "error: add to .travis.yml", "hint: add the lines shown", "provider: script")
	if e.out != "" {
		t.Errorf("the result is %s", e.out)
	}
	e = w.run("", append(console, "--check", "--json")...)
	var document ymlDocument
	if err := json.Unmarshal([]byte(e.out), &document); err != nil || e.code != 5 || document.Error == nil || len(document.Lines) == 0 || document.Result != "dry-run" {
		t.Errorf("%v: exit %d, %s", err, e.code, e.out)
	}
}

func TestAllThatIsToBePastedIsShownAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withYML("{language: ruby}\n")
	e := w.run(w.password(), "yml", "--rack", "production", "--branch", "main", "--encrypt", "--password-stdin")
	w.want(e, 1, "in env.global: it is written in brackets", "in deploy: it is written in brackets")
	if !strings.Contains(e.out, "secure: ") || !strings.Contains(e.out, "provider: script") {
		t.Errorf("%s", e.out)
	}
}

func TestWhatTheFileCallsIsSaidNotToBeLookedAt(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withYML("language: go\nimport: acme/build:travis.yml\nscript: ./ci/all.sh\n")
	said := []string{"note: line 2: the imported file isn't checked, and may deploy too", "note: line 3: ./ci/all.sh isn't checked, and may deploy too"}
	w.want(w.run("", console...), 0, said...)
	w.want(w.run("", append(console, "--check")...), 5, said...)
	e := w.run("", append(console, "--json")...)
	var document ymlDocument
	if err := json.Unmarshal([]byte(e.out), &document); err != nil || len(document.Warnings) != 2 || document.Warnings[0].Code != "yml_unseen" {
		t.Errorf("%v: %s", err, e.out)
	}
	w.writeYML("language: go\n")
	if e := w.run("", console...); strings.Contains(e.err, "looked at") {
		t.Errorf("%s", e.err)
	}
}

// Travis runs before_deploy and after_deploy for each item of deploy.
func TestADeployThatWouldRunMoreThanItselfIsAskedForByName(t *testing.T) {
	t.Parallel()
	const hooks = "language: go\nbefore_deploy: go tool dist\nafter_deploy: go tool announce\n"
	w := newWorld(t).withYML(hooks)
	e := w.run("", console...)
	w.want(e, 0, "+    - stage: deploy")
	if strings.Contains(e.err, "warning") {
		t.Errorf("%s", e.err)
	}
	w.want(w.run("", append(console, "--step", "deploy")...), 0, "+deploy:", "warning: Travis runs before_deploy and after_deploy", "hint: --step after_success")
	w.writeYML("language: go\nbefore_deploy: skip\n")
	w.want(w.run("", console...), 0, "+deploy:")
}

func TestYMLListsWhatItWasNotGiven(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withYML(simple)
	w.want(w.run("", "yml"), 2, "needs a Rack or Console and the branch to deploy", "--branch NAME")
	w.want(w.run("", "yml", "--console", "--branch", "main"), 2, "the Rack to deploy to")
	w.want(w.run("", append(console, "--step", "x")...), 2, `--step "x": use deploy or after_success`)
	w.want(w.run("", append(console, "--write", "--check")...), 2, "exclude each other")
	w.want(w.run("", append(console, "--app", "a b")...), 2, "the app's name")
	gitIn(w, w.dir, "symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/trunk")
	w.want(w.run("", "yml", "--host", "rack.example.com"), 0, "branch: trunk", "download.convox.com")
	w = newWorld(t)
	w.want(w.run("", console...), 2, "not inside a git clone", "--file PATH")
}

var sealed = regexp.MustCompile(`secure: "([A-Za-z0-9+/=]+)"`)

func TestThePairIsEncryptedForTheRepositoryAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withYML(simple)
	args := []string{"yml", "--rack", "production", "--branch", "main", "--encrypt", "--password-stdin", "--write"}
	for range 2 { // the second time ours are written anew
		w.want(w.run(secrettest.Canary, args...), 0, "written")
		text := w.yml()
		secrettest.Absent(t, "the file", text)
		key, err := w.Travis.PrivateKey(w.setting("DEMO_REPO"))
		if err != nil {
			t.Fatal(err)
		}
		var opened []string
		for _, found := range sealed.FindAllStringSubmatch(text, -1) {
			bytes, err := base64.StdEncoding.DecodeString(found[1])
			if err != nil {
				t.Fatal(err)
			}
			//lint:ignore SA1019 as Travis does
			plain, err := rsa.DecryptPKCS1v15(nil, key, bytes)
			if err != nil {
				t.Fatal(err)
			}
			opened = append(opened, string(plain))
		}
		if strings.Join(opened, " ") != "CONVOX_HOST="+w.setting("DEMO_RACK_HOST")+" CONVOX_PASSWORD="+quotedCanary {
			t.Errorf("%d are encrypted", len(opened))
		}
	}
	w.wantNoWrite()
	w.writeYML(simple)
	w.want(w.run("wrong", args...), 4, "doesn't accept")
	if w.yml() != simple {
		t.Error("an unchecked password was written")
	}
}

// Builds of another repository cannot read what is encrypted for one.
func TestWhatIsEncryptedIsForTheClonesOwnRepository(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withYML("language: go\n")
	w.env["CONVOX_PASSWORD"] = secrettest.Canary
	args := []string{"yml", "--rack", "production", "--branch", "main", "--encrypt", "--write"}
	w.want(w.run("", append(args, "--repo", "acme/api")...), 2, "isn't that of acme/api", "--file PATH")
	if w.yml() != "language: go\n" {
		t.Errorf("it holds %s", w.yml())
	}
	w.want(w.run("", append(args, "--repo", "acme/api", "--file", w.ymlPath())...), 0, "written")
}

func TestWhatIsEncryptedIsNotMissedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withYML("language: go\n")
	args := []string{"yml", "--rack", "production", "--branch", "main", "--encrypt"}
	e := w.run("", append(args, "--check")...)
	w.want(e, 5, "CONVOX_PASSWORD, by convox-travis", "--write instead of --check")
	w.want(w.run(w.password(), append(args, "--password-stdin", "--write")...), 0, "written")
	w.want(w.run("", append(args, "--check")...), 0, "nothing to add")
}

func TestAFileThatCannotBeUsedIsNamed(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withYML("language: go\n")
	args := []string{"yml", "--rack", "production", "--branch", "main", "--write", "--file"}
	w.want(w.run("", append(args, w.dir)...), 1, "read "+w.dir+": it isn't a regular file", "pass another file with --file PATH")
	w.want(w.run("", append(args, w.dir+"/none/x.yml")...), 1, "write "+w.dir+"/none/x.yml: its folder doesn't exist", "create the folder")
	w.want(w.run("", append(args, "-")...), 2, "--file can't read standard input")
}
