package cli

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"convox-travis/internal/secret/secrettest"
)

func TestMissingAnswersAreListedAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	delete(w.env, "TRAVIS_TOKEN")
	w.want(w.run("", "apply"), 2, "--console with a deploy key (your company's own: --console=HOST)", "--rack", "--password-stdin", "--repo OWNER/NAME", "TRAVIS_TOKEN", "https://app.travis-ci.com/account/preferences")
	w.env["TRAVIS_ENDPOINT"] = "https://travis.acme.com/api"
	w.want(w.run("", "apply"), 2, "https://travis.acme.com/account/preferences")
}

func TestWrongUsageSendsNothing(t *testing.T) {
	t.Parallel()
	for name, args := range map[string]string{
		"console with a space":      "apply --console HOST --password-stdin --repo acme/web",
		"console and host":          "apply --console --host RACK --password-stdin --repo acme/web",
		"a slash without console":   "apply --rack acme/production --password-stdin --repo acme/web",
		"console without a slash":   "apply --console --rack production --password-stdin --repo acme/web",
		"saved for a Console":       "apply --console --saved --repo acme/web",
		"an argument":               "apply --host RACK --password-stdin acme/web",
		"an unknown flag":           "apply --host RACK --password=CANARY",
		"a flag of one letter":      "apply -pCANARY",
		"a flag with a wrong value": "apply --password-stdin=CANARY",
		"a host that is none":       "apply --host convox:CANARY@rack.example.com --password-stdin --repo acme/web",
		"a broken slug":             "apply --host RACK --password-stdin --repo web",
		"an unknown provider":       "apply --host RACK --password-stdin --repo acme/web --provider sourceforge",
		"plain HTTP":                "apply --host RACK --password-stdin --repo acme/web --travis-endpoint http://travis.example.com",
		"the closed Travis":         "apply --host RACK --password-stdin --repo acme/web --travis-endpoint https://api.travis-ci.org",
		"two readers of one pipe":   "apply --host RACK --password-stdin --repos-from -",
		"a wrong fingerprint":       "apply --host RACK --password-stdin --repo acme/web --fingerprint nonsense",
		"a wrong form of JSON":      "apply --json=xml",
		"Console by its host":       "apply --host console.convox.com --password-stdin --repo acme/web",
		"contradicting scopes":      "remove --repo acme/web --branch main --all-branches",
		"an empty console":          "apply --console= --password-stdin --repo acme/web",
		"an empty branch":           "apply --host RACK --branch= --password-stdin --repo acme/web",
		"an empty list":             "apply --host RACK --repos-from= --password-stdin",
		"an empty region":           "apply --rack production --region= --password-stdin --repo acme/web",
		"a branch that is none":     "apply --host RACK --branch a..b --password-stdin --repo acme/web",
		"an unknown command":        "aply",
		"no command":                "",
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			args = strings.NewReplacer("RACK", w.setting("DEMO_RACK_HOST"), "HOST", w.setting("DEMO_CONSOLE_HOST"), "CANARY", secrettest.Canary).Replace(args)
			e := w.run(w.password(), strings.Fields(args)...)
			w.want(e, 2, "error: ", "hint: ")
			if e.out != "" && !strings.Contains(args, "--json") {
				t.Errorf("standard output has %q", e.out)
			}
			if n := len(w.Travis.Faults.Requests()) + len(w.Rack.Faults.Requests()) + len(w.Console.Faults.Requests()); n != 0 {
				t.Errorf("%d requests were sent", n)
			}
		})
	}
}

func TestWhiteSpaceAroundASecretIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, secret := range []string{" " + w.password(), strings.TrimSpace(w.password()) + " \n", w.password() + "\n", "\n", "", "a\tb", "a\x00b"} {
		w.want(w.run(secret, "apply", "--host", w.setting("DEMO_RACK_HOST"), "--repo", w.setting("DEMO_REPO"), "--password-stdin"), 2)
	}
	w.want(w.run(strings.TrimSpace(w.password())+"\r\n", "apply", "--host", w.setting("DEMO_RACK_HOST"), "--repo", w.setting("DEMO_REPO"), "--password-stdin"), 0)
}

func TestAVariableForAnotherHostIsNotUsed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.env["CONVOX_HOST"], w.env["CONVOX_PASSWORD"] = "rack.example.com", secrettest.Canary
	w.want(w.run("", "apply", "--host", w.setting("DEMO_RACK_HOST"), "--repo", w.setting("DEMO_REPO")), 2)
	w.want(w.run("", "apply", "--rack", w.setting("DEMO_RACK"), "--repo", w.setting("DEMO_REPO")), 2)
	if n := len(w.Rack.Faults.Requests()); n != 0 {
		t.Errorf("the Rack got %d requests", n)
	}
	w.wantNoWrite()
}

func TestTwoRacksOfOneNameNeedARegion(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.want(w.run(w.password(), "apply", "--rack", "sandbox", "--repo", w.setting("DEMO_REPO"), "--password-stdin"), 2, "--region")
	w.wantNoWrite()
}

func TestRackAndHostMustAgree(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.want(w.run(w.password(), "apply", "--rack", w.setting("DEMO_RACK"), "--host", "127.0.0.1:1", "--repo", w.setting("DEMO_REPO"), "--password-stdin"), 2)
	w.want(w.run(w.password(), "apply", "--rack", w.setting("DEMO_RACK"), "--host", w.setting("DEMO_RACK_HOST"), "--repo", w.setting("DEMO_REPO"), "--password-stdin"), 0)
}

