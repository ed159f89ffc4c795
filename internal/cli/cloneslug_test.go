//go:build unix

package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"convox-travis/internal/secret/secrettest"
	"convox-travis/internal/terminal"
)

// remotes makes the folder a clone, and runs git in it with each line's words.
func (w *world) remotes(lines ...string) *world {
	w.Helper()
	gitIn(w, w.dir, "init", "-q", "-b", "main")
	for _, line := range lines {
		gitIn(w, w.dir, strings.Fields(line)...)
	}
	return w
}

const (
	originWeb   = "remote add origin git@github.com:acme/web.git"
	forkAPI     = "remote add fork git@github.com:acme/api.git"
	staleSlug   = "config travis.slug acme/api"
	rightSlug   = "config travis.slug acme/web"
	followFork  = "config branch.main.remote fork"
	slugSource  = "git config travis.slug"
	slugChooses = "note: acme/web is remote origin, as git config travis.slug says"
)

func TestNoHiddenSettingDecidesWhichRepositoryIsWritten(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		lines []string
		taken bool // acme/web is
		hint  []string
	}{
		"a stale setting": {[]string{originWeb, staleSlug}, false,
			[]string{"--repo acme/web (remote origin), or --repo acme/api (git config travis.slug)", "git config travis.slug acme/web"}},
		"only a setting":              {[]string{rightSlug}, false, []string{"--repo acme/web (git config travis.slug)"}},
		"the branch's remote":         {[]string{originWeb, forkAPI, followFork}, false, []string{"--repo acme/api (remote fork), or --repo acme/web (remote origin)"}},
		"a rewritten address":         {[]string{originWeb, "config url.git@github.com:evil/.insteadOf git@github.com:acme/"}, false, []string{"--repo acme/web (remote origin)", "--repo evil/web"}},
		"a setting that agrees":       {[]string{originWeb, "config travis.slug Acme/Web"}, true, nil},
		"a setting that chooses":      {[]string{originWeb, forkAPI, followFork, rightSlug}, true, []string{slugChooses}},
		"one remote, without setting": {[]string{originWeb}, true, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t).remotes(test.lines...)
			code := map[bool]int{true: 0, false: 2}[test.taken]
			for _, args := range [][]string{
				{"apply", "--host", w.setting("DEMO_RACK_HOST"), "--password-stdin"},
				{"check", "--host", w.setting("DEMO_RACK_HOST"), "--password-stdin"},
				{"remove"},
			} {
				e := w.run(w.password(), args...)
				if args[0] == "check" && test.taken {
					e.code = 0 // whatever it finds
				}
				w.want(e, code, test.hint...)
				if strings.Contains(e.err, "note: acme/web is remote") != (test.taken && test.hint != nil) {
					t.Errorf("%s says of its source:\n%s", args[0], e.err)
				}
				if !test.taken {
					w.wantNoWrite()
				}
			}
			if got := w.pair("acme/api"); strings.Contains(got, secrettest.Canary) {
				t.Error("acme/api got the password")
			}
		})
	}
}

func TestTheAppOfAStaleSettingIsAsked(t *testing.T) {
	t.Parallel()
	w := newWorld(t).remotes(originWeb, staleSlug)
	w.want(w.run("", "yml", "--host", w.setting("DEMO_RACK_HOST"), "--branch", "main"), 2, "needs the app", "hint: pass --app NAME")
	w.want(w.run("", "yml", "--host", w.setting("DEMO_RACK_HOST"), "--branch", "main", "--repo", "acme/web"), 0, "--app web")
	gitIn(w, w.dir, "config", "travis.slug", "acme/web")
	w.want(w.run("", "yml", "--host", w.setting("DEMO_RACK_HOST"), "--branch", "main"), 0, "--app web")
}

func TestTheWizardAsksWhereASettingDisagreesWithTheRemote(t *testing.T) {
	t.Parallel()
	w := newWorld(t).saved().remotes(originWeb, staleSlug)
	w.open(terminal.Options{}, "--rack", "production", "--saved").
		sees(askRepository, "acme/web", "remote origin", "acme/api", slugSource+" names acme/api").types(terminal.CtrlC).ends(130)
	e := w.run("", "--accessible", "--rack", "production", "--saved")
	for _, words := range []string{askRepository, "remote origin", slugSource} {
		if !strings.Contains(e.out+e.err, words) {
			t.Errorf("%q is not in\n%s%s", words, e.out, e.err)
		}
	}
	w.wantNoWrite()
}

func TestTheWizardNamesTheSettingThatChose(t *testing.T) {
	t.Parallel()
	w := newWorld(t).saved().remotes(originWeb, forkAPI, followFork, rightSlug)
	w.open(terminal.Options{}, "--rack", "production", "--saved").
		sees("Travis settings of acme/web", "It's remote origin, as git config travis.slug").types(terminal.CtrlC).ends(130)
}

// Everything that reads the clone is run where the clone and the environment name
// programs, with secrets in the environment.
func TestNoProgramOfTheCloneIsRun(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.checkout(t, "language: ruby\n", "language: go\n")
	mark, program := filepath.Join(t.TempDir(), "mark"), filepath.Join(t.TempDir(), "trap")
	if err := os.WriteFile(program, []byte("#!/bin/sh\nenv >> '"+mark+"'\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, setting := range [][2]string{
		{"core.repositoryFormatVersion", "1"}, {"extensions.partialClone", "origin"}, {"remote.origin.promisor", "true"},
		{"core.sshCommand", program}, {"core.fsmonitor", program}, {"core.pager", program}, {"core.askPass", program}, {"gpg.program", program},
		{"log.showSignature", "true"}, {"diff.external", program}, {"credential.helper", program}, {"alias.config", "!" + program},
	} {
		gitIn(w, w.dir, "config", setting[0], setting[1])
	}
	if err := os.WriteFile(filepath.Join(w.dir, ".git", "refs", "heads", "lost"), []byte(strings.Repeat("1234", 10)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"GIT_SSH", "GIT_SSH_COMMAND", "GIT_PROXY_COMMAND", "GIT_ASKPASS", "GIT_EXTERNAL_DIFF", "GIT_PAGER", "GIT_EDITOR"} {
		w.of(name, program)
	}
	w.of("GIT_TRACE", mark).of("GIT_TRACE2_EVENT", mark).of("CONVOX_PASSWORD", secrettest.Canary)
	w.setUp()
	host := w.setting("DEMO_RACK_HOST")
	if got := w.offers("apply", "--branch", ""); !strings.Contains(got, "lost") {
		t.Errorf("the branches are %q", got)
	}
	w.run("", "apply", "--host", host, "--dry-run")
	w.run("", "check", "--host", host)
	w.run("", "yml", "--host", host)
	w.run("", "remove", "--dry-run")
	w.run("", "--accessible", "--host", host)
	w.open(terminal.Options{}, "--host", host).sees("acme/web").types(terminal.CtrlC).ends(130)
	if text, err := os.ReadFile(mark); err == nil {
		secrettest.Absent(t, "what a program got", string(text), w.secrets...)
		t.Error("a program was run")
	}
}
