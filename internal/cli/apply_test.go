package cli

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"convox-travis/internal/secret/secrettest"
)

const quotedCanary = "'" + secrettest.Canary + "'"

func TestARackByNameIsWritten(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	repo := w.setting("DEMO_REPO")
	w.want(w.run(w.password(), "apply", "--rack", w.setting("DEMO_RACK"), "--repo", repo, "--password-stdin"), 0, "created")
	w.wantPair(repo, "CONVOX_HOST="+w.setting("DEMO_RACK_HOST"), "CONVOX_PASSWORD="+quotedCanary)
}

func TestARackByHostIsWritten(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	repo := w.setting("DEMO_REPO")
	for _, host := range []string{w.setting("DEMO_RACK_HOST"), "https://" + w.setting("DEMO_RACK_HOST") + "/"} {
		w.want(w.run(w.password(), "apply", "--host", host, "--repo", repo, "--password-stdin"), 0)
		w.wantPair(repo, "CONVOX_HOST="+w.setting("DEMO_RACK_HOST"), "CONVOX_PASSWORD="+quotedCanary)
	}
}

func TestADeployKeyIsWritten(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	repo := w.setting("DEMO_REPO")
	console := w.setting("DEMO_CONSOLE_HOST")
	e := w.run(w.key(), "apply", "--console="+console, "--rack", "acme/production", "--repo", repo, "--password-stdin")
	w.want(e, 0)
	if strings.Contains(e.err, "warning") {
		t.Errorf("a deploy key met a warning: %s", e.err)
	}
	w.wantPair(repo, "CONVOX_HOST="+console, "CONVOX_PASSWORD="+w.setting("DEMO_DEPLOY_KEY"))
}

func TestApplySaysWhatAPushThenDeploys(t *testing.T) {
	t.Parallel()
	const hint = "next: run convox-travis yml to see the deploy step, and yml --write to add it"
	args := []string{"apply", "--host"}
	for text, said := range map[string]string{
		"script: make\nafter_success: convox deploy --wait\n": "A push to main deploys web once, after the tests pass. A failed deploy doesn't fail the build. Pull requests, other branches and tags deploy too.",
		"script: make\n": "A push to main deploys nothing.\n" + hint,
		"script: make\nbranches:\n  only: develop\n":           "Travis doesn't build main: `branches.only` on line 3 leaves main out.",
		"script: make\nafter_success: convox deploy --app api": "A push to main deploys api once",
	} {
		w := newWorld(t).withYML(text)
		e := w.run(w.password(), append(args, w.setting("DEMO_RACK_HOST"), "--password-stdin")...)
		w.want(e, 0, said)
		if told := strings.Contains(e.err, hint); told != (!strings.Contains(text, "--wait") && !strings.Contains(text, "only")) {
			t.Errorf("%q: the hint is shown: %t", text, told)
		}
		e = w.run(w.password(), append(args, w.setting("DEMO_RACK_HOST"), "--password-stdin", "--repo", "acme/api")...)
		w.want(e, 0)
		if strings.Contains(e.err, "push to") {
			t.Errorf("of another repository's clone it says %s", e.err)
		}
	}
}

func TestTheEnvironmentIsAWayIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	repo := w.setting("DEMO_REPO")
	w.env["CONVOX_HOST"], w.env["CONVOX_PASSWORD"] = w.setting("DEMO_RACK_HOST"), secrettest.Canary
	w.want(w.run("", "apply", "--repo", repo), 0)
	w.wantPair(repo, "CONVOX_HOST="+w.setting("DEMO_RACK_HOST"), "CONVOX_PASSWORD="+quotedCanary)
}

func TestASavedPasswordIsUsed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	repo := w.setting("DEMO_REPO")
	folder := filepath.Join(w.dir, "config", "convox")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	auth := `{"` + w.setting("DEMO_RACK_HOST") + `": "` + secrettest.Canary + `"}`
	if err := os.WriteFile(filepath.Join(folder, "auth"), []byte(auth), 0o600); err != nil {
		t.Fatal(err)
	}
	w.want(w.run("", "apply", "--rack", w.setting("DEMO_RACK"), "--repo", repo, "--saved"), 0)
	w.wantPair(repo, "CONVOX_HOST="+w.setting("DEMO_RACK_HOST"), "CONVOX_PASSWORD="+quotedCanary)
}

