//go:build unix

package cli

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"convox-travis/internal/faults"
	"convox-travis/internal/secret/secrettest"
	"convox-travis/internal/terminal"
)

// hurriedServices is services without a pace, in a Travis that bans nobody for
// that.
func hurriedServices(t *testing.T, n int) (*world, []string) {
	t.Helper()
	w, names := services(t, n)
	names = append(names, fmt.Sprintf("acme/service-%05d", n)) // in the place of one that is not synced
	w.Travis.LimitPosts(10_000, time.Second)
	w.env["TEST_PACE"] = `{"Calls": 10000, "Per": 1}`
	return w, names
}

const askInactive = "Activate "

// openAtRepositories starts the wizard, and goes to the question for the
// repository.
func (w *world) openAtRepositories(o terminal.Options, args ...string) *wizard {
	w.Helper()
	z := w.open(o, append(args, "--host", w.setting("DEMO_RACK_HOST"))...)
	z.sees(askRepository)
	listed := func(screen string) bool {
		return strings.Contains(screen, "› [ ] ") && !strings.Contains(screen, "asking Travis")
	}
	if err := z.WaitFor(w.Context(), listed); err != nil {
		w.Fatal(err)
	}
	return z
}

// mark marks repositories by their names.
func (z *wizard) mark(names ...string) *wizard {
	z.t.Helper()
	for i, name := range names {
		z.types(name).sees("› [ ] "+name, "space mark").types(" ").sees(fmt.Sprintf("%d marked", i+1)).types(terminal.Escape).sees("type to filter")
	}
	return z
}

// services marks all of acme's that are called service-.
func (z *wizard) services(n int) *wizard {
	z.t.Helper()
	return z.types("acme/service").sees("Filter: acme/service", "› [ ] acme/service", "enter select").types(terminal.CtrlA).sees(fmt.Sprintf("%d marked", n)).enter().sees(askInactive).enter().sees(atReview)
}

func (w *world) wantPairs(names ...string) {
	w.Helper()
	for _, name := range names {
		w.wantPair(name, "CONVOX_HOST="+w.setting("DEMO_RACK_HOST"), "CONVOX_PASSWORD="+quotedCanary)
	}
}

// refuse makes Travis refuse to set variables of a repository. It returns the
// beginning of the paths of all that is sent there.
func (w *world) refuse(name string) string {
	w.Helper()
	document := w.document(w.apply("--repo", name, "--dry-run", "--json"))
	path := fmt.Sprintf("/repo/%d/", document.Repositories[0].ID)
	w.Travis.Faults.Add(faults.Rule{Kind: faults.Status503, Times: -1, Match: func(r faults.Request) bool {
		return r.Method == http.MethodPost && r.Path == path+"env_vars"
	}})
	return path
}

func TestTheWizardSetsUpThreeRepositories(t *testing.T) {
	t.Parallel()
	w, names := hurriedServices(t, 40)
	names = names[1:4] // one of them is not active
	z := w.openAtRepositories(terminal.Options{}).mark(names...).enter().sees(askInactive).enter().sees(atReview, "3 repositories", "3 new, 1 activated")
	failing := w.refuse(names[1])
	z.write().sees("1 of 3 repositories failed", names[1], "failed (HTTP 503)")
	w.Travis.Faults.Clear()
	w.Travis.Faults.Forget()
	z.enter().sees("what is left to write").write().sees("3 repositories set up in ", "convox-travis remove --repo "+names[0])
	z.still()
	z.enter().ends(0, "3 repositories set up in ", "convox-travis remove --repo", "convox-travis yml")
	w.wantPairs(names...)
	for _, r := range w.Travis.Writes() {
		if !strings.HasPrefix(r.Path, failing) {
			t.Errorf("%s %s: it had not failed", r.Method, r.Path)
		}
	}
}

func TestTheWizardSetsUpThirtyRepositories(t *testing.T) {
	t.Parallel()
	for _, size := range [][2]int{{80, 24}, {40, 12}} {
		w, names := hurriedServices(t, 42) // 30 that are called service-
		w.watched()
		z := w.openAtRepositories(terminal.Options{Width: size[0], Height: size[1]})
		z.services(len(names))
		w.wantNoWrite()
		z.write().sees("set up in ")
		z.still()
		z.write().ends(0, "convox-travis remove", "--repos-from")
		w.wantPairs(names...)
		w.wantPair(w.setting("DEMO_REPO"))
	}
}

func TestCtrlCInTheMiddleOfThirtyRepositories(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{"on the full screen": nil, "in plain lines": {"--accessible"}} {
		t.Run(name, func(t *testing.T) {
			w, names := hurriedServices(t, 42)
			args := append(args, "--host", w.setting("DEMO_RACK_HOST"))
			z := w.open(terminal.Options{Height: 60}, append(args, reposOf(names)...)...)
			z.sees(askInactive)
			z.still()
			z.enter().sees(atReview)
			w.Travis.Faults.SetLatency(150 * time.Millisecond)
			if args[0] == "--accessible" {
				z.types("yes\r")
			} else {
				z.write()
			}
			z.sees("riting to")
			w.awaits(posts("CONVOX_PASSWORD"))
			z.types(terminal.CtrlC).ends(130, "not started", "hint: "+again+", with --skip-existing")
			half := 0
			for _, name := range names {
				if n := len(w.Travis.EnvVars(name)); n == 1 {
					half++
				}
			}
			if half > 0 || len(w.Travis.EnvVars(names[29])) != 0 {
				t.Errorf("%d are half", half)
			}
		})
	}
}

