package audit_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"convox-travis/internal/audit"
	"convox-travis/internal/connect"
	"convox-travis/internal/faults"
	"convox-travis/internal/problem"
	"convox-travis/travisapi"
	"convox-travis/travisapi/travistest"
)

func (w *world) prove(change ...func(*audit.TestBuildRequest)) (string, error) {
	w.Helper()
	request := audit.TestBuildRequest{Target: target(), Ref: travisapi.ByID(17), Branch: "main", Console: true, Rack: "acme/production", Hosted: true}
	for _, c := range change {
		c(&request)
	}
	var told strings.Builder
	prover := audit.TestBuilder{Builder: w.client, Pause: time.Millisecond, Patience: time.Second, Tell: func(e audit.TestBuildEvent) { fmt.Fprintf(&told, "%s %s\n", e.State, e.Page) }}
	_, err := prover.Run(running(w.Context()), request)
	return told.String(), err
}

func target() connect.Target { return connect.Target{Provider: travisapi.GitHub, Slug: slug} }

func TestABuildProvesThePair(t *testing.T) {
	for _, console := range []bool{true, false} {
		w := newWorld(t, travistest.EnvVar{Name: connect.HostName, Value: "here"}, travistest.EnvVar{Name: connect.PasswordName, Value: "pw"})
		var played travistest.Build
		w.travis.OnBuild = func(b travistest.Build) string { played = b; return "passed" }
		told, err := w.prove(func(r *audit.TestBuildRequest) { r.Console = console })
		if err != nil || !strings.Contains(told, "started https://app.travis-ci.com/github/acme/api/builds/") || !strings.Contains(told, "passed") {
			t.Fatalf("%v\n%s", err, told)
		}
		var config struct {
			Language, Install, Script string
			Git                       struct{ Clone bool }
		}
		if err := json.Unmarshal(played.Config, &config); err != nil || config.Git.Clone {
			t.Fatal(err)
		}
		want := `"$HOME/convox" rack`
		if console {
			want += " --rack acme/production"
		}
		if !strings.HasSuffix(config.Script, want) || strings.Contains(config.Install, "releases/latest") != console || !strings.Contains(config.Install, "curl") || played.Env[connect.HostName] != "here" || played.Branch != "main" {
			t.Errorf("%+v", played)
		}
	}
}

func TestOnlyABuildThatFailsProvesThatItDoesNot(t *testing.T) {
	for state, want := range map[string]struct{ code, says string }{
		"failed":   {audit.CodeTestBuildFailed, "it couldn't log in"},
		"errored":  {"proof_unknown", "verifies nothing: Travis couldn't run it"},
		"canceled": {"proof_unknown", "verifies nothing: someone canceled it"},
	} {
		w := newWorld(t)
		w.travis.OnBuild = func(travistest.Build) string { return state }
		_, err := w.prove()
		decided := problem.Of(err)
		if decided == nil || decided.Code != want.code || !strings.Contains(err.Error(), state) || !strings.Contains(err.Error(), want.says) || !strings.Contains(decided.Hints[0], "/builds/") {
			t.Errorf("%s: %v", state, err)
		}
	}
}

func TestALimitOfBuildsIsSaid(t *testing.T) {
	w := newWorld(t)
	for range 10 {
		if _, err := w.prove(); err != nil {
			t.Fatal(err)
		}
	}
	_, err := w.prove()
	if !travisapi.Failed(err, travisapi.CodeRequestLimit) {
		t.Errorf("%v", err)
	}
	w.travis.AddRepository(travistest.Repository{ID: 18, Slug: "acme/off"})
	_, err = w.prove(func(r *audit.TestBuildRequest) { r.Ref = travisapi.ByID(18) })
	if err == nil || !strings.Contains(err.Error(), "active") {
		t.Errorf("%v", err)
	}
}

func TestABuildThatIsLeftGoesOn(t *testing.T) {
	w := newWorld(t)
	w.travis.BuildTime = time.Hour
	ctx, stop := context.WithCancelCause(t.Context())
	stopped := errors.New("stopped by the test")
	prover := audit.TestBuilder{Builder: w.client, Pause: time.Millisecond, Tell: func(audit.TestBuildEvent) { stop(stopped) }}
	_, err := prover.Run(connect.Stop{Soft: ctx, Hard: t.Context()}, audit.TestBuildRequest{Target: target(), Ref: travisapi.ByID(17), Branch: "main", Hosted: true})
	if !errors.Is(err, stopped) || !strings.Contains(strings.Join(hintsOf(err), " "), "the build continues: https://app.travis-ci.com") {
		t.Errorf("%v %q", err, hintsOf(err))
	}
	w.travis.Faults.Add(faults.Rule{Kind: faults.Status500, Times: -1, Match: func(r faults.Request) bool { return strings.HasPrefix(r.Path, "/build/") }})
	if _, err := w.prove(); err == nil || !strings.Contains(err.Error(), "its result is unknown") {
		t.Errorf("%v", err)
	}
	prover = audit.TestBuilder{Builder: w.client, Pause: time.Millisecond, Patience: 20 * time.Millisecond}
	w.travis.Faults.Clear()
	if _, err := prover.Run(running(t.Context()), audit.TestBuildRequest{Target: target(), Ref: travisapi.ByID(17)}); err == nil || !strings.Contains(err.Error(), "too long") {
		t.Errorf("%v", err)
	}
}