func TestASavedPasswordThatIsRefusedIsNamedByItsFile(t *testing.T) {
	t.Parallel()
	w := newWorld(t).saved()
	file := filepath.Join(w.dir, "config", "convox", "auth")
	if err := os.WriteFile(file, []byte(`{"`+w.setting("DEMO_RACK_HOST")+`": "older"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	w.want(w.run("", "apply", "--rack", w.setting("DEMO_RACK"), "--repo", w.setting("DEMO_REPO"), "--saved"), 4,
		"the Rack doesn't accept the password saved in "+file, "hint: ask whoever changed the Rack's password for the new one", "with --password-stdin, without --saved")
	w.wantNoWrite()
}

// The third generation's convox login writes both files, for a Rack too.
func TestARackThatAClientTookForAConsoleIsFoundByItsStack(t *testing.T) {
	t.Parallel()
	w := newWorld(t).saved()
	host := w.setting("DEMO_RACK_HOST")
	if err := os.WriteFile(filepath.Join(w.dir, "config", "convox", "console"), []byte(host), 0o600); err != nil {
		t.Fatal(err)
	}
	repo := w.setting("DEMO_REPO")
	w.want(w.run("", "apply", "--host", host, "--repo", repo, "--saved"), 2, "no password saved", "hint: save it: run convox login "+host, "hint: or pipe it in with --password-stdin")
	w.wantNoWrite()
	w.want(w.run("", "apply", "--rack", w.setting("DEMO_RACK"), "--repo", repo, "--saved"), 0)
	w.wantPair(repo, "CONVOX_HOST="+host, "CONVOX_PASSWORD="+quotedCanary)
}

func TestTheClonesRepositoryIsTheDefault(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	repo := w.setting("DEMO_REPO")
	git(t, w.dir, "init", "-q")
	git(t, w.dir, "remote", "add", "origin", "https://x:"+secrettest.Canary+"@github.com/"+repo+".git")
	w.want(w.run(w.password(), "apply", "--host", w.setting("DEMO_RACK_HOST"), "--password-stdin"), 0, repo)
	git(t, w.dir, "remote", "add", "fork", "git@github.com:ann/web.git")
	w.want(w.run(w.password(), "apply", "--host", w.setting("DEMO_RACK_HOST"), "--password-stdin"), 2, "--repo ann/web", "--repo "+repo)
}

func git(t *testing.T, dir string, args ...string) {
	t.Helper()
	gitIn(t, dir, args...)
}

func gitIn(t testing.TB, dir string, args ...string) {
	t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_SYSTEM="+os.DevNull)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("git %v: %v: %s", args, err, out)
	}
}

func TestTwiceEndsInTheSameState(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	repo := w.setting("DEMO_REPO")
	args := []string{"apply", "--rack", w.setting("DEMO_RACK"), "--repo", repo, "--password-stdin"}
	w.want(w.run(w.password(), args...), 0, "created")
	first := w.pair(repo)
	w.want(w.run(w.password(), args...), 0, "replaced")
	if second := w.pair(repo); second != first {
		t.Errorf("%s became %s", first, second)
	}
	w.want(w.run(w.password(), append(args, "--skip-existing")...), 0, "unchanged")
}

func TestADryRunWritesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	e := w.run(w.password(), "apply", "--rack", w.setting("DEMO_RACK"), "--repo", w.setting("DEMO_REPO"), "--password-stdin", "--dry-run")
	w.want(e, 0, "would be created")
	w.wantNoWrite()
}

func TestOtherBranchesSurvive(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	before := w.pair("acme/billing")
	if !strings.Contains(before, "@release") {
		t.Fatalf("acme/billing has no branch of its own: %s", before)
	}
	w.want(w.run(w.password(), "apply", "--host", w.setting("DEMO_RACK_HOST"), "--repo", "acme/billing", "--password-stdin"), 0)
	if after := w.pair("acme/billing"); !strings.HasPrefix(after, before+"\n") || after == before {
		t.Errorf("before:\n%s\nafter:\n%s", before, after)
	}
}

func TestAMixedPairNeedsAWord(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	args := []string{"apply", "--host", w.setting("DEMO_RACK_HOST"), "--repo", "acme/payments", "--password-stdin"}
	w.want(w.run(w.password(), args...), 2, "--allow-mixed")
	w.wantNoWrite()
	w.want(w.run(w.password(), append(args, "--allow-mixed")...), 0)
}

func TestAPublicVariableBecomesPrivate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.want(w.run(w.password(), "apply", "--host", w.setting("DEMO_RACK_HOST"), "--repo", "acme/mobile", "--password-stdin"), 0, "warning", "public")
	if strings.Contains(w.pair("acme/mobile"), "public") {
		t.Errorf("still public: %s", w.pair("acme/mobile"))
	}
}

func TestDoublesAreDeleted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if n := strings.Count(w.pair("acme/worker"), "CONVOX_"); n < 3 {
		t.Fatalf("acme/worker has no doubles: %s", w.pair("acme/worker"))
	}
	w.want(w.run(w.password(), "apply", "--host", w.setting("DEMO_RACK_HOST"), "--repo", "acme/worker", "--password-stdin"), 0)
	w.wantPair("acme/worker", "CONVOX_HOST="+w.setting("DEMO_RACK_HOST"), "CONVOX_PASSWORD="+quotedCanary)
}

func TestAWrongPasswordNeverReachesTravis(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, way := range [][]string{
		{"--rack", w.setting("DEMO_RACK")}, {"--host", w.setting("DEMO_RACK_HOST")}, {"--console=" + w.setting("DEMO_CONSOLE_HOST")},
	} {
		args := append([]string{"apply", "--repo", w.setting("DEMO_REPO"), "--password-stdin"}, way...)
		w.want(w.run("wrong-"+secrettest.Canary+"\n", args...), 4, "error:", "hint:")
	}
	w.wantNoWrite()
}

func TestAPasswordThatTheClientCannotSendIsRefusedWithTheReason(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	value := `a b"c`
	w.Rack.SetPassword(value)
	e := w.run(value+"\n", "apply", "--host", w.setting("DEMO_RACK_HOST"), "--repo", w.setting("DEMO_REPO"), "--password-stdin")
	w.want(e, 4, "convox CLI")
	if strings.Contains(e.err, value) {
		t.Error("the value was shown")
	}
	w.wantNoWrite()
}

func TestWhatIsStoredIsWhatBashGives(t *testing.T) {
	t.Parallel()
	for value, stored := range map[string]string{"a$b&c": "'a$b&c'", "abc123": "abc123", "a;b,c=~": "'a;b,c=~'"} {
		w := newWorld(t)
		w.Rack.SetPassword(value)
		repo := w.setting("DEMO_REPO")
		w.want(w.run(value, "apply", "--host", w.setting("DEMO_RACK_HOST"), "--repo", repo, "--password-stdin"), 0)
		w.wantPair(repo, "CONVOX_HOST="+w.setting("DEMO_RACK_HOST"), "CONVOX_PASSWORD="+stored)
		bash, err := exec.LookPath("bash")
		if err != nil {
			continue // the stored text is compared above
		}
		given, err := exec.Command(bash, "-c", "export CONVOX_PASSWORD="+stored+`; printf %s "$CONVOX_PASSWORD"`).Output()
		if err != nil || string(given) != value {
			t.Errorf("bash gave %q, %v", given, err)
		}
	}
}

// An address copied from a browser names the same host.
func TestAnAddressOnTheRackMeansItsHost(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	host, repo := w.setting("DEMO_RACK_HOST"), w.setting("DEMO_REPO")
	w.want(w.run(w.password(), "apply", "--host", "https://"+host+"/apps", "--repo", repo, "--password-stdin"), 0, "created")
	w.wantPair(repo, "CONVOX_HOST="+host, "CONVOX_PASSWORD="+quotedCanary)
	w.want(w.run(w.password(), "apply", "--host", host+"/apps", "--repo", repo, "--password-stdin"), 2, "path")
}

func TestARefusedPasswordOfARackNamesTheRack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	e := w.run("wrong\n", "apply", "--rack", "production", "--repo", w.setting("DEMO_REPO"), "--password-stdin")
	w.want(e, 4, "hint: recover a lost password on a terminal: run convox-travis --rack production --region us-east-1\n",
		"hint: or reset it: run convox-travis reset-password production --region us-east-1\n")
	if strings.Contains(e.err, "--console") || strings.Contains(e.err, "RACK") {
		t.Errorf("it offers a Console, or a placeholder:\n%s", e.err)
	}
	e = w.run("wrong\n", "check", "--rack", "production", "--repo", w.setting("DEMO_REPO"), "--password-stdin")
	w.want(e, 4, "reset-password production --region us-east-1")
}
