package cli

import (
	"net/http"
	"strings"
	"testing"

	"convox-travis/internal/faults"
	"convox-travis/internal/secret/secrettest"
)

const again = "run the same command again"

// banned is what a run says that is told of a ban before it has read anything.
func (w *world) banned(input string, args ...string) ending {
	w.Helper()
	w.Travis.Ban(w.env["TRAVIS_TOKEN"])
	defer w.Travis.Pardon()
	return w.run(input, args...)
}

// What was not read can hold an old pair, which a rotation has to replace.
func TestWhatWasNotReadIsNotSkippedWhenARunGoesOn(t *testing.T) {
	t.Parallel()
	for name, begin := range map[string]func(w *world){
		"a ban": func(w *world) { w.Travis.Ban(w.env["TRAVIS_TOKEN"]) },
		"a Travis that fails": func(w *world) {
			w.Travis.Faults.Add(faults.Rule{Kind: faults.Status503, Times: -1, Match: func(r faults.Request) bool { return r.Method == http.MethodGet }})
		},
		"one that cannot be read": func(w *world) {
			w.Travis.Faults.Add(faults.Rule{Kind: faults.Status503, Times: -1, Match: func(r faults.Request) bool { return strings.Contains(r.Path, "worker") }})
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.env["CONVOX_PASSWORD"] = secrettest.Canary
			begin(w)
			e := w.apply("--repo", "acme/web", "--repo", "acme/worker")
			if !strings.Contains(e.err, again) || strings.Contains(e.err, "--skip-existing") {
				t.Errorf("exit %d: %s", e.code, e.err)
			}
			args := []string{"apply", "--host", w.setting("DEMO_RACK_HOST"), "--repo", "acme/api", "--repo", "acme/worker", "--json"}
			if document := w.document(w.run("", args...)); document.Resume != "convox-travis "+strings.Join(args, " ") {
				t.Errorf("%q", document.Resume)
			}
		})
	}
}

func TestTheTokenOfAnAddressIsNotRepeated(t *testing.T) {
	t.Parallel()
	const token = "ghp_SECRETTOKEN0123456789"
	w := newWorld(t)
	w.secrets = append(w.secrets, token)
	w.env["CONVOX_PASSWORD"] = secrettest.Canary
	for _, address := range []string{
		"https://ann:" + token + "@github.com/acme/web.git", "https://" + token + "@github.com/acme/web",
		"https://oauth2:" + token + "@gitlab.com/acme/group/web.git", "https://github.com/acme/web?access_token=" + token,
	} {
		for _, command := range []string{"apply --host " + w.setting("DEMO_RACK_HOST"), "remove"} {
			for _, form := range []string{"", " --json", " --json=lines"} {
				for _, repo := range [][]string{{"--repo", address}, {"--repo=" + address}} {
					e := w.banned("", append(strings.Fields(command+form+" --repo acme/api"), repo...)...)
					if w.want(e, 1); strings.Contains(e.out, `"resume"`) || form != " --json" && !strings.Contains(e.err, again+" after ") {
						t.Errorf("%s%s: %s%s", command, form, e.out, e.err)
					}
				}
			}
		}
	}
}

func TestAFileOfTheListIsNotRepeatedInAnError(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const token = "ghp_SECRETTOKEN0123456789"
	w.secrets = append(w.secrets, token)
	w.want(w.run("", "remove", "--repos-from", "https://ann:"+token+"@github.com/acme/web.git"), 2, "--repos-from: no such file")
	w.want(w.run("https://ann:"+token+"@github.com/acme\n", "remove", "--repos-from", "-"), 2, "--repos-from, line 1")
	w.want(w.run("", "remove", "--all", "--owner", "https://ann:"+token+"@github.com"), 2, "--owner")
}

func TestARunIsContinuedByTheCommandAsItWasTyped(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.env["CONVOX_PASSWORD"] = secrettest.Canary
	document := w.document(w.banned("acme/web\n", "remove", "--branch", "a$b", "--repos-from", "-", "--json"))
	if document.Resume != "convox-travis remove --branch 'a$b' --repos-from - --json" {
		t.Errorf("%q", document.Resume)
	}
	e := w.banned("", "apply", "--host", w.setting("DEMO_RACK_HOST"), "--repo", "acme/web", "--repo", "acme/api", "--json=lines")
	if !strings.Contains(e.err, "hint: "+again+" after ") || strings.Contains(e.out, again) {
		t.Errorf("it says %s%s", e.out, e.err)
	}
}
