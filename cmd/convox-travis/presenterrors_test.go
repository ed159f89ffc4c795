package main

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"convox-travis/internal/problem"
	"convox-travis/internal/secret/secrettest"
	"convox-travis/internal/setup"
	"convox-travis/travisapi"
)

func TestACauseIsToldOnceHoweverManyItIsAbout(t *testing.T) {
	t.Parallel()
	other := errors.New("acme/r0: something else")
	banned, throttled := &problem.Error{Code: travisapi.CodeBanned, Reason: "banned"}, &problem.Error{Code: travisapi.CodeThrottled, Reason: "throttled"}
	of := func(n int, err func(setup.Target) error) (errs []error) {
		for i := range n {
			errs = append(errs, err(setup.Target{Slug: fmt.Sprintf("acme/r%d", i)}))
		}
		return errs
	}
	notBegun := func(cause error) func(setup.Target) error {
		return func(target setup.Target) error { return setup.NotBegun(target, cause) }
	}
	same := func(err error) func(setup.Target) error { return func(setup.Target) error { return err } }
	for name, c := range map[string]struct {
		errs []error
		want []string
	}{
		"an interruption":          {of(896, notBegun(errInterrupted)), []string{"896 repositories: nothing was written: interrupted"}},
		"one that was left":        {of(1, notBegun(errInterrupted)), []string{"acme/r0: nothing was written: interrupted"}},
		"a timeout":                {of(30, notBegun(errTimeout)), []string{"30 repositories: nothing was written: " + errTimeout.Error()}},
		"after another's error":    {append(of(30, notBegun(errInterrupted)), other), []string{other.Error(), "30 repositories: nothing was written: interrupted"}},
		"a ban":                    {append(of(30, notBegun(banned)), banned, banned), []string{banned.Error() + "; the same for 1 repository more"}},
		"too many calls":           {of(30, same(throttled)), []string{throttled.Error() + "; the same for 29 repositories more"}},
		"errors of their own":      {of(2, same(other)), []string{other.Error(), other.Error()}},
		"two causes, both unknown": {append(of(2, notBegun(errTimeout)), of(3, notBegun(banned))...), []string{"2 repositories: nothing was written: " + errTimeout.Error(), "3 repositories: nothing was written: " + banned.Error()}},
	} {
		var out bytes.Buffer
		(&presenter{program: &program{err: &out}}).errors(c.errs)
		if got := strings.TrimSuffix(out.String(), "\n"); got != "error: "+strings.Join(c.want, "\nerror: ") {
			t.Errorf("%s:\n%s", name, got)
		}
	}
}

// What a stop kept from beginning is no interruption of that repository.
func TestACodeSaysWhatBecameOfTheRepository(t *testing.T) {
	t.Parallel()
	target := setup.Target{Slug: "acme/web"}
	for want, err := range map[string]error{
		"not_begun":   setup.NotBegun(target, errInterrupted),
		"interrupted": fmt.Errorf("%w", errInterrupted),
		"timeout":     errTimeout,
		"usage":       &usageError{},
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
			code := r.Error.Code
			if !strings.Contains(r.Error.Message, r.Slug) || code != "not_begun" && code != "unknown_token" {
				t.Errorf("%s: %+v", r.Slug, r.Error)
			}
		}
	}
	w.env["TRAVIS_TOKEN"] = good
	document := w.document(w.run("wrong\n", "apply", "--host", w.setting("DEMO_RACK_HOST"), "--repo", "acme/web", "--password-stdin", "--json"))
	if r := document.Repositories[0].Error; document.Error.Code != "login_refused" || r.Code != "not_begun" || !strings.HasPrefix(r.Message, "acme/web: nothing was written: ") {
		t.Errorf("%+v, %+v", document.Error, r)
	}
}
