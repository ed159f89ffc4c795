package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"convox-travis/internal/connect"
	"convox-travis/internal/problem"
	"convox-travis/internal/reset"
	"convox-travis/internal/secret/secrettest"
	"convox-travis/travisapi"
)

func TestACauseIsToldOnceHoweverManyItIsAbout(t *testing.T) {
	t.Parallel()
	other := errors.New("acme/r0: something else")
	banned, throttled := &problem.Error{Code: travisapi.CodeBanned, Reason: "banned"}, &problem.Error{Code: travisapi.CodeThrottled, Reason: "throttled"}
	of := func(n int, err func(connect.Target) error) (errs []error) {
		for i := range n {
			errs = append(errs, err(connect.Target{Slug: fmt.Sprintf("acme/r%d", i)}))
		}
		return errs
	}
	notBegun := func(cause error) func(connect.Target) error {
		return func(target connect.Target) error { return connect.NotStarted(target, cause) }
	}
	same := func(err error) func(connect.Target) error { return func(connect.Target) error { return err } }
	for name, c := range map[string]struct {
		errs []error
		want []string
	}{
		"an interruption":          {of(896, notBegun(errInterrupted)), []string{"896 repositories: nothing was written: interrupted"}},
		"one that was left":        {of(1, notBegun(errInterrupted)), []string{"acme/r0: nothing was written: interrupted"}},
		"a timeout":                {of(30, notBegun(errTimeout)), []string{"30 repositories: nothing was written: " + errTimeout.Error()}},
		"after another's error":    {append(of(30, notBegun(errInterrupted)), other), []string{other.Error(), "30 repositories: nothing was written: interrupted"}},
		"a ban":                    {append(of(30, notBegun(banned)), banned, banned), []string{banned.Error() + "; the same for 1 more repository"}},
		"too many calls":           {of(30, same(throttled)), []string{throttled.Error() + "; the same for 29 more repositories"}},
		"errors of their own":      {of(2, same(other)), []string{other.Error(), other.Error()}},
		"two causes, both unknown": {append(of(2, notBegun(errTimeout)), of(3, notBegun(banned))...), []string{"2 repositories: nothing was written: " + errTimeout.Error(), "3 repositories: nothing was written: " + banned.Error()}},
	} {
		var out bytes.Buffer
		(&program{err: &out}).reportErrors(c.errs...)
		if got := strings.TrimSuffix(out.String(), "\n"); got != "error: "+strings.Join(c.want, "\nerror: ") {
			t.Errorf("%s:\n%s", name, got)
		}
	}
}

// What a stop kept from beginning is no interruption of that repository.
func TestACodeSaysWhatBecameOfTheRepository(t *testing.T) {
	t.Parallel()
	target := connect.Target{Slug: "acme/web"}
	for want, err := range map[string]error{
		"not_begun":   connect.NotStarted(target, errInterrupted),
		"interrupted": fmt.Errorf("%w", errInterrupted),
		"timeout":     errTimeout,
		"usage":       usageError(""),
	} {
		if got := codeOf(err); got != want {
			t.Errorf("%v: %s, not %s", err, got, want)
		}
	}
}

// A refusal that ends a run before anything is planned is no repository's own.
func TestARefusalCarriesNoOtherRepositorysName(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.env["CONVOX_PASSWORD"] = secrettest.Canary
	good := w.env["TRAVIS_TOKEN"]
	w.env["TRAVIS_TOKEN"] = "unknown"
	for _, args := range [][]string{{"--json"}, {"--json", "--dry-run"}} {
		document := w.document(w.apply(append(args, "--repo", "acme/web", "--repo", "acme/api")...))
		for _, r := range document.Repositories {
			if !strings.HasPrefix(r.Error.Message, r.Slug) || r.Error.Code != "not_begun" {
				t.Errorf("%s: %+v", r.Slug, r.Error)
			}
		}
		if document.Error == nil || document.Error.Code != "unknown_token" {
			t.Errorf("the run ended with %+v", document.Error)
		}
	}
	w.env["TRAVIS_TOKEN"] = good
	document := w.document(w.run("wrong\n", "apply", "--host", w.setting("DEMO_RACK_HOST"), "--repo", "acme/web", "--password-stdin", "--json"))
	if r := document.Repositories[0].Error; document.Error.Code != "login_refused" || r.Code != "not_begun" || !strings.HasPrefix(r.Message, "acme/web: nothing was written: ") {
		t.Errorf("%+v, %+v", document.Error, r)
	}
}