// A ban ends the wizard, and the same command completes what it left.
func TestABanOfTheWizardIsContinuedByTheSameCommand(t *testing.T) {
	t.Parallel()
	w, names := hurriedServices(t, 42)
	token := w.env["TRAVIS_TOKEN"]
	sent := 0
	z := w.openAtRepositories(terminal.Options{Width: 200, Height: 60}, "--branch", "main").services(len(names))
	w.Travis.Faults.Add(faults.Rule{Kind: faults.Status500, Times: -1, Match: func(r faults.Request) bool {
		if r.Method == http.MethodPost {
			if sent++; sent == 20 {
				w.Travis.Ban(token)
			}
		}
		return false
	}})
	z.write().ends(3, "not started", "hint: "+again+" after ")
	if said := regexp.MustCompile(again + ` after \d\d:\d\d, with --skip-existing\s`); !said.MatchString(z.Output()) {
		t.Fatalf("it says %s", z.Screen())
	}
	w.Travis.Faults.Clear()
	w.Travis.Pardon()
	w.Travis.Faults.Forget()
	w.want(w.run("service\nall\n1\nyes\n", "--branch", "main", "--host", w.setting("DEMO_RACK_HOST"), "--skip-existing", "--accessible"), 0,
		"both unchanged", "both created for branch main", "30 repositories set up in ")
	for _, name := range names {
		w.wantPair(name, "CONVOX_HOST="+w.setting("DEMO_RACK_HOST")+" @main", "CONVOX_PASSWORD="+quotedCanary+" @main")
	}
}

func TestSeveralAreSetUpInPlainLines(t *testing.T) {
	t.Parallel()
	w, names := hurriedServices(t, 42)
	e := w.run("service\nall\n1\nyes\n", "--accessible", "--host", w.setting("DEMO_RACK_HOST"))
	w.want(e, 0, "30 picked: acme/service-00013", "and 10 more", "Travis settings of 30 repositories", "30 repositories set up in ", "acme/service-00041  both created")
	w.wantPairs(names...)
	locked := w.setting("DEMO_REPO_READ_ONLY")
	e = w.run("yes\n", "--accessible", "--host", w.setting("DEMO_RACK_HOST"), "--repo", "acme/web", "--repo", locked)
	w.want(e, 0, "1 can't be written, 1 new", "error: "+locked+": this Travis account can't change its settings", "1 repository set up in ", "convox-travis remove --repo acme/web\n")
	w.wantPairs("acme/web")
	w.wantPair(locked)
}

func TestFlagsNameSeveralForTheWizard(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "repositories.txt")
	if err := os.WriteFile(file, []byte("acme/web\nacme/api # both are active\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		args, input string
		code        int
		says        []string
	}{
		"two of them":        {args: "--repo acme/web --repo acme/api --yes", says: []string{"2 repositories set up in "}},
		"one of them twice":  {args: "--repo acme/web --repo acme/WEB --yes", says: []string{"acme/web\n  CONVOX_HOST      created"}},
		"a file":             {args: "--repos-from FILE --yes", says: []string{"2 repositories set up in "}},
		"all of an owner":    {args: "--owner acme --all --active --dry-run --allow-mixed --yes", code: 1, says: []string{"acme/payments", "both would be created", "acme/handbook: this"}},
		"an owner of none":   {args: "--owner nobody --all", code: 2, says: []string{"error: ", "Which repository?"}},
		"an owner alone":     {args: "--owner acme", code: 2, says: []string{"--owner needs --all"}},
		"a list on stdin":    {args: "--repos-from -", code: 2, says: []string{"works with apply only"}},
		"what is there":      {args: "--repo acme/admin --repo acme/web --skip-existing --yes", says: []string{"acme/admin  both unchanged", "acme/web    both created"}},
		"a mixed pair":       {args: "--repo acme/payments --repo acme/web --yes", code: 2, says: []string{"May another host get the new password?", "acme/payments: branch release"}},
		"another provider":   {args: "--repo gitlab.com/acme/embedded --repo acme/web --yes", says: []string{"gitlab acme/embedded  both created"}},
		"as JSON":            {args: "--repo acme/web --repo acme/api --yes --json", says: []string{`"result":"done"`, `"slug":"acme/api"`}},
		"an unknown one":     {args: "--repo acme/web --repo acme/none --yes", input: "3\n", says: []string{"Travis can't find acme/none", "acme/web\n  CONVOX_HOST      created"}},
		"no word to write":   {args: "--repo acme/web --repo acme/api", code: 2, says: []string{"your confirmation of the review"}},
		"an inactive one":    {args: "--repo acme/web --repo acme/website --yes", input: "1\n", says: []string{"acme/website  activated, both created"}},
		"none that are left": {args: "--repo acme/none --repo acme/nowhere --yes", input: "3\n", code: 2, says: []string{"answer with a number from 1 to 2"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.env["CONVOX_PASSWORD"] = secrettest.Canary
			args := append([]string{"--accessible", "--host", w.setting("DEMO_RACK_HOST")}, strings.Fields(strings.ReplaceAll(c.args, "FILE", file))...)
			w.want(w.run(c.input, args...), c.code, c.says...)
		})
	}
}
