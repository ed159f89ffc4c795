//go:build unix

package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"convox-travis/internal/convox/convoxtest"
	"convox-travis/internal/terminal"
)

func TestFlagsFillInAnswersOfTheWizard(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		args, input string
		code        int
		says        []string
		pair        string // with HOST for the Rack's
	}{
		"all of them":                  {args: "--rack production --saved --yes", says: []string{"created"}, pair: "CONVOX_HOST=HOST\nCONVOX_PASSWORD=" + quotedCanary},
		"a dry run":                    {args: "--rack production --saved --dry-run", says: []string{"would be created"}},
		"a branch":                     {args: "--host HOST --saved --branch main --yes", says: []string{"branch main"}, pair: "CONVOX_HOST=HOST @main\nCONVOX_PASSWORD=" + quotedCanary + " @main"},
		"a repository":                 {args: "--host HOST --saved --repo acme/api --yes", says: []string{"acme/api"}},
		"a region":                     {args: "--rack production --region eu-west-1 --saved", code: 2, input: "", says: []string{"no usable Rack is named production"}},
		"two of a name":                {args: "--rack sandbox --saved", code: 2, says: []string{"2 Racks are named sandbox"}},
		"a fingerprint that is none":   {args: "--host HOST --fingerprint nonsense", code: 2, says: []string{"--fingerprint"}},
		"a password on standard input": {args: "--host HOST --password-stdin", code: 2, says: []string{"works with apply only"}},
		"another provider":             {args: "--host HOST --saved --provider gitlab", code: 2, says: []string{"not on gitlab"}},
		"no word about a mixed pair":   {args: "--host HOST --saved --repo acme/payments --yes", code: 2, says: []string{"permission to send the new password to another host", "--allow-mixed"}},
		"no word":                      {args: "--host HOST --saved", code: 2, says: []string{"your confirmation of the review"}},
		"a review":                     {args: "--host HOST --saved", input: "yes\n", says: []string{"created", "deploy step added", "git add", "Undo"}, pair: "CONVOX_HOST=HOST\nCONVOX_PASSWORD=" + quotedCanary},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t).inClone().saved()
			args := append([]string{"--accessible"}, strings.Fields(strings.ReplaceAll(c.args, "HOST", w.setting("DEMO_RACK_HOST")))...)
			w.want(w.run(c.input, args...), c.code, c.says...)
			w.wantPair(w.setting("DEMO_REPO"), strings.Split(strings.ReplaceAll(c.pair, "HOST=HOST", "HOST="+w.setting("DEMO_RACK_HOST")), "\n")...)
		})
	}
}

func TestTheWizardWithoutATerminalNamesWhatDoesWithout(t *testing.T) {
	t.Parallel()
	w := newWorld(t).inClone()
	const apply, accessible = "hint: in a script, run convox-travis apply with the same flags\n", "pipe in the answers\n"
	w.want(w.run(""), 2, "a Rack or Console", apply, accessible)
	w.want(w.run(w.password(), "--rack", "production", "--password-stdin"), 2, "works with apply only", apply)
	w.want(w.run("", "demo", "--accessible"), 2, "the demo's input ended", "run convox-travis demo on a terminal\n")
}

func TestOtherFlagsOfTheWizardCount(t *testing.T) {
	t.Parallel()
	w := newWorld(t).inClone()
	w.env["CONVOX_PASSWORD"] = "pw"
	w.env["HTTPS_PROXY"] = through(t, "127.0.0.1:1")
	w.want(w.run("", "--accessible", "--rack", "backoffice", "--no-verify", "--yes"), 0, "The password isn't verified", "created")

	w = newWorld(t).inClone().saved()
	w.want(w.run("", "--accessible", "--host", w.setting("DEMO_RACK_HOST"), "--saved", "--repo", "acme/payments"), 2, "May another host get the new password?")
	w.want(w.run("", "--accessible", "--host", w.setting("DEMO_RACK_HOST"), "--saved", "--repo", "acme/payments", "--allow-mixed", "--yes"), 0, "created")
	e := w.run("", "--accessible", "--host", w.setting("DEMO_RACK_HOST"), "--saved", "--repo", "acme/admin", "--skip-existing", "--yes")
	if w.want(e, 0, "unchanged"); strings.Contains(e.err, "Enter takes") {
		t.Errorf("it explains questions that it doesn't ask:\n%s", e.err)
	}

	w = newWorld(t).inClone()
	if err := w.Rack.SetCertificate(convoxtest.SelfSigned); err != nil {
		t.Fatal(err)
	}
	w.env["HTTPS_PROXY"], w.env["CONVOX_PASSWORD"] = through(t, w.setting("DEMO_RACK_HOST")), w.setting("DEMO_RACK_PASSWORD")
	w.want(w.run("no\n", "--accessible", "--host", "old-1.us-east-1.elb.amazonaws.com"), 2, "Is this the Rack's own certificate?", w.Rack.Fingerprint()[:0])
	w.want(w.run("", "--accessible", "--host", "old-1.us-east-1.elb.amazonaws.com", "--fingerprint", w.Rack.Fingerprint(), "--yes"), 0, "created")
}