// Who starts a build sends what is set to the host that is set.
func TestNoBuildIsStartedThatWouldProveNothingOrSendAPasswordElsewhere(t *testing.T) {
	const elsewhere = "rack.elsewhere.example.com"
	dev := []travistest.EnvVar{private("h", connect.HostName, rackHost, "dev"), private("p", connect.PasswordName, stored, "dev")}
	ofDev := func(r *audit.Request) { r.Branch = "dev" }
	encrypted := goodYML + global + "    # CONVOX_HOST, by convox-travis\n    - secure: \"abc=\"\n    # CONVOX_PASSWORD, by convox-travis\n    - secure: \"abc=\"\n"
	for name, c := range map[string]struct {
		audited
		why string // "" is a build
	}{
		"a good pair":                          {},
		"the variables are in the file":        {audited{vars: []travistest.EnvVar{}, yml: encrypted}, "the variables are in the file"},
		"no pair":                              {audited{vars: []travistest.EnvVar{}}, "the variables aren't set"},
		"no host":                              {audited{vars: goodPair[1:]}, "the variables aren't set"},
		"another branch has a pair":            {audited{vars: dev}, "the variables aren't set for branch main, which would be built"},
		"the branch has a pair":                {audited{vars: dev, request: ofDev}, ""},
		"the branch has a host of its own":     {audited{vars: with(private("d", connect.HostName, elsewhere, "dev")), request: ofDev}, "send that host the password of all branches"},
		"the branch has the same host, seen":   {audited{vars: []travistest.EnvVar{public("h", connect.HostName, rackHost, ""), goodPair[1], public("d", connect.HostName, rackHost, "dev")}, request: ofDev}, ""},
		"the branch has a password of its own": {audited{vars: with(private("d", connect.PasswordName, stored, "dev")), request: ofDev}, "aren't from the same place for branch dev"},
		"another branch has a host of its own": {audited{vars: with(private("d", connect.HostName, elsewhere, "dev"))}, ""},
		"the host is the account's":            {audited{vars: goodPair[1:], owner: []travistest.EnvVar{private("a", connect.HostName, elsewhere, "")}}, "aren't from the same place"},
		"RACK_URL is set":                      {audited{vars: with(private("r", "RACK_URL", "https://x", ""))}, "RACK_URL is set"},
		"RACK_URL is set for the branch":       {audited{vars: with(private("r", "RACK_URL", "https://x", "dev")), request: ofDev}, "RACK_URL is set"},
		"RACK_URL is set for another branch":   {audited{vars: with(private("r", "RACK_URL", "https://x", "dev"))}, ""},
		"RACK_URL is the account's":            {audited{owner: []travistest.EnvVar{private("a", "RACK_URL", "https://x", "")}}, "RACK_URL is set"},
		"RACK_URL is in the file":              {audited{yml: goodYML + global + "    - RACK_URL=https://x\n"}, "RACK_URL is set"},
		"Travis doesn't build it":              {audited{change: func(r *travistest.Repository) { r.Active = false }}, "Travis doesn't build"},
	} {
		t.Run(name, func(t *testing.T) {
			report := c.audit(t)
			travis := &builds{state: "passed"}
			if err := report.RunTestBuilds(running(t.Context()), audit.Request{}, audit.TestBuilder{Builder: travis}); err != nil || len(report.Errs()) > 0 {
				t.Fatal(err, report.Errs())
			}
			unbuilt := report.Repositories[0].Unbuilt
			if (c.why == "") != (len(travis.of) == 1) || (c.why == "") != (unbuilt == "") || !strings.Contains(unbuilt, c.why) {
				t.Errorf("%d builds: %s", len(travis.of), unbuilt)
			}
			if c.request != nil && len(travis.of) > 0 && travis.of[0] != "dev" {
				t.Errorf("a build of %s", travis.of[0])
			}
		})
	}
}

func TestABuildThatCannotLogInIsTheWorstAndNamesItsRepositoryOnce(t *testing.T) {
	report := audited{vars: with(private("d", connect.PasswordName, stored, "dev"))}.audit(t)
	other := connect.Target{Provider: travisapi.GitHub, Slug: "acme/web"}
	report.Repositories = append(report.Repositories, audit.RepositoryReport{Target: other})
	report.Findings = append(report.Findings, audit.Finding{Severity: audit.SeverityError, Code: audit.FoundUnknown, Message: "x", Target: other})
	if err := report.RunTestBuilds(running(t.Context()), audit.Request{}, audit.TestBuilder{Builder: &builds{state: "failed"}}); err != nil {
		t.Fatal(err)
	}
	if got := severities(report); got != "error proof_failed\nwarning mixed_pair\nerror unknown" {
		t.Errorf("found\n%s", got)
	}
	if message := report.Findings[0].Message; !strings.HasPrefix(message, "the test build is failed: ") {
		t.Error(message)
	}
}

// builds is a Travis whose builds end at once. It keeps their branches.
type builds struct {
	state string
	of    []string
}

func (b *builds) StartBuild(_ context.Context, _ travisapi.Ref, wish travisapi.BuildOptions) (travisapi.BuildRequest, error) {
	b.of = append(b.of, wish.Branch)
	return travisapi.BuildRequest{ID: 1}, nil
}

func (b *builds) BuildRequest(context.Context, travisapi.Ref, int) (travisapi.BuildRequest, error) {
	return travisapi.BuildRequest{ID: 1, Builds: []travisapi.Build{{ID: 2, State: b.state}}}, nil
}

func (b *builds) Build(context.Context, int) (travisapi.Build, error) {
	return travisapi.Build{ID: 2, State: b.state}, nil
}

func (*builds) Repository(context.Context, travisapi.Ref) (travisapi.Repository, error) {
	return travisapi.Repository{ID: 17, Slug: slug}, nil
}
