package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"convox-travis/internal/convox/convoxtest"
)

func TestAStepCanRunACommandBeforeItPromotes(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withYML(simple)
	step := append(console, "--before-promote", "web rake db:migrate", "--manifest", "ops/convox.yml")
	e := w.run("", step...)
	w.want(e, 0, "this clone has no ops/convox.yml", "A push to main then deploys web to acme/production once, after the tests pass")
	for _, line := range []string{
		"+      /tmp/convox build --app web --rack acme/production --manifest ops/convox.yml --id > /tmp/release &&\n",
		"+      xargs /tmp/convox run web \"rake db:migrate\" --app web --rack acme/production --release < /tmp/release &&\n",
		"+      xargs /tmp/convox releases promote --wait --app web --rack acme/production < /tmp/release'\n",
	} {
		if !strings.Contains(e.out, line) {
			t.Errorf("%q isn't in\n%s", line, e.out)
		}
	}
	w.want(w.run("", append(step, "--write")...), 0, "written")
	w.want(w.run("", append(step, "--check")...), 0, "the file already deploys")
	w.want(w.run("", append(console, "--check")...), 0, "the file already deploys")
	e = w.run("", append(console, "--check", "--before-promote", "web rake db:seed")...)
	w.want(e, 0, "doesn't run that command before it promotes", "hint: delete that step, then run convox-travis yml with --manifest ops/convox.yml too")
	e = w.run("", "yml", "--explain")
	w.want(e, 0)
	if !strings.Contains(e.out, "deploys web to acme/production") {
		t.Errorf("it explains %s", e.out)
	}

	e = w.run("", append(console, "--before-promote", "rake\ndb:migrate", "--json")...)
	var document ymlDocument
	if err := json.Unmarshal([]byte(e.out), &document); err != nil || e.code != 2 || document.Error == nil || !strings.Contains(document.Error.Message, "has a line break") {
		t.Errorf("%d %s", e.code, e.out)
	}
	w.want(w.run("", append(console, "--manifest", "../convox.yml")...), 2, "the manifest's path isn't one that .travis.yml can contain safely", "hint: use a path inside the repository")
	w.want(w.run("", "yml", "--explain", "--before-promote", "web a"), 2, "--explain can't be used with --before-promote")
}

func TestAManifestElsewhereIsNamed(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withYML(simple)
	if err := os.MkdirAll(filepath.Join(w.dir, "ops"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(w.dir, "ops", "convox.yml"), []byte("services:\n  web: {}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	gitIn(w, w.dir, "add", "ops/convox.yml")
	w.want(w.run("", console...), 0, "note: the top folder has no convox.yml", "ops/convox.yml\nhint: pass --manifest PATH")
	e := w.run("", append(console, "--manifest", "ops/convox.yml", "--before-promote", "rake db:migrate")...)
	w.want(e, 0, "ops/convox.yml has no service rake", "hint: start the command with its service: web")
	if strings.Contains(e.err, "top folder") {
		t.Error(e.err)
	}
}

func TestAnAppThatTheRackLacksIsReported(t *testing.T) {
	t.Parallel()
	const missing = "Rack production has no app web, so a deploy of it fails"
	deploys := "script: make\ndeploy:\n  provider: script\n  script: convox deploy --app web --wait\n  on: main\n"
	w := newWorld(t).withYML(deploys)
	w.Rack.SetApps(convoxtest.App{Name: "api"})
	host := []string{"--host", w.setting("DEMO_RACK_HOST"), "--password-stdin"}
	w.want(w.run(w.password(), append([]string{"apply", "--dry-run"}, host...)...), 0, "warning: "+missing, "hint: create it: convox apps create web")
	e := w.run(w.password(), append([]string{"apply", "--json"}, host...)...)
	var document runDocument
	if err := json.Unmarshal([]byte(e.out), &document); err != nil || e.code != 0 || len(document.Warnings) != 1 || document.Warnings[0].Code != "app_missing" {
		t.Errorf("%d %s", e.code, e.out)
	}
	w.want(w.run(w.password(), append([]string{"check"}, host...)...), 5, missing+" (line 4)", "create it: convox apps create web")

	w.Rack.SetApps(convoxtest.App{Name: "web"})
	for _, command := range []string{"apply", "check"} {
		if e := w.run(w.password(), append([]string{command}, host...)...); strings.Contains(e.out+e.err, "no app") {
			t.Errorf("%s: %s %s", command, e.out, e.err)
		}
	}
	w.Rack.SetApps()
	w.writeYML(simple) // deploys nothing
	if e := w.run(w.password(), append([]string{"apply"}, host...)...); strings.Contains(e.out+e.err, "no app") {
		t.Errorf("%s %s", e.out, e.err)
	}
}
