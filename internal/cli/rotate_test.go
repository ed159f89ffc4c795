package cli

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"convox-travis/internal/connect"
	"convox-travis/internal/faults"
	"convox-travis/internal/secret/secrettest"
	"convox-travis/travisapi/travistest"
)

// oldPair are variables from before a rotation.
var oldPair = []travistest.EnvVar{{ID: "old-host", Name: "CONVOX_HOST", Value: "old"}, {ID: "old-password", Name: "CONVOX_PASSWORD", Value: "old"}}

// rotations is a world with n repositories of acme, of which only the first ones of
// acme/service-… have variables: both. It returns those, and others.
func rotations(t *testing.T, n, existing int) (w *world, have, lack []string) {
	t.Helper()
	w, names := services(t, n)
	lack = []string{"acme/admin", "acme/billing", "acme/payments", "acme/mobile", "acme/worker"}
	for _, name := range lack {
		w.Travis.SetEnvVars(name, nil)
	}
	for _, name := range names[:existing] {
		w.Travis.SetEnvVars(name, oldPair)
	}
	return w, names[:existing], append(lack, names[existing:]...)
}

// listFile is a file for --repos-from.
func listFile(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "repositories.txt")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// Of 200 repositories, 30 have the variables, and 20 of those use the Rack: only Travis's
// owner knows which.
func TestARotationWritesOnlyToThoseThatAreNamed(t *testing.T) {
	t.Parallel()
	w, have, lack := rotations(t, 200, 30)
	list := w.run("", "apply", "--owner", "acme", "--all", "--only-existing")
	w.want(list, 0, "30 with both variables; nothing was written", "Travis doesn't show which Rack", "next: run convox-travis apply --repos-from FILE --only-existing --rack NAME")
	w.wantNoWrite()
	if got := strings.Fields(list.out); !sameSet(got, have) {
		t.Fatalf("candidates: %q", got)
	}
	for _, r := range w.Travis.Faults.Requests() {
		if strings.HasPrefix(r.Path, "/repo/") && !strings.HasSuffix(r.Path, "/env_vars") {
			t.Errorf("%s is asked, which the list has told", r.Path)
		}
	}
	if len(w.Rack.Faults.Requests()) > 0 {
		t.Error("a listing needs no credential, and the Rack was asked")
	}

	named := have[:20]
	w.Travis.Faults.Forget()
	e := w.apply("--repos-from", listFile(t, strings.Join(named, "\n")), "--only-existing")
	w.want(e, 0, "20 repositories: 20 replaced, 0 skipped, 0 failed, 0 not started")
	count := map[string]int{}
	for _, r := range w.Travis.Faults.Requests() {
		count[r.Method]++
	}
	// Each is read with its variables, gets two values, and is read back.
	if want := map[string]int{http.MethodGet: 3 * len(named), http.MethodPatch: 2 * len(named)}; fmt.Sprint(count) != fmt.Sprint(want) {
		t.Errorf("%v requests, not %v", count, want)
	}
	for _, name := range named {
		w.wantPair(name, "CONVOX_HOST="+w.setting("DEMO_RACK_HOST"), "CONVOX_PASSWORD="+quotedCanary)
	}
	for _, name := range have[20:] {
		w.wantPair(name, "CONVOX_HOST=old", "CONVOX_PASSWORD=old")
	}
	for _, name := range lack {
		w.wantPair(name)
	}
}

func sameSet(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}