func TestWhatIsNotThereFails(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.want(w.run(w.password(), "apply", "--rack", "nowhere", "--repo", w.setting("DEMO_REPO"), "--password-stdin"), 1, "nowhere")
	w.want(w.run(w.password(), "apply", "--host", w.setting("DEMO_RACK_HOST"), "--repo", "acme/nowhere", "--password-stdin"), 1, "acme/nowhere")
	w.want(w.run(w.password(), "apply", "--host", w.setting("DEMO_RACK_HOST"), "--repo", w.setting("DEMO_REPO_READ_ONLY"), "--password-stdin"), 1, "push access")
	w.want(w.run(w.key(), "apply", "--console="+w.setting("DEMO_CONSOLE_HOST"), "--rack", "globex/production", "--repo", w.setting("DEMO_REPO"), "--password-stdin"), 1, "acme/production")
	w.want(w.run(w.password(), "apply", "--host", "127.0.0.1:1", "--repo", w.setting("DEMO_REPO"), "--password-stdin"), 1)
	w.wantNoWrite()
}

func TestAPartIsToldFromTheWhole(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	e := w.run(w.password(), "apply", "--host", w.setting("DEMO_RACK_HOST"), "--repo", w.setting("DEMO_REPO"), "--repo", w.setting("DEMO_REPO_READ_ONLY"), "--password-stdin", "--json")
	w.want(e, 3)
	document := w.document(e)
	if document.Result != "partial" || len(document.Repositories) != 2 || document.Repositories[0].Error != nil || document.Repositories[1].Error == nil {
		t.Errorf("%+v", document)
	}
}

func TestRefusedCredentialsAreTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	good := w.env["TRAVIS_TOKEN"]
	w.env["TRAVIS_TOKEN"] = "unknown"
	w.want(w.run(w.password(), "apply", "--host", w.setting("DEMO_RACK_HOST"), "--repo", w.setting("DEMO_REPO"), "--password-stdin"), 4, "TRAVIS_TOKEN")
	w.env["TRAVIS_TOKEN"] = good
	w.env["AWS_SECRET_ACCESS_KEY"] = "unknown"
	w.want(w.run(w.password(), "apply", "--rack", w.setting("DEMO_RACK"), "--repo", w.setting("DEMO_REPO"), "--password-stdin"), 4)
	w.want(w.run("", "racks"), 4)
}

func TestTheDocumentSaysWhatHappened(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	args := []string{"apply", "--host", w.setting("DEMO_RACK_HOST"), "--repo", w.setting("DEMO_REPO"), "--password-stdin", "--json"}
	document := w.document(w.run(w.password(), append(args, "--dry-run")...))
	if document.Result != "dry-run" || document.Repositories[0].Variables[0].Result != nil {
		t.Errorf("a dry run: %+v", document)
	}
	document = w.document(w.run(w.password(), args...))
	if document.Version != 1 || document.Result != "done" || document.Host != w.setting("DEMO_RACK_HOST") || document.Error != nil {
		t.Errorf("%+v", document)
	}
	r := document.Repositories[0]
	if r.Slug != w.setting("DEMO_REPO") || r.ID == 0 || r.Provider != "github" || len(r.Variables) != 2 {
		t.Fatalf("%+v", r)
	}
	for i, name := range []string{"CONVOX_HOST", "CONVOX_PASSWORD"} {
		v := r.Variables[i]
		if v.Name != name || v.Branch != nil || v.Public || v.Action != "create" || *v.Result != "done" {
			t.Errorf("%+v", v)
		}
	}
	document = w.document(w.run("wrong\n", args...))
	if document.Result != "refused" || document.Error == nil || document.Error.Hint == "" {
		t.Errorf("%+v", document)
	}
	e := w.run(w.password(), "apply", "--host", w.setting("DEMO_RACK_HOST"), "--repo", w.setting("DEMO_REPO"), "--repo", "acme/api", "--password-stdin", "--json=lines")
	lines := strings.Split(strings.TrimSpace(e.out), "\n")
	slices.SortFunc(lines, func(a, b string) int { return -strings.Compare(a, b) }) // as they ended
	for i, slug := range []string{w.setting("DEMO_REPO"), "acme/api"} {
		var line repositoryDocument
		if err := json.Unmarshal([]byte(lines[i]), &line); err != nil || line.Slug != slug || len(lines) != 2 {
			t.Errorf("%v in %s", err, lines[i])
		}
	}
}

func TestAListMayBeginAsWindowsBeginsAFile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.env["CONVOX_PASSWORD"] = secrettest.Canary
	w.want(w.run("\ufeffacme/web\r\nacme/api\r\n", "apply", "--host", w.setting("DEMO_RACK_HOST"), "--repos-from", "-"), 0, "acme/web", "acme/api")
	for _, utf16 := range []string{"\xff\xfea\x00/\x00b\x00", "\xfe\xff\x00a\x00/\x00b"} {
		w.want(w.run(utf16, "apply", "--host", w.setting("DEMO_RACK_HOST"), "--repos-from", "-"), 2, "UTF-16", "hint: save it as UTF-8")
	}
}

func TestRepositoriesComeFromAList(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.env["CONVOX_PASSWORD"] = secrettest.Canary
	w.want(w.run("# ours\nacme/web\n\nacme/api # the old one\nACME/WEB\n", "apply", "--host", w.setting("DEMO_RACK_HOST"), "--repos-from", "-"), 0, "acme/web", "acme/api")
	if n := len(w.Travis.Writes()); n != 4 {
		t.Errorf("%d writes for two repositories", n)
	}
}
