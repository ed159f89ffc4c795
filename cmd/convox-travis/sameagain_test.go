package main

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"convox-travis/internal/faults"
	"convox-travis/internal/secret/secrettest"
)

// banned is what a run says that is told of a ban before it has read anything.
func (w *world) banned(input string, args ...string) ending {
	w.Helper()
	w.Travis.Ban(w.env["TRAVIS_TOKEN"])
	defer w.Travis.Pardon()
	return w.run(input, args...)
}

func goOnOf(e ending) string {
	_, command, _ := strings.Cut(e.err, "to go on")
	command, _, _ = strings.Cut(command, "\n")
	_, command, _ = strings.Cut(command, ": convox-travis ")
	return command
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
			again := goOnOf(e)
			if again == "" || strings.Contains(again, "--skip-existing") {
				t.Errorf("exit %d: %s", e.code, e.err)
			}
			if document := w.document(w.apply("--repo", "acme/api", "--repo", "acme/worker", "--json")); document.Resume == "" || strings.Contains(document.Resume, "--skip-existing") {
				t.Errorf("%q", document.Resume)
			}
		})
	}
}

func TestTheTokenOfAnAddressIsNotRepeated(t *testing.T) {
	t.Parallel()
	const token = "ghp_SECRETTOKEN0123456789"
	for name, c := range map[string]struct{ typed, said string }{
		"an address": {"https://ann:" + token + "@github.com/acme/web.git", "github.com/acme/web"},
		"a user":     {"https://" + token + "@github.com/acme/web", "github.com/acme/web"},
		"GitLab":     {"https://oauth2:" + token + "@gitlab.com/acme/group/web.git", "gitlab.com/acme/group/web"},
		"a query":    {"https://github.com/acme/web?access_token=" + token, "github.com/acme/web"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.secrets = append(w.secrets, token)
			w.env["CONVOX_PASSWORD"] = secrettest.Canary
			for _, command := range []string{"apply --host " + w.setting("DEMO_RACK_HOST"), "remove"} {
				for _, form := range []string{"", " --json", " --json=lines"} {
					for _, repo := range [][]string{{"--repo", c.typed}, {"--repo=" + c.typed}} {
						e := w.banned("", append(strings.Fields(command+form), repo...)...)
						w.want(e, 1, "convox-travis "+command, "--repo "+c.said)
					}
				}
			}
		})
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

// Piped input is named, so that the command can be run as it is.
func TestTheCommandThatGoesOnHasItsInput(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	e := w.banned(w.password(), "apply", "--host", w.setting("DEMO_RACK_HOST"), "--repo", "acme/web", "--password-stdin")
	if told := regexp.MustCompile(`to go on after \d\d:\d\d, with the file of the password for FILE: convox-travis apply .* --password-stdin < FILE\n`); !told.MatchString(e.err) {
		t.Error(e.err)
	}
	w.env["CONVOX_PASSWORD"] = secrettest.Canary
	e = w.banned("acme/web\nacme/api\n", "apply", "--host", w.setting("DEMO_RACK_HOST"), "--repos-from", "-")
	w.want(e, 1, ", with the list of repositories for FILE: convox-travis apply ", " --repos-from - < FILE\n")
	document := w.document(w.banned("acme/web\n", "remove", "--repos-from", "-", "--json"))
	if document.Resume != "convox-travis remove --repos-from - --json < FILE" {
		t.Errorf("%q", document.Resume)
	}
}

func TestLinesAreToldHowARunGoesOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.env["CONVOX_PASSWORD"] = secrettest.Canary
	e := w.banned("", "apply", "--host", w.setting("DEMO_RACK_HOST"), "--repo", "acme/web", "--json=lines")
	if told := goOnOf(e); !strings.HasSuffix(told, " --repo acme/web --json=lines") || strings.Contains(e.out, "to go on") {
		t.Errorf("it says %s%s", e.out, e.err)
	}
}

func TestACommandLineIsTakenApartAsItWasParsed(t *testing.T) {
	t.Parallel()
	var o options
	flags := pflag.NewFlagSet("", pflag.ContinueOnError)
	o.repositoryFlags(flags)
	o.credentialFlags(flags)
	o.runFlags(flags)
	for line, want := range map[string]string{
		"apply --repo a/b --console":                                  "apply --repo a/b --console",
		"--repo=https://t@github.com/a/b.git --branch --repo":         "--repo github.com/a/b --branch --repo",
		"--console --repo https://t@github.com/a/b --json --host x/y": "--console --repo github.com/a/b --json --host x/y",
		"--saved --repo a/b.git -- --repo https://t@github.com/a/b":   "--saved --repo a/b -- --repo https://t@github.com/a/b",
		"--repo https://t@git.example.com/a/b":                        "",
	} {
		s := &presenter{program: &program{args: strings.Fields(line), flags: flags}, options: &options{}}
		got, _ := s.sameAgain(false)
		if want != "" {
			want = "convox-travis " + want
		}
		if got != want {
			t.Errorf("%s: %s", line, got)
		}
	}
}