func TestOnlyExistingSkipsTheOthersWithTheReason(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.env["CONVOX_PASSWORD"] = secrettest.Canary
	w.Travis.SetEnvVars("acme/api", oldPair[:1])
	w.Travis.SetEnvVars("acme/website", nil) // and it is inactive
	repos := reposOf([]string{"acme/web", "acme/api", "acme/billing", "acme/admin", "acme/website"})
	dry := w.apply(append(repos, "--only-existing", "--dry-run")...)
	w.want(dry, 0, "acme/admin    both would be replaced", "acme/web      skipped: it has no CONVOX_HOST or CONVOX_PASSWORD\n")
	e := w.apply(append(repos, "--only-existing")...)
	w.want(e, 0, "5 repositories: 1 replaced, 4 skipped, 0 failed",
		"acme/web      skipped: it has no CONVOX_HOST or CONVOX_PASSWORD\n",
		"acme/api      skipped: it has no CONVOX_PASSWORD\n",
		"acme/billing  skipped: it has no CONVOX_HOST or CONVOX_PASSWORD for all branches; it has variables for release\n",
		"acme/admin    both replaced\n",
		"remove: convox-travis remove --repo acme/admin\n")
	if strings.Contains(e.err, "inactive") {
		t.Errorf("a skipped repository is warned of: %s", e.err)
	}
	e = w.apply("--repo", "acme/billing", "--repo", "acme/admin", "--only-existing", "--branch", "release")
	w.want(e, 0, "acme/billing  both replaced for branch release\n", "acme/admin    skipped: it has no CONVOX_HOST or CONVOX_PASSWORD for branch release\n")
	w.want(w.apply("--repo", "acme/web", "--only-existing"), 0, "acme/web\n  skipped: it has no ")
	document := w.document(w.apply("--repo", "acme/web", "--repo", "acme/admin", "--only-existing", "--json"))
	if web, admin := document.Repositories[0], document.Repositories[1]; document.Result != "done" || !strings.Contains(web.Skipped, "CONVOX_HOST") || len(web.Variables) > 0 || admin.Skipped != "" || len(admin.Variables) != 2 {
		t.Errorf("%+v", document)
	}
	w.want(w.apply("--only-existing", "--skip-existing"), 2, "exclude each other")
}

func TestTheCandidatesOfAnOwnerAreListed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Travis.SetEnvVars("acme/website", oldPair)
	list := func(args ...string) ending {
		return w.run("", append([]string{"apply", "--owner", "acme", "--all", "--only-existing"}, args...)...)
	}
	e := list()
	w.want(e, 0, "note: skipped 1 repository that this Travis account can't change")
	if got := strings.Fields(e.out); !sameSet(got, []string{"acme/admin", "acme/mobile", "acme/worker", "acme/website"}) {
		t.Errorf("%q", got)
	}
	if e := list("--active"); strings.Contains(e.out, "acme/website") || e.code != 0 {
		t.Errorf("--active makes no difference: %s", e.out)
	}
	w.want(list("--branch", "release", "--rack", "production", "--saved"), 0, "acme/billing\n", "(branch release)",
		"next: run convox-travis apply --repos-from FILE --only-existing --rack production --saved --branch release\n")
	w.want(list("--provider", "gitlab"), 0, "1 repository: 0 with both variables")
	w.Travis.SetEnvVars("acme/embedded", oldPair)
	other := list("--provider", "gitlab")
	w.want(other, 0, "gitlab.com/acme/embedded\n")
	w.env["CONVOX_PASSWORD"] = secrettest.Canary
	w.want(w.apply("--repos-from", listFile(t, other.out), "--only-existing"), 0, "gitlab acme/embedded\n  CONVOX_HOST      replaced")

	document := w.document(list("--json"))
	for _, r := range document.Repositories {
		if r.Error != nil || len(r.Variables) != 2 || r.Variables[0].Action != "none" || r.Variables[0].Result != nil {
			t.Errorf("%+v", r)
		}
	}
	if document.Result != "dry-run" || len(document.Repositories) != 4 {
		t.Errorf("%+v", document)
	}
	if lines := list("--json=lines"); strings.Count(lines.out, "\n") != 4 || strings.Count(lines.out, `"slug":"acme/`) != 4 {
		t.Errorf("lines: %s", lines.out)
	}

	w.Travis.Faults.Add(faults.Rule{Kind: faults.Status500, Times: -1, Match: func(r faults.Request) bool {
		return strings.HasSuffix(r.Path, "/env_vars") && strings.Contains(r.Path, "acme%2Fadmin")
	}})
	w.want(list(), 1, "acme/mobile\n", "error: ", "acme/admin")
	w.Travis.Ban(w.env["TRAVIS_TOKEN"])
	if e := list(); e.code == 0 || e.out != "" {
		t.Errorf("banned: %+v", e)
	}
}

// Running a rotation again replaces again, which is harmless, so its resume is the same
// command.
func TestABannedRotationIsContinuedByTheSameCommand(t *testing.T) {
	t.Parallel()
	w, have, lack := rotations(t, 60, 20)
	token, sent := w.env["TRAVIS_TOKEN"], 0
	w.Travis.Faults.Add(faults.Rule{Kind: faults.Status500, Times: -1, Match: func(r faults.Request) bool {
		if r.Method == http.MethodPatch {
			if sent++; sent == 10 {
				w.Travis.Ban(token)
			}
		}
		return false
	}})
	args := append(reposOf(append(slices.Clone(have), lack[0])), "--only-existing")
	e := w.apply(args...)
	w.want(e, 3, "1 skipped", "not started")
	if !regexp.MustCompile(`hint: ` + again + ` after \d\d:\d\d\n`).MatchString(e.err) {
		t.Fatalf("it says %s", e.err)
	}
	w.Travis.Faults.Clear()
	w.Travis.Pardon()
	w.want(w.apply(args...), 0, "21 repositories: 20 replaced, 1 skipped, 0 failed, 0 not started")
	for _, name := range have {
		w.wantPair(name, "CONVOX_HOST="+w.setting("DEMO_RACK_HOST"), "CONVOX_PASSWORD="+quotedCanary)
	}
	w.wantPair(lack[0])
}

