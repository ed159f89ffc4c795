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