func TestAPasswordForAnotherHostIsNotSentByTheWizard(t *testing.T) {
	t.Parallel()
	w := newWorld(t).inClone()
	w.env["CONVOX_HOST"], w.env["CONVOX_PASSWORD"] = "other.example.com", "a-password-of-another"
	w.run("", "--accessible", "--rack", w.setting("DEMO_RACK"))
	if n := len(w.Rack.Faults.Requests()); n != 0 {
		t.Errorf("%d calls", n)
	}
}

func TestTheDemoKeepsOffThePersonsRepository(t *testing.T) {
	t.Parallel()
	w := newWorld(t).inClone()
	mine := filepath.Join(w.dir, ".git")
	before, err := os.ReadFile(filepath.Join(mine, "config"))
	if err != nil {
		t.Fatal(err)
	}
	w.env["GIT_DIR"], w.env["TMPDIR"] = mine, t.TempDir()
	w.open(terminal.Options{}, "demo").sees(askWay).types(terminal.CtrlC).ends(130)
	after, err := os.ReadFile(filepath.Join(mine, "config"))
	if err != nil || string(after) != string(before) {
		t.Errorf("the demo wrote into it: %s, %v", after, err)
	}
}

func TestNoTraceOfKeysIsWritten(t *testing.T) {
	t.Parallel()
	w := newWorld(t).inClone()
	trace := filepath.Join(w.dir, "trace")
	w.env["TEA_TRACE"] = trace
	w.open(terminal.Options{}).toPassword().types("wrong").sees("5 characters").types(terminal.CtrlC).ends(130)
	if _, err := os.Stat(trace); !os.IsNotExist(err) {
		t.Errorf("there is a trace: %v", err)
	}
}

func TestCtrlCInApplyInPlainLines(t *testing.T) {
	t.Parallel()
	w := newWorld(t).inClone().saved()
	w.env["TERM"] = "dumb"
	z := w.open(terminal.Options{}, "--host", w.setting("DEMO_RACK_HOST"), "--saved")
	z.sees("write? yes, no, d")
	w.Travis.Faults.SetLatency(300 * time.Millisecond)
	z.types("yes\r").awaits(posts("CONVOX_HOST"))
	z.types(terminal.CtrlC).ends(130, "CONVOX_HOST      created, then rolled back")
	w.wantPair(w.setting("DEMO_REPO"))
}

func TestCtrlCWhereItCanBeTriedAgainIsAnInterruption(t *testing.T) {
	t.Parallel()
	w := newWorld(t).inClone().saved()
	z := w.open(terminal.Options{}).toReview()
	w.Travis.Faults.Add(faultsOnPosts())
	z.write().sees("Not everything was written").types(terminal.CtrlC).ends(130, "not created")
}

func TestWhatTheReviewWouldWarnOfIsToldWhereItIsPassedOver(t *testing.T) {
	t.Parallel()
	for _, repo := range []string{"acme/mobile", "acme/worker"} {
		for _, args := range [][]string{nil, {"--accessible"}} {
			w := newWorld(t).saved()
			args = append(args, "--host", w.setting("DEMO_RACK_HOST"), "--saved", "--repo", repo)
			said := w.run("", append([]string{"apply", "--dry-run"}, args[max(0, len(args)-5):]...)...).err
			z := w.open(terminal.Options{Width: 200, Height: 60}, append(args, "--yes")...)
			if args[0] != "--accessible" {
				z.sees(atDone).enter()
			}
			z.ends(0)
			for line := range strings.Lines(said) {
				if strings.Contains(line, "can't be restored") { // the transcript says it in its own words
					line = "warning: can't be restored"
				}
				if text, is := strings.CutPrefix(line, "warning: "); is && !strings.Contains(z.Screen(), strings.TrimSpace(text)) {
					t.Errorf("%v: %q is not told:\n%s", args, text, z.Screen())
				}
			}
			if n := strings.Count(z.Screen(), "can't be restored"); args[0] != "--accessible" && n != 1 {
				t.Errorf("it is said %d times:\n%s", n, z.Screen())
			}
			if !strings.Contains(said, "warning: ") {
				t.Errorf("%s has no warning: %s", repo, said)
			}
		}
	}
}