// A script that asked for JSON gets its one document, whatever is wrong with the
// command line.
func TestWrongUsageIsToldInTheDocumentOfItsCommand(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for line, fields := range map[string]string{
		"apply --json --nope":                            "host repositories warnings",
		"apply --nope --json=document":                   "host repositories warnings",
		"apply --json --repo ":                           "host repositories warnings",
		"apply --json --branch a..b":                     "host repositories warnings",
		"apply --json --owner acme":                      "host repositories warnings",
		"apply --json --timeout -1s":                     "host repositories warnings",
		"apply --json --timeout soon":                    "host repositories warnings",
		"apply --json --password CANARY":                 "host repositories warnings",
		"apply --json acme/web":                          "host repositories warnings",
		"apply --json=xml":                               "host repositories warnings",
		"apply --json":                                   "host repositories warnings",
		"remove --json --nope":                           "host repositories warnings",
		"remove --json --branch main --all-branches":     "host repositories warnings",
		"check --json --nope":                            "host repositories findings",
		"check --json --owner acme --all --build":        "host repositories findings",
		"racks --json --nope":                            "racks skipped",
		"racks --json --region ":                         "racks skipped",
		"racks --json production":                        "racks skipped",
		"reset-password --json":                          "rack phase changes",
		"reset-password production --json --nope":        "rack phase changes",
		"reset-password production --json --timeout -1s": "rack phase changes",
		"yml --json --nope":                              "file diff lines",
		"yml --json --step nope":                         "file diff lines",
		"yml --json --write --check":                     "file diff lines",
		"--json --nope":                                  "host repositories warnings",
		"--json --accessible --password-stdin":           "host repositories warnings",
		"--json":                                         "host repositories warnings",
	} {
		args := strings.Split(strings.ReplaceAll(line, "CANARY", secrettest.Canary), " ")
		e := w.run("", args...)
		w.want(e, 2, "error: ")
		var document map[string]json.RawMessage
		if err := json.Unmarshal([]byte(e.out), &document); err != nil {
			t.Errorf("%s: %v in %q", line, err, e.out)
			continue
		}
		for _, name := range append(strings.Fields(fields), "version", "result", "error") {
			if _, has := document[name]; !has && name != "result" {
				t.Errorf("%s: no %s in %s", line, name, e.out)
			}
		}
		if !strings.Contains(string(document["error"]), `"code":"usage"`) || strings.Count(e.err, "error: ") != 1 {
			t.Errorf("%s: %s%s", line, e.out, e.err)
		}
	}
	for _, line := range []string{"apply --nope", "apply --json=lines --nope", "check --json=lines --nope", "racks --nope", "demo --json", "apply -- --json"} {
		if e := w.run("", strings.Fields(line)...); e.code != 2 || e.out != "" {
			t.Errorf("%s: exit %d, %q", line, e.code, e.out)
		}
	}
	w.wantNoWrite()
}

func TestTheExitCodeIsThatOfTheWorstThatHappened(t *testing.T) {
	t.Parallel()
	failed, refused, usage := errors.New("it failed"), &problem.Error{Code: travisapi.CodeUnknownToken}, &problem.Error{Code: "usage"}
	for name, c := range map[string]struct {
		result result
		code   int
		word   string
	}{
		"all is well":                   {result{}, 0, "done"},
		"nothing was to be changed":     {result{dryRun: true}, 0, "dry-run"},
		"something was found":           {result{code: exitFound}, 5, "found"},
		"something would be added":      {result{code: exitFound, dryRun: true}, 5, "dry-run"},
		"one failed":                    {result{errs: []error{usage, failed}}, 1, "failed"},
		"all was wrong usage":           {result{errs: []error{usage, usage}}, 2, "failed"},
		"one was refused":               {result{errs: []error{failed, refused, usage}}, 4, "refused"},
		"a dry run was refused":         {result{err: refused, dryRun: true}, 4, "refused"},
		"a part is written":             {result{errs: []error{refused}, code: exitPartial}, 3, "partial"},
		"a part, and a stop":            {result{errs: []error{failed}, code: exitPartial, stopped: errInterrupted}, 130, "interrupted"},
		"done in spite of a stop":       {result{stopped: errInterrupted}, 130, "interrupted"},
		"done in time":                  {result{stopped: errTimeout}, 0, "done"},
		"joined errors":                 {result{err: errors.Join(usage, refused)}, 4, "refused"},
		"something could not be undone": {result{leftover: failed}, 0, "done"},
	} {
		if code, word := c.result.exitCode(), c.result.word(); code != c.code || word != c.word {
			t.Errorf("%s: %d, %s", name, code, word)
		}
	}
}

func TestAListOfADocumentIsNeverNull(t *testing.T) {
	t.Parallel()
	p := &program{env: os.Getenv}
	newRoot(p, &connect.Stop{Soft: t.Context(), Hard: t.Context()})
	for cmd, blank := range p.emptyDocuments {
		if blank == nil {
			continue
		}
		var out bytes.Buffer
		(&program{form: jsonDocument, emptyDocuments: p.emptyDocuments, out: &out, err: &out}).finish(cmd, result{})
		var document map[string]any
		if err := json.Unmarshal(out.Bytes(), &document); err != nil || document["version"] != 1.0 {
			t.Errorf("%s: %v in %s", cmd.Name(), err, out.String())
		}
		for _, name := range []string{"repositories", "findings", "racks", "skipped", "changes", "lines", "warnings"} {
			if value, has := document[name]; has && value == nil {
				t.Errorf("%s: %s is null", cmd.Name(), name)
			}
		}
	}
}

// A reset that is abandoned within a write may have begun.
func TestAnAbandonedResetDoesNotSayThatNothingHappened(t *testing.T) {
	t.Parallel()
	for _, wrote := range []bool{false, true} {
		p := &program{env: os.Getenv}
		stop := connect.Stop{Soft: t.Context(), Hard: t.Context()}
		root := newRoot(p, &stop)
		if wrote {
			p.noteWrite()
		}
		cmd, _, err := root.Find([]string{"reset-password"})
		if err != nil {
			t.Fatal(err)
		}
		want := reset.PhaseNothing
		if wrote {
			want = reset.PhaseUnknown
		}
		if d := p.emptyDocuments[cmd]().(*resetDocument); d.Phase != string(want) {
			t.Errorf("wrote %t: the phase is %s", wrote, d.Phase)
		}
	}
}