// A lost password: reset it, list the candidates, edit the list, and rotate.
func TestARotationFromResetToBuilds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.secrets = append(w.secrets, brandNew)
	w.want(w.run(brandNew+"\n", "reset-password", "production", "--region", "us-east-1", "--password-stdin", "--yes"), 0,
		"next: Rotate it in the repositories that deploy to this Rack: convox-travis --rack production --only-existing\n")
	list := w.run("", "apply", "--owner", "acme", "--all", "--only-existing", "--active", "--rack", "production", "--password-stdin")
	w.want(list, 0, "next: run convox-travis apply --repos-from FILE --only-existing --rack production --password-stdin < PASSWORD-FILE\n")
	edited := strings.ReplaceAll(list.out, "acme/worker\n", "# acme/worker uses another Rack\n")
	e := w.run(brandNew+"\n", "apply", "--repos-from", listFile(t, edited), "--only-existing", "--rack", "production", "--region", "us-east-1", "--password-stdin")
	w.want(e, 0, "acme/admin   both replaced", "acme/mobile  both replaced", "2 repositories: 2 replaced, 0 skipped")
	for _, name := range []string{"acme/admin", "acme/mobile"} {
		w.wantPair(name, "CONVOX_HOST="+w.setting("DEMO_RACK_HOST"), "CONVOX_PASSWORD="+brandNew)
	}
	if pair := w.pair("acme/worker"); strings.Contains(pair, brandNew) {
		t.Errorf("acme/worker has %s", pair)
	}
}

// In plain lines too, Enter alone picks none of the candidates.
func TestTheWizardRotates(t *testing.T) {
	t.Parallel()
	w := newWorld(t).inClone()
	w.env["CONVOX_PASSWORD"] = secrettest.Canary
	w.Travis.SetEnvVars("acme/website", oldPair)
	wizard := func(input string, args ...string) ending {
		return w.run(input, append([]string{"--accessible", "--only-existing", "--host", w.setting("DEMO_RACK_HOST")}, args...)...)
	}
	w.want(wizard("\n"), 2, "Which repositories get the new values?", "the wizard needs a repository and your confirmation")
	w.wantNoWrite()
	e := wizard("acme/admin acme/worker\nyes\n")
	w.want(e, 0, "2 replaced", "2 repositories set up in ", "acme/worker  both replaced")
	for _, r := range w.Travis.Writes() {
		if r.Method == http.MethodPost {
			t.Errorf("%s %s", r.Method, r.Path)
		}
	}
	w.wantPair("acme/website", "CONVOX_HOST=old", "CONVOX_PASSWORD=old")
	listed := wizard("", "--owner", "acme", "--all", "--active")
	if w.want(listed, 2, "acme/mobile"); strings.Contains(listed.err, "acme/website") || strings.Contains(listed.err, "acme/api") {
		t.Errorf("it lists %s", listed.err)
	}
}

// A rotation that was chosen in the wizard, after a reset, isn't in the command line.
func TestAChosenRotationIsContinuedWithItsFlag(t *testing.T) {
	t.Parallel()
	var report connect.Report
	for _, name := range []string{"acme/web", "acme/api"} {
		target := connect.Target{Slug: name}
		report.Repositories = append(report.Repositories, connect.RepositoryReport{Target: target, Err: connect.NotStarted(target, errInterrupted)})
	}
	for given, want := range map[bool]string{false: "convox-travis --rack a --only-existing", true: "convox-travis --rack a"} {
		show := (&program{args: []string{"--rack", "a"}}).reporter(&options{onlyExisting: given}, "apply")
		show.isRotation = true
		if again := show.resume(report, report.Errs()); again.command != want || strings.HasSuffix(strings.Join(again.notes, ""), ", with --only-existing") == given {
			t.Errorf("%+v", again)
		}
	}
}
